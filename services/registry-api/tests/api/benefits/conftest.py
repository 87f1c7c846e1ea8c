"""The office as a fixture, on one database for these tests: each walks its clock from 2 March 2026 on."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
import pytest_asyncio

from ...support import DatabaseFactory, Registry, Template, running
from .office import Office, open_office


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def benefits_registry(
    registry_template: Template,
    lasting_database_factory: DatabaseFactory,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Registry]:
    folder = tmp_path_factory.mktemp("benefits")
    async with running(registry_template, lasting_database_factory, folder) as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def staffed(benefits_registry: Registry) -> Office:
    return await open_office(benefits_registry)


@pytest.fixture
async def office(staffed: Office) -> Office:
    staffed.set_today(date(2026, 3, 2))
    return staffed
