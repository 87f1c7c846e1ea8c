"""One child process: how it is described, started, watched and stopped.

Output goes straight to a log file, never through a pipe of the supervisor, so that a busy supervisor cannot
block a child and the log survives whatever happens to the supervisor. Each child is a session of its own:
Ctrl-C in a terminal reaches the supervisor alone, which then stops the children in order.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

LAUNCHER = Path(__file__).with_name("launch.py")
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "SSL_CERT_FILE")


class ProcessFailed(RuntimeError):
    """A process ended with an error or did not become ready; carries the last lines of its log."""

    def __init__(self, name: str, reason: str, tail: str = "") -> None:
        super().__init__(f"{name}: {reason}" + (f"\n{tail}" if tail else ""))
        self.name = name
        self.reason = reason
        self.tail = tail


@dataclass(frozen=True)
class ProcessSpec:
    """What to run and how to know that it works.

    `ready` answers True once the process serves. A process without it serves nobody; it is ready as soon as
    it handles SIGTERM, which a worker sets up last. `death_signal` is what it gets when the supervisor
    dies; `stop_signal` on a clean stop, and SIGKILL after `stop_timeout` seconds.
    """

    name: str
    argv: Sequence[str]
    log_path: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_timeout: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 15.0
    death_signal: signal.Signals = signal.SIGKILL
    unprivileged: bool = False

    def environment(self) -> dict[str, str]:
        """The child's whole environment: a few inherited names, never another stack's RENKOU_ settings."""
        inherited = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return inherited | {"PYTHONUNBUFFERED": "1"} | dict(self.env)


class ManagedProcess:
    """A running child. Start it in the main thread: the death signal is tied to the starting thread."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """The child's process id once started."""
        return self._process.pid if self._process else None

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal, None while running."""
        return self._process.returncode if self._process else None

    @property
    def running(self) -> bool:
        """True between start and end."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the child with its output appended to the log."""
        spec = self.spec
        user = "unprivileged" if spec.unprivileged else "same"
        launcher = [
            sys.executable,
            "-I",
            "-S",
            str(LAUNCHER),
            str(os.getpid()),
            str(int(spec.death_signal)),
            user,
        ]
        with open_log(spec.log_path) as log:
            self._log_start = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *launcher,
                *spec.argv,
                env=spec.environment(),
                cwd=spec.cwd,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def wait(self) -> int:
        """Wait for the end; returns the exit status."""
        assert self._process is not None, "not started"
        return await self._process.wait()

    async def wait_ready(self) -> None:
        """Wait until it is ready. Raises ProcessFailed when it ends before, or after `ready_timeout`."""
        deadline = asyncio.get_running_loop().time() + self.spec.ready_timeout
        pause = 0.05
        while self.running:
            if await self._is_ready():
                return
            if asyncio.get_running_loop().time() > deadline:
                raise ProcessFailed(
                    self.spec.name, f"not ready after {self.spec.ready_timeout:.0f} s", self.tail()
                )
            await self._survives(pause)
            pause = min(pause * 1.5, 0.5)
        raise ProcessFailed(self.spec.name, f"ended with status {self.returncode}", self.tail())

    async def _is_ready(self) -> bool:
        assert self.pid is not None, "not started"
        return await self.spec.ready() if self.spec.ready else handles(self.pid, signal.SIGTERM)

    async def _survives(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wait()
            raise ProcessFailed(self.spec.name, f"ended with status {self.returncode}", self.tail())

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the child and everything in its session; no error when it has ended."""
        if self.running and self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number) if number == signal.SIGKILL else os.kill(self.pid, number)

    async def stop(self) -> None:
        """Stop cleanly, by force when that takes longer than `stop_timeout`."""
        if not self.running:
            return
        self.send(self.spec.stop_signal)
        try:
            async with asyncio.timeout(self.spec.stop_timeout):
                await self.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        if self.running:
            self.send(signal.SIGKILL)
            await self.wait()

    def tail(self, lines: int = 30) -> str:
        """The last lines that this run wrote to its log."""
        with self.spec.log_path.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - 16_384))
            text = log.read().decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def open_log(path: Path, *, keep: int = 20_000_000) -> BinaryIO:
    """Open a log for appending; one that has grown beyond `keep` bytes is set aside as `<name>.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > keep:
        path.replace(path.with_name(path.name + ".1"))
    log = path.open("ab")
    log.seek(0, os.SEEK_END)
    return log


async def run_to_end(spec: ProcessSpec, *, timeout: float = 300.0) -> None:
    """Run a step that ends by itself, such as a migration. Raises ProcessFailed unless it ends with 0."""
    process = ManagedProcess(spec)
    await process.start()
    try:
        async with asyncio.timeout(timeout):
            status = await process.wait()
    except TimeoutError:
        raise ProcessFailed(spec.name, f"not done after {timeout:.0f} s", process.tail()) from None
    finally:
        await process.kill()
    if status != 0:
        raise ProcessFailed(spec.name, f"ended with status {status}", process.tail())


def handles(pid: int, number: signal.Signals) -> bool:
    """True when the process has its own handler for the signal; always True where /proc cannot tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return True
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def processes_in(folder: Path) -> list[int]:
    """Ids of processes whose working directory is this folder (Linux; elsewhere none are found)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if Path(os.readlink(entry / "cwd")) == folder.resolve():
                found.append(int(entry.name))
    return found
