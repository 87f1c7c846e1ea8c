"""A disk of PostgreSQL's that takes long for whatever is written to it.

Its file system is frozen and thawed by turns (FIFREEZE, as for a snapshot): a write to the log waits for its turn and
is not lost, a read goes on; that is what a disk under somebody else's load, or storage over a bad line, does. Where the
server has no file system of its own its processes are stopped and continued instead, reads then waiting as well.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from renkou_local.processes import processes_in
from tests.degradation.node import Districts

HOLDER = Path(__file__).with_name("holder.py")


@asynccontextmanager
async def slow_database(two: Districts, held: float, free: float) -> AsyncIterator[None]:
    """What is written waits up to ``held`` seconds, then there are ``free`` seconds without waiting, and so on."""
    disk = two.disks.postgres
    pids = [str(pid) for pid in processes_in(two.stack.postgres.data)]
    what = ["disk", str(disk.folder)] if disk is not None else ["processes", *pids]
    holder = await asyncio.create_subprocess_exec(
        sys.executable, str(HOLDER), str(held), str(free), *what, stdin=asyncio.subprocess.PIPE
    )
    assert holder.stdin is not None
    try:
        yield
        assert holder.returncode is None, "the disk was not held up"
    finally:
        holder.stdin.close()
        assert await holder.wait() == 0
