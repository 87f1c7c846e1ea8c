"""A disk that is full, and one that loses its power."""

import signal
from typing import ClassVar

from tests.chaos.disk import Disk
from tests.chaos.faults.base import Fault


class _OnDisk(Fault):
    needs_disk: ClassVar[bool] = True

    @property
    def disk(self) -> Disk:
        """The file system of our own."""
        assert self.scene.disk is not None
        return self.scene.disk


class DiskFull(_OnDisk):
    """No byte is left for the database, the brokers and the logs; then there is space again.

    A broker that could not write once takes nothing more into that stream until it is started again: it stays "no
    space left on device" for minutes after there is. So the operator starts the brokers again (docs/operations.md).
    """

    kind, zh, en = "disk_full", "磁盘写满", "disk full"

    async def begin(self) -> str:
        return f"{self.disk.fill()} bytes taken"

    async def heal(self) -> None:
        self.disk.empty()
        stack = self.scene.stack
        for server in (stack.nats, stack.hub):
            await stack.supervisor.crash(server.name, signal.SIGTERM)
        await super().heal()


class PowerLoss(_OnDisk):
    """Everything ends at once, and what was not synced is gone: the file system stops without writing its journal.

    A file that nobody synced is written first: where it survived, nothing was tested, and the fault fails.
    """

    kind, zh, en = "power_loss", "断电, 未落盘的写入丢失", "power lost, with all unsynced writes"

    async def begin(self) -> str:
        unsynced = self.disk.folder / "unsynced"
        unsynced.write_bytes(b"x" * 100_000)
        self.disk.cut_power()
        await self.scene.stack.kill_all()
        await self.disk.unmount()
        await self.disk.mount()
        if unsynced.exists() and unsynced.stat().st_size:
            raise RuntimeError("an unsynced file survived the loss of power")
        return "everything; an unsynced file is gone"

    async def heal(self) -> None:
        await self.scene.stack.start()
        await super().heal()
