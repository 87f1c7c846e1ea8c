"""Database sessions: an asyncpg pool and one way to open a transaction.

Every transaction states where its caller may look. The scope is set inside the transaction
(``renkou.areas``), and row-level security reads it; without it the policies let nothing through. A transaction that
may change something also states who acts (``renkou.acting``), for the triggers that write the audit log.
"""

import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from renkou_common.audit.acting import set_local
from renkou_common.errors import Unavailable
from renkou_common.scope import AreaScope

type Transaction = PoolConnectionProxy[asyncpg.Record]
type Reader = Transaction | Reading
type Session = asyncpg.Connection[asyncpg.Record]  # generic for type checkers only, so never evaluated

CONNECTION_ERRORS = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # the server ended an idle session, and the driver has not seen its end yet
)
BUSY_ERRORS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
)
FULL_ERRORS = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError)
"""Kinds of InsufficientResourcesError that somebody has to mend."""
TRANSIENT_ERRORS = (*CONNECTION_ERRORS, *BUSY_ERRORS, TimeoutError)


TIMEOUTS_MS = MappingProxyType(
    {
        "statement_timeout": 30_000,
        "lock_timeout": 10_000,
        "idle_in_transaction_session_timeout": 60_000,
        "idle_session_timeout": 900_000,  # the pool closes what it does not need after 300 s
        "transaction_timeout": 3_600_000,
    }
)
"""Of a pool's connections; a job that needs longer says so in its transaction. The role has such limits as well, for
whoever connects in another way (``renkou_local.databases``)."""

AT_HAND_SECONDS = 60.0
"""So often connections at hand are given back to their pool."""


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _prepare(connection: Session) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=_dumps, decoder=orjson.loads, schema="pg_catalog")


async def _reset(connection: Session) -> None:
    """Leave no open transaction behind; everything else we set is local to its transaction."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


async def connect(dsn: str) -> Session:
    """Open one connection outside the pool (session locks, COPY jobs): it may be idle for as long as it is needed.

    The caller closes it.
    """
    connection: Session = await asyncpg.connect(
        dsn, timeout=10, server_settings={"idle_session_timeout": "0"}
    )
    await _prepare(connection)
    return connection


class Reading:
    """Single reads for a caller who may see ``scope``: each statement is sent alone, in one round trip.

    The scope is set by the statement itself: it becomes a subquery under a condition without a row, which
    PostgreSQL tests once, before the first row is read, and which sets ``renkou.areas`` until the statement
    ends. Were it not tested, or too late, the floor would let nothing through. A subquery cannot change data.
    Parameters are those of ``sql``; a statement sees what was committed when it began, as everywhere.

    Each statement is planned once for each connection, whatever its arguments: planning a search anew costs
    more than the search. So what a good plan hangs on (a limit, which conditions there are) stands in ``sql``
    itself, and a statement finds its rows by an index that fits any arguments.
    """

    def __init__(self, connection: Transaction, scope: AreaScope) -> None:
        self._connection = connection
        self._areas = scope.multirange

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Return all rows."""
        return await self._connection.fetch(_scoped(sql, len(arguments) + 1), *arguments, self._areas)

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """Return the first row, None where there is none."""
        return await self._connection.fetchrow(_scoped(sql, len(arguments) + 1), *arguments, self._areas)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        """Return the first column of the first row, None where there is none."""
        return await self._connection.fetchval(_scoped(sql, len(arguments) + 1), *arguments, self._areas)


@lru_cache(maxsize=1024)
def _scoped(sql: str, number: int) -> str:
    return (
        f"SELECT * FROM ({sql}) AS wanted"
        f" WHERE (SELECT set_config('renkou.areas', ${number}, true)) IS NOT NULL"
    )


