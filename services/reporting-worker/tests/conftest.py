"""reporting-worker in-process on a real database: feeds to take in, a running application, signed-in callers.

    async def test_something(reporting):
        await reporting.take_in("registry", [line(...)])
        statistician = await reporting.staff("statistician", "340103")
        answer = await statistician.get("/figures", params={...})

`reporting` is a database of its own for each test.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from joserfc.jwk import OKPKey

from renkou_common.identity.tokens import TokenIssuer
from renkou_common.migration import upgrade
from renkou_local import keys
from renkou_local.databases import DatabaseAccess
from renkou_local.nats import EmbeddedNats
from renkou_local.ports import free_port
from renkou_reporting.migrate import SCRIPTS

from .feeds import Feed, in_database
from .support import (
    DISTRICT,
    SECRET,
    DatabaseFactory,
    LineMaker,
    NodeFactory,
    NodeOverHttp,
    Reporting,
    make_line,
    node_double,
    running,
)


@pytest.fixture(scope="session")
def line() -> LineMaker:
    """`line(population, measure, on, value, area=, sex=, birth_month=, parity=)`: a published line."""
    return make_line


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated(lasting_database_factory: DatabaseFactory) -> DatabaseAccess:
    """A database brought up by the migrations; the template of every other."""
    access = await lasting_database_factory("reporting", DISTRICT)
    before = os.environ.get("RENKOU_APP_ROLE")
    os.environ["RENKOU_APP_ROLE"] = access.app_role
    try:
        await asyncio.to_thread(upgrade, SCRIPTS, access.owner_url)
    finally:
        if before is None:
            del os.environ["RENKOU_APP_ROLE"]
        else:
            os.environ["RENKOU_APP_ROLE"] = before
    return access


@pytest_asyncio.fixture(loop_scope="session")
async def reporting(
    database_factory: DatabaseFactory, migrated: DatabaseAccess, tmp_path: Path
) -> AsyncIterator[Reporting]:
    access = await database_factory("reporting", DISTRICT, template=migrated.name)
    async with running(access, tmp_path) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_reporting(
    lasting_database_factory: DatabaseFactory,
    migrated: DatabaseAccess,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Reporting]:
    """One for a whole run; its tests roll their transactions back."""
    access = await lasting_database_factory("reporting", DISTRICT, template=migrated.name)
    async with running(access, tmp_path_factory.mktemp("reporting")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def node_over_http(database_factory: DatabaseFactory, tmp_path: Path) -> AsyncIterator[NodeOverHttp]:
    async with node_around(database_factory, tmp_path, DISTRICT) as node:
        yield node


@asynccontextmanager
async def node_around(
    database_factory: DatabaseFactory, folder: Path, district: str
) -> AsyncIterator[NodeOverHttp]:
    """The other services of a district's node on a port, a database that is not migrated yet, and NATS."""
    access = await database_factory("reporting", district)
    issuer = TokenIssuer(OKPKey.generate_key("Ed25519", private=True, auto_kid=True), f"renkou:{district}")
    feeds = {name: Feed(name) for name in ("registry", "migrant")}
    port = free_port()
    secret_file, key_file = folder / "reporting-worker_secret", folder / "figure_key.json"
    secret_file.write_text(SECRET, encoding="utf-8")
    key_file.write_text(keys.token_key(), encoding="utf-8")
    nats = EmbeddedNats(folder / "nats", {district: folder / "nats-secrets"})
    await nats.start()
    stack = AsyncExitStack()
    outboxes = await stack.enter_async_context(in_database(feeds, access))
    config = uvicorn.Config(node_double(issuer, outboxes, SECRET), port=port, log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    names = {
        "DISTRICT": district,
        "DATABASE_URL": access.app_url,
        "MIGRATION_DATABASE_URL": access.owner_url,
        "APP_ROLE": access.app_role,
        "HTTP_PORT": str(free_port()),
        "HTTP_PROCESSES": "1",
        "NATS_URL": nats.url,
        "NATS_SEED_FILE": str(nats.node_seed(district, "reporting")),
        "REGISTRY_URL": f"http://127.0.0.1:{port}",
        "MIGRANT_URL": f"http://127.0.0.1:{port}",
        "SERVICE_SECRET_FILE": str(secret_file),
        "FIGURE_KEY_FILE": str(key_file),
    }
    yield NodeOverHttp(issuer, feeds, {f"RENKOU_{name}": value for name, value in names.items()})
    server.should_exit = True
    await serving
    await stack.aclose()
    await nats.stop()


@pytest.fixture
def nodes(database_factory: DatabaseFactory) -> NodeFactory:
    """`async with nodes(folder, district) as node:` as `node_over_http`, of any district."""

    def make(folder: Path, district: str) -> AbstractAsyncContextManager[NodeOverHttp]:
        folder.mkdir()
        return node_around(database_factory, folder, district)

    return make
