"""What a broker or the hub has stored is deleted or damaged while it is down."""

import asyncio
import shutil
from pathlib import Path
from random import Random

from renkou_local.nats_server import EmbeddedServer
from tests.chaos.faults.base import Fault

STARTS_WITHIN = 20.0
DAMAGED = 64


class _Store(Fault):
    """The server dies, its files suffer, it comes back, and the operator declares the streams again."""

    server: EmbeddedServer

    async def begin(self) -> str:
        stack = self.scene.stack
        name = self.random.choice(("hub", "nats"))
        self.server = stack.hub if name == "hub" else stack.nats
        supervisor = stack.supervisor
        before = {name: supervisor.restarts[name]}
        process = supervisor.process(name)
        supervisor.kill(name)
        await process.wait()
        what = self.harm(self.server.store)  # the supervisor waits half a second before it starts it again
        await self.scene.until_restarted(before)
        return f"{name}: {what}"

    def harm(self, store: Path) -> str:
        """Do harm to the files; returns what was done."""
        raise NotImplementedError

    async def heal(self) -> None:
        supervisor, name = self.scene.stack.supervisor, self.server.name
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                await supervisor.wait_ready(name)
        except TimeoutError:  # it refuses what it finds: the operator throws it away
            before = {name: supervisor.restarts[name]}
            supervisor.kill(name)
            self.server.wipe()
            await self.scene.until_restarted(before)
            await supervisor.wait_ready(name)
        await self.server.declare_streams()
        await super().heal()


class StoreDeleted(_Store):
    """JetStream's files are gone."""

    kind, zh, en = "store_deleted", "JetStream 文件被删", "JetStream's files deleted"

    def harm(self, store: Path) -> str:
        files = sum(path.is_file() for path in store.rglob("*"))
        shutil.rmtree(store, ignore_errors=True)
        return f"{files} files deleted"


class StoreDamaged(_Store):
    """A file of messages or of the state of a stream or consumer has other bytes in its middle, or ends early."""

    kind, zh, en = "store_damaged", "JetStream 文件损坏", "JetStream's files damaged"

    def harm(self, store: Path) -> str:
        files = sorted(path for path in store.rglob("*") if path.is_file() and path.stat().st_size > DAMAGED)
        if not files:
            return "no file to damage"
        path = self.random.choice(files)
        return f"{path.relative_to(store)} {damage(path, self.random)}"


def damage(path: Path, random: Random) -> str:
    """Overwrite some bytes of a file, or cut it off; returns what was done."""
    size = path.stat().st_size
    at = random.randrange(size - DAMAGED + 1)
    with path.open("r+b") as file:
        if random.random() < 0.5:
            file.truncate(at)
            return f"cut at {at} of {size}"
        file.seek(at)
        file.write(random.randbytes(DAMAGED))
        return f"{DAMAGED} bytes at {at} of {size} overwritten"
