"""Reads the district's divisions from registry-api, as this service: at start and every day.

Events tell changes as they happen; this brings what no event tells, the divisions and names there were before.
"""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import structlog

from renkou_common.codes.area import AreaCode
from renkou_common.database import Database
from renkou_common.errors import Unavailable
from renkou_common.identity.service_token import ServiceToken
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_reporting.areas import repository
from renkou_reporting.areas.domain import Division

_PAGE = 500
_DAY_SECONDS = 86_400.0
_AGAIN_SECONDS = 30.0
_log = structlog.get_logger(__name__)


class AreaReader:
    """The division tree of one district at registry-api."""

    def __init__(
        self,
        database: Database,
        district: AreaCode,
        registry_url: str,
        token: ServiceToken,
        http: httpx.AsyncClient,
    ) -> None:
        self._database = database
        self._district = district
        self._url = registry_url.rstrip("/")
        self._token = token
        self._http = http

    async def run(self) -> None:
        """Read now and then every day; what is away for a while is waited for."""
        while True:
            try:
                number = await self.read()
                _log.info("areas read", number=number)
                await asyncio.sleep(_DAY_SECONDS)
            except (httpx.HTTPError, Unavailable, *TRANSIENT) as error:
                _log.warning("reading areas waits", error=repr(error))
                await asyncio.sleep(_AGAIN_SECONDS)

    async def read(self) -> int:
        """Read and store every division of the district and those above it; returns how many.

        Raises httpx.HTTPError and Unavailable where registry-api does not answer.
        """
        detail = await self._get(f"/areas/{self._district}")
        found = [_division(detail)]
        for each in detail["chain"][:-1]:
            code = AreaCode(each["code"])
            found.append(Division(code.key, int(code.level), each["name"]))
        towns = await self._children(self._district.value)
        found += towns
        for town in towns:
            found += await self._children(town.code)
        known = {each.key: each for each in found if each.level >= self._district.level}
        async with self._database.transaction(AreaScope.nothing()) as tx:
            renamings = await repository.renamings(tx)
        before = [
            (known[key], day, await self._name_before(known[key], day))
            for key, day in renamings
            if key in known
        ]
        async with self._database.transaction(AreaScope.nothing()) as tx:
            await repository.store(tx, found)
            for division, day, name in before:
                if name != division.name:
                    await repository.keep_former_name(tx, division, day, name)
        return len(found)

    async def _name_before(self, division: Division, day: date) -> str:
        on = (day - timedelta(days=1)).isoformat()
        return str((await self._get(f"/areas/{division.code}", on=on))["name"])

    async def _children(self, code: str) -> list[Division]:
        found: list[Division] = []
        after: dict[str, str] = {}
        while True:
            page = await self._get(f"/areas/{code}/children", limit=str(_PAGE), **after)
            found += [_division(each) for each in page["items"]]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}

    async def _get(self, path: str, **params: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {await self._token()}"}
        response = await self._http.get(f"{self._url}{path}", params=params, headers=headers)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._token.forget()
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


def _division(answer: dict[str, Any]) -> Division:
    code = AreaCode(answer["code"])
    begins, ends = answer["valid_from"], answer["valid_to"]
    return Division(
        code.key,
        int(code.level),
        answer["name"],
        date.fromisoformat(begins) if begins else None,
        date.fromisoformat(ends) if ends else None,
    )
