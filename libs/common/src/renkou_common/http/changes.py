"""Which fields each version of a record changed, so that a 412 can say what happened meanwhile.

A feature notes the names of changed fields in the transaction that counts the version up, and asks for those
since the caller's version when ``If-Match`` does not match. Names only, never a value.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from renkou_common.database import Transaction
from renkou_common.http.conditions import check_version

APPEND_ONLY = ("record_change",)
NOTE = "INSERT INTO record_change (record_id, version, fields)"
"""How a feature's own statement notes a change in one round trip, from the row that it updates."""


class RecordChange(SQLModel, table=True):
    """The names of the fields that became different with a version of a record."""

    __tablename__ = "record_change"

    record_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


async def note(tx: Transaction, record_id: UUID, version: int, fields: Iterable[str]) -> None:
    """Write down what a record's new version changed."""
    await tx.execute(f"{NOTE} VALUES ($1, $2, $3)", record_id, version, sorted(set(fields)))


async def since(tx: Transaction, record_id: UUID, version: int) -> Sequence[str]:
    """Return the names of the fields changed after a version, each once, by name."""
    rows = await tx.fetch(
        "SELECT DISTINCT unnest(fields) AS name FROM record_change"
        " WHERE record_id = $1 AND version > $2 ORDER BY name",
        record_id,
        version,
    )
    return [row["name"] for row in rows]


async def check_current(tx: Transaction, record_id: UUID, expected: int, current: int) -> None:
    """Raise :class:`VersionMismatch` with what changed unless the caller saw the current version."""
    if expected != current:
        check_version(expected, current, await since(tx, record_id, expected))
