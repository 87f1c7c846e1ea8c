"""The processes as a supervisor runs them: start, work, and a clean stop on SIGTERM."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from renkou_local.databases import DatabaseAccess
from renkou_local.hub.server import EmbeddedHub
from renkou_local.nats import EmbeddedNats
from renkou_local.ports import free_port

from ..districts import Districts
from ..support import Node, Until

HOME, RESIDENCE = "340103", "310115"


def environment(node: Node, **changes: Any) -> dict[str, str]:
    """A node's settings as a process gets them."""
    values = node.runtime.settings.model_dump(exclude_none=True) | changes
    return os.environ | {f"RENKOU_{name.upper()}": str(value) for name, value in values.items()}


async def start(module: str, environ: dict[str, str], **output: Any) -> Process:
    """Start a process of the service."""
    command = (sys.executable, "-m", f"renkou_migrant.{module}")
    return await asyncio.create_subprocess_exec(*command, env=environ, **output)


@asynccontextmanager
async def process(module: str, environ: dict[str, str]) -> AsyncIterator[Process]:
    """A process of the service, stopped by SIGTERM; uvicorn ends by that signal after its clean shutdown."""
    running = await start(module, environ)
    try:
        yield running
        assert running.returncode is None
        running.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.wait(), 20) in (0, -signal.SIGTERM)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def test_the_worker_sends_notices_and_relays_events(
    strangers: Districts, nats_server: EmbeddedNats, hub_server: EmbeddedHub, until: Until
) -> None:
    residence = strangers.residence
    await residence.agree(HOME)
    message_id = await residence.arrival_notice()
    environ = environment(
        residence,
        nats_url=nats_server.url,
        nats_seed_file=nats_server.node_seed(RESIDENCE, "migrant"),
        hub_url=hub_server.url,
        hub_seed_file=hub_server.seed(RESIDENCE),
        hub_token_file=hub_server.token(RESIDENCE),
        registry_url=f"http://127.0.0.1:{free_port()}",
    )

    async def published() -> bool:
        rows = await residence.rows("SELECT published_at FROM outbox")
        return len(rows) == 2 and all(row["published_at"] for row in rows)

    async with process("worker", environ):
        await residence.reaches(message_id, "sent", seconds=30)
        await until(published)


async def test_the_worker_waits_for_brokers_that_are_down(strangers: Districts, until: Until) -> None:
    residence = strangers.residence
    nowhere = f"nats://127.0.0.1:{free_port()}"
    environ = environment(residence, nats_url=nowhere, hub_url=nowhere, registry_url="http://127.0.0.1:1")
    await residence.agree(HOME)
    message_id = await residence.arrival_notice()

    async def numbered() -> bool:
        rows = await residence.rows("SELECT pair_seq FROM message WHERE id = $1", message_id)
        feed = await residence.rows("SELECT FROM outbox WHERE feed_seq IS NOT NULL")
        return rows[0]["pair_seq"] == 1 and len(feed) == 1

    async with process("worker", environ):
        await until(numbered, 30)
    assert await residence.state(message_id) == "drafted"


async def test_the_http_process_serves_and_stops(node: Node, until: Until) -> None:
    port = free_port()
    environ = environment(node, http_port=port)

    async def ready() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    async with process("main", environ):
        await until(ready, 30)


@pytest.mark.parametrize("district", [HOME, RESIDENCE])
async def test_the_migrated_database_is_what_the_tables_say(
    migrated: dict[str, DatabaseAccess], district: str
) -> None:
    access = migrated[district]
    environment = {
        "RENKOU_DISTRICT": district,
        "RENKOU_DATABASE_URL": access.app_url,
        "RENKOU_MIGRATION_DATABASE_URL": access.owner_url,
        "RENKOU_APP_ROLE": access.app_role,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "renkou_migrant.migrate", "--check", env=os.environ | environment
    )
    assert await process.wait() == 0
