"""Follows the feeds of districts: each document is checked against the district's keys before it is taken over.

A request waits at the district until something is published (a long poll), so that a figure is here a moment later; one
that was missed while either side was away is the next one that is asked for. Each district is followed by itself:
one that is slow, away or wrong holds no other up.
"""

import asyncio
from typing import NoReturn

import httpx
import structlog

from renkou_common.clock import Clock
from renkou_common.database import Database
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_common.settings import read_secret
from renkou_reporting.province import repository
from renkou_reporting.province.document import Refused, check_chain, read_document
from renkou_reporting.province.sources import Source, Sources
from renkou_reporting.published.schemas import MAX_WAIT, FeedItem, FeedPage
from renkou_reporting.published.signing import Signed, verify

_NOTHING = AreaScope.nothing()
_ANSWERING_SECONDS = 30.0
_DOCUMENTS = 2  # at a time: one of 55 communities has some megabytes
_log = structlog.get_logger(__name__)


class Puller:
    """Takes over what districts publish; ``pause`` are the seconds before a district that failed is asked again."""

    def __init__(
        self, database: Database, clock: Clock, http: httpx.AsyncClient, sources: Sources, pause: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._http = http
        self._sources = sources
        self._pause = pause

    async def run(self) -> None:
        """Follow every district until cancelled."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources.districts:
                group.create_task(self._follow(source))

    async def run_once(self) -> None:
        """Pull every district to the end of its feed, without waiting for anything new."""
        for source in self._sources.districts:
            while await self._pull_or_note(source, wait=0):
                pass

    async def _follow(self, source: Source) -> NoReturn:
        wait = 0
        while True:
            try:
                going_on = await self._pull_or_note(source, wait=wait)
            except TRANSIENT as error:
                _log.warning("pulling waits", district=source.district, error=repr(error))
                going_on = None
            wait = 0 if going_on else MAX_WAIT
            if going_on is None:
                await asyncio.sleep(self._pause)

    async def _pull_or_note(self, source: Source, *, wait: int) -> bool | None:
        """Take a page over; returns whether there may be more, None where something is wrong, which is noted."""
        try:
            return await self._pull(source, wait)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"[:500]
            _log.warning("district not pulled", district=source.district, problem=problem)
            async with self._database.transaction(_NOTHING) as tx:
                await repository.note_problem(tx, source.district, self._clock.now(), problem)
            return None

    async def _pull(self, source: Source, wait: int) -> bool:
        async with self._database.transaction(_NOTHING, read_only=True) as tx:
            position = await repository.position(tx, source.district)
        response = await self._http.get(
            f"{source.url.rstrip('/')}/published/feed",
            params={"after": position, "limit": _DOCUMENTS, "wait": wait},
            headers={"Authorization": f"Bearer {read_secret(source.secret_file)}"},
            timeout=wait + _ANSWERING_SECONDS,
        )
        response.raise_for_status()
        page = FeedPage.model_validate_json(response.content)
        for item in page.items:
            await self._take_over(source, item)
        async with self._database.transaction(_NOTHING) as tx:
            await repository.note_page(tx, source.district, self._clock.now())
        return bool(page.items)

    async def _take_over(self, source: Source, item: FeedItem) -> None:
        """Store the next document of a district; raises BadDocument or Refused for any other.

        One that is there already under its number is passed over: the page was read before.
        """
        signed = Signed.from_json(item.document.model_dump())
        document = read_document(verify(signed, source.keys), source.district)
        async with self._database.transaction(_NOTHING) as tx:
            position = await repository.lock_position(tx, source.district, self._clock.now())
            if item.number <= position:
                if await repository.hash_of_number(tx, source.district, item.number) != signed.hash:
                    raise Refused(f"number {item.number} was given to another document before")
                return
            if item.number != position + 1:
                raise Refused(f"number {position + 1} is left out; {item.number} came")
            period, version = document.period, document.version
            if await repository.hash_of(tx, source.district, period, version) is not None:
                raise Refused(f"version {version} of {period} came before under another number")
            check_chain(document, await repository.hash_of(tx, source.district, period, version - 1))
            await repository.insert(tx, document, item.number, signed, self._clock.now())
