"""Every query on imports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.findings import Finding
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.imports.domain import JobState, RowFinding, Severity

_OPEN = "('queued', 'checking', 'applying')"


@dataclass(frozen=True, slots=True)
class Job:
    """An import as it stands."""

    id: UUID
    state: JobState
    dry_run: bool
    stock_date: date
    scope: AreaScope
    created_by: UUID
    created_at: datetime
    checked_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    rows_total: int | None
    rows_checked: int
    rows_applied: int
    rows_refused: int
    rows_warned: int
    next_place: int
    attempts: int
    failure: Finding | None

    @property
    def percent(self) -> int:
        """How far the job is, 0-100: checking is half of it, applying the other; a dry run only checks."""
        if self.state is JobState.DONE or (self.dry_run and self.state is JobState.CHECKED):
            return 100
        if not self.rows_total:
            return 0
        checked = 100 * self.rows_checked // self.rows_total
        if self.dry_run and self.started_at is None:
            return min(checked, 99)
        return min((checked + 100 * self.next_place // self.rows_total) // 2, 99)


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as it was kept; ``position`` orders those of one row."""

    position: int
    row: int
    column: str
    cell: str
    shown: str
    code: str
    zh: str
    en: str
    severity: Severity


_JOB = """
SELECT id, state, dry_run, stock_date, scope, created_by, created_at, checked_at, started_at, finished_at,
       rows_total, rows_checked, rows_applied, rows_refused, rows_warned, next_place, attempts,
       failure_code, failure_zh, failure_en
FROM import_job
"""


def _job(row: asyncpg.Record) -> Job:
    values: dict[str, Any] = dict(row)
    code, zh, en = (values.pop(f"failure_{part}") for part in ("code", "zh", "en"))
    values["state"] = JobState(values["state"])
    # PostgreSQL writes integer ranges as [low, high)
    values["scope"] = AreaScope.of((span.lower, span.upper - 1) for span in values["scope"])
    return Job(**values, failure=Finding(code, zh, en) if code else None)


async def insert_job(
    tx: Transaction,
    job_id: UUID,
    *,
    dry_run: bool,
    stock_date: date,
    scope: AreaScope,
    created_by: UUID,
    created_at: datetime,
) -> None:
    """Add a job that waits for a worker."""
    await tx.execute(
        "INSERT INTO import_job (id, state, dry_run, stock_date, scope, created_by, created_at)"
        " VALUES ($1, 'queued', $2, $3, $4::text::int8multirange, $5, $6)",
        job_id,
        dry_run,
        stock_date,
        scope.multirange,
        created_by,
        created_at,
    )


async def insert_file(tx: Transaction, job_id: UUID, parts: Sequence[bytes]) -> None:
    """Keep the sealed parts of a job's file."""
    await tx.executemany(
        "INSERT INTO import_file (job_id, part, sealed) VALUES ($1, $2, $3)",
        [(job_id, number, part) for number, part in enumerate(parts)],
    )


async def file_parts(tx: Transaction, job_id: UUID) -> list[bytes]:
    """Return the sealed parts of a job's file in order; none once it was deleted."""
    rows = await tx.fetch("SELECT sealed FROM import_file WHERE job_id = $1 ORDER BY part", job_id)
    return [row["sealed"] for row in rows]


async def job(tx: Transaction, job_id: UUID, scope: AreaScope, *, lock: bool = False) -> Job | None:
    """Return a job whose clerk's areas lie inside ``scope``."""
    row = await tx.fetchrow(
        f"{_JOB} WHERE id = $1 AND $2::text::int8multirange @> scope{' FOR UPDATE' if lock else ''}",
        job_id,
        scope.multirange,
    )
    return _job(row) if row else None


async def open_jobs(tx: Transaction) -> list[UUID]:
    """Return the jobs that a worker has something to do for, oldest first."""
    rows = await tx.fetch(
        f"SELECT id FROM import_job WHERE state IN {_OPEN} ORDER BY created_at LIMIT 100"  # noqa: S608
    )
    return [row["id"] for row in rows]


async def take_up(tx: Transaction, job_id: UUID) -> Job | None:
    """Count an attempt and return the job; None where it is not open any more."""
    taken = await tx.fetchval(
        "UPDATE import_job SET attempts = attempts + 1 WHERE id = $1"
        " AND state IN ('queued', 'checking', 'applying') RETURNING true",
        job_id,
    )
    return await job(tx, job_id, AreaScope.everything()) if taken else None


async def begin_check(tx: Transaction, job_id: UUID, rows_total: int) -> None:
    """Start checking from the first row, forgetting what an interrupted check found."""
    await tx.execute("DELETE FROM import_error WHERE job_id = $1", job_id)
    await tx.execute(
        "UPDATE import_job SET state = 'checking', rows_total = $2, rows_checked = 0, rows_refused = 0,"
        " rows_warned = 0 WHERE id = $1",
        job_id,
        rows_total,
    )


