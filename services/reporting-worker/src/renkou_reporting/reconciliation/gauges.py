"""What monitoring sees of the last reconciliation, read when it is scraped."""

import structlog
from prometheus_client import Gauge

from renkou_common.database import Database
from renkou_common.errors import RenkouError
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_reporting.reconciliation.service import latest

UNHEALED = Gauge(
    "renkou_reconciliation_unhealed",
    "Differences that the last reconciliation did not put right",
    multiprocess_mode="mostrecent",
)
FINISHED = Gauge(
    "renkou_reconciliation_finished_seconds",
    "When the last reconciliation ended, Unix time",
    multiprocess_mode="mostrecent",
)
_log = structlog.get_logger(__name__)


async def measure_reconciliation(database: Database) -> None:
    """Set the gauges; they stay where the database gives no answer, or nothing was reconciled yet."""
    try:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            last = await latest(tx)
    except (*TRANSIENT, RenkouError) as error:
        _log.warning("last reconciliation not read", error=repr(error))
        return
    if last is not None:
        UNHEALED.set(last.unhealed)
        FINISHED.set(last.finished_at.timestamp())
