"""What monitoring sees of the feeds that a service takes in, read when it is scraped: what was set aside, not why."""

import structlog
from prometheus_client import Gauge

from renkou_common.database import Database
from renkou_common.errors import RenkouError
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope

HELD = Gauge(
    "renkou_feed_held",
    "Events that could not be applied, or wait behind one",
    ["feed"],
    multiprocess_mode="mostrecent",
)
INCIDENTS = Gauge(
    "renkou_feed_incidents",
    "What must not happen to a feed and did",
    ["feed"],
    multiprocess_mode="mostrecent",
)
_MEASURE = """
SELECT feed,
    (SELECT count(*) FROM held_event h WHERE h.feed = p.feed AND h.resolved_at IS NULL) AS held,
    (SELECT count(*) FROM feed_incident i WHERE i.feed = p.feed) AS incidents
FROM feed_position p
"""
_log = structlog.get_logger(__name__)


async def measure_feeds(database: Database) -> None:
    """Set the gauges; they stay where the database gives no answer."""
    try:
        async with database.transaction(AreaScope.everything(), read_only=True) as tx:
            rows = await tx.fetch(_MEASURE)
    except (*TRANSIENT, RenkouError) as error:
        _log.warning("feeds not measured", error=repr(error))
        return
    for row in rows:
        HELD.labels(row["feed"]).set(row["held"])
        INCIDENTS.labels(row["feed"]).set(row["incidents"])
