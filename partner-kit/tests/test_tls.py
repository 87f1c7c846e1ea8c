"""A hub that speaks TLS only: the kit joins it by its authority, and is not led to anybody else."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding

from renkou_local.certificates import new_authority
from renkou_partner.conformance.implementation import DriverProcess
from renkou_partner.conformance.suite import run
from renkou_partner.hub import Hub, HubAccess

DISTRICT = "310115"


@pytest_asyncio.fixture(loop_scope="session")
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with Hub([DISTRICT], tmp_path, tls=True) as started:
        yield started


@asynccontextmanager
async def connecting(access: HubAccess) -> AsyncIterator[bool]:
    """Whether a partner is let in within the time that some tries take."""
    client = access.client("partner of a test")
    task = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(2.5):
            await client.wait_connected()
        yield True
    except TimeoutError:
        yield False
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def joins(access: HubAccess) -> bool:
    async with connecting(access) as connected:
        return connected


async def test_the_kit_joins_a_hub_by_the_authority_it_was_given(hub: Hub, tmp_path: Path) -> None:
    access = hub.access(DISTRICT)
    assert access.to_json()["ca_file"] == str(hub.server.ca_file)
    assert await joins(access)
    other, _ = new_authority("somebody else")
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(other.public_bytes(Encoding.PEM))
    plain, deceived = await asyncio.gather(
        joins(replace(access, ca_file=None)), joins(replace(access, ca_file=str(foreign)))
    )
    assert (plain, deceived) == (False, False)


async def test_an_implementation_is_tried_with_a_hub_that_speaks_tls(tmp_path: Path) -> None:
    driver = DriverProcess(f"{sys.executable} -m renkou_partner.driver", tmp_path / "driver.log", patience=20)
    report = await run(driver, only=["IN-duplicate"], tls=True)
    assert [(each.id, each.verdict) for each in report.checks] == [("IN-duplicate", "passed")]
