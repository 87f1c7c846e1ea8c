"""What each feed means to this service; handed to the consumers of both feeds."""

from collections.abc import Sequence

from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.areas.consumers import apply_area_changes
from renkou_reporting.calendar.consumers import apply_calendar_changes
from renkou_reporting.facts.consumers import add_events
from renkou_reporting.rights.consumers import apply_staff_changes


async def apply_registry(tx: Transaction, events: Sequence[Event]) -> None:
    """Take in events of the register: lines to facts, staff changes to rights, changed divisions to the tree."""
    await add_events(tx, "registry", events)
    await apply_staff_changes(tx, events)
    await apply_area_changes(tx, events)


async def apply_migrant(tx: Transaction, events: Sequence[Event]) -> None:
    """Take in events of the migrant service: lines to facts, schedules of working days to the calendar."""
    await add_events(tx, "migrant", events)
    await apply_calendar_changes(tx, events)
