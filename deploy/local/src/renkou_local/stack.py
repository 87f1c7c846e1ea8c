"""A hub and one or more district nodes as supervised processes on embedded servers.

    async with Stack(Path(".local/up"), ["340103", "310115"]) as stack:
        stack.nodes["340103"].registry_url

Order: PostgreSQL, NATS and the hub, databases and streams, migrations, the HTTP services, the workers; stopped in
reverse. Data is kept in the folder; ports too, while they are free. `kill_all`, `wipe_jetstream` and
`start` again are for the demo and the fault tests.
"""

import asyncio
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from renkou_local import keys, secret_files
from renkou_local.console import LogFollower
from renkou_local.databases import SERVICES, DatabaseAccess
from renkou_local.hub.server import EmbeddedHub
from renkou_local.lock import FolderLock
from renkou_local.nats import EmbeddedNats
from renkou_local.nats_config import DISTRICT
from renkou_local.node import ROLES, Brokers, Node, NodeConfig
from renkou_local.ports import LOOPBACK, PortBook
from renkou_local.postgres import EmbeddedPostgres
from renkou_local.processes import ProcessSpec
from renkou_local.supervisor import Supervisor


class Stack:
    """Districts on one data folder.

    `demo_clock` lets the domain's clock be moved (`set_clock_offset`), `hurried` lifts the limits of
    requests in a minute as that does; `quiet` keeps logs in files only;
    `fixed_ports` maps `postgres`, `nats`, `nats_monitor`, `hub`, `hub_monitor` or `<district>.<service>` to a
    port; `names` gives districts their Chinese and English names; `figure_copies` is how many reporting workers
    share a district's figures; `programs` replaces commands of services; `progress` is told what happens while it
    starts. `reached` gives the loopback ports by which a district's processes reach `postgres`, `nats` and `hub` where
    something stands between, such as a proxy of the fault tests; `settings` are further ones of every process,
    named without RENKOU_.
    """

    def __init__(
        self,
        data_dir: Path,
        districts: Sequence[str],
        *,
        quiet: bool = True,
        demo_clock: bool = False,
        hurried: bool = False,
        fixed_ports: Mapping[str, int] | None = None,
        durable: bool = True,
        log_level: str = "INFO",
        names: Mapping[str, tuple[str, str]] | None = None,
        figure_copies: int = 1,
        programs: Mapping[tuple[str, str], list[str]] | None = None,
        reached: Mapping[str, Mapping[str, int]] | None = None,
        settings: Mapping[str, str] | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        if not districts or not all(DISTRICT.fullmatch(district) for district in districts):
            raise ValueError("districts are codes of six digits, at least one")
        if figure_copies < 1:
            raise ValueError("the figures need one copy of the reporting worker at least")
        self.data_dir = data_dir.resolve()
        self.districts = list(dict.fromkeys(districts))
        self.trust_anchor = self.data_dir / "trust" / "anchor.json"
        self.clock_offset_file = self.data_dir / "clock_offset" if demo_clock else None
        self.nodes: dict[str, Node] = {}
        self.migrations: dict[str, list[ProcessSpec]] = {}
        self._reached = {district: dict(ports) for district, ports in (reached or {}).items()}
        self._settings = dict(settings or {})
        self._hurried = hurried
        self._progress = progress
        self._durable = durable
        self._log_level = log_level
        self._names = dict(names or {})
        self._figure_copies = figure_copies
        self._programs = dict(programs or {})
        self._fixed_ports = dict(fixed_ports or {})
        self._lock = FolderLock(self.data_dir)
        self._follower = None if quiet else LogFollower(sys.stdout)
        self.supervisor = Supervisor(follower=self._follower)
        self._ports: PortBook | None = None
        self._running = False
        self._postgres: EmbeddedPostgres | None = None
        self._nats: EmbeddedNats | None = None
        self._hub: EmbeddedHub | None = None

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The PostgreSQL server, once started."""
        assert self._postgres is not None, "not started"
        return self._postgres

    @property
    def nats(self) -> EmbeddedNats:
        """The NATS server with every node's account, once started."""
        assert self._nats is not None, "not started"
        return self._nats

    @property
    def hub(self) -> EmbeddedHub:
        """The hub at which the districts meet, once started."""
        assert self._hub is not None, "not started"
        return self._hub

    @property
    def logs(self) -> Path:
        """Folder of the log files, one for each process."""
        return self.data_dir / "logs"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(self.stop())

    async def start(self) -> None:
        """Start everything; returns when every service is ready. After a failure nothing is left running.

        Raises AlreadyRunning for a folder in use and ProcessFailed, with the end of the log, for a process
        that fails.
        """
        if self._running:
            raise RuntimeError("the stack runs already")
        self._lock.acquire()
        self._running = True
        if self._follower is not None:
            self._follower.start()
        try:
            configs = self._configure()
            await self._start_servers()
            databases = await self._declare(configs)
            await self._start_services(configs, databases)
        except BaseException:
            await asyncio.shield(self.stop())
            raise

    async def stop(self) -> None:
        """Stop everything in reverse order and give the folder free."""
        await self.supervisor.stop()
        await self._release()

    async def kill_all(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End every process at once, servers included, as a power cut would; `start` brings them back."""
        await self.supervisor.kill_all(number)
        if self._postgres is not None:
            await self._postgres.end_leftovers()  # its children end by themselves, a moment later
        await self._release()

    def wipe_jetstream(self) -> None:
        """Throw away everything NATS has stored; only while stopped. It comes back from the outboxes."""
        if self._running:
            raise RuntimeError("stop the stack before wiping JetStream")
        for server in ("nats", "hub"):
            shutil.rmtree(self.data_dir / server / "jetstream", ignore_errors=True)

    def set_clock_offset(self, seconds: float) -> None:
        """Move the domain's clock in all services to real time plus so many seconds (needs `demo_clock`)."""
        if self.clock_offset_file is None:
            raise RuntimeError("the stack was not made with demo_clock=True")
        finished = self.clock_offset_file.with_suffix(".new")
        finished.write_text(f"{seconds!r}\n", encoding="ascii")
        finished.replace(self.clock_offset_file)

    def _configure(self) -> list[NodeConfig]:
        """Secrets, ports and configuration; what exists is kept."""
        secret_files.keep(self.trust_anchor, keys.trust_anchor)
        if self._ports is None:
            self._ports = PortBook(self.data_dir / "ports.json", self._fixed_ports)
        if self.clock_offset_file is not None and not self.clock_offset_file.exists():
            self.set_clock_offset(0.0)
        configs = [
            NodeConfig(
                district,
                self.data_dir,
                self._ports,
                self.trust_anchor,
                clock_offset_file=self.clock_offset_file,
                hurried=self._hurried,
                log_level=self._log_level,
                name_zh=self._names.get(district, ("", ""))[0],
                name_en=self._names.get(district, ("", ""))[1],
                figure_copies=self._figure_copies,
                programs=self._programs,
                settings=self._settings,
            )
            for district in self.districts
        ]
        for config in configs:
            config.prepare()
        self.nodes = {config.district: config.node() for config in configs}
        self._postgres = EmbeddedPostgres(
            self.data_dir / "postgres",
            port=self._ports.port("postgres"),
            durable=self._durable,
            log_path=self.logs / "postgres.log",
        )
        self._nats = EmbeddedNats(
            self.data_dir / "nats",
            {config.district: config.secrets for config in configs},
            port=self._ports.port("nats"),
            monitor_port=self._ports.port("nats_monitor"),
            log_path=self.logs / "nats.log",
        )
        self._hub = EmbeddedHub(
            self.data_dir / "hub",
            {config.district: config.secrets for config in configs},
            port=self._ports.port("hub"),
            monitor_port=self._ports.port("hub_monitor"),
            log_path=self.logs / "hub.log",
        )
        return configs

    async def _start_servers(self) -> None:
        self._progress("starting PostgreSQL, NATS and the hub")
        self.nats.prepare()
        self.hub.prepare()
        await self.postgres.prepare()
        await self.supervisor.start([self.postgres.spec(), self.nats.spec(), self.hub.spec()])

    async def _declare(self, configs: Sequence[NodeConfig]) -> dict[str, dict[str, DatabaseAccess]]:
        await self.nats.declare_streams()
        await self.hub.declare_streams()
        return {
            config.district: await self.postgres.create_node_databases(config.district, config.secrets)
            for config in configs
        }

    async def _start_services(
        self, configs: Sequence[NodeConfig], databases: Mapping[str, Mapping[str, DatabaseAccess]]
    ) -> None:
        self._progress("bringing the databases up to date")
        brokers = Brokers(self.nats.url, self.hub.url)
        self.migrations = {
            config.district: config.migrations(databases[config.district], brokers) for config in configs
        }
        await self.supervisor.run([spec for specs in self.migrations.values() for spec in specs])
        for role in ROLES:
            self._progress(f"starting {', '.join(f'{service}-{role}' for service in SERVICES)}")
            await self.supervisor.start(
                [
                    spec
                    for config in configs
                    for spec in config.processes(
                        self._databases(config.district, databases[config.district]),
                        self._brokers(config.district),
                        role,
                    )
                ]
            )

    def _brokers(self, district: str) -> Brokers:
        """Where the processes of a district find NATS and the hub."""
        ports = self._reached.get(district, {})
        nats, hub = ports.get("nats", self.nats.port), ports.get("hub", self.hub.port)
        return Brokers(f"nats://{LOOPBACK}:{nats}", f"nats://{LOOPBACK}:{hub}")

    def _databases(self, district: str, databases: Mapping[str, DatabaseAccess]) -> dict[str, DatabaseAccess]:
        """Where the processes of a district find PostgreSQL."""
        port = self._reached.get(district, {}).get("postgres", self.postgres.port)
        return {
            service: replace(access, address=f"{LOOPBACK}:{port}") for service, access in databases.items()
        }

    async def _release(self) -> None:
        if self._follower is not None:
            await self._follower.stop()
        self._lock.release()
        self._running = False
