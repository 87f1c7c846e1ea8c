"""Work in two steps that take turns: the next thing is made while this one is used."""

import asyncio
from collections.abc import AsyncGenerator


async def ahead[T](source: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """Yield what ``source`` yields, one after another, while it makes the next; closes it at the end.

    To be closed by whoever stops before the end (``contextlib.aclosing``).
    """

    async def make() -> tuple[T] | None:
        try:
            return (await anext(source),)
        except StopAsyncIteration:
            return None

    following = asyncio.ensure_future(make())
    try:
        while (made := await following) is not None:
            following = asyncio.ensure_future(make())
            yield made[0]
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await source.aclose()
