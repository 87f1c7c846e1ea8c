"""One position over all partitions, for what has to say exactly which events it holds."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from renkou_common.database import Database, Transaction
from renkou_common.errors import Unavailable
from renkou_common.messaging.consumer import BATCH, FeedSource
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.messaging.inbox import Apply
from renkou_common.scope import AreaScope
from renkou_reporting.copies import repository
from renkou_reporting.copies.intake import PartitionedInbox

_EVERYWHERE = AreaScope.everything()


@asynccontextmanager
async def level(
    database: Database, sources: Mapping[str, FeedSource], applies: Mapping[str, Apply]
) -> AsyncIterator[None]:
    """Within it every partition of a feed stands at the same number, and nothing is taken in.

    Partitions that are behind the furthest are brought there first, in a transaction of their own. Leave it as soon
    as a snapshot is taken. Raises Unavailable where a feed is needed for it and cannot be read.

    Its connections are not of ``database``'s pool: several callers that hold one each would wait for each other's.
    """
    own = Database(database.dsn, pool_size=2)
    await own.open()
    try:
        async with own.transaction(_EVERYWHERE) as gate:
            await repository.close_gate(gate)
            for row in await repository.positions(gate):
                if row["lowest"] < row["highest"]:
                    feed = row["feed"]
                    await _raise(own, feed, row["lowest"], row["highest"], sources[feed], applies[feed])
            yield
    finally:
        await own.close()


async def stop_feeds(tx: Transaction) -> None:
    """Let nothing be taken in until the end of the transaction; where the partitions stand is as it is."""
    await repository.close_gate(tx)


async def _raise(
    database: Database, feed: str, lowest: int, highest: int, source: FeedSource, apply: Apply
) -> None:
    inbox = PartitionedInbox(gated=False)
    while lowest < highest:
        try:
            events, _ = await source.read(lowest, min(BATCH, highest - lowest))
        except FeedUnavailable as error:
            raise _uneven(feed) from error
        async with database.transaction(_EVERYWHERE) as tx:
            taken = await inbox.take_in(tx, feed, [one for one in events if one.seq <= highest], apply)
        if not events or taken.high_water <= lowest:
            raise _uneven(feed)
        lowest = taken.high_water


def _uneven(feed: str) -> Unavailable:
    return Unavailable(
        "partitions_uneven",
        f"事件流 {feed} 各分区进度不一, 暂无法对齐, 请稍后再试",
        f"The partitions of feed {feed} stand at different numbers and it cannot be read now; try again",
    )
