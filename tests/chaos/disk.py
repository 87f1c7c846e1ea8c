"""A file system of one's own for all that the districts keep: it can be full, and it can lose its power.

An image in a file, mounted through a loop device: needs root and the kernel's ext4. Power is cut by ext4's own
shutdown without flushing its journal (EXT4_IOC_SHUTDOWN), after which nothing that was not synced reaches the disk:
what a test of a file system does, too. Mounted with a long commit interval, so that the kernel doesn't sync by itself
what the servers forgot to.
"""

import asyncio
import fcntl
import os
import shutil
import struct
from pathlib import Path

SIZE = 6 * 1024**3
SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
WITHOUT_FLUSH = 2


class NoDisk(RuntimeError):
    """This machine does not let us have a file system of our own; says why."""


class Disk:
    """An ext4 image at ``image``, mounted at ``folder``."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.image = image.resolve()
        self.folder = folder.resolve()
        self._filler = self.folder / "filler"

    @classmethod
    async def make(cls, image: Path, folder: Path, size: int = SIZE) -> "Disk":
        """Make and mount a new one of so many bytes. Raises NoDisk where that is not possible."""
        disk = cls(image, folder)
        missing = [name for name in ("mkfs.ext4", "mount", "umount") if shutil.which(name) is None]
        if missing or os.geteuid() != 0:
            raise NoDisk(f"needs root and {', '.join(missing) or 'nothing else'}")
        disk.image.parent.mkdir(parents=True, exist_ok=True)
        disk.image.unlink(missing_ok=True)
        with disk.image.open("wb") as file:
            file.truncate(size)  # sparse: it takes what is written
        disk.folder.mkdir(parents=True, exist_ok=True)
        await _run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1", str(disk.image))
        await disk.mount()
        return disk

    async def mount(self) -> None:
        """Mount it; after a cut of power its journal is replayed."""
        options = "loop,noatime,commit=600"
        await _run("mount", "-t", "ext4", "-o", options, str(self.image), str(self.folder))

    async def unmount(self) -> None:
        """Take it away; nothing on it may be open any more. Waits for the last to let go."""
        for _ in range(100):
            if not self.folder.is_mount():
                return
            try:
                await _run("umount", str(self.folder))
            except NoDisk:
                await asyncio.sleep(0.1)
        raise NoDisk(f"{self.folder} stays in use")

    async def remove(self) -> None:
        """Unmount and delete it."""
        await self.unmount()
        self.image.unlink(missing_ok=True)

    def cut_power(self) -> None:
        """Stop the file system at once: what was not synced is lost, and nothing more is written."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        finally:
            os.close(handle)

    def fill(self) -> int:
        """Take all free space; returns the bytes taken."""
        taken = 0
        with self._filler.open("wb") as file:
            step = 1024**3
            while step >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), taken, step)
                    taken += step
                except OSError:
                    step //= 2
        return taken

    def empty(self) -> None:
        """Give the space back."""
        self._filler.unlink(missing_ok=True)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, told = await process.communicate()
    if process.returncode != 0:
        raise NoDisk(f"{command[0]}: {told.decode(errors='replace').strip()}")
