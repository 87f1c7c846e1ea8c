"""A person's full copy: every row held about the person, sealed values opened, secrets left out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import Table

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.external_lists import service as external_lists
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
    own = await supplies.own_copy(runtime, tx, AreaScope.everything(), person_id)
    own |= {"external_list_row": await external_lists.own_lines(runtime, tx, person_id)}
    return {
        "person_id": str(person_id),
        "made_at": runtime.clock.now().isoformat(),
        "records": {
            each.table: [_opened(runtime, each.table, row) for row in each.rows]
            for each in found
            if each.table not in own
        }
        | {table: rows for table, rows in own.items() if rows},
    }


def columns_of(table: Table) -> list[str]:
    """Return what the columns of a table are called in the copy; those that are secrets are left out."""
    return [
        name
        for column in table.columns
        if (name := _plain_name(str(table.name), str(column.name))) is not None
    ]


def _opened(runtime: Runtime, table: str, row: asyncpg.Record) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column, value in row.items():
        name = _plain_name(table, column)
        if name is None:
            continue
        if _is_sealed(column):
            if value is not None:
                values[name] = _unsealed(runtime, table, column, row)
            elif name not in values:
                values[name] = None
        elif value is not None or name not in values:
            values[name] = value
    return values


def _is_sealed(column: str) -> bool:
    return column == "sealed" or column.endswith("_sealed")


def _plain_name(table: str, column: str) -> str | None:
    """Return what a column is called in the copy; None for a secret and for one that names others as well."""
    if column.endswith(_SECRET) or column == "person_ids":
        return None
    if table == "person_detail" and column == "sealed":
        return "value"
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
