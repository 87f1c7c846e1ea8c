"""Imports as clerks see them: hand in, look, start, read what was wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.idempotency import once
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_common.sheets.domain import Cell
from renkou_registry.imports import repository
from renkou_registry.imports.domain import JobState
from renkou_registry.imports.importer import Kind
from renkou_registry.imports.repository import Job, StoredFinding
from renkou_registry.imports.sheet import Severity
from renkou_registry.runtime import Runtime
from renkou_registry.uploads import Upload, receive

KEEP_FILES_DAYS = 30


@dataclass(frozen=True, slots=True)
class Order:
    """What a clerk asks for with a file."""

    kind: Kind
    stock_date: date | None
    dry_run: bool
    scope: AreaScope
    clerk: UUID
    upload: Upload


async def hand_in(runtime: Runtime, order: Order) -> UUID:
    """Keep a file in sealed parts as it arrives and queue a job for it; returns the job's id.

    No more than two parts are in memory at a time, and no transaction is open while the caller sends. The
    same request again returns the first one's job. Raises InvalidInput where it is neither .xlsx nor text.
    """
    today = runtime.clock.today()
    if order.stock_date is not None and order.stock_date > today:
        raise InvalidInput.field(
            "/query/stock_date", "stock_date_future", "登记日期不能晚于今天", "must not lie in the future"
        )
    job_id = new_id()
    async with runtime.database.transaction(order.scope) as tx:
        await repository.insert_job(
            tx,
            job_id,
            kind=order.kind.sheet.kind,
            dry_run=order.dry_run,
            stock_date=order.stock_date or today,
            scope=order.scope,
            created_by=order.clerk,
            created_at=runtime.clock.now(),
        )

    async def keep(part: int, piece: bytes) -> None:
        sealed = runtime.cipher.seal(piece, f"import_file.sealed/{job_id}/{part}")
        async with runtime.database.transaction(order.scope) as tx:
            await repository.add_part(tx, job_id, part, sealed)

    try:
        digest, request = await receive(order.upload, keep, runtime.cipher)
        async with runtime.database.transaction(order.scope) as tx:

            async def queue() -> UUID:
                await repository.queue(tx, job_id, digest)
                return job_id

            kept, _ = await once(tx, order.clerk, request, queue)
    except BaseException:
        async with runtime.database.transaction(order.scope) as tx:
            await repository.discard(tx, job_id)
        raise
    if kept != job_id:
        async with runtime.database.transaction(order.scope) as tx:
            await repository.discard(tx, job_id)
    return kept


async def find(tx: Transaction, job_id: UUID, scope: AreaScope, *, lock: bool = False) -> Job:
    """Return a job that this caller may see; raises NotFound."""
    job = await repository.job(tx, job_id, scope, lock=lock)
    if job is None or job.state is JobState.RECEIVING:
        raise NotFound.of("导入任务", "import")
    return job


async def same_before(tx: Transaction, job: Job) -> UUID | None:
    """Return an earlier job with the same file."""
    return await repository.same_before(tx, job) if job.content_hash else None


async def page(
    tx: Transaction, scope: AreaScope, after: tuple[datetime, UUID] | None, limit: int
) -> list[Job]:
    """Return imports that this caller may see, the latest first."""
    return await repository.page(tx, scope, after, limit)


async def start(runtime: Runtime, tx: Transaction, job_id: UUID, scope: AreaScope) -> Job:
    """Let a checked dry run go on; saying it twice changes nothing. Raises NotFound or Conflict."""
    job = await find(tx, job_id, scope, lock=True)
    if job.state in (JobState.APPLYING, JobState.DONE):
        return job
    if job.state is not JobState.CHECKED:
        raise Conflict(
            "import_not_checked",
            "该导入任务尚未检查完毕或无法处理",
            "This import is not checked yet, or its file could not be taken",
        )
    now = runtime.clock.now()
    if job.checked_at is not None and job.checked_at < now - timedelta(days=KEEP_FILES_DAYS):
        raise _deleted()
    await repository.start(tx, job_id, now)
    return await find(tx, job_id, scope)


async def findings(
    cipher: FieldCipher,
    tx: Transaction,
    job_id: UUID,
    severity: Severity,
    after: tuple[int, int],
    limit: int,
) -> list[StoredFinding]:
    """Return up to ``limit`` findings of a job by row, those after (row, position)."""
    return await repository.findings(cipher, tx, job_id, severity, after, limit)


async def cells_of(
    cipher: FieldCipher, tx: Transaction, job: Job, numbers: Collection[int]
) -> list[tuple[int, Sequence[Cell]]]:
    """Return the cells of some rows as the file has them, in order; raises Conflict once they were
    deleted.
    """
    parts = await repository.cells(tx, job.id, min(numbers), max(numbers))
    if not parts:
        raise _deleted()
    found = []
    for row in parts:
        content = cipher.unseal(row["sealed"], f"import_cells.sealed/{job.id}/{row['part']}")
        found += [(number, cells) for number, cells in orjson.loads(content) if number in numbers]
    return found


def _deleted() -> Conflict:
    return Conflict(
        "import_file_deleted",
        f"上传的内容已按规定在 {KEEP_FILES_DAYS} 天后删除",
        f"What was handed in is deleted after {KEEP_FILES_DAYS} days",
    )
