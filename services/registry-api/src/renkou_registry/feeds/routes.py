"""GET /feeds/registry: the numbered events of the outbox."""

from collections.abc import AsyncIterator

from renkou_common.database import Transaction
from renkou_common.identity.http import requires
from renkou_common.identity.roles import Scope
from renkou_common.messaging.feed import feed_router
from renkou_common.scope import AreaScope
from renkou_registry.runtime import CurrentRuntime

FEED = "registry"


async def _transaction(runtime: CurrentRuntime) -> AsyncIterator[Transaction]:
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        yield tx


router = feed_router(FEED, requires(Scope.FEED_READ), _transaction)
