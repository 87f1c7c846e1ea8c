"""A person's full copy: every row held about the person, sealed values opened, secrets left out."""

from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.me import repository
from renkou_registry.runtime import Runtime
from renkou_registry.supplies.users import service as supplies

_SECRET = ("_index", "_hash")
"""Look-up keys and password hashes: they say nothing about the person."""


async def full_copy(runtime: Runtime, tx: Transaction, person_id: UUID) -> dict[str, Any]:
    """Return everything held about a person: table name to rows, in the order in which they hang together.

    Whoever else a row names (a spouse, a member of staff) stands there by id only.
    """
    found = await repository.everything_of(tx, person_id)
    sealed = await supplies.own_copy(runtime, tx, AreaScope.everything(), person_id)
    return {
        "person_id": str(person_id),
        "made_at": runtime.clock.now().isoformat(),
        "records": {each.table: [_opened(runtime, each.table, row) for row in each.rows] for each in found}
        | {table: rows for table, rows in sealed.items() if rows},
    }


def _opened(runtime: Runtime, table: str, row: asyncpg.Record) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in row.items():
        if name.endswith("_sealed"):
            field = name.removesuffix("_sealed")
            values[field] = runtime.cipher.decrypt(value, f"{table}.{field}") if value is not None else None
        elif not name.endswith(_SECRET) and name != "person_ids":
            values[name] = value
    return values
