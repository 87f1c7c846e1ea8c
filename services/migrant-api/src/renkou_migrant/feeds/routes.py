"""``GET /feeds/migrant``."""

from collections.abc import AsyncIterator

from renkou_common.database import Transaction
from renkou_common.identity.http import requires
from renkou_common.identity.roles import Scope
from renkou_common.messaging.feed import feed_router
from renkou_common.scope import AreaScope
from renkou_migrant.runtime import CurrentRuntime


async def _transaction(runtime: CurrentRuntime) -> AsyncIterator[Transaction]:
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        yield tx


router = feed_router("migrant", requires(Scope.FEED_READ), _transaction)
