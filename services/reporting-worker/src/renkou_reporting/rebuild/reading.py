"""Pages of a feed from any number on, complete and in order, the next on its way while one is worked on."""

import asyncio
from collections.abc import AsyncGenerator

from renkou_common.messaging.consumer import FeedSource
from renkou_common.messaging.envelope import Event
from renkou_reporting.rebuild.domain import find_gap
from renkou_reporting.rebuild.errors import FeedIncomplete


async def pages(
    source: FeedSource, feed: str, after: int, until: int, size: int
) -> AsyncGenerator[list[Event]]:
    """Yield the events numbered above ``after`` up to ``until``, page by page.

    Raises FeedUnavailable where the feed cannot be read, FeedIncomplete where it lacks a number.
    """
    ahead = asyncio.create_task(source.read(after, min(size, until - after)))
    try:
        while True:
            events, _ = await ahead
            _check_complete(feed, after, events)
            after = events[-1].seq
            if after < until:
                ahead = asyncio.create_task(source.read(after, min(size, until - after)))
            yield events
            if after >= until:
                return
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)


def _check_complete(feed: str, after: int, events: list[Event]) -> None:
    """Raise FeedIncomplete unless the page follows ``after`` without a gap."""
    if not events:
        raise FeedIncomplete(f"feed {feed} holds nothing after number {after}")
    missing = find_gap(after, [event.seq for event in events])
    if missing is not None:
        raise FeedIncomplete(f"feed {feed} does not hold number {missing}")
