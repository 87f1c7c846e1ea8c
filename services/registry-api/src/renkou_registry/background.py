"""Long jobs of the worker: one worker at a time by a session lock, resumable at any point.

A worker holds a job by a session advisory lock on the one connection that it does all of the job's work on:
when the connection is lost or the process is killed, so is the hold, at once, and another worker goes on from
the last committed rows. ``NOTIFY renkou_jobs`` wakes a waiting worker.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast
from uuid import UUID

import structlog

from renkou_common.audit.acting import set_local
from renkou_common.database import TRANSIENT_ERRORS, Session, Transaction, connect
from renkou_common.errors import Unavailable
from renkou_common.scope import AreaScope
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
POLL_SECONDS = 5.0
PAUSE_SECONDS = 1.0
MAXIMUM_ATTEMPTS = 5


_waited_for: set[UUID] = set()


@contextmanager
def waited_for(job_id: UUID) -> Iterator[None]:
    """Mark a job of this process that a clerk waits for: see :func:`give_way`."""
    _waited_for.add(job_id)
    try:
        yield
    finally:
        _waited_for.discard(job_id)


async def give_way() -> None:
    """Pause while this process carries out a job that a clerk waits for: what nobody waits for goes on, slowly.

    Both would take turns in the one interpreter, and the job would take as long as both.
    """
    if _waited_for:
        await asyncio.sleep(PAUSE_SECONDS)


class JobSession:
    """One connection that holds one job at a time and does all of its work."""

    def __init__(self, session: Session, name: str = "import") -> None:
        self._session = session
        self._name = f"renkou.{name}"

    @asynccontextmanager
    async def transaction(self, scope: AreaScope | None = None) -> AsyncIterator[Transaction]:
        """A transaction of the node's own process, or one as narrow as the clerk's areas."""
        areas = (scope or AreaScope.everything()).multirange
        async with self._session.transaction():
            await self._session.execute(f"SET LOCAL renkou.areas = '{areas}'{set_local()}")
            yield cast(Transaction, self._session)

    async def hold(self, job_id: UUID) -> bool:
        """Take the job's lock; False where another worker has it."""
        claim = "SELECT pg_try_advisory_lock(hashtext($2), hashtext($1))"
        return bool(await self._session.fetchval(claim, str(job_id), self._name))

    async def release(self, job_id: UUID) -> None:
        """Give the job's lock back."""
        await self._session.execute(
            "SELECT pg_advisory_unlock(hashtext($2), hashtext($1))", str(job_id), self._name
        )


async def run(
    runtime: Runtime, name: str, work_off: Callable[[Runtime, JobSession], Awaitable[bool]]
) -> None:
    """Call ``work_off`` until it finds nothing to do, wait to be woken, again; until cancelled.

    A lost database is waited for.
    """
    while True:
        try:
            session = await connect(runtime.database.dsn)
            try:
                woken = asyncio.Event()

                def wake(*_: Any, woken: asyncio.Event = woken) -> None:
                    woken.set()

                await session.add_listener("renkou_jobs", wake)
                while True:
                    woken.clear()
                    if not await work_off(runtime, JobSession(session, name)):
                        await _wait(woken)
            finally:
                session.terminate()
        except TRANSIENT_ERRORS as error:
            _log.warning("jobs wait for the database", kind=name, error=repr(error))
            await asyncio.sleep(PAUSE_SECONDS)


async def _wait(woken: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await woken.wait()
    except TimeoutError:
        return


async def again_and_again(
    runtime: Runtime, what: str, work: Callable[[Runtime], Awaitable[object]], seconds: float
) -> None:
    """Do some work, wait for so long, do it again, until cancelled; a lost database is waited for."""
    while True:
        try:
            await work(runtime)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning(f"{what} wait for the database", error=repr(error))
        await asyncio.sleep(seconds)


async def broke_off(name: str, job_id: UUID, error: Exception) -> None:
    """Log an unforeseen error; then pause."""
    log_broken(name, job_id, error)
    await asyncio.sleep(PAUSE_SECONDS)


def log_broken(name: str, job_id: UUID, error: Exception) -> None:
    """Log an unforeseen error without its message, since the database's details quote values."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error(f"{name} broke off", job=str(job_id), error=type(error).__name__, where=where)
