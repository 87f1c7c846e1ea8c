"""A release's migration is run again, twice at once, and somebody tries to take it back, all while people work."""

import sys
from dataclasses import replace
from pathlib import Path

from renkou_local.processes import ProcessFailed, ProcessSpec, run_to_end
from tests.chaos.faults.base import Fault
from tests.chaos.faults.down import REFUSED

DOWN = Path(__file__).with_name("down.py")


class Migration(Fault):
    """Up twice is one up. Down is refused, as migrations go forward only, and leaves the database as it was."""

    kind, zh, en = "migration", "迁移重复执行与回退", "migration run twice, and down"

    async def begin(self) -> str:
        stack = self.scene.stack
        district = self.random.choice(stack.districts)
        spec = self.random.choice(stack.migrations[district])
        service = spec.name.split("-")[1]
        await stack.supervisor.run([spec, replace(spec, log_path=_beside(spec, "twice"))])
        down = replace(spec, argv=[sys.executable, str(DOWN), service], log_path=_beside(spec, "down"))
        try:
            await run_to_end(down)
        except ProcessFailed as refused:
            if refused.reason != f"ended with status {REFUSED}":
                raise
            return f"{spec.name}: twice, down refused"
        await run_to_end(spec)
        return f"{spec.name}: twice, down and up"


def _beside(spec: ProcessSpec, what: str) -> Path:
    return spec.log_path.with_name(f"{spec.name}-{what}.log")
