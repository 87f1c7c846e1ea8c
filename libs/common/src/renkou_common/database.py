"""Database sessions: an asyncpg pool and one way to open a transaction.

Every transaction states where its caller may look. The scope is set inside the transaction
(``renkou.areas``), and row-level security reads it; without it the policies let nothing through.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from renkou_common.errors import Unavailable
from renkou_common.scope import AreaScope

type Transaction = PoolConnectionProxy[asyncpg.Record]
type Session = asyncpg.Connection[asyncpg.Record]  # generic for type checkers only, so never evaluated

CONNECTION_ERRORS = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
TRANSIENT_ERRORS = (
    *CONNECTION_ERRORS,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    TimeoutError,
)


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
    """Open one connection outside the pool (session locks, COPY jobs). The caller closes it."""
    connection: Session = await asyncpg.connect(dsn, timeout=10)
    await _prepare(connection)
    return connection


class Database:
    """A pool of connections; opened and closed by the process that owns it."""

    def __init__(self, dsn: str, *, pool_size: int = 8, statement_timeout_ms: int = 30_000) -> None:
        self.dsn = dsn
        self._pool_size = pool_size
        self._statement_timeout_ms = statement_timeout_ms
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

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
            server_settings={
                "statement_timeout": str(self._statement_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "lock_timeout": "10000",
                "timezone": "Asia/Shanghai",
                "application_name": "renkou",
            },
        )

    async def close(self) -> None:
        """Close every connection, forcibly after ten seconds."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.terminate()

    @asynccontextmanager
    async def transaction(self, scope: AreaScope, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        """Open a transaction for a caller who may see ``scope``; commit at the end, roll back on any error.

        Raises :class:`Unavailable` when no connection can be had.
        """
        if self._pool is None:
            raise Unavailable("database_closed", "数据库未连接", "The database is not connected")
        try:
            connection = await self._pool.acquire(timeout=10)
        except (*CONNECTION_ERRORS, TimeoutError) as error:
            raise Unavailable(
                "database_unavailable", "数据库暂不可用", "The database is unavailable"
            ) from error
        begin = "BEGIN READ ONLY" if read_only else "BEGIN"
        try:
            await connection.execute(f"{begin}; SET LOCAL renkou.areas = '{scope.multirange}'")
            try:
                yield connection
            except BaseException:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
        finally:
            await self._pool.release(connection)

    async def ping(self) -> None:
        """Run one trivial statement; raises :class:`Unavailable` where the database does not answer."""
        async with self.transaction(AreaScope.nothing(), read_only=True) as tx:
            await tx.fetchval("SELECT 1")
