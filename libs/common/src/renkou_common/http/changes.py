"""Which fields each version of a record changed, and when, so that a 412 can say what happened meanwhile.

A trigger of the database notes which columns of a record became different as its version counts up
(``renkou_note_change``; which tables have it is tested). A record whose fields lie in several rows notes them in
the transaction that counts the version up. Names only, never a value.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from renkou_common.database import Transaction
from renkou_common.errors import VersionMismatch

APPEND_ONLY = ("record_change",)
NOTE = "INSERT INTO record_change (record_id, version, fields)"
"""How a feature's own statement notes a change in one round trip, from the row that it updates."""


class RecordChange(SQLModel, table=True):
    """The names of the fields that became different with a version of a record; when is not known of old ones."""

    __tablename__ = "record_change"

    record_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), primary_key=True))
    changed_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), server_default=func.now())
    )


async def note(tx: Transaction, record_id: UUID, version: int, fields: Iterable[str]) -> None:
    """Write down what a record's new version changed beside its own row."""
    await tx.execute(
        f"{NOTE} VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", record_id, version, sorted(set(fields))
    )


async def check_current(tx: Transaction, record_id: UUID, expected: int, current: int) -> None:
    """Raise :class:`VersionMismatch` with what changed since, and when, unless the caller saw the current
    version."""
    if expected == current:
        return
    row = await tx.fetchrow(
        "SELECT array_agg(DISTINCT name ORDER BY name) AS fields, max(changed_at) AS changed_at"
        " FROM record_change, unnest(fields) AS name WHERE record_id = $1 AND version > $2",
        record_id,
        expected,
    )
    assert row is not None
    raise VersionMismatch(current, row["fields"] or (), row["changed_at"])
