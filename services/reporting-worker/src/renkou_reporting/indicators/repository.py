"""Every query on definitions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.indicators.domain import Indicator

_ACTIVE = """
SELECT v.definition, v.version FROM indicator_version v JOIN indicator i USING (code)
WHERE v.state = 'active' ORDER BY i.position, v.version
"""
_VERSIONS = """
SELECT code, version, state, definition, packaged, reason, made_by, made_at, approved_by, approved_at
FROM indicator_version WHERE code = $1 AND ($2::int IS NULL OR version = $2) ORDER BY version DESC
"""
_INSERT = """
INSERT INTO indicator_version (code, version, id, state, valid_from, valid_to, definition, packaged, reason,
    made_by, made_at, approved_by, approved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, NULL)
"""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version of a definition to be stored."""

    id: UUID
    indicator: Indicator
    state: str
    reason: str
    made_by: UUID | None
    made_at: datetime


async def revision(tx: Reader) -> UUID:
    """Return the identifier of the definitions' state."""
    found: UUID = await tx.fetchval("SELECT revision FROM definition_revision")
    return found


async def lock(tx: Transaction) -> None:
    """Wait until nobody else changes definitions or measures."""
    await tx.execute("SELECT revision FROM definition_revision FOR UPDATE")


async def change(tx: Transaction) -> None:
    """Note that definitions or measures have changed."""
    await tx.execute("UPDATE definition_revision SET revision = gen_random_uuid()")


async def active(tx: Reader) -> list[Indicator]:
    """Return the active versions of all codes, in the order of lists."""
    return [read_definition(row) for row in await tx.fetch(_ACTIVE)]


async def versions(tx: Reader, code: str, version: int | None = None) -> list[asyncpg.Record]:
    """Return the versions of a code, or one of them, the newest first."""
    return await tx.fetch(_VERSIONS, code, version)


async def version_of(tx: Reader, version_id: UUID) -> tuple[str, int]:
    """Return code and version of a stored version."""
    row = await tx.fetchrow("SELECT code, version FROM indicator_version WHERE id = $1", version_id)
    assert row is not None
    return row["code"], row["version"]


async def newest_of_all(tx: Reader) -> dict[str, int]:
    """Return the highest version of each code."""
    rows = await tx.fetch("SELECT code, max(version) AS version FROM indicator_version GROUP BY code")
    return {row["code"]: row["version"] for row in rows}


async def packaged(tx: Reader) -> dict[str, Indicator]:
    """Return the newest version of each code that came with a program."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (code) definition, version FROM indicator_version WHERE packaged"
        " ORDER BY code, version DESC"
    )
    return {one.code: one for one in map(read_definition, rows)}


async def insert(tx: Transaction, new: NewVersion, *, packaged: bool = False) -> None:
    """Store a version, and its code where it is the first of it."""
    one = new.indicator
    await tx.execute(
        "INSERT INTO indicator (code, position) VALUES ($1, (SELECT coalesce(max(position), 0) + 1"
        " FROM indicator)) ON CONFLICT (code) DO NOTHING",
        one.code,
    )
    await tx.execute(
        _INSERT, one.code, one.version, new.id, new.state, one.valid_from, one.valid_to,
        one.model_dump(mode="json", exclude={"version"}), packaged, new.reason, new.made_by, new.made_at,
    )  # fmt: skip


async def activate(tx: Transaction, code: str, version: int, by: UUID, at: datetime) -> None:
    """Put a draft in force."""
    await tx.execute(
        "UPDATE indicator_version SET state = 'active', approved_by = $3, approved_at = $4"
        " WHERE code = $1 AND version = $2",
        code,
        version,
        by,
        at,
    )


async def retire(tx: Transaction, code: str, version: int, reason: str) -> None:
    """Take a version out of force."""
    await tx.execute(
        "UPDATE indicator_version SET state = 'retired', reason = $3 WHERE code = $1 AND version = $2",
        code,
        version,
        reason,
    )


def read_definition(row: asyncpg.Record) -> Indicator:
    """Return a stored definition."""
    content: dict[str, Any] = row["definition"]
    return Indicator.model_validate({**content, "version": row["version"]})
