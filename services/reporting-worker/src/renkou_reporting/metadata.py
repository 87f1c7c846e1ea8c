"""Every table of this service's database; migrations are checked against it."""

from sqlmodel import SQLModel

from renkou_common.http.idempotency import IdempotencyRecord
from renkou_common.http.rate_tables import RateBudget
from renkou_common.messaging.inbox_tables import AppliedEvent, FeedIncident, FeedPosition, HeldEvent
from renkou_reporting.accounts import tables as account_tables
from renkou_reporting.areas import tables as area_tables
from renkou_reporting.base import ReportingTable
from renkou_reporting.calendar import tables as calendar_tables
from renkou_reporting.closings import tables as closing_tables
from renkou_reporting.copies import tables as copy_tables
from renkou_reporting.disclosure import tables as disclosure_tables
from renkou_reporting.facts import tables as facts_tables
from renkou_reporting.forecast import tables as forecast_tables
from renkou_reporting.forms import tables as forms_tables
from renkou_reporting.indicators import tables as indicator_tables
from renkou_reporting.measures import tables as measure_tables
from renkou_reporting.province import tables as province_tables
from renkou_reporting.published import tables as published_tables
from renkou_reporting.rebuild import tables as rebuild_tables
from renkou_reporting.reconciliation import tables as reconciliation_tables
from renkou_reporting.returns import tables as returns_tables
from renkou_reporting.rights import tables as rights_tables
from renkou_reporting.scorecards import tables as scorecard_tables
from renkou_reporting.targets import tables as target_tables

FEATURES = (
    account_tables,
    area_tables,
    calendar_tables,
    closing_tables,
    copy_tables,
    disclosure_tables,
    facts_tables,
    forecast_tables,
    forms_tables,
    indicator_tables,
    measure_tables,
    province_tables,
    published_tables,
    rebuild_tables,
    reconciliation_tables,
    returns_tables,
    rights_tables,
    scorecard_tables,
    target_tables,
)
SHARED: tuple[type[SQLModel], ...] = (
    AppliedEvent,
    FeedIncident,
    FeedPosition,
    HeldEvent,
    IdempotencyRecord,
    RateBudget,
)

metadata = ReportingTable.metadata
for _table in SHARED:
    if _table.__tablename__ not in metadata.tables:
        _table.__table__.to_metadata(metadata)  # type: ignore[attr-defined]
