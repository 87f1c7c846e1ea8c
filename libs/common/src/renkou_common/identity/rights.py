"""Rights of staff in a service other than registry-api: its copy of what ``registry.staff.changed.v1`` says.

The service's table ``staff_assignment`` has a row for each assignment: ``staff_id``, ``position``, ``role``, the
subtree ``area..area_high`` of 12-digit keys, ``scopes`` (null: those of the built-in role), ``valid_from``,
``valid_to`` and ``acting_for``. Nothing else is known there about an account.
"""

from collections.abc import Iterable
from uuid import UUID

from renkou_common.contracts.registry import StaffChanged
from renkou_common.database import Database, Transaction
from renkou_common.identity.grants import Assignment
from renkou_common.identity.principal import AssignmentLoader
from renkou_common.identity.roles import ROLE_SCOPES, Scope
from renkou_common.scope import AreaScope

_KNOWN = frozenset(Scope)


def known_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes that this version of the code knows; others (of a newer registry-api) give nothing."""
    return frozenset(Scope(name) for name in names if name in _KNOWN)


def assignment_loader(database: Database) -> AssignmentLoader:
    """Return the function by which :class:`Identity` reads an account's rights; unknown roles give none."""

    async def load(staff_id: UUID) -> list[Assignment]:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            rows = await tx.fetch(
                "SELECT role, area, area_high, scopes, valid_from, valid_to, acting_for"
                " FROM staff_assignment WHERE staff_id = $1",
                staff_id,
            )
        return [
            Assignment(
                scopes=ROLE_SCOPES.get(row["role"], frozenset())
                if row["scopes"] is None
                else known_scopes(row["scopes"]),
                low=row["area"],
                high=row["area_high"],
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
                acting_for=row["acting_for"],
            )
            for row in rows
        ]

    return load


async def take_over(tx: Transaction, change: StaffChanged) -> None:
    """Make the account's rights what the event says; none where the account is no longer active."""
    await tx.execute("DELETE FROM staff_assignment WHERE staff_id = $1", change.staff_id)
    await tx.executemany(
        "INSERT INTO staff_assignment"
        " (staff_id, position, role, area, area_high, scopes, valid_from, valid_to, acting_for)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [
            (
                change.staff_id,
                position,
                one.role,
                int(one.area),
                int(one.area_high),
                one.scopes,
                one.valid_from,
                one.valid_to,
                one.acting_for,
            )
            for position, one in enumerate(change.assignments if change.active else ())
        ],
    )
