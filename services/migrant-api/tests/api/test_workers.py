"""The processes together: what a clerk registers here comes back from the register and reaches the hub."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from renkou_local.hub.server import EmbeddedHub
from renkou_local.nats import EmbeddedNats

from ..support import EVERYTHING, HOME, eventually
from .offices import Office, Staff

HOME_COMMUNITY = "340103002003"


@asynccontextmanager
async def process(module: str, environment: dict[str, str]) -> AsyncIterator[None]:
    """A worker process; it has to be alive at the end and to stop cleanly when asked."""
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=os.environ | environment)
    try:
        yield
        assert running.returncode is None
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()
    assert running.returncode == 0


@pytest_asyncio.fixture
async def workers(home: Office, tmp_path: Path) -> AsyncIterator[None]:
    """A broker, and the workers of both services on it."""
    secrets = {HOME: tmp_path / "secrets"}
    async with AsyncExitStack() as stack:
        broker, meeting = EmbeddedNats(tmp_path / "nats", secrets), EmbeddedHub(tmp_path / "hub", secrets)
        for server in (broker, meeting):
            await server.start()
            stack.push_async_callback(server.stop)
        node = {"RENKOU_NATS_URL": broker.url, "RENKOU_NATS_SEED_FILE": str(broker.node_seed(HOME))}
        hub = {
            "RENKOU_HUB_URL": meeting.url,
            "RENKOU_HUB_SEED_FILE": str(meeting.seed(HOME)),
            "RENKOU_HUB_TOKEN_FILE": str(meeting.token(HOME)),
        }
        no_feed = {"RENKOU_MIGRANT_URL": "http://127.0.0.1:9"}
        await stack.enter_async_context(
            process("renkou_registry.worker", home.registry_environment | node | no_feed)
        )
        await stack.enter_async_context(process("renkou_migrant.worker", home.environment | node | hub))
        yield


async def rows(office: Office, query: str) -> list[dict[str, Any]]:
    async with office.runtime.database.transaction(EVERYTHING) as tx:
        return [dict(row) for row in await tx.fetch(query)]


@pytest.mark.timeout(180)
async def test_a_departure_comes_back_as_an_absence_that_the_certificate_covers(
    home: Office, clerk: Staff, workers: None
) -> None:
    today = home.runtime.clock.today()
    person = await clerk.person(HOME_COMMUNITY)
    certificate = await clerk.certificate(person)
    left = today - timedelta(days=2)
    body = {"person_id": person["id"], "destination_area": "310115", "departed_on": left.isoformat()}
    departure = await clerk.made("/departures", body)

    async def covered() -> list[dict[str, Any]]:
        return [
            event
            for event in await home.events()
            if event["type"] == "migrant.certificate.coverage-changed.v1"
            and event["data"]["certificate_id"] == certificate["id"]
        ]

    (event,) = await eventually(covered, 60)
    begins = event["data"]["lines"][0]
    assert (begins["on"], begins["measure"], begins["value"]) == (certificate["valid_from"], "in", 1)
    present = await clerk.send("GET", f"/persons/{person['id']}", to_registry=True)
    assert present.json()["present_area"] == "310115"

    back = {"returned_on": today.isoformat()}
    path = f"/departures/{departure['id']}/return"
    assert (await clerk.change(path, back, departure["version"])).status_code == 200

    async def taken_back() -> bool:
        return len(await covered()) == 2

    await eventually(taken_back, 60)

    async def published() -> bool:
        (row,) = await rows(home, "SELECT sequence, published_sequence FROM status_list")
        return bool(row["published_sequence"] == row["sequence"] > 0)

    await eventually(published, 60)
