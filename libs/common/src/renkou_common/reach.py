"""Statements that have to reach past the caller's own area, for what follows on from a permitted change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

_SET = "SELECT set_config('renkou.areas', $1, true)"


@asynccontextmanager
async def reaching_all(tx: Transaction) -> AsyncIterator[None]:
    """Let the statements inside reach everywhere, whatever the caller's area; restores what was set.

    Callers have checked their right before. An error leaves the transaction to be rolled back.
    """
    before = await tx.fetchval("SELECT current_setting('renkou.areas', true)")
    await tx.execute(_SET, AreaScope.everything().multirange)
    yield
    await tx.execute(_SET, before or "")
