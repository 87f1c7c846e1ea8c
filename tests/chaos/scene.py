"""What a fault has at hand: the running districts, the proxies between them, and what it may touch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from renkou_local.stack import Stack
from tests.chaos.disk import Disk
from tests.chaos.proxy import Proxy
from tests.e2e.progress import until

SERVERS = ("postgres", "nats", "hub")
RESTARTED_WITHIN = 120.0


@dataclass
class Scene:
    """Two districts and a hub under load. ``disk`` is None where this machine gives no file system of one's own."""

    stack: Stack
    proxies: Mapping[str, Proxy]
    disk: Disk | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where everything is kept."""
        return self.stack.data_dir

    def processes(self) -> list[str]:
        """Names of what the supervisor keeps running, in a fixed order."""
        return sorted(self.stack.supervisor.names)

    def link(self, random: Random) -> Proxy:
        """A drawn connection between a district's processes and a server."""
        return self.proxies[random.choice(sorted(self.proxies))]

    async def all_ready(self) -> None:
        """Wait until every process serves."""
        for name in self.stack.supervisor.names:
            await self.stack.supervisor.wait_ready(name)

    async def until_restarted(self, before: Mapping[str, int]) -> None:
        """Wait until processes were started again after they had been started so many times."""

        async def again() -> bool:
            return all(self.stack.supervisor.restarts[name] > times for name, times in before.items())

        await until(f"{', '.join(before)} again", again, RESTARTED_WITHIN)
