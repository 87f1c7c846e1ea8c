"""An office that keeps every register of a subdistrict, with people to keep them for."""

import pytest_asyncio

from ...support import Registry
from .world import DISTRICT, World


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(registry: Registry) -> World:
    """One caller with all rights in the district, and a second one where four eyes are needed."""
    clerk = await registry.staff(
        "subdistrict_clerk",
        DISTRICT,
        "service_station",
        DISTRICT,
        "statistician",
        DISTRICT,
        "administrator",
        DISTRICT,
    )
    return World(registry, clerk, await registry.staff("administrator", DISTRICT))
