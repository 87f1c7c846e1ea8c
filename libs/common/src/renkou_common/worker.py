"""Runs a worker process: long tasks side by side, a clean stop on SIGTERM, exit 1 on a fatal error."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

import structlog

log = structlog.get_logger()


async def _named(name: str, task: Callable[[], Awaitable[None]]) -> None:
    await task()
    raise RuntimeError(f"task {name} ended although it should run until the process stops")


async def run_tasks(tasks: Mapping[str, Callable[[], Awaitable[None]]]) -> int:
    """Run tasks until SIGTERM or SIGINT (returns 0) or until one of them fails (returns 1)."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = {asyncio.create_task(_named(name, task), name=name) for name, task in tasks.items()}
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({*running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    failed = [task for task in running if task.done() and not task.cancelled() and task.exception()]
    for task in {*running, waiting}:
        task.cancel()
    await asyncio.gather(*running, waiting, return_exceptions=True)
    for task in failed:
        log.error("task failed", task=task.get_name(), exc_info=task.exception())
    return 1 if failed else 0


def run_worker(main: Callable[[], Awaitable[int]]) -> None:
    """Run ``main`` as the whole process."""
    import uvloop

    sys.exit(uvloop.run(_as_coroutine(main)))


async def _as_coroutine(main: Callable[[], Awaitable[int]]) -> int:
    return await main()
