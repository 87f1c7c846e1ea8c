"""Rights of staff accounts as this service knows them."""

from collections.abc import Iterable
from uuid import UUID

from renkou_common.contracts.registry import StaffChanged
from renkou_common.database import Database, Transaction
from renkou_common.identity.principal import Assignment, AssignmentLoader
from renkou_common.identity.roles import Role
from renkou_common.scope import AreaScope
from renkou_migrant.staff_rights import repository

_KNOWN = frozenset(Role)


def assignment_loader(database: Database) -> AssignmentLoader:
    """Return the function by which :class:`Identity` reads an account's rights."""

    async def load(staff_id: UUID) -> Iterable[Assignment]:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            found = await repository.assignments_of(tx, staff_id)
        return [Assignment(Role(role), low, high) for role, low, high in found if role in _KNOWN]

    return load


async def take_over(tx: Transaction, change: StaffChanged) -> None:
    """Make the account's rights what the event says; none where the account is no longer active."""
    given = change.assignments if change.active else []
    await repository.replace_assignments(
        tx, change.staff_id, [(one.role, int(one.area), int(one.area_high)) for one in given]
    )
