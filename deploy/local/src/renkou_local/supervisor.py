"""Keeps a set of processes running: starts them in order, restarts what crashes, stops them in reverse order.

A process that ends without having been asked to is started again after a pause that doubles up to a limit
and falls back once it has run well for a while. Whatever ends the supervisor ends the processes too (see
`launch.py`).
"""

import asyncio
import contextlib
import signal
from collections.abc import Iterator, Sequence

from renkou_local.console import LogFollower
from renkou_local.processes import ManagedProcess, ProcessFailed, ProcessSpec, open_log, run_to_end

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
RAN_WELL_SECONDS = 30.0


class Supervisor:
    """Processes by name, in the order in which they were started."""

    def __init__(self, *, follower: LogFollower | None = None, first_pause: float = FIRST_PAUSE) -> None:
        self._follower = follower
        self._first_pause = first_pause
        self._processes: dict[str, ManagedProcess] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._stages: list[list[str]] = []
        self._changed = asyncio.Condition()
        self.restarts: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """Names of the supervised processes."""
        return list(self._processes)

    def process(self, name: str) -> ManagedProcess:
        """The process that runs under this name now (another one after a restart)."""
        return self._processes[name]

    async def start(self, specs: Sequence[ProcessSpec]) -> None:
        """Start one stage: these processes side by side; returns when all are ready.

        Raises ProcessFailed with the last lines of the log when one of them ends or is not ready in time.
        """
        self._stages.append([spec.name for spec in specs])
        for spec in specs:
            process = ManagedProcess(spec)
            await process.start()
            self._processes[spec.name] = process
            self._show(spec)
        with _first_failure():
            async with asyncio.TaskGroup() as group:
                for spec in specs:
                    group.create_task(self._processes[spec.name].wait_ready())
        for spec in specs:
            self.restarts.setdefault(spec.name, 0)
            self._watchers[spec.name] = asyncio.create_task(self._watch(spec), name=f"watch {spec.name}")

    async def run(self, specs: Sequence[ProcessSpec], *, at_once: int = 2) -> None:
        """Run steps that end by themselves, a few at a time. Raises ProcessFailed for the first failure."""
        places = asyncio.Semaphore(at_once)

        async def step(spec: ProcessSpec) -> None:
            async with places:
                self._show(spec)
                await run_to_end(spec)

        with _first_failure():
            async with asyncio.TaskGroup() as group:
                for spec in specs:
                    group.create_task(step(spec))

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one process, which is then restarted like after any crash."""
        self._processes[name].send(number)

    async def crash(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill one process and wait until it has been started again and is ready."""
        before = self.restarts[name]
        self.kill(name, number)
        async with self._changed:
            await self._changed.wait_for(lambda: self.restarts[name] > before)
        await self.wait_ready(name)

    async def wait_ready(self, name: str) -> None:
        """Wait until the process under this name is ready, restarts included."""
        while True:
            try:
                await self._processes[name].wait_ready()
                return
            except ProcessFailed:
                if name not in self._watchers:
                    raise
                await asyncio.sleep(self._first_pause)

    async def stop(self) -> None:
        """Stop everything cleanly, stage by stage, the last first."""
        await self._end_watchers()
        for stage in reversed(self._stages):
            await asyncio.gather(*(self._processes[name].stop() for name in stage if name in self._processes))
        self._forget()

    async def kill_all(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to everything at once and wait for the end; nothing is restarted."""
        for watcher in self._watchers.values():
            watcher.cancel()
        for process in self._processes.values():
            process.send(number)
        await self._end_watchers()
        for process in self._processes.values():
            process.send(number)  # one that a watcher had just started again
        await asyncio.gather(*(process.wait() for process in self._processes.values() if process.running))
        self._forget()

    async def _watch(self, spec: ProcessSpec) -> None:
        """Start the process again whenever it ends."""
        pause = self._first_pause
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            status = await self._processes[spec.name].wait()
            if loop.time() - started > RAN_WELL_SECONDS:
                pause = self._first_pause
            process = None
            while process is None:
                _note(spec, f"ended with status {status}, starting again in {pause:g} s")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                process = await _started(spec)
            self._processes[spec.name] = process
            async with self._changed:
                self.restarts[spec.name] += 1
                self._changed.notify_all()

    async def _end_watchers(self) -> None:
        watchers = list(self._watchers.values())
        self._watchers.clear()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)

    def _forget(self) -> None:
        self._processes.clear()
        self._stages.clear()

    def _show(self, spec: ProcessSpec) -> None:
        if self._follower is not None:
            self._follower.follow(spec.log_path)


async def _started(spec: ProcessSpec) -> ManagedProcess | None:
    """Start a process; None where the machine has no room for it now."""
    process = ManagedProcess(spec)
    try:
        await process.start()
    except OSError as error:
        _note(spec, f"cannot be started: {error}")
        return None
    return process


def _note(spec: ProcessSpec, text: str) -> None:
    """Write a line into a process's log, unless its disk is full: that must not keep it from being started again."""
    with contextlib.suppress(OSError), open_log(spec.log_path) as log:
        log.write(f"supervisor: {text}\n".encode())


@contextlib.contextmanager
def _first_failure() -> Iterator[None]:
    """Raise the first ProcessFailed of a task group itself instead of the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        failures = [error for error in _leaves(group) if isinstance(error, ProcessFailed)]
        if failures:
            raise failures[0] from None
        raise


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
