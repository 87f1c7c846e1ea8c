"""The service's programs as processes: started, waited for, stopped as their supervisor does it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager


@asynccontextmanager
async def process(
    role: str, environment: dict[str, str], *arguments: str, killed: bool = False
) -> AsyncIterator[Process]:
    """Run `python -m renkou_reporting.<role>`; stop it with SIGTERM and expect a clean end.

    One that is ``killed`` has been ended by whoever asked for it.
    """
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"renkou_reporting.{role}",
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield started
        if killed:
            assert started.returncode == -signal.SIGKILL
            return
        assert started.returncode is None, f"{role} ended by itself"
        started.send_signal(signal.SIGTERM)
        # uvicorn shuts down in order and then lets the signal end the process.
        assert await asyncio.wait_for(started.wait(), 15) in (0, -signal.SIGTERM)
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def run_to_its_end(role: str, environment: dict[str, str], *arguments: str) -> int:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"renkou_reporting.{role}", *arguments, env={**os.environ, **environment}
    )
    return await started.wait()


async def until(
    processes: Sequence[Process], holds: Callable[[], Awaitable[bool]], seconds: float = 30
) -> None:
    """Wait until a condition holds; fail when a process ends or after ``seconds``."""
    ends = [asyncio.create_task(one.wait()) for one in processes]
    try:
        async with asyncio.timeout(seconds):
            while not await holds():
                ended, _ = await asyncio.wait(ends, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
                assert not ended
    finally:
        for end in ends:
            end.cancel()
