"""The worker's side of imports: checks and applies one job after another, resumable at any point.

A worker holds a job by a session advisory lock on the one connection that it does all of the job's work on:
when the connection is lost or the process is killed, so is the hold, at once, and another worker goes on from
the last committed rows. Persons, households, outbox rows and the job's progress are written in one
transaction, so that each row goes in exactly once.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast
from uuid import UUID

import structlog

from renkou_common.codes.findings import Finding
from renkou_common.database import TRANSIENT_ERRORS, Session, Transaction, connect
from renkou_common.errors import RenkouError
from renkou_common.scope import AreaScope
from renkou_registry.imports import repository, service
from renkou_registry.imports.applying import apply_job
from renkou_registry.imports.checking import check_job
from renkou_registry.imports.domain import JobState, Unreadable
from renkou_registry.imports.repository import Job
from renkou_registry.imports.workbook import open_workbook
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 1.0
_MAXIMUM_ATTEMPTS = 5
_GIVEN_UP = Finding(
    "import_failed",
    "导入反复中断, 已停止; 已导入的行保留, 请联系系统管理员",
    "The import broke off again and again and was stopped; rows that went in stay. Ask the system's operator",
)


class JobSession:
    """One connection that holds one job at a time and does all of its work."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction of the node's own process: every row was checked against its clerk's areas before."""
        async with self._session.transaction():
            await self._session.execute(f"SET LOCAL renkou.areas = '{AreaScope.everything().multirange}'")
            yield cast(Transaction, self._session)

    async def hold(self, job_id: UUID) -> bool:
        """Take the job's lock; False where another worker has it."""
        claim = "SELECT pg_try_advisory_lock(hashtext('renkou.import'), hashtext($1))"
        return bool(await self._session.fetchval(claim, str(job_id)))

    async def release(self, job_id: UUID) -> None:
        """Give the job's lock back."""
        await self._session.execute(
            "SELECT pg_advisory_unlock(hashtext('renkou.import'), hashtext($1))", str(job_id)
        )


async def run_imports(runtime: Runtime) -> None:
    """Work off imports until cancelled; a lost database is waited for."""
    while True:
        try:
            session = await connect(runtime.database.dsn)
            try:
                while True:
                    if not await work_off(runtime, JobSession(session)):
                        await asyncio.sleep(_POLL_SECONDS)
            finally:
                session.terminate()
        except TRANSIENT_ERRORS as error:
            _log.warning("imports wait for the database", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)


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
            await _carry(runtime, session, job)
        # Not in a finally: on an error or a cancellation the session ends, and the lock with it.
        await session.release(job_id)
        if job is not None:
            return True
    return False


async def _carry(runtime: Runtime, session: JobSession, job: Job) -> None:
    _log.info("import taken up", job=str(job.id), state=job.state, place=job.next_place)
    try:
        if job.attempts > _MAXIMUM_ATTEMPTS:
            raise Unreadable(_GIVEN_UP.code, _GIVEN_UP.zh, _GIVEN_UP.en)
        async with session.transaction() as tx:
            content = await service.content(runtime.cipher, tx, job.id)
        book = await asyncio.to_thread(open_workbook, content)
        del content
        if job.state in (JobState.QUEUED, JobState.CHECKING):
            job = await check_job(runtime, session, job, book)
        if job.state is JobState.APPLYING:
            job = await apply_job(runtime, session, job, book)
    except Unreadable as refusal:
        await _fail(runtime, session, job, refusal.finding)
    except RenkouError as error:
        _log.error("import failed", job=str(job.id), code=error.code)
        await _fail(runtime, session, job, Finding(error.code, error.detail.zh, error.detail.en))
    except TRANSIENT_ERRORS:
        raise
    except Exception as error:
        # Without the message: the database's details quote values of rows.
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("import broke off", job=str(job.id), error=type(error).__name__, where=where)
        await asyncio.sleep(_PAUSE_SECONDS)
    _log.info("import put down", job=str(job.id), state=job.state, applied=job.rows_applied)


async def _fail(runtime: Runtime, session: JobSession, job: Job, failure: Finding) -> None:
    async with session.transaction() as tx:
        await repository.fail(tx, job.id, failure, runtime.clock.now())


async def trim_imports(runtime: Runtime, tx: Transaction) -> None:
    """Delete the files of jobs that ended long enough ago."""
    await repository.trim_files(tx, runtime.clock.now() - timedelta(days=service.KEEP_FILES_DAYS))
