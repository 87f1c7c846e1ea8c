"""A district whose January can be closed, and the two people who sign; a province above it and its neighbour."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from renkou_local.databases import DatabaseAccess

from ..support import DatabaseFactory, LineMaker, Reporting, running
from .province import Province, province_of
from .steps import District, populated


@pytest_asyncio.fixture(loop_scope="session")
async def district(reporting: Reporting, line: LineMaker) -> District:
    """Two subdistricts with people, births and deaths; nobody of it in the way of a closing."""
    return await populated(reporting, line)


@pytest_asyncio.fixture(loop_scope="session")
async def neighbour(
    database_factory: DatabaseFactory, migrated: DatabaseAccess, tmp_path: Path, line: LineMaker
) -> AsyncIterator[District]:
    """Another district with the same people."""
    access = await database_factory("reporting", "340103", template=migrated.name)
    (tmp_path / "neighbour").mkdir()
    async with running(access, tmp_path / "neighbour", district="340104") as started:
        yield await populated(started, line, "340104")


@pytest_asyncio.fixture(loop_scope="session")
async def province(
    district: District,
    neighbour: District,
    database_factory: DatabaseFactory,
    migrated: DatabaseAccess,
    tmp_path: Path,
) -> AsyncIterator[Province]:
    """The province that both belong to, on a node of its own."""
    access = await database_factory("reporting", "340103", template=migrated.name)
    async with province_of([district, neighbour], access, tmp_path / "province") as started:
        yield started
