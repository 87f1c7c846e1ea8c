"""The worker's side of imports: checks and applies one job after another; see
:mod:`renkou_registry.background`.

What a block of rows changes, its events and the job's progress are written in one transaction, so that each
row goes in exactly once.
"""

from datetime import timedelta

import structlog

from renkou_common.audit.acting import IMPORT, Acting, acting_as
from renkou_common.codes.findings import Finding
from renkou_common.database import TRANSIENT_ERRORS, Transaction
from renkou_common.errors import RenkouError
from renkou_common.sheets.domain import Unreadable
from renkou_registry import background
from renkou_registry.background import MAXIMUM_ATTEMPTS, JobSession
from renkou_registry.imports import repository, service
from renkou_registry.imports.applying import apply_job
from renkou_registry.imports.checking import check_job
from renkou_registry.imports.domain import JobState
from renkou_registry.imports.kinds import KINDS
from renkou_registry.imports.repository import Job
from renkou_registry.runtime import Runtime

__all__ = ["JobSession", "run_imports", "trim_imports", "work_off"]

_log = structlog.get_logger(__name__)
_GIVEN_UP = Finding(
    "import_failed",
    "导入反复中断, 已停止; 已导入的行保留, 请联系系统管理员",
    "The import broke off again and again and was stopped; rows that went in stay. Ask the system's operator",
)


async def run_imports(runtime: Runtime) -> None:
    """Work off imports until cancelled; a lost database is waited for."""
    await background.run(runtime, "import", work_off)


async def work_off(runtime: Runtime, session: JobSession) -> bool:
    """Carry the oldest open job that nobody holds to its end; says whether there was one."""
    async with session.transaction() as tx:
        waiting = await repository.open_jobs(tx)
    for job_id in waiting:
        if not await session.hold(job_id):
            continue
        async with session.transaction() as tx:
            job = await repository.take_up(tx, job_id)
        if job is not None:
            clerk = Acting(job.created_by, IMPORT, job.kind, session=str(job.id), purpose=IMPORT)
            with background.waited_for(job_id), acting_as(clerk):
                await _carry(runtime, session, job)
        # Not in a finally: on an error or a cancellation the session ends, and the lock with it.
        await session.release(job_id)
        if job is not None:
            return True
    return False


async def _carry(runtime: Runtime, session: JobSession, job: Job) -> None:
    _log.info("import taken up", job=str(job.id), kind=job.kind, state=job.state, place=job.next_place)
    try:
        if job.attempts > MAXIMUM_ATTEMPTS:
            raise Unreadable(_GIVEN_UP.code, _GIVEN_UP.zh, _GIVEN_UP.en)
        kind = KINDS[job.kind]
        if job.state in (JobState.QUEUED, JobState.CHECKING):
            job = await check_job(runtime, session, job, kind)
        if job.state is JobState.APPLYING:
            job = await apply_job(runtime, session, job, kind)
    except Unreadable as refusal:
        await _fail(runtime, session, job, refusal.finding)
    except RenkouError as error:
        _log.error("import failed", job=str(job.id), code=error.code)
        await _fail(runtime, session, job, Finding(error.code, error.detail.zh, error.detail.en))
    except TRANSIENT_ERRORS:
        raise
    except Exception as error:
        await background.broke_off("import", job.id, error)
    _log.info("import put down", job=str(job.id), state=job.state, applied=job.rows_applied)


async def _fail(runtime: Runtime, session: JobSession, job: Job, failure: Finding) -> None:
    async with session.transaction() as tx:
        await repository.fail(tx, job.id, failure, runtime.clock.now())


async def trim_imports(runtime: Runtime, tx: Transaction) -> None:
    """Delete what was in the files of jobs that ended long enough ago, and uploads left unfinished."""
    now = runtime.clock.now()
    await repository.trim(tx, now - timedelta(days=service.KEEP_FILES_DAYS), now - timedelta(hours=2))
