"""Every query on imports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common import bulk
from renkou_common.codes.findings import Finding
from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.errors import Conflict
from renkou_common.scope import AreaScope
from renkou_registry.imports.domain import JobState
from renkou_registry.imports.sheet import RowFinding, Severity

_OPEN = "('queued', 'checking', 'applying')"


@dataclass(frozen=True, slots=True)
class Job:
    """An import as it stands."""

    id: UUID
    kind: str
    state: JobState
    dry_run: bool
    stock_date: date
    scope: AreaScope
    content_hash: bytes | None
    headings: list[str] | None
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
        settled = min(self.rows_applied + self.rows_refused, self.rows_total)
        return min((checked + 100 * settled // self.rows_total) // 2, 99)


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
SELECT id, kind, state, dry_run, stock_date, scope, content_hash, headings, created_by, created_at,
       checked_at, started_at, finished_at, rows_total, rows_checked, rows_applied, rows_refused, rows_warned,
       next_place, attempts, failure_code, failure_zh, failure_en
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
    kind: str,
    dry_run: bool,
    stock_date: date,
    scope: AreaScope,
    created_by: UUID,
    created_at: datetime,
) -> None:
    """Add a job whose file is on its way."""
    await tx.execute(
        "INSERT INTO import_job (id, kind, state, dry_run, stock_date, scope, created_by, created_at)"
        " VALUES ($1, $2, 'receiving', $3, $4, $5::text::int8multirange, $6, $7)",
        job_id,
        kind,
        dry_run,
        stock_date,
        scope.multirange,
        created_by,
        created_at,
    )


async def queue(tx: Transaction, job_id: UUID, content_hash: bytes) -> None:
    """Let a worker take up a job whose file is complete, and wake one."""
    await tx.execute(
        "UPDATE import_job SET state = 'queued', content_hash = $2 WHERE id = $1 AND state = 'receiving'",
        job_id,
        content_hash,
    )
    await tx.execute("NOTIFY renkou_jobs")


async def discard(tx: Transaction, job_id: UUID) -> None:
    """Forget a job whose file was not completed or not needed."""
    await tx.execute("DELETE FROM import_job WHERE id = $1 AND state = 'receiving'", job_id)


async def same_before(tx: Transaction, job: Job) -> UUID | None:
    """Return the latest earlier job of this kind with the same file that did not fail."""
    found: UUID | None = await tx.fetchval(
        "SELECT id FROM import_job WHERE content_hash = $1 AND kind = $2 AND created_at < $3 AND id <> $4"
        " AND state NOT IN ('receiving', 'failed') ORDER BY created_at DESC LIMIT 1",
        job.content_hash,
        job.kind,
        job.created_at,
        job.id,
    )
    return found


async def page(
    tx: Transaction, scope: AreaScope, after: tuple[datetime, UUID] | None, limit: int
) -> list[Job]:
    """Return jobs whose clerk's areas lie inside ``scope``, the latest first."""
    created_at, job_id = after or (None, UUID(int=0))
    rows = await tx.fetch(
        f"{_JOB} WHERE $1::text::int8multirange @> scope AND state <> 'receiving'"
        " AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))"
        " ORDER BY created_at DESC, id DESC LIMIT $4",
        scope.multirange,
        created_at,
        job_id,
        limit,
    )
    return [_job(row) for row in rows]


async def add_part(tx: Transaction, job_id: UUID, part: int, sealed: bytes) -> None:
    """Keep a sealed part of a job's file."""
    await tx.execute(
        "INSERT INTO import_file (job_id, part, sealed) VALUES ($1, $2, $3)", job_id, part, sealed
    )


async def file_part(tx: Transaction, job_id: UUID, part: int) -> bytes | None:
    """Return a sealed part of a job's file; None after the last."""
    found: bytes | None = await tx.fetchval(
        "SELECT sealed FROM import_file WHERE job_id = $1 AND part = $2", job_id, part
    )
    return found


async def drop_file(tx: Transaction, job_id: UUID) -> None:
    """Delete a job's file, whose rows are kept by now."""
    await tx.execute("DELETE FROM import_file WHERE job_id = $1", job_id)


async def add_cells(
    tx: Transaction, job_id: UUID, part: int, first_row: int, last_row: int, sealed: bytes
) -> None:
    """Keep the sealed cells of some rows."""
    await tx.execute(
        "INSERT INTO import_cells (job_id, part, first_row, last_row, sealed) VALUES ($1, $2, $3, $4, $5)",
        job_id,
        part,
        first_row,
        last_row,
        sealed,
    )


