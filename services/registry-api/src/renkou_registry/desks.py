"""One transaction for a register's route: ``async with desk(runtime, access) as it:``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from renkou_common.identity.principal import Access
from renkou_registry.records import Desk
from renkou_registry.runtime import Runtime


@asynccontextmanager
async def desk(runtime: Runtime, access: Access, *, read_only: bool = False) -> AsyncIterator[Desk]:
    """Open a transaction for the caller and commit it at the end; roll back on any error."""
    async with runtime.database.transaction(access.areas, read_only=read_only) as tx:
        yield Desk(runtime, tx, access.areas, access.subject)
