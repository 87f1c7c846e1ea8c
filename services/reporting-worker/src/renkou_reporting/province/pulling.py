"""Pulls the feeds of districts: each document is checked against the district's keys before it is taken over."""

import httpx
import structlog

from renkou_common.clock import Clock
from renkou_common.database import Database
from renkou_common.scope import AreaScope
from renkou_common.settings import read_secret
from renkou_reporting.province import repository
from renkou_reporting.province.domain import Refused, check_document
from renkou_reporting.province.sources import Source, Sources
from renkou_reporting.published.schemas import FeedItem, FeedPage
from renkou_reporting.published.signing import BadDocument, Signed, verify

_NOTHING = AreaScope.nothing()
_log = structlog.get_logger(__name__)


class Puller:
    """Takes over what districts published since the last time."""

    def __init__(self, database: Database, clock: Clock, http: httpx.AsyncClient, sources: Sources) -> None:
        self._database = database
        self._clock = clock
        self._http = http
        self._sources = sources

    async def run_once(self) -> None:
        """Pull every district to the end of its feed; what is wrong with one is noted and stops no other."""
        for source in self._sources.districts:
            try:
                while await self._pull(source):
                    pass
            except (httpx.HTTPError, OSError, BadDocument, Refused, ValueError) as error:
                problem = f"{type(error).__name__}: {error}"[:500]
                _log.warning("district not pulled", district=source.district, problem=problem)
                await self._note(source, problem)

    async def _pull(self, source: Source) -> bool:
        """Take a page over; returns whether there may be more."""
        async with self._database.transaction(_NOTHING, read_only=True) as tx:
            position, cursor = await repository.source(tx, source.district)
        response = await self._http.get(
            f"{source.url.rstrip('/')}/published/feed",
            params={} if cursor is None else {"after": cursor},
            headers={"Authorization": f"Bearer {read_secret(source.secret_file)}"},
        )
        response.raise_for_status()
        page = FeedPage.model_validate_json(response.content)
        for item in page.items:
            await self._take_over(source, item)
            position = item.number
        async with self._database.transaction(_NOTHING) as tx:
            now = self._clock.now()
            await repository.save_source(tx, source.district, position, page.next_after, now, None)
        return bool(page.items)

    async def _take_over(self, source: Source, item: FeedItem) -> None:
        signed = Signed.from_json(item.document.model_dump())
        content = verify(signed, source.keys)
        async with self._database.transaction(_NOTHING) as tx:
            period, version = str(content.get("period")), int(content.get("version", 0))
            known = await repository.hash_of(tx, source.district, period, version)
            if known == signed.hash:
                return
            if known is not None:
                raise Refused(f"version {version} of {period} was published with other figures before")
            before = await repository.hash_of(tx, source.district, period, version - 1)
            check_document(content, source.district, before)
            await repository.insert(tx, content, item.number, signed, self._clock.now())

    async def _note(self, source: Source, problem: str) -> None:
        async with self._database.transaction(_NOTHING) as tx:
            position, cursor = await repository.source(tx, source.district)
            now = self._clock.now()
            await repository.save_source(tx, source.district, position, cursor, now, problem)
