"""Imports as clerks see them: hand in, look, start, read what was wrong."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import orjson

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.idempotency import RequestKey, once
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_registry.imports import repository
from renkou_registry.imports.cells import Cell
from renkou_registry.imports.domain import JobState
from renkou_registry.imports.importer import Kind
from renkou_registry.imports.repository import Job, StoredFinding
from renkou_registry.imports.sheet import Severity
from renkou_registry.runtime import Runtime

KEEP_FILES_DAYS = 30
_PART_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Order:
    """What a clerk asks for with a file; ``request`` names the request for the Idempotency-Key."""

    kind: Kind
    stock_date: date | None
    dry_run: bool
    scope: AreaScope
    clerk: UUID
    key: str
    request: str
    workbook: bool


async def hand_in(runtime: Runtime, order: Order, content: AsyncIterator[bytes]) -> UUID:
    """Keep a file in sealed parts as it arrives and queue a job for it; returns the job's id.

    No more than two parts are in memory at a time, and no transaction is open while the caller sends. The same
    request again returns the first one's job. Raises InvalidInput where it is neither .xlsx nor text.
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
    try:
        digest, request = await _receive(runtime, order, job_id, content)
        async with runtime.database.transaction(order.scope) as tx:

            async def queue() -> UUID:
                await repository.queue(tx, job_id, digest)
                return job_id

            kept, _ = await once(tx, order.clerk, RequestKey(order.key, request), queue)
    except BaseException:
        async with runtime.database.transaction(order.scope) as tx:
            await repository.discard(tx, job_id)
        raise
    if kept != job_id:
        async with runtime.database.transaction(order.scope) as tx:
            await repository.discard(tx, job_id)
    return kept


async def _receive(
    runtime: Runtime, order: Order, job_id: UUID, content: AsyncIterator[bytes]
) -> tuple[bytes, bytes]:
    """Keep the parts; returns the hash of the file and that of the request."""
    file, request = sha256(), sha256(order.request.encode())
    held, part = bytearray(), 0

    async def keep(piece: bytes) -> None:
        sealed = runtime.cipher.seal(piece, f"import_file.sealed/{job_id}/{part}")
        async with runtime.database.transaction(order.scope) as tx:
            await repository.add_part(tx, job_id, part, sealed)

    async for piece in content:
        file.update(piece)
        request.update(piece)
        held += piece
        while len(held) >= _PART_BYTES:
            _check_begin(order, held, part)
            await keep(bytes(held[:_PART_BYTES]))
            del held[:_PART_BYTES]
            part += 1
    if held or part == 0:
        _check_begin(order, held, part)
        await keep(bytes(held))
    return file.digest(), request.digest()


def _check_begin(order: Order, held: bytearray, part: int) -> None:
    good = held.startswith(_ZIP) if order.workbook else bool(held) and b"\0" not in held[:4096]
    if part == 0 and not good:
        raise InvalidInput(
            "not_a_workbook",
            "请上传 .xlsx 或 CSV 文件",
            "The body has to be an .xlsx workbook (Office Open XML) or CSV",
        )


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
    tx: Transaction, job_id: UUID, severity: Severity, after: tuple[int, int], limit: int
) -> list[StoredFinding]:
    """Return up to ``limit`` findings of a job by row, those after (row, position)."""
    return await repository.findings(tx, job_id, severity, after, limit)


async def cells_of(
    cipher: FieldCipher, tx: Transaction, job: Job, numbers: Collection[int]
) -> list[tuple[int, Sequence[Cell]]]:
    """Return the cells of some rows as the file has them, in order; raises Conflict once they were deleted."""
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
