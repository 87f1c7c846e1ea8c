"""The worker's side of benefits: what becomes due is written down, also where no batch is drafted."""

import asyncio
from uuid import UUID

import structlog

from renkou_common.database import TRANSIENT_ERRORS
from renkou_common.errors import Unavailable
from renkou_common.scope import AreaScope
from renkou_registry.benefits.enrolments import repository as enrolments
from renkou_registry.benefits.payments import ledger
from renkou_registry.runtime import Runtime

_EVERY_SECONDS = 3600
_EVERYWHERE = AreaScope.everything()
_log = structlog.get_logger(__name__)


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
    while True:
        try:
            await accrue_once(runtime)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning("benefits wait for the database", error=repr(error))
        await asyncio.sleep(_EVERY_SECONDS)
