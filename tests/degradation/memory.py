"""A limit of memory for a process that runs already, as its container has one: whoever goes beyond it is ended.

The kernel's own, by a group of processes with a limit (cgroup, either version); where this machine lets us make none,
a watch that ends the process as soon as it has grown by as much.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from tests.e2e.progress import until

GROUPS = Path("/sys/fs/cgroup")
LIMITS = {GROUPS / "memory": "memory.limit_in_bytes", GROUPS: "memory.max"}
"""Where groups of the first version are, and those of the second; and what a limit is called there."""


@asynccontextmanager
async def room_for(pid: int, more: int) -> AsyncIterator[None]:
    """Let a process, and those it has started, take so many bytes more than they have, and no more."""
    pids = [pid, *_children(pid)]
    group = _group(more)
    if group is None:
        watch = asyncio.create_task(_end_when_grown(pid, pids, more))
        try:
            yield
        finally:
            watch.cancel()
        return
    for each in pids:
        _join(group, each)
    try:
        yield
    finally:
        for each in pids:
            _join(group.parent, each)
        await until("those that were ended have left", partial(_removed, group))


async def _removed(group: Path) -> bool:
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _group(limit: int) -> Path | None:
    """A new group with this limit, None where this machine gives none: what a process had before is not counted."""
    for folder, name in LIMITS.items():
        group = folder / f"renkou-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / name).write_text(str(limit))
        except OSError:
            group.rmdir()
            continue
        return group
    return None


def _join(group: Path, pid: int) -> None:
    with contextlib.suppress(OSError):  # it has ended
        (group / "cgroup.procs").write_text(str(pid))


async def _end_when_grown(pid: int, pids: list[int], more: int) -> None:
    begun = _resident(pids)

    async def grown() -> bool:
        return _resident(pids) >= begun + more

    await until("the process has grown", grown)
    os.kill(pid, signal.SIGKILL)


def _resident(pids: list[int]) -> int:
    found = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            found += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return found * os.sysconf("SC_PAGE_SIZE")
