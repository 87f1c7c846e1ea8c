"""Several processes are told to end, in any order, and come back in any order."""

from tests.chaos.faults.base import Fault

FEWEST, MOST = 2, 4


class Restart(Fault):
    """A drawn handful of services, workers, brokers and the database ends in good order while it is worked with."""

    kind, zh, en = "restart", "任意次序重启", "restarted in any order"

    async def begin(self) -> str:
        supervisor = self.scene.stack.supervisor
        names = self.random.sample(self.scene.processes(), self.random.randint(FEWEST, MOST))
        self.before = {name: supervisor.restarts[name] for name in names}
        for name in names:
            supervisor.kill(name, supervisor.process(name).spec.stop_signal)
        return ", ".join(names)

    async def heal(self) -> None:
        await self.scene.until_restarted(self.before)
        await super().heal()
