"""The feed: a service's numbered events over HTTP, for whatever the broker lost and for rebuilds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import httpx
import orjson
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, Field

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput, Unavailable
from renkou_common.messaging.digest import (
    MAX_NUMBERS,
    MAX_PARTS,
    PUBLISHED,
    FeedDigest,
    read_digests,
)
from renkou_common.messaging.envelope import EnvelopeError, Event, complete_envelope, parse_envelope

MAX_PAGE = 1000
LINES = "application/x-ndjson"
"""The form of a page for whoever reads much: first a line with head and next_after, then an event on each line."""
_AT_A_TIME = 50
_MAX_PAGE_BYTES = 8 * 1024 * 1024

_READ = """
SELECT body, feed_seq, content_hash FROM (
    SELECT body, feed_seq, content_hash, sum(octet_length(body)) OVER (ORDER BY feed_seq) AS total
    FROM (
        SELECT body, feed_seq, content_hash FROM outbox WHERE feed_seq > $1 ORDER BY feed_seq LIMIT $2
    ) AS page
) AS summed
WHERE total - octet_length(body) < $3
ORDER BY feed_seq
"""


class FeedUnavailable(Exception):
    """The feed could not be read: unreachable, refused, or not understood. Trying again later helps."""


class FeedPage(BaseModel):
    """A page of a feed."""

    items: list[dict[str, Any]] = Field(
        description="CloudEvents 1.0 with feedseq and contenthash, by feedseq"
    )
    head: int = Field(description="the highest number given out so far")
    next_after: int = Field(description="the value of `after` for the next page")


async def read_feed_texts(tx: Transaction, after: int, limit: int) -> list[tuple[int, str]]:
    """Return up to ``limit`` events numbered above ``after`` as (number, JSON text), fewer if large."""
    rows = await tx.fetch(_READ, after, limit, _MAX_PAGE_BYTES)
    return [(row["feed_seq"], complete_envelope(*row)) for row in rows]


async def head(tx: Transaction) -> int:
    """Return the highest number given out so far; 0 where there is none."""
    return int(await tx.fetchval("SELECT coalesce(max(last), 0) FROM feed_counter"))


def feed_router(feed: str, guard: Callable[..., Any], transaction: Callable[..., Any]) -> APIRouter:
    """Return the router for ``GET /feeds/{feed}?after=&limit=``.

    ``guard`` is a dependency that raises unless the caller holds ``feed:read``; ``transaction`` one that
    yields the request's transaction.
    """
    router = APIRouter(tags=["feeds"])

    @router.get(
        f"/feeds/{feed}",
        summary=f"Events of the {feed} feed 事件流",
        response_model=FeedPage,
        responses={200: {"content": {LINES: {"schema": {"type": "string"}}}}},
        dependencies=[Depends(guard)],
    )
    async def get_feed(
        tx: Annotated[Any, Depends(transaction, scope="function")],
        after: Annotated[int, Query(ge=0, le=2**62, description="last number already taken in")] = 0,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 500,
        accept: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Give a service events in the order of their numbers, for replay; by `Accept: application/x-ndjson` a
        line for each after one with `head` and `next_after`. Needs `feed:read`.
        """
        last = await head(tx)
        page = await read_feed_texts(tx, after, limit)
        next_after = page[-1][0] if page else after
        place = f'"head":{max(last, next_after if page else 0)},"next_after":{next_after}}}'
        if accept == LINES:
            return Response("\n".join([f"{{{place}", *(text for _, text in page)]), media_type=LINES)
        items = ",".join(text for _, text in page)
        return Response(f'{{"items":[{items}],{place}', media_type="application/json")

    @router.get(
        f"/feeds/{feed}/digest",
        summary=f"Digests over the {feed} feed 事件流摘要",
        dependencies=[Depends(guard)],
    )
    async def get_digest(
        tx: Annotated[Any, Depends(transaction, scope="function")],
        first: Annotated[int, Query(alias="from", ge=1, le=2**62, description="first number")],
        last: Annotated[int, Query(alias="to", ge=1, le=2**62, description="last number")],
        parts: Annotated[int, Query(ge=1, le=MAX_PARTS, description="into how many parts to divide")] = 1,
    ) -> FeedDigest:
        """Give a service number and digest of the events of a range of up to 1,048,576 numbers, part by part, to
        compare with what it has taken in. Needs `feed:read`.
        """
        if not first <= last < first + MAX_NUMBERS:
            raise InvalidInput.field(
                "/to",
                "range",
                f"应不小于 from, 且至多 {MAX_NUMBERS} 个编号",
                f"must not be below from, and the range has at most {MAX_NUMBERS} numbers",
            )
        return FeedDigest(head=await head(tx), parts=await read_digests(tx, PUBLISHED, first, last, parts))

    return router