class Database:
    """A pool of connections; opened and closed by the process that owns it."""

    def __init__(
        self, dsn: str, *, pool_size: int = 8, timeouts_ms: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """``timeouts_ms`` replaces single ones of TIMEOUTS_MS."""
        self.dsn = dsn
        self._pool_size = pool_size
        self._timeouts = {**TIMEOUTS_MS, **timeouts_ms}
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._at_hand: list[Transaction] = []
        self._give_back_at = 0.0
        self._waiting = 0
        self.reads_under_way = 0
        """How many callers have single reads open, or wait for a connection for them."""

    async def open(self) -> None:
        """Connect; raises what asyncpg raises when the server cannot be reached."""
        self._pool = await asyncpg.create_pool(
            self.dsn,
            min_size=1,
            max_size=self._pool_size,
            init=_prepare,
            reset=_reset,
            command_timeout=60,
            timeout=10,
            max_cacheable_statement_size=0,  # the longest cost most to plan anew
            server_settings={
                **{name: str(value) for name, value in self._timeouts.items()},
                "timezone": "Asia/Shanghai",
                "application_name": "renkou",
                "plan_cache_mode": "force_generic_plan",  # single statements; transactions plan as usual
            },
        )

    async def close(self) -> None:
        """Close every connection, forcibly after ten seconds."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            self._at_hand.clear()
            pool.terminate()

    @asynccontextmanager
    async def transaction(self, scope: AreaScope, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        """Open a transaction for a caller who may see ``scope``; commit at the end, roll back on any error.

        Raises :class:`Unavailable` when no connection can be had.
        """
        begin, acting = ("BEGIN READ ONLY", "") if read_only else ("BEGIN", set_local())
        connection = await self._acquire()
        try:
            await connection.execute(
                f"{begin}; SET LOCAL renkou.areas = '{scope.multirange}'; SET LOCAL plan_cache_mode = auto{acting}"
            )
            try:
                yield connection
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
        finally:
            await self._release(connection)

    @asynccontextmanager
    async def reading(self, scope: AreaScope) -> AsyncIterator[Reader]:
        """Give a caller who may see ``scope`` single reads, each a round trip instead of three.

        Raises :class:`Unavailable` when no connection can be had.
        """
        self.reads_under_way += 1
        try:
            connection = await self._acquire()
            try:
                yield Reading(connection, scope)
            finally:
                await self._release(connection)
        finally:
            self.reads_under_way -= 1

    async def execute(self, sql: str, *arguments: Any) -> None:
        """Carry out one statement that changes nothing under the floor, committed when this returns.

        One round trip where a transaction takes three. Raises :class:`Unavailable` when no connection can be
        had.
        """
        connection = await self._acquire()
        try:
            await connection.execute(sql, *arguments)
        finally:
            await self._release(connection)

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """Carry out one statement outside the floor, as :meth:`execute` does, and return its first row."""
        connection = await self._acquire()
        try:
            return await connection.fetchrow(sql, *arguments)
        finally:
            await self._release(connection)

    @property
    def line(self) -> int:
        """How many callers wait for a connection."""
        return self._waiting

    async def _acquire(self) -> Transaction:
        if self._pool is None:
            raise Unavailable("database_closed", "数据库未连接", "The database is not connected")
        while self._at_hand:
            connection = self._at_hand.pop()
            if not connection.is_closed():
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=10)
        except (*CONNECTION_ERRORS, TimeoutError) as error:
            raise Unavailable(
                "database_unavailable", "数据库暂不可用", "The database is unavailable"
            ) from error
        finally:
            self._waiting -= 1

    async def _release(self, connection: Transaction) -> None:
        """Keep a connection at hand for whoever comes next, where nobody waits for it and nothing went wrong on it.

        A visit to the pool costs as much as a small statement. Once in a while those at hand are given back, so that
        the pool ends what is not needed and renews what has been in use for long.
        """
        if self._pool is None:
            return
        usual = sys.exception() is None and not connection.is_closed() and not connection.is_in_transaction()
        if self._waiting or not usual:
            await self._pool.release(connection)
            return
        self._at_hand.append(connection)
        if time.monotonic() >= self._give_back_at:
            self._give_back_at = time.monotonic() + AT_HAND_SECONDS
            while self._at_hand:
                await self._pool.release(self._at_hand.pop())

    async def ping(self) -> None:
        """Run one trivial statement; raises :class:`Unavailable` where the database does not answer."""
        async with self.transaction(AreaScope.nothing(), read_only=True) as tx:
            await tx.fetchval("SELECT 1")
