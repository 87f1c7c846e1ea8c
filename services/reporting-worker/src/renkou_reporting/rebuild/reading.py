"""Pages of a feed from any number on, the next on its way while one is worked on."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol


class TextSource(Protocol):
    """Where a feed's events can be had as texts; :class:`~renkou_common.messaging.feed.FeedClient` over HTTP."""

    async def read_texts(self, after: int, limit: int) -> tuple[list[bytes], int]:
        """Return up to ``limit`` events numbered above ``after``, in order, and the feed's head."""
        ...


async def pages(source: TextSource, after: int, until: int, size: int) -> AsyncGenerator[list[bytes]]:
    """Yield the events numbered above ``after`` up to ``until``, page by page; ends early where the feed does.

    A page is taken for complete: its reader sees to that by the numbers. Raises FeedUnavailable.
    """
    ahead = asyncio.create_task(source.read_texts(after, min(size, until - after)))
    try:
        while True:
            texts, _ = await ahead
            after += len(texts)
            if after < until and texts:
                ahead = asyncio.create_task(source.read_texts(after, min(size, until - after)))
            yield texts
            if after >= until or not texts:
                return
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)
