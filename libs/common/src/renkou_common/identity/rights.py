"""Rights of staff in a service other than registry-api: its copy of what ``registry.staff.changed.v1`` says.

The service's table ``staff_assignment`` has the columns ``staff_id``, ``role``, ``area`` and ``area_high``: a role
over the subtree ``area..area_high`` of 12-digit keys. Nothing else is known there about an account.
"""

from uuid import UUID

from renkou_common.contracts.registry import StaffChanged
from renkou_common.database import Database, Transaction
from renkou_common.identity.principal import Assignment, AssignmentLoader
from renkou_common.identity.roles import Role
from renkou_common.scope import AreaScope

_KNOWN = frozenset(Role)


def assignment_loader(database: Database) -> AssignmentLoader:
    """Return the function by which :class:`Identity` reads an account's rights; unknown roles give none."""

    async def load(staff_id: UUID) -> list[Assignment]:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            rows = await tx.fetch(
                "SELECT role, area, area_high FROM staff_assignment WHERE staff_id = $1", staff_id
            )
        return [
            Assignment(Role(row["role"]), row["area"], row["area_high"])
            for row in rows
            if row["role"] in _KNOWN
        ]

    return load


async def take_over(tx: Transaction, change: StaffChanged) -> None:
    """Make the account's rights what the event says; none where the account is no longer active."""
    widest: dict[tuple[str, int], int] = {}
    for one in change.assignments if change.active else []:
        key = one.role, int(one.area)
        widest[key] = max(widest.get(key, 0), int(one.area_high))
    await tx.execute("DELETE FROM staff_assignment WHERE staff_id = $1", change.staff_id)
    await tx.execute(
        "INSERT INTO staff_assignment (staff_id, role, area, area_high)"
        " SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[])",
        change.staff_id,
        [role for role, _ in widest],
        [low for _, low in widest],
        list(widest.values()),
    )
