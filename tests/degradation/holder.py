"""Holds a disk, or processes, up again and again until its input ends: `holder.py HELD FREE disk FOLDER`.

Also `holder.py HELD FREE processes PID...`. HELD and FREE are seconds. Run by path, standard library only, as a process
of its own: whatever ends who started it ends its input, and nothing is left standing still.
"""

import contextlib
import fcntl
import os
import select
import signal
import sys
from collections.abc import Callable

FREEZE, THAW = 0xC0045877, 0xC0045878  # FIFREEZE, FITHAW: _IOWR('X', 119 and 120, int)


def disk(folder: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """Freezing and thawing a file system: what is written to it waits, what is read does not."""
    handle = os.open(folder, os.O_RDONLY)
    return lambda: _ask(handle, FREEZE), lambda: _ask(handle, THAW)


def _ask(handle: int, number: int) -> None:
    fcntl.ioctl(handle, number, 0)


def processes(pids: list[int]) -> tuple[Callable[[], None], Callable[[], None]]:
    """Stopping and continuing processes: they wait for nothing, and it looks like a disk that does not answer."""
    return lambda: _tell(pids, signal.SIGSTOP), lambda: _tell(pids, signal.SIGCONT)


def _tell(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def ended(seconds: float) -> bool:
    """Wait so long; True as soon as the input has ended."""
    return bool(select.select([sys.stdin], [], [], seconds)[0])


def main(held: float, free: float, kind: str, *what: str) -> None:
    """Hold up and let go, until told otherwise."""
    hold, release = disk(what[0]) if kind == "disk" else processes([int(pid) for pid in what])
    over = False
    while not over:
        hold()
        try:
            over = ended(held)
        finally:
            release()
        over = over or ended(free)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:])
