"""migrant.calendar.changed.v1 to the calendar: an event carries a whole year."""

from collections.abc import Sequence

from renkou_common.contracts.migrant import CalendarChanged, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.calendar import repository


async def apply_calendar_changes(tx: Transaction, events: Sequence[Event]) -> None:
    """Keep the newest schedule of each year among ``events``, which are in the feed's order."""
    newest: dict[int, CalendarChanged] = {}
    for event in events:
        if event.type == MigrantEventType.CALENDAR_CHANGED:
            change = CalendarChanged.model_validate(event.data)
            newest[change.year] = change
    for year, change in sorted(newest.items()):
        if change.schedule:
            await repository.replace_year(tx, year, [(one.day, one.working) for one in change.schedule])