async def cells(tx: Transaction, job_id: UUID, first: int, last: int) -> list[asyncpg.Record]:
    """Return (part, sealed) of the cells of rows between two numbers, in order."""
    return await tx.fetch(
        "SELECT part, sealed FROM import_cells WHERE job_id = $1 AND first_row <= $3 AND last_row >= $2"
        " ORDER BY part",
        job_id,
        first,
        last,
    )


async def add_block(tx: Transaction, job_id: UUID, block: int, part: int, sealed: bytes) -> None:
    """Keep the sealed values of good rows of a block."""
    await tx.execute(
        "INSERT INTO import_block (job_id, block, part, sealed) VALUES ($1, $2, $3, $4)",
        job_id,
        block,
        part,
        sealed,
    )


async def blocks(tx: Transaction, job_id: UUID, start: int) -> list[int]:
    """Return the numbers of a job's blocks from ``start`` on."""
    rows = await tx.fetch(
        "SELECT DISTINCT block FROM import_block WHERE job_id = $1 AND block >= $2 ORDER BY block",
        job_id,
        start,
    )
    return [row["block"] for row in rows]


async def block_parts(tx: Transaction, job_id: UUID, block: int) -> list[asyncpg.Record]:
    """Return (part, sealed) of a block in order."""
    return await tx.fetch(
        "SELECT part, sealed FROM import_block WHERE job_id = $1 AND block = $2 ORDER BY part", job_id, block
    )


async def remember(tx: Transaction, kind: str, digests: Sequence[bytes], job_id: UUID) -> None:
    """Keep the hashes of rows that go in; raises Conflict where another job entered one meanwhile."""
    done = await tx.execute(
        "INSERT INTO import_applied (kind, digest, job_id) SELECT $1, unnest($2::bytea[]), $3"
        " ON CONFLICT DO NOTHING",
        kind,
        digests,
        job_id,
    )
    if bulk.count(done) < len(digests):
        raise Conflict("row_imported", "此行以前已导入", "this row was imported before")


async def remembered(tx: Transaction, kind: str, digests: Sequence[bytes]) -> set[bytes]:
    """Return which hashes are kept."""
    rows = await tx.fetch(
        "SELECT digest FROM import_applied WHERE kind = $1 AND digest = ANY($2)", kind, digests
    )
    return {row["digest"] for row in rows}


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
    rows = await tx.fetch(f"SELECT id FROM import_job WHERE state IN {_OPEN} ORDER BY created_at LIMIT 100")
    return [row["id"] for row in rows]


async def take_up(tx: Transaction, job_id: UUID) -> Job | None:
    """Count an attempt and return the job; None where it is not open any more."""
    taken = await tx.fetchval(
        "UPDATE import_job SET attempts = attempts + 1 WHERE id = $1"
        " AND state IN ('queued', 'checking', 'applying') RETURNING true",
        job_id,
    )
    return await job(tx, job_id, AreaScope.everything()) if taken else None


async def begin_check(tx: Transaction, job_id: UUID, headings: Sequence[str]) -> None:
    """Start checking from the first row, forgetting what an interrupted check found."""
    for table in ("import_error", "import_cells", "import_block"):
        await tx.execute(f"DELETE FROM {table} WHERE job_id = $1", job_id)
    await tx.execute(
        "UPDATE import_job SET state = 'checking', headings = $2, rows_total = NULL, rows_checked = 0,"
        " rows_refused = 0, rows_warned = 0 WHERE id = $1",
        job_id,
        headings,
    )


def _told_context(job_id: UUID) -> str:
    return f"import_error.told_sealed/{job_id}"


async def add_findings(
    cipher: FieldCipher, tx: Transaction, job_id: UUID, findings: Sequence[RowFinding]
) -> None:
    """Keep findings; what they quote is sealed."""
    context = _told_context(job_id)
    told = [orjson.dumps([each.shown, each.finding.zh, each.finding.en]) for each in findings]
    await tx.execute(
        "INSERT INTO import_error (job_id, severity, row, column_name, cell, code, told_sealed)"
        " SELECT $1, * FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bytea[])",
        job_id,
        [each.severity.value for each in findings],
        [each.row for each in findings],
        [each.title for each in findings],
        [each.cell for each in findings],
        [each.finding.code for each in findings],
        [cipher.seal(each, context) for each in told],
    )


