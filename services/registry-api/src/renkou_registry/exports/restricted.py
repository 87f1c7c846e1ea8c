"""Rows about somebody whose data are processed no further stay out of a page that leaves, and out of its log.

Personal Information Protection Law, articles 44 and 47.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.floor import reaching_all
from renkou_registry.privacy.restriction import service as restriction

PEOPLE = (
    *("person_id", "partner_id", "child_id", "subject_id", "landlord_id"),
    *("first_id", "second_id", "first_holder_id", "second_holder_id"),
)
"""Fields of items under which a person stands, whether the export has them as columns or not."""


async def without_restricted[Row: (asyncpg.Record, dict[str, Any])](
    tx: Transaction, rows: Sequence[Row], people: Sequence[str] = PEOPLE
) -> tuple[list[Row], set[UUID]]:
    """Return the rows that name nobody who is restricted, and who of those named is; also who lives elsewhere."""
    named = [{UUID(str(row[name])) for name in people if row.get(name)} for row in rows]
    async with reaching_all(tx):
        restricted = await restriction.restricted(tx, set[UUID]().union(*named))
    return [row for row, ids in zip(rows, named, strict=True) if not ids & restricted], restricted
