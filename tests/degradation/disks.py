"""Small file systems of their own for PostgreSQL and for the node's broker, which can be full or slow.

Where this machine gives none (see tests/chaos/disk.py) the tests go another way to the same answers of the servers,
which `full.py` and `slow.py` describe.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.disk import Disk, NoDisk

SIZE = 2 * 1024**3


@dataclass(frozen=True)
class Disks:
    """What each server keeps its data on; None where it is the machine's."""

    postgres: Disk | None
    nats: Disk | None


@asynccontextmanager
async def disks(folder: Path) -> AsyncIterator[Disks]:
    """Mount them in the data folder of a stack that is not started yet; unmounted at the end."""
    async with AsyncExitStack() as mounted:
        made: dict[str, Disk | None] = {}
        for name in ("postgres", "nats"):
            try:
                made[name] = disk = await Disk.make(folder / f"{name}.img", folder / name, SIZE)
            except NoDisk as reason:
                print(f"{name} has no file system of its own here: {reason}")
                made[name] = None
            else:
                mounted.push_async_callback(disk.remove)
        yield Disks(made["postgres"], made["nats"])
