"""One stack per data folder: a lock that the kernel releases when its holder dies, and the holder's pid."""

import contextlib
import fcntl
import os
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyRunning(RuntimeError):
    """Another stack holds this data folder; `pid` is its supervisor."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        super().__init__(f"a stack already runs on {folder} (pid {pid or 'unknown'}); stop it first")
        self.pid = pid


class FolderLock:
    """Holds `<folder>/supervisor.pid` between enter and exit. Raises AlreadyRunning."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "supervisor.pid"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock and write our process id."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise AlreadyRunning(self._path.parent, _pid(self._path)) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):  # of a disk that is dead; closing alone gives it back
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def stop_holder(folder: Path, *, timeout: float = 60.0) -> bool:
    """Ask the stack on this folder to stop and wait for it; False when none runs. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    asked = False
    while time.monotonic() < deadline:
        try:
            with FolderLock(folder):
                return asked
        except AlreadyRunning as running:
            if running.pid is not None and not asked:
                os.kill(running.pid, signal.SIGTERM)
                asked = True
        time.sleep(0.1)
    raise TimeoutError(f"the stack on {folder} has not stopped after {timeout:.0f} s")


def _pid(path: Path) -> int | None:
    text = path.read_text().strip()
    return int(text) if text.isdigit() else None
