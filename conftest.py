"""Servers for the tests of every service: one real PostgreSQL and one real NATS for a whole run.

    async def test_something(database_factory, nats_server): ...

Both live in a temporary folder, on free loopback ports, and end with the run even when it is killed. With
`pytest -n 2` two processes share the tests out; each has servers and session fixtures of its own.
"""

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from renkou_local.databases import DatabaseAccess
from renkou_local.hub.server import EmbeddedHub
from renkou_local.nats import EmbeddedNats
from renkou_local.postgres import EmbeddedPostgres

DISTRICTS = ("340103", "310115")

ONE_WORLD = ("tests/e2e/", "tests/matrix/")  # tests that share servers which are dear to start

DatabaseFactory = Callable[..., Awaitable[DatabaseAccess]]


class FileByFile(LoadScopeScheduling):
    """A test file at a time to each process, in the order of `testpaths`: the longest come first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((world for world in ONE_WORLD if nodeid.startswith(world)), nodeid.split("::", 1)[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileByFile:
    """How `pytest -n` shares the tests out."""
    config.option.loadscopereorder = False
    return FileByFile(config, log)


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the servers' data."""
    return tmp_path_factory.mktemp("servers")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres(server_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL 18 cluster without fsync: `postgres.url(database)`, `postgres.connect()`."""
    server = EmbeddedPostgres(server_folder / "postgres", durable=False)
    await server.start()
    yield server
    await server.stop()
    shutil.rmtree(server.folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nats_server(server_folder: Path) -> AsyncIterator[EmbeddedNats]:
    """NATS 2.15 with an account for each of two districts, streams declared.

    `nats_server.url`, `nats_server.node_seed("340103")` (path of a seed file).
    """
    secrets = {district: server_folder / "secrets" / district for district in DISTRICTS}
    server = EmbeddedNats(server_folder / "nats", secrets)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hub_server(server_folder: Path) -> AsyncIterator[EmbeddedHub]:
    """A hub of two districts, streams declared.

    `hub_server.url`, `hub_server.seed("340103")`, `hub_server.token("340103")` (paths of files).
    """
    hub = EmbeddedHub(
        server_folder / "hub", {district: server_folder / "hub-secrets" / district for district in DISTRICTS}
    )
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture(scope="session")
def lasting_database_factory(postgres: EmbeddedPostgres) -> DatabaseFactory:
    """As `database_factory`, of databases that stay to the end of the run: templates, what a run shares."""
    numbers = count(1)

    async def make(
        service: str = "registry", district: str = "340103", *, template: str = "template0"
    ) -> DatabaseAccess:
        access = DatabaseAccess(
            name=f"{service}_{district}_{next(numbers)}",
            address=postgres.address,
            owner_role=f"{service}_{district}_owner",
            owner_password="owner-of-a-test",
            app_role=f"{service}_{district}_app",
            app_password="app-of-a-test",
        )
        await postgres.create_database(access, template=template)
        return access

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def database_factory(
    lasting_database_factory: DatabaseFactory, postgres: EmbeddedPostgres
) -> AsyncIterator[DatabaseFactory]:
    """Makes a fresh database with an owner and an app role: `await database_factory("registry", "340103")`.

    Roles and passwords are the same for every database of a service and district, so a migrated database
    can be the template of others: `await database_factory("registry", template=migrated.name)` (close its
    connections first). The databases are gone when the test has ended: thousands would fill a disk.
    """
    made = []

    async def make(
        service: str = "registry", district: str = "340103", *, template: str = "template0"
    ) -> DatabaseAccess:
        made.append(await lasting_database_factory(service, district, template=template))
        return made[-1]

    yield make
    connection = await postgres.connect()
    for access in made:
        await connection.execute(f'DROP DATABASE "{access.name}" WITH (FORCE)')
    await connection.close()


@pytest.fixture
def parameters_refused() -> Callable[[httpx.AsyncClient], Awaitable[int]]:
    """Asks every route that a service describes for a parameter it does not know, and for all that it does.

    `await parameters_refused(client)` returns how many routes were asked.
    """

    async def ask(client: httpx.AsyncClient) -> int:
        paths = (await client.get("/openapi.json")).json()["paths"]
        operations = [
            (path, method, operation)
            for path, methods in paths.items()
            if not path.startswith("/health/")
            for method, operation in methods.items()
        ]
        for path, method, operation in operations:
            described = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
            url = re.sub(r"\{[^}]+\}", "0195a2f0-0000-7000-8000-000000000001", path)
            strange = await client.request(method, url, params={"no_such_filter": "1"})
            problem = strange.json()
            told = [(each["pointer"], each["code"]) for each in problem.get("errors", [])]
            assert told == [("/query/no_such_filter", "unknown_parameter")], (method, path, strange.text)
            assert strange.status_code == 422
            allowed = ", ".join(sorted(described)) or "无"
            assert problem["errors"][0]["detail"].endswith(f"可用: {allowed}"), (method, path)
            if described:
                known = await client.request(method, url, params=dict.fromkeys(described, "x"))
                assert "unknown_parameter" not in known.text, (method, path)
        return len(operations)

    return ask
