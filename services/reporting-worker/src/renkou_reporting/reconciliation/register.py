"""The register's own counts over HTTP."""

from dataclasses import dataclass
from datetime import date

import httpx

from renkou_common.errors import Unavailable
from renkou_common.identity.service_token import ServiceToken
from renkou_common.messaging.feed import FeedUnavailable


@dataclass(frozen=True, slots=True)
class RegisterStock:
    """People by population and area, as the events up to ``head`` and ``unnumbered`` ones besides make them."""

    head: int
    unnumbered: int
    people: dict[tuple[str, int], int]


class Register:
    """Asks registry-api how many people it counts."""

    def __init__(self, registry_url: str, token: ServiceToken, http: httpx.AsyncClient) -> None:
        self._url = f"{registry_url.rstrip('/')}/stock"
        self._token = token
        self._http = http

    async def stock(self, on: date) -> RegisterStock:
        """Return the counts at the end of a day; raises FeedUnavailable."""
        try:
            headers = {"Authorization": f"Bearer {await self._token()}"}
            answer = await self._http.get(
                self._url, params={"on": on.isoformat()}, headers=headers, timeout=120
            )
            answer.raise_for_status()
            told = answer.json()
            return RegisterStock(
                told["head"],
                told["unnumbered"],
                {(one["population"], int(one["area"])): one["people"] for one in told["items"]},
            )
        except (httpx.HTTPError, Unavailable, ValueError, KeyError, TypeError) as error:
            raise FeedUnavailable(f"{self._url}: {error!r}") from error
