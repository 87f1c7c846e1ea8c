"""How many requests a caller may make in a minute, shared by every process and copy of a service.

A budget is a row of the service's database that fills up evenly, to a minute's worth at most. A process takes a part
of it in one statement and answers so many requests from memory: most requests ask nobody. All together, a caller gets
no more than the budget and what filled up meanwhile, plus at most one part for each process. Where the database does
not answer, nobody is limited: it would not answer the request either.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import structlog

from renkou_common.database import TRANSIENT_ERRORS
from renkou_common.errors import Unavailable
from renkou_common.http.refusals import too_many_requests

log = structlog.get_logger()
type Take = Callable[..., Awaitable[Any]]
"""Carries out one statement and returns its first row: ``Database.fetchrow``."""

_TAKE = """
INSERT INTO rate_budget AS b (bucket, left_over, taken, filled_at)
VALUES ($1, $2::float8 - $3::int, $3, clock_timestamp())
ON CONFLICT (bucket) DO UPDATE SET
    taken = least($3::int, floor(least($2::float8, b.left_over + $2::float8 / 60 *
        greatest(0, extract(epoch FROM clock_timestamp() - b.filled_at)::float8)))::int),
    left_over = least($2::float8, b.left_over + $2::float8 / 60 *
        greatest(0, extract(epoch FROM clock_timestamp() - b.filled_at)::float8))
        - least($3::int, floor(least($2::float8, b.left_over + $2::float8 / 60 *
        greatest(0, extract(epoch FROM clock_timestamp() - b.filled_at)::float8)))::int),
    filled_at = clock_timestamp()
RETURNING taken, left_over
"""
_FORGET = "DELETE FROM rate_budget WHERE filled_at < now() - interval '10 minutes'"
_FORGET_SECONDS = 600.0
_KEPT = 20_000
_PARTS = 50
"""A process takes this part of a minute's budget at once."""


class _Part:
    """What this process holds of one budget."""

    __slots__ = ("closed_until", "left", "lock", "shared")

    def __init__(self) -> None:
        self.left = 0
        self.shared = 0.0
        self.closed_until = 0.0
        self.lock = asyncio.Lock()


class RateLimiter:
    """Counts requests against budgets; one for each process."""

    def __init__(self, take: Take, *, now: Callable[[], float] = time.monotonic) -> None:
        self._take = take
        self._now = now
        self._parts: OrderedDict[str, _Part] = OrderedDict()
        self._forget_at = now() + _FORGET_SECONDS

    async def count(self, kind: str, caller: str, per_minute: int) -> str:
        """Count one request; returns what is left of the budget as the value of the header RateLimit.

        Raises a Refusal (429) where nothing is left.
        """
        key = f"{kind} {caller}"
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part()
            if len(self._parts) > _KEPT:
                self._parts.popitem(last=False)
        if part.left < 1:
            await self._refill(key, part, kind, per_minute)
        part.left -= 1
        return f'"{kind}";r={part.left + int(part.shared)};t=60'

    async def _refill(self, key: str, part: _Part, kind: str, per_minute: int) -> None:
        async with part.lock:
            if part.left >= 1:
                return
            if self._now() >= part.closed_until:
                await self._ask(key, part, per_minute)
            if part.left < 1:
                seconds = max(1, math.ceil(part.closed_until - self._now()))
                headers = {
                    "RateLimit-Policy": policy(kind, per_minute),
                    "RateLimit": f'"{kind}";r=0;t={seconds}',
                }
                raise too_many_requests(kind, per_minute, seconds, headers)

    async def _ask(self, key: str, part: _Part, per_minute: int) -> None:
        wanted = max(1, per_minute // _PARTS)
        bucket = sha256(key.encode()).hexdigest()[:32]
        try:
            if self._now() >= self._forget_at:
                self._forget_at = self._now() + _FORGET_SECONDS
                await self._take(_FORGET)
            row = await self._take(_TAKE, bucket, float(per_minute), wanted)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            log.warning("no budget could be read; requests are not limited", error=type(error).__name__)
            part.left = wanted
            return
        part.left, part.shared = row["taken"], max(0.0, row["left_over"])
        if part.left < 1:
            part.closed_until = self._now() + max(0.1, (1 - row["left_over"]) * 60 / per_minute)


def policy(kind: str, per_minute: int) -> str:
    """Return the value of the header RateLimit-Policy."""
    return f'"{kind}";q={per_minute};w=60'
