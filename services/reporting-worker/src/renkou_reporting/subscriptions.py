"""What each feed means to this service; handed to the consumers of both feeds.

Lines count in the partition of their area; what concerns no area is for the copy of the first partition.
"""

from collections.abc import Sequence

from renkou_common.calendar_days import take_over_calendar
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_common.messaging.inbox import Apply
from renkou_reporting.areas.consumers import apply_area_changes
from renkou_reporting.facts.consumers import add_events, concerns_first
from renkou_reporting.rights.consumers import apply_staff_changes


async def apply_registry(tx: Transaction, events: Sequence[Event]) -> None:
    """Take in events of the register: lines to facts, staff changes to rights, changed divisions to the tree."""
    await add_events(tx, "registry", events)
    common = _common(events)
    await apply_staff_changes(tx, common)
    await apply_area_changes(tx, common)


async def apply_migrant(tx: Transaction, events: Sequence[Event]) -> None:
    """Take in events of the migrant service: lines to facts, schedules of working days to the calendar."""
    await add_events(tx, "migrant", events)
    await take_over_calendar(tx, _common(events))


def _common(events: Sequence[Event]) -> Sequence[Event]:
    return [event for event in events if concerns_first(event)]


APPLY: dict[str, Apply] = {"registry": apply_registry, "migrant": apply_migrant}
