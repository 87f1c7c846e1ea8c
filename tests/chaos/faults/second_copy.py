"""Somebody starts everything of a district a second time."""

import asyncio
from dataclasses import replace

from renkou_local.health import is_healthy
from renkou_local.ports import free_port
from renkou_local.processes import ManagedProcess, ProcessSpec
from tests.chaos.faults.base import Fault


class SecondCopy(Fault):
    """Every service and worker of a drawn district runs twice, on the same databases, streams and keys."""

    kind, zh, en = "second_copy", "同一服务启动两份", "a second copy of everything"

    async def begin(self) -> str:
        district = self.random.choice(self.scene.stack.districts)
        supervisor = self.scene.stack.supervisor
        names = [name for name in self.scene.processes() if name.startswith(f"{district}-")]
        self.copies = [ManagedProcess(_second(supervisor.process(name).spec)) for name in names]
        for copy in self.copies:
            await copy.start()
        try:
            await asyncio.gather(*(copy.wait_ready() for copy in self.copies))
        except BaseException:
            await self._end()
            raise
        return f"{district}: {len(names)} processes"

    async def heal(self) -> None:
        await self._end()
        await super().heal()

    async def _end(self) -> None:
        await asyncio.gather(*(copy.stop() for copy in self.copies))


def _second(spec: ProcessSpec) -> ProcessSpec:
    """The same process under a port of its own."""
    name, port = f"{spec.name}-second", free_port()

    async def serves() -> bool:
        return await is_healthy(port, "/health/ready")

    return replace(
        spec,
        name=name,
        env={**spec.env, "RENKOU_HTTP_PORT": str(port)},
        log_path=spec.log_path.with_name(f"{name}.log"),
        ready=serves if spec.ready else None,
    )
