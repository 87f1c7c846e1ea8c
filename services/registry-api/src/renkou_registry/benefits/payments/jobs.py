"""The worker's side of benefits: what becomes due is written down, also where no batch is drafted."""

from uuid import UUID

from renkou_common.scope import AreaScope
from renkou_registry import background
from renkou_registry.benefits.enrolments import repository as enrolments
from renkou_registry.benefits.payments import ledger
from renkou_registry.runtime import Runtime

_EVERY_SECONDS = 3600
_EVERYWHERE = AreaScope.everything()


async def accrue_once(runtime: Runtime) -> int:
    """Bring every active case's dues up to today, 200 cases a transaction; returns how many there are."""
    after, seen = UUID(int=0), 0
    while True:
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            rows = await enrolments.lock_active(tx, after, ledger.PAGE)
            await ledger.reconcile(runtime, tx, _EVERYWHERE, rows)
        if not rows:
            return seen
        after, seen = rows[-1]["id"], seen + len(rows)


async def run_accrual(runtime: Runtime) -> None:
    """Write down once an hour what became due, until cancelled; a lost database is waited for."""
    await background.again_and_again(runtime, "benefits", accrue_once, _EVERY_SECONDS)
