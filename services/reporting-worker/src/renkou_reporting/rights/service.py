"""Reading a caller's rights."""

from uuid import UUID

from renkou_common.database import Database
from renkou_common.identity.principal import Assignment, AssignmentLoader
from renkou_common.identity.roles import Role
from renkou_common.scope import AreaScope
from renkou_reporting.rights import repository

_KNOWN_ROLES = frozenset(Role)


def assignment_loader(database: Database) -> AssignmentLoader:
    """Return the function by which :class:`Identity` reads assignments; unknown roles give no right."""

    async def load(staff_id: UUID) -> list[Assignment]:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            rows = await repository.load(tx, staff_id)
        return [
            Assignment(Role(row["role"]), row["area"], row["area_high"])
            for row in rows
            if row["role"] in _KNOWN_ROLES
        ]

    return load
