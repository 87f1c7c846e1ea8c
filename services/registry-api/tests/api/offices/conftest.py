"""Who keeps the offices' registers, as fixtures."""

import pytest_asyncio

from ...support import Caller, Registry
from .desk import Offices


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def district_clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def neighbour(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103002")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def statistician(registry: Registry) -> Caller:
    return await registry.staff("statistician", "340103")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def offices(registry: Registry) -> Offices:
    return Offices(registry)