async def parse_envelopes(texts: Sequence[bytes | str]) -> list[Event]:
    """Return the events of texts, a few at a time: what waits for the database meanwhile goes on in between.

    Raises EnvelopeError.
    """
    events: list[Event] = []
    for start in range(0, len(texts), _AT_A_TIME):
        events += [parse_envelope(text) for text in texts[start : start + _AT_A_TIME]]
        await asyncio.sleep(0)
    return events


class FeedClient:
    """Reads the feed of another service.

    ``base_url`` is the service's, ``token_provider`` returns a bearer token with ``feed:read``, ``http`` is
    the process's client (with its timeouts).
    """

    def __init__(
        self,
        base_url: str,
        feed: str,
        token_provider: Callable[[], Awaitable[str]],
        http: httpx.AsyncClient,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/feeds/{feed}"
        self._token = token_provider
        self._http = http

    async def read(self, after: int, limit: int) -> tuple[list[Event], int]:
        """Return up to ``limit`` events numbered above ``after``, in order, and the feed's head.

        More than a page is read page by page. Raises FeedUnavailable where the service can't be reached or does not
        answer 200, EnvelopeError where the first page has an event that doesn't match its content hash.
        """
        events: list[Event] = []
        while True:
            texts, last = await self.read_texts(after, min(limit - len(events), MAX_PAGE))
            try:
                page = await parse_envelopes(texts)
            except EnvelopeError:
                if events:
                    return events, last
                raise
            events += page
            if not page or len(events) >= limit or page[-1].seq >= last:
                return events, last
            after = page[-1].seq

    async def read_texts(self, after: int, limit: int) -> tuple[list[bytes], int]:
        """Return events as :meth:`read` does, each as the text that came; raises FeedUnavailable."""
        response = await self._get(self._url, {"after": after, "limit": limit}, LINES)
        try:
            if response.headers.get("content-type", "").startswith(LINES):
                first, *texts = response.content.split(b"\n")
                return texts, int(orjson.loads(first)["head"])
            page = orjson.loads(response.content)
            return [orjson.dumps(item) for item in page["items"]], int(page["head"])
        except (ValueError, KeyError, TypeError) as error:
            raise FeedUnavailable(f"{self._url}: not a feed page: {error!r}") from error

    async def read_digest(self, first: int, last: int, parts: int) -> FeedDigest:
        """Return the digests of the parts of a range of numbers; raises FeedUnavailable."""
        url = f"{self._url}/digest"
        response = await self._get(url, {"from": first, "to": last, "parts": parts}, "application/json")
        try:
            return FeedDigest.model_validate_json(response.content)
        except ValueError as error:
            raise FeedUnavailable(f"{url}: no digests: {error!r}") from error

    async def _get(self, url: str, params: dict[str, int], accept: str) -> httpx.Response:
        try:
            headers = {"Authorization": f"Bearer {await self._token()}", "Accept": accept}
            response = await self._http.get(url, params=params, headers=headers)
        except (httpx.HTTPError, Unavailable) as error:
            raise FeedUnavailable(f"{url}: {error!r}") from error
        if response.status_code != 200:
            raise FeedUnavailable(f"{url}: status {response.status_code}")
        return response
