"""A disk without a byte left: PostgreSQL's, or that of the node's broker.

Where the server has no file system of its own (see disks.py) it is made to refuse as it does on a full disk:
PostgreSQL by a trigger that raises 53100 on whatever publishes an event, and the broker by streams that may not grow.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
import nats

from renkou_local.nats_config import replies
from renkou_local.secret_files import read
from renkou_local.streams import request
from tests.chaos.disk import Disk
from tests.degradation.node import Districts
from tests.e2e.journey import HOME

_KEPT_FILES, _LOG_FILES = 10, 400
STREAMS = ("REGISTRY", "MIGRANT")
_REFUSE = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END$$;
CREATE TRIGGER no_room BEFORE INSERT ON outbox EXECUTE FUNCTION no_room();
"""
_TAKE = "DROP TRIGGER IF EXISTS no_room ON outbox; DROP FUNCTION IF EXISTS no_room();"


@asynccontextmanager
async def full_database(two: Districts) -> AsyncIterator[None]:
    """No byte is left where PostgreSQL keeps its data; of its log there are files for some time to come.

    So it is on a server that has worked for a while: a checkpoint makes files of old log into those of the next.
    """
    if two.disks.postgres is not None:
        await _keep_old_log(two)
        with _filled(two.disks.postgres):
            yield
        return
    await _run(two, _REFUSE)
    try:
        yield
    finally:
        await _run(two, _TAKE)


@asynccontextmanager
async def full_to_the_log(two: Districts) -> AsyncIterator[None]:
    """Of PostgreSQL's log nothing is left either: it ends itself, and cannot start before there is room."""
    disk = two.disks.postgres
    if disk is None:
        async with two.without("postgres"):
            yield
        return
    connection = await two.stack.postgres.connect()  # once the disk is full, none may be opened any more
    with _filled(disk):
        try:
            await _use_up_the_log(connection)
        finally:
            connection.terminate()
        yield


@asynccontextmanager
async def full_broker(two: Districts) -> AsyncIterator[None]:
    """No byte is left where the node's broker keeps its streams."""
    if two.disks.nats is not None:
        with _filled(two.disks.nats):
            yield
        return
    await _bound(two, 1)
    try:
        yield
    finally:
        await _bound(two, -1)


@contextmanager
def _filled(disk: Disk) -> Iterator[None]:
    disk.fill()
    try:
        yield
    finally:
        disk.empty()


async def _keep_old_log(two: Districts) -> None:
    connection = await two.stack.postgres.connect()
    try:
        for _ in range(_KEPT_FILES):
            await connection.execute("SELECT pg_logical_emit_message(true, 'worked', 'x')")
            await connection.execute("SELECT pg_switch_wal()")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _use_up_the_log(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Begin one file of the log after the other until there is none: the server panics, as with any load in time."""
    for _ in range(_LOG_FILES):
        try:
            await connection.execute("SELECT pg_logical_emit_message(true, 'full', 'x')")
            await connection.execute("SELECT pg_switch_wal()")
        except asyncpg.DiskFullError:
            continue
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
            return
    raise AssertionError("the log has no end")


async def _run(two: Districts, sql: str) -> None:
    connection = await two.connect("registry")
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _bound(two: Districts, size: int) -> None:
    """Let the streams of the home district hold so many bytes more than they do; -1: as many as they like."""
    seed = two.stack.nats.node_operator_seed(HOME)
    client = await nats.connect(
        two.stack.nats.url, nkeys_seed_str=read(seed), inbox_prefix=replies("operator")
    )
    try:
        for stream in STREAMS:
            told = await request(client, f"$JS.API.STREAM.INFO.{stream}", {})
            limit = size if size < 0 else told["state"]["bytes"] + size
            await request(client, f"$JS.API.STREAM.UPDATE.{stream}", told["config"] | {"max_bytes": limit})
    finally:
        await client.close()
