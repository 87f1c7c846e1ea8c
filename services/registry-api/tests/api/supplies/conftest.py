"""A store, a distribution point and two specifications, as fixtures."""

from uuid import uuid4

import pytest_asyncio

from ...support import Caller, Registry
from .store import COMMUNITY, Store


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def administrator(registry: Registry) -> Caller:
    return await registry.staff("administrator", "340103")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def station(registry: Registry) -> Caller:
    """The service station of a subdistrict: receives, writes off, reverses."""
    return await registry.staff("service_station", "340103001")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(registry: Registry) -> Caller:
    """A community worker: hands out."""
    return await registry.staff("community_worker", COMMUNITY)


@pytest_asyncio.fixture(loop_scope="session")
async def store(registry: Registry, administrator: Caller, station: Caller, worker: Caller) -> Store:
    """A new point in a community, and a product with two specifications."""
    code = uuid4().hex[:12]
    product = await administrator.post(
        "/supply-products", json={"code": code, "name": "避孕套", "kind": "condom"}
    )
    assert product.status_code == 201, product.text
    made = []
    for name in ("中号 10 只装", "大号 10 只装"):
        answer = await administrator.post(
            f"/supply-products/{product.json()['id']}/specifications", json={"name": name, "unit": "盒"}
        )
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["id"])
    found = Store(registry, station, worker, product.json()["id"], made[0], made[1])
    found.point = await found.new_point()
    return found
