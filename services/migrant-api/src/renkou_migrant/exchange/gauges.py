"""What monitoring sees of the exchange, read when it is scraped."""

import structlog
from prometheus_client import Gauge

from renkou_common.database import Database
from renkou_common.errors import RenkouError
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope

DEAD_LETTERS = Gauge(
    "renkou_exchange_dead_letters",
    "Messages from the hub that could not be taken in, and have not been since",
    multiprocess_mode="mostrecent",
)
_log = structlog.get_logger(__name__)


async def measure_dead_letters(database: Database) -> None:
    """Set the gauge; it stays where the database gives no answer."""
    try:
        async with database.transaction(AreaScope.everything(), read_only=True) as tx:
            found = await tx.fetchval(
                "SELECT count(*) FROM dead_letter WHERE outcome IS DISTINCT FROM 'taken'"
            )
    except (*TRANSIENT, RenkouError) as error:
        _log.warning("dead letters not measured", error=repr(error))
        return
    DEAD_LETTERS.set(found)
