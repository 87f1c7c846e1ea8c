"""migrant.calendar.changed.v1 to the calendar: an event carries a whole year, the last one of a year stands."""

from collections.abc import Sequence

from renkou_common.contracts.migrant import CalendarChanged, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_registry.calendar import repository


async def apply(tx: Transaction, events: Sequence[Event]) -> None:
    """Take the schedules among ``events``, which are in the feed's order; other types pass."""
    for event in events:
        if event.type == MigrantEventType.CALENDAR_CHANGED:
            change = CalendarChanged.model_validate(event.data)
            if change.schedule:
                schedule = [(one.day, one.working) for one in change.schedule]
                await repository.replace_year(tx, change.year, schedule)
