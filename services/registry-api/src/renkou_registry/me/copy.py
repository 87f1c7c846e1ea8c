"""A person's full copy: every row held about the person, sealed values opened, secrets left out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from cryptography.exceptions import InvalidTag

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.me import repository
from renkou_registry.persons import details
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
        if name == "sealed" or name.endswith("_sealed"):
            field = _plain_name(table, name, row)
            if field is not None:
                values[field] = None if value is None else _unsealed(runtime, table, name, row)
        elif not name.endswith(_SECRET) and name != "person_ids":
            values[name] = value
    return values


def _plain_name(table: str, column: str, row: asyncpg.Record) -> str | None:
    """Return what an opened column is called; None for one that tells about others as well."""
    if table == "external_list_row":
        return None  # a line of another office's list, as it came; what was settled with it stands elsewhere
    if table == "person_detail":
        return "value" if row["value"] is None else None
    return "content" if column == "sealed" else column.removesuffix("_sealed")


def _unsealed(runtime: Runtime, table: str, column: str, row: asyncpg.Record) -> Any:
    """Return a sealed value in the clear; what was sealed as JSON as its members."""
    if table == "person_detail":
        return runtime.cipher.decrypt(row[column], details.SEALED[row["field"]])
    contexts = (f"{table}.{column.removesuffix('_sealed')}", f"{table}.{column}")
    text = _first(runtime, row[column], contexts)
    return orjson.loads(text) if text.startswith((b"{", b"[")) else text.decode()


def _first(runtime: Runtime, sealed: bytes, contexts: Sequence[str]) -> bytes:
    """Return a value under whichever of its feature's two ways of naming contexts it was sealed."""
    for context in contexts[:-1]:
        try:
            return runtime.cipher.unseal(sealed, context)
        except InvalidTag:
            continue
    return runtime.cipher.unseal(sealed, contexts[-1])
