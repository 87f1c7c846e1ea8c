"""Servers and services for the tests of messaging.

Each test has databases and a NATS server of its own, because it stops, wipes and kills them.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from renkou_common.database import Database
from renkou_common.messaging.nats_client import NatsClient
from renkou_local.databases import DatabaseAccess
from renkou_local.nats import EmbeddedNats

from .support import DISTRICT, TABLES, Consumer, Publisher


@pytest_asyncio.fixture
async def databases(
    database_factory: Callable[..., Awaitable[DatabaseAccess]],
) -> AsyncIterator[tuple[Database, Database]]:
    """Databases of the publisher and of the consumer, through their app roles."""
    async with AsyncExitStack() as stack:
        opened = []
        for service in ("registry", "reporting"):
            access = await database_factory(service)
            engine = create_async_engine(access.owner_url.replace("postgresql:", "postgresql+asyncpg:"))
            async with engine.begin() as connection:
                await connection.run_sync(SQLModel.metadata.create_all, tables=TABLES)
                rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
                for statement in (
                    "CREATE TABLE taken (position bigint GENERATED ALWAYS AS IDENTITY,"
                    " seq bigint, event_id uuid, subject text)",
                    f'GRANT {rights} TO "{access.app_role}"',
                ):
                    await connection.exec_driver_sql(statement)
            await engine.dispose()
            database = Database(access.app_url, pool_size=4)
            await database.open()
            stack.push_async_callback(database.close)
            opened.append(database)
        yield opened[0], opened[1]


@pytest_asyncio.fixture
async def publisher(databases: tuple[Database, Database]) -> AsyncIterator[Publisher]:
    """The publishing service with its feed being served."""
    service = Publisher(databases[0])
    await service.start_http()
    yield service
    await service.stop_http()


@pytest.fixture
def consumer(databases: tuple[Database, Database]) -> Consumer:
    """The consuming service."""
    return Consumer(databases[1])


class OpenNats(EmbeddedNats):
    """A broker whose user `registry` may do everything: tests publish, read and look over one connection."""

    def prepare(self) -> None:
        super().prepare()
        (self.folder / "everything.conf").write_text('publish: ">"\nsubscribe: ">"\n')
        narrow = re.compile(r'include "[^"]*/node-registry\.conf"')
        self.config.write_text(narrow.sub('include "everything.conf"', self.config.read_text()))


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    """A NATS server of the test's own, streams declared; it may be stopped and wiped."""
    server = OpenNats(tmp_path / "nats", {DISTRICT: tmp_path / "secrets"})
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def nats(broker: EmbeddedNats) -> NatsClient:
    """A connection of both sides, of who publishes and who reads; to be run by the test."""
    return NatsClient(broker.url, name="test", seed_file=broker.node_seed(DISTRICT, "registry"))


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client with short timeouts."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        yield client