async def add_findings(
    tx: Transaction, job_id: UUID, findings: Sequence[RowFinding], cells: Sequence[str]
) -> None:
    """Keep findings; ``cells`` names the cell of each (F12)."""
    await tx.execute(
        "INSERT INTO import_error (job_id, severity, row, column_name, cell, shown, code, zh, en)"
        " SELECT $1, * FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],"
        " $8::text[], $9::text[])",
        job_id,
        [each.severity.value for each in findings],
        [each.row for each in findings],
        [each.column.value for each in findings],
        list(cells),
        [each.shown for each in findings],
        [each.finding.code for each in findings],
        [each.finding.zh for each in findings],
        [each.finding.en for each in findings],
    )


_COUNTS = """
    rows_refused = (SELECT count(DISTINCT row) FROM import_error WHERE job_id = $1 AND severity = 'error'),
    rows_warned = (SELECT count(DISTINCT row) FROM import_error WHERE job_id = $1 AND severity = 'warning')
"""


async def note_checked(tx: Transaction, job_id: UUID, rows: int) -> None:
    """Say how many rows are checked."""
    await tx.execute(
        f"UPDATE import_job SET rows_checked = $2, {_COUNTS} WHERE id = $1",  # noqa: S608
        job_id,
        rows,
    )


async def end_check(tx: Transaction, job_id: UUID, now: datetime) -> None:
    """Close the check: a dry run waits for its clerk, anything else goes on."""
    await tx.execute(
        f"""
        UPDATE import_job SET state = CASE WHEN dry_run THEN 'checked' ELSE 'applying' END,
            checked_at = $2::timestamptz, started_at = CASE WHEN dry_run THEN NULL ELSE $2::timestamptz END,
            attempts = 0, {_COUNTS}
        WHERE id = $1
        """,  # noqa: S608
        job_id,
        now,
    )


async def start(tx: Transaction, job_id: UUID, now: datetime) -> None:
    """Let a checked job go on."""
    await tx.execute("UPDATE import_job SET state = 'applying', started_at = $2 WHERE id = $1", job_id, now)


async def refused_rows(tx: Transaction, job_id: UUID) -> set[int]:
    """Return the rows that stay out."""
    rows = await tx.fetch(
        "SELECT DISTINCT row FROM import_error WHERE job_id = $1 AND severity = 'error'", job_id
    )
    return {row["row"] for row in rows}


async def advance(tx: Transaction, job_id: UUID, start: int, end: int, applied: int) -> bool:
    """Move on from place ``start`` to ``end``; False where somebody else moved the job."""
    moved = await tx.fetchval(
        f"""
        UPDATE import_job SET next_place = $3, rows_applied = rows_applied + $4, attempts = 0, {_COUNTS}
        WHERE id = $1 AND state = 'applying' AND next_place = $2 RETURNING true
        """,  # noqa: S608
        job_id,
        start,
        end,
        applied,
    )
    return bool(moved)


async def finish(tx: Transaction, job_id: UUID, now: datetime) -> None:
    """Close a job that went in."""
    await tx.execute("UPDATE import_job SET state = 'done', finished_at = $2 WHERE id = $1", job_id, now)


async def fail(tx: Transaction, job_id: UUID, failure: Finding, now: datetime) -> None:
    """Close a job whose file cannot be taken; what went in before stays."""
    await tx.execute(
        "UPDATE import_job SET state = 'failed', finished_at = $2, failure_code = $3, failure_zh = $4,"
        " failure_en = $5 WHERE id = $1",
        job_id,
        now,
        failure.code,
        failure.zh,
        failure.en,
    )


async def findings(
    tx: Transaction, job_id: UUID, severity: Severity, after: tuple[int, int], limit: int
) -> list[StoredFinding]:
    """Return up to ``limit`` findings by row, those after (row, position)."""
    rows = await tx.fetch(
        "SELECT position, row, column_name AS column, cell, shown, code, zh, en, severity FROM import_error"
        " WHERE job_id = $1 AND severity = $2 AND (row, position) > ($3, $4) ORDER BY row, position LIMIT $5",
        job_id,
        severity.value,
        *after,
        limit,
    )
    return [StoredFinding(**{**dict(row), "severity": Severity(row["severity"])}) for row in rows]


async def trim_files(tx: Transaction, before: datetime) -> None:
    """Delete the files of jobs that ended, or were left after a dry run, before a moment."""
    await tx.execute(
        "DELETE FROM import_file USING import_job j WHERE j.id = import_file.job_id"
        " AND j.state IN ('checked', 'done', 'failed') AND coalesce(j.finished_at, j.checked_at) < $1",
        before,
    )
