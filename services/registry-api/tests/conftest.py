"""registry-api in-process on a real database: a running application, and callers who are signed in.

    async def test_something(registry):
        clerk = await registry.staff("subdistrict_clerk", "340103")
        answer = await clerk.post("/persons", json={...})

`registry` is shared by a whole run (make records of your own); `fresh_registry` is a database of its own.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from renkou_registry.auth import passwords

from .support import (
    DISTRICT,
    DatabaseFactory,
    Registry,
    Template,
    environment_of,
    migrate,
    running,
    secret_files,
)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Argon2id at its lowest cost: a run signs in thousands of times. `test_migrate.py` holds the real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def registry_template(
    lasting_database_factory: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory
) -> Template:
    """The database as `migrate` leaves it."""
    folder = tmp_path_factory.mktemp("registry-template")
    secret_environment = secret_files(folder / "secrets")
    access = await lasting_database_factory("registry", DISTRICT)
    await migrate(environment_of(folder, access) | secret_environment)
    return Template(access.name, secret_environment)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def registry(
    registry_template: Template,
    lasting_database_factory: DatabaseFactory,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Registry]:
    """One application for a whole run."""
    async with running(
        registry_template, lasting_database_factory, tmp_path_factory.mktemp("registry")
    ) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def fresh_registry(
    registry_template: Template, database_factory: DatabaseFactory, tmp_path: Path
) -> AsyncIterator[Registry]:
    """An application on an empty, migrated database of its own."""
    async with running(registry_template, database_factory, tmp_path) as started:
        yield started
