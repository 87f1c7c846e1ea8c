"""SIGKILL to any process: a service, a worker with its relay, the broker, the hub or the database."""

from tests.chaos.faults.base import Fault


class Kill(Fault):
    """One process dies without a word; whoever watches over it starts it again."""

    kind, zh, en = "kill", "进程被杀", "process killed"

    async def begin(self) -> str:
        supervisor = self.scene.stack.supervisor
        victim = self.random.choice(self.scene.processes())
        self.before = {victim: supervisor.restarts[victim]}
        supervisor.kill(victim)
        return victim

    async def heal(self) -> None:
        await self.scene.until_restarted(self.before)
        await super().heal()
