"""The registers of a node, from its purposes, its periods and its logs. Callers hold the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.exports.lists import LISTS
from renkou_registry.field_keys.columns import PROTECTED
from renkou_registry.privacy.purposes import service as purposes
from renkou_registry.privacy.registers import repository
from renkou_registry.privacy.registers.domain import Processing, processing
from renkou_registry.privacy.retention import service as retention
from renkou_registry.roles import service as roles
from renkou_registry.runtime import Runtime

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Entry:
    """A purpose with its basis and the node's own numbers: rows held, exports and their rows within a year."""

    processing: Processing
    articles: str
    in_force: bool
    rows: int
    exports: int
    exported_rows: int


async def register(runtime: Runtime, tx: Transaction) -> list[Entry]:
    """Return every purpose of the node with what is done for it, those that ended too."""
    today, now = runtime.clock.today(), runtime.clock.now()
    articles = {row["code"]: row["articles"] for row in await purposes.bases(tx)}
    rules = [each.rule for each in await retention.standing(runtime, tx)]
    given = {role.code: role.effective for role in await roles.every(tx)}
    held, out = await repository.rows_of(tx), await repository.exported(tx, now - YEAR)
    entries = []
    for purpose in await purposes.all_of(tx):
        made = processing(purpose, PROTECTED, LISTS.values(), rules, given)
        rows = sum(held.get(table, 0) for table in made.tables)
        entries.append(
            Entry(
                made,
                articles[purpose.basis],
                purpose.in_force(today),
                rows,
                *out.get(purpose.code, (0, 0)),
            )
        )
    return entries


async def loaded(
    tx: Transaction, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Return who took which list out and what for, the last first."""
    return await repository.loaded(tx, after, limit)
