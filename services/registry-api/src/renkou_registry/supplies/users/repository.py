"""Every query on users of supplies."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.records import AreaTable

USERS = AreaTable("supply_user", "药具使用登记", "registration of a user")


async def of_year(tx: Transaction, indexes: Sequence[bytes], year: int) -> asyncpg.Record | None:
    """Lock and return a person's registration of a year."""
    return await tx.fetchrow(
        "SELECT * FROM supply_user WHERE person_index = ANY($1::bytea[]) AND year = $2 AND NOT withdrawn FOR UPDATE",
        indexes,
        year,
    )


async def of_person(tx: Transaction, indexes: Sequence[bytes]) -> list[asyncpg.Record]:
    """Return a person's registrations, the newest year first."""
    return await tx.fetch(
        "SELECT * FROM supply_user WHERE person_index = ANY($1::bytea[]) AND NOT withdrawn"
        " ORDER BY year DESC LIMIT 100",
        indexes,
    )


async def of_point(tx: Transaction, point_id: UUID) -> list[asyncpg.Record]:
    """Return and lock the registrations of a point that stand."""
    return await tx.fetch(
        "SELECT * FROM supply_user WHERE point_id = $1 AND NOT withdrawn ORDER BY id FOR UPDATE", point_id
    )
