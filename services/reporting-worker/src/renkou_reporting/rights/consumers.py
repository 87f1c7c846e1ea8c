"""registry.staff.changed.v1 to rights: an event carries the whole new state of an account. Ended sessions beside."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.contracts.registry import RegistryEventType, SessionEnded, StaffChanged
from renkou_common.database import Transaction
from renkou_common.identity.rights import take_over
from renkou_common.identity.sessions import take_over_end
from renkou_common.messaging.envelope import Event


async def apply_staff_changes(tx: Transaction, events: Sequence[Event]) -> None:
    """Keep the newest state of each account among ``events``, which are in the feed's order, and ended sessions."""
    newest: dict[UUID, StaffChanged] = {}
    for event in events:
        if event.type == RegistryEventType.STAFF_CHANGED:
            change = StaffChanged.model_validate(event.data)
            newest[change.staff_id] = change
        elif event.type == RegistryEventType.SESSION_ENDED:
            await take_over_end(tx, SessionEnded.model_validate(event.data))
    for staff_id in sorted(newest):
        await take_over(tx, newest[staff_id])
