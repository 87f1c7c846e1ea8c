"""How far the feeds are taken in, and what went wrong."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict

from renkou_common.database import Transaction
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.messaging.consumer import FeedSource, held_events, status
from renkou_common.messaging.feed import FeedUnavailable
from renkou_reporting.copies.service import copies, furthest
from renkou_reporting.feeds import repository
from renkou_reporting.feeds.schemas import (
    CopyAnswer,
    FeedsAnswer,
    FeedStatus,
    HeldAnswer,
    IncidentAnswer,
    IncidentList,
    IncidentQuestion,
)

_BEYOND_EVERY_NUMBER = 2**62


async def feed_heads(sources: Mapping[str, FeedSource]) -> dict[str, int | None]:
    """Ask each feed for the last number it has given out; None for one that does not answer."""
    found = await asyncio.gather(*(_head(source) for source in sources.values()))
    return dict(zip(sources, found, strict=True))


async def feeds_status(tx: Transaction, heads: Mapping[str, int | None]) -> FeedsAnswer:
    """Return positions beside the feeds' heads, held events, and the copies that take the feeds in."""
    ahead = await furthest(tx)
    nothing = {"high_water": 0, "updated_at": None, "held": 0, "incidents": 0}
    found = {feed: {"feed": feed, **nothing} for feed in heads}
    found |= {row["feed"]: row for row in await status(tx)}
    return FeedsAnswer(
        items=[
            FeedStatus.model_validate(
                {
                    "head": heads.get(feed, row["high_water"]),
                    "furthest": ahead.get(feed, row["high_water"]),
                    **row,
                }
            )
            for feed, row in sorted(found.items())
        ],
        held=[HeldAnswer.model_validate(row) for row in await held_events(tx)],
        copies=[CopyAnswer.model_validate(asdict(one)) for one in await copies(tx)],
    )


async def _head(source: FeedSource) -> int | None:
    try:
        _, head = await source.read(_BEYOND_EVERY_NUMBER, 1)
    except FeedUnavailable:
        return None
    return head


async def incidents(tx: Transaction, question: IncidentQuestion) -> IncidentList:
    """Return a page of incidents."""
    rows = await repository.incidents(tx, decode_key(question.after, int), question.limit + 1)
    items = [IncidentAnswer.model_validate(dict(row)) for row in rows[: question.limit]]
    more = len(rows) > question.limit
    return IncidentList(items=items, next_after=encode_cursor(items[-1].id) if more else None)
