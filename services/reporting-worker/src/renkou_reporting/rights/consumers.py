"""registry.staff.changed.v1 to rights: an event carries the whole new state of an account."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.contracts.registry import RegistryEventType, StaffChanged
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.rights import repository


async def apply_staff_changes(tx: Transaction, events: Sequence[Event]) -> None:
    """Keep the newest state of each account among ``events``, which are in the feed's order."""
    newest: dict[UUID, StaffChanged] = {}
    for event in events:
        if event.type == RegistryEventType.STAFF_CHANGED:
            change = StaffChanged.model_validate(event.data)
            newest[change.staff_id] = change
    for staff_id, change in sorted(newest.items()):
        assignments = change.assignments if change.active else []
        rows = {(one.role, int(one.area), int(one.area_high)) for one in assignments}
        await repository.replace(tx, staff_id, sorted(rows))