_COUNTS = """
    rows_refused = (SELECT count(DISTINCT row) FROM import_error WHERE job_id = $1 AND severity = 'error'),
    rows_warned = (SELECT count(DISTINCT row) FROM import_error WHERE job_id = $1 AND severity = 'warning')
"""


async def note_checked(tx: Transaction, job_id: UUID, rows: int, *, refused: int, warned: int) -> None:
    """Say how many rows are checked, and how many more were refused or warned of."""
    await tx.execute(
        "UPDATE import_job SET rows_checked = $2, rows_refused = rows_refused + $3,"
        " rows_warned = rows_warned + $4 WHERE id = $1",
        job_id,
        rows,
        refused,
        warned,
    )


async def end_check(tx: Transaction, job_id: UUID, now: datetime) -> None:
    """Close the check: a dry run waits for its clerk, anything else goes on."""
    await tx.execute(
        f"""
        UPDATE import_job SET state = CASE WHEN dry_run THEN 'checked' ELSE 'applying' END,
            checked_at = $2::timestamptz, started_at = CASE WHEN dry_run THEN NULL ELSE $2::timestamptz END,
            attempts = 0, rows_total = rows_checked, {_COUNTS}
        WHERE id = $1
        """,
        job_id,
        now,
    )


async def start(tx: Transaction, job_id: UUID, now: datetime) -> None:
    """Let a checked job go on."""
    await tx.execute("UPDATE import_job SET state = 'applying', started_at = $2 WHERE id = $1", job_id, now)
    await tx.execute("NOTIFY renkou_jobs")


async def refused_rows(tx: Transaction, job_id: UUID) -> set[int]:
    """Return the rows that stay out."""
    rows = await tx.fetch(
        "SELECT DISTINCT row FROM import_error WHERE job_id = $1 AND severity = 'error'", job_id
    )
    return {row["row"] for row in rows}


async def advance(tx: Transaction, job_id: UUID, start: int, end: int, applied: int, refused: int) -> bool:
    """Move on from block ``start`` to ``end``; False where somebody else moved the job."""
    moved = await tx.fetchval(
        """
        UPDATE import_job SET next_place = $3, rows_applied = rows_applied + $4,
            rows_refused = rows_refused + $5, attempts = 0
        WHERE id = $1 AND state = 'applying' AND next_place = $2 RETURNING true
        """,
        job_id,
        start,
        end,
        applied,
        refused,
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


_FORGOTTEN = ["", "内容不再保存, 请重新导入", "no longer kept; import the file again"]
"""What is told of a finding from before it was sealed."""


async def findings(
    cipher: FieldCipher, tx: Transaction, job_id: UUID, severity: Severity, after: tuple[int, int], limit: int
) -> list[StoredFinding]:
    """Return up to ``limit`` findings by row, those after (row, position)."""
    rows = await tx.fetch(
        "SELECT position, row, column_name, cell, code, told_sealed, severity FROM import_error"
        " WHERE job_id = $1 AND severity = $2 AND (row, position) > ($3, $4) ORDER BY row, position LIMIT $5",
        job_id,
        severity.value,
        *after,
        limit,
    )
    return [_opened(cipher, job_id, row) for row in rows]


def _opened(cipher: FieldCipher, job_id: UUID, row: asyncpg.Record) -> StoredFinding:
    sealed: bytes | None = row["told_sealed"]
    shown, zh, en = orjson.loads(cipher.unseal(sealed, _told_context(job_id))) if sealed else _FORGOTTEN
    place = (row["position"], row["row"], row["column_name"], row["cell"])
    return StoredFinding(*place, shown, row["code"], zh, en, Severity(row["severity"]))


async def trim(tx: Transaction, before: datetime, abandoned_before: datetime) -> None:
    """Delete what was in the files of jobs that ended, or were left after a dry run, before a moment.

    Uploads that were never completed go with everything.
    """
    for table in ("import_file", "import_cells", "import_block"):
        await tx.execute(
            f"DELETE FROM {table} t USING import_job j WHERE j.id = t.job_id"
            " AND j.state IN ('checked', 'done', 'failed') AND coalesce(j.finished_at, j.checked_at) < $1",
            before,
        )
    await tx.execute("DELETE FROM import_job WHERE state = 'receiving' AND created_at < $1", abandoned_before)
