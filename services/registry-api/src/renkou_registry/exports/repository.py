"""Every query on exports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.findings import Finding
from renkou_common.codes.masking import mask_name
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_registry.exports.listing import ExportState, Format


@dataclass(frozen=True, slots=True)
class Export:
    """An export as it stands."""

    id: UUID
    list_name: str
    format: Format
    filters: dict[str, Any]
    columns: list[str]
    purpose_code: str | None
    purpose: str
    scope: AreaScope
    state: ExportState
    created_by: UUID
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    place: list[Any] | None
    parts: int
    rows: int
    left_out: int
    attempts: int
    failure: Finding | None


_EXPORT = """
SELECT id, list_name, format, filters, columns, purpose_code, purpose, scope, state, created_by, created_at,
       finished_at, expires_at, place, parts, rows, left_out, attempts, failure_code, failure_zh, failure_en
FROM export_job
"""


def _export(row: asyncpg.Record) -> Export:
    values: dict[str, Any] = dict(row)
    code, zh, en = (values.pop(f"failure_{part}") for part in ("code", "zh", "en"))
    values["state"], values["format"] = ExportState(values["state"]), Format(values["format"])
    values["scope"] = AreaScope.of((span.lower, span.upper - 1) for span in values["scope"])
    return Export(**values, failure=Finding(code, zh, en) if code else None)


async def insert(
    tx: Transaction,
    *,
    list_name: str,
    file_format: Format,
    filters: dict[str, Any],
    columns: Sequence[str],
    purpose_code: str,
    purpose: str,
    scope: AreaScope,
    created_by: UUID,
    created_at: datetime,
) -> UUID:
    """Add an export that waits for a worker, and wake one."""
    job_id = new_id()
    await tx.execute(
        "INSERT INTO export_job (id, list_name, format, filters, columns, purpose, scope, state, created_by,"
        " created_at, purpose_code)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7::text::int8multirange, 'queued', $8, $9, $10)",
        job_id,
        list_name,
        file_format.value,
        filters,
        columns,
        purpose,
        scope.multirange,
        created_by,
        created_at,
        purpose_code,
    )
    await tx.execute("NOTIFY renkou_jobs")
    return job_id


async def find(tx: Transaction, job_id: UUID, scope: AreaScope) -> Export | None:
    """Return an export whose clerk's areas lie inside ``scope``."""
    row = await tx.fetchrow(
        f"{_EXPORT} WHERE id = $1 AND $2::text::int8multirange @> scope", job_id, scope.multirange
    )
    return _export(row) if row else None


async def find_by_token(tx: Transaction, token_hash: bytes, created_by: UUID, now: datetime) -> Export | None:
    """Return the finished export that a link opens for the caller who asked for it."""
    row = await tx.fetchrow(
        f"{_EXPORT} WHERE token_hash = $1 AND created_by = $2 AND state = 'done' AND expires_at > $3",
        token_hash,
        created_by,
        now,
    )
    return _export(row) if row else None


async def open_jobs(tx: Transaction) -> list[UUID]:
    """Return the exports that a worker has something to do for, oldest first."""
    rows = await tx.fetch(
        "SELECT id FROM export_job WHERE state IN ('queued', 'running') ORDER BY created_at LIMIT 100"
    )
    return [row["id"] for row in rows]


async def take_up(tx: Transaction, job_id: UUID) -> Export | None:
    """Count an attempt and return the export; None where it is not open any more."""
    taken = await tx.fetchval(
        "UPDATE export_job SET attempts = attempts + 1, state = 'running' WHERE id = $1"
        " AND state IN ('queued', 'running') RETURNING true",
        job_id,
    )
    return await find(tx, job_id, AreaScope.everything()) if taken else None


async def add_part(
    tx: Transaction, job_id: UUID, part: int, sealed: bytes, rows: int, left_out: int, place: list[Any] | None
) -> None:
    """Keep a page of rows, how many were left out of it, and the place after it."""
    await tx.execute(
        "INSERT INTO export_part (job_id, part, sealed) VALUES ($1, $2, $3)", job_id, part, sealed
    )
    await tx.execute(
        "UPDATE export_job SET parts = $2, rows = rows + $3, place = $4, left_out = left_out + $5,"
        " attempts = 0 WHERE id = $1",
        job_id,
        part + 1,
        rows,
        place,
        left_out,
    )


async def part(tx: Transaction, job_id: UUID, number: int) -> bytes | None:
    """Return a sealed page."""
    found: bytes | None = await tx.fetchval(
        "SELECT sealed FROM export_part WHERE job_id = $1 AND part = $2", job_id, number
    )
    return found


async def finish(tx: Transaction, job_id: UUID, now: datetime, expires_at: datetime) -> None:
    """Close an export that can be loaded."""
    await tx.execute(
        "UPDATE export_job SET state = 'done', finished_at = $2, expires_at = $3 WHERE id = $1",
        job_id,
        now,
        expires_at,
    )


async def fail(tx: Transaction, job_id: UUID, failure: Finding, now: datetime) -> None:
    """Close an export that could not be made; nothing of it stays."""
    await tx.execute("DELETE FROM export_part WHERE job_id = $1", job_id)
    await tx.execute(
        "UPDATE export_job SET state = 'failed', finished_at = $2, failure_code = $3, failure_zh = $4,"
        " failure_en = $5 WHERE id = $1",
        job_id,
        now,
        failure.code,
        failure.zh,
        failure.en,
    )


async def set_token(tx: Transaction, job_id: UUID, token_hash: bytes) -> None:
    """Let a link open the file; an earlier link no longer does."""
    await tx.execute("UPDATE export_job SET token_hash = $2 WHERE id = $1", job_id, token_hash)


async def log(tx: Transaction, export: Export, kind: str, by: UUID, at: datetime) -> None:
    """Write down who did what with an export."""
    await tx.execute(
        "INSERT INTO export_log (id, job_id, kind, list_name, filters, columns, purpose, rows, logged_by,"
        " logged_at, purpose_code, left_out) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new_id(),
        export.id,
        kind,
        export.list_name,
        {name: mask_name(value) if name == "name" else value for name, value in export.filters.items()},
        export.columns,
        export.purpose,
        export.rows,
        by,
        at,
        export.purpose_code,
        export.left_out,
    )


async def logged(tx: Transaction, after: tuple[datetime, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """Return the log, the latest first."""
    at, log_id = after or (None, UUID(int=0))
    return await tx.fetch(
        "SELECT * FROM export_log WHERE ($1::timestamptz IS NULL OR (logged_at, id) < ($1, $2))"
        " ORDER BY logged_at DESC, id DESC LIMIT $3",
        at,
        log_id,
        limit,
    )


async def expire(tx: Transaction, now: datetime) -> None:
    """Delete the content of exports whose time is over."""
    await tx.execute(
        "DELETE FROM export_part p USING export_job j WHERE j.id = p.job_id AND j.state = 'done'"
        " AND j.expires_at <= $1",
        now,
    )
    await tx.execute(
        "UPDATE export_job SET state = 'expired', token_hash = NULL"
        " WHERE state = 'done' AND expires_at <= $1",
        now,
    )
