"""Every query on measures."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from renkou_common.database import Reader, Transaction
from renkou_reporting.measures.domain import MeasureEntry, Measures

_ALL = "SELECT code, zh, en, kind, unit, populations, origin FROM measure ORDER BY made_at, code"
_INSERT = """
INSERT INTO measure (code, zh, en, kind, unit, populations, origin, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (code) DO NOTHING RETURNING true
"""


async def all_measures(tx: Reader) -> Measures:
    """Return every measure."""
    return Measures(MeasureEntry.model_validate(dict(row)) for row in await tx.fetch(_ALL))


async def insert(tx: Transaction, entry: MeasureEntry, by: UUID | None, at: datetime) -> bool:
    """Store a measure; False where its code is taken."""
    made = await tx.fetchval(
        _INSERT, entry.code, entry.zh, entry.en, entry.kind.value, entry.unit.value,
        [population.value for population in entry.populations], entry.origin.value, by, at,
    )  # fmt: skip
    return made is not None


async def insert_packaged(tx: Transaction, entries: Iterable[MeasureEntry], at: datetime) -> int:
    """Store those measures that are not there yet; returns how many."""
    return sum([await insert(tx, entry, None, at) for entry in entries])
