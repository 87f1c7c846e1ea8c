"""Imports as clerks see them: hand in, look, start, read what was wrong."""

from datetime import date
from uuid import UUID

from uuid6 import uuid7

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.scope import AreaScope
from renkou_registry.imports import repository
from renkou_registry.imports.domain import JobState, Severity
from renkou_registry.imports.repository import Job, StoredFinding
from renkou_registry.runtime import Runtime

KEEP_FILES_DAYS = 30
_PART_BYTES = 1 << 20


def _column(job_id: UUID, part: int) -> str:
    """What a part is sealed for: it can be moved neither to another job nor to another place."""
    return f"import_file.sealed/{job_id}/{part}"


async def hand_in(
    runtime: Runtime,
    tx: Transaction,
    content: bytes,
    *,
    stock_date: date | None,
    dry_run: bool,
    scope: AreaScope,
    clerk: UUID,
) -> UUID:
    """Keep the file, sealed, and queue a job for it; raises InvalidInput where it is no .xlsx at all."""
    if not content.startswith(b"PK\x03\x04"):
        raise InvalidInput(
            "not_a_workbook", "请上传 .xlsx 文件", "The body has to be an .xlsx workbook (Office Open XML)"
        )
    today = runtime.clock.today()
    if stock_date is not None and stock_date > today:
        raise InvalidInput.field(
            "/query/stock_date", "stock_date_future", "登记日期不能晚于今天", "must not lie in the future"
        )
    job_id = UUID(bytes=uuid7().bytes)
    await repository.insert_job(
        tx,
        job_id,
        dry_run=dry_run,
        stock_date=stock_date or today,
        scope=scope,
        created_by=clerk,
        created_at=runtime.clock.now(),
    )
    parts = [
        runtime.cipher.seal(content[start : start + _PART_BYTES], _column(job_id, number))
        for number, start in enumerate(range(0, len(content), _PART_BYTES))
    ]
    await repository.insert_file(tx, job_id, parts)
    return job_id


async def find(tx: Transaction, job_id: UUID, scope: AreaScope, *, lock: bool = False) -> Job:
    """Return a job that this caller may see; raises NotFound."""
    job = await repository.job(tx, job_id, scope, lock=lock)
    if job is None:
        raise NotFound.of("导入任务", "import")
    return job


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
    await repository.start(tx, job_id, runtime.clock.now())
    return await find(tx, job_id, scope)


async def findings(
    tx: Transaction, job_id: UUID, severity: Severity, after: tuple[int, int], limit: int
) -> list[StoredFinding]:
    """Return up to ``limit`` findings of a job by row, those after (row, position)."""
    return await repository.findings(tx, job_id, severity, after, limit)


async def content(cipher: FieldCipher, tx: Transaction, job_id: UUID) -> bytes:
    """Return a job's file; raises Conflict once it was deleted."""
    parts = await repository.file_parts(tx, job_id)
    if not parts:
        raise Conflict(
            "import_file_deleted",
            f"上传的文件已按规定在 {KEEP_FILES_DAYS} 天后删除",
            f"The file was deleted, as files are after {KEEP_FILES_DAYS} days",
        )
    return b"".join(cipher.unseal(part, _column(job_id, number)) for number, part in enumerate(parts))
