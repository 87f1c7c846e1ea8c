"""The implementation under test: a process that answers one JSON object a line (SPEC.md, 16)."""

import asyncio
import json
import shlex
from abc import ABC, abstractmethod
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

from renkou_partner.contract import Json

_LONGEST_LINE = 8 * 2**20
START_SECONDS = 300.0
"""A node with its databases takes a while to start."""


class DriverError(Exception):
    """The driver ended, took too long, or answered that it could not do what it was told."""


class Implementation(ABC):
    """What the checks need of an implementation: commands of the driver protocol, one at a time."""

    def __init__(self) -> None:
        self.about: Json = {}

    @abstractmethod
    async def start(self, configure: Json) -> None:
        """Start and configure it; what it is able to do is then in ``about``."""

    @abstractmethod
    async def stop(self) -> None:
        """Have it end."""

    @abstractmethod
    async def ask(self, do: str, **members: object) -> Json:
        """Send one command and return its answer; raises DriverError."""

    async def send(self, to: str, kind: str) -> str:
        """Have a message of a kind sent; returns its id."""
        return str((await self.ask("send", to=to, kind=kind))["id"])

    async def reply(self, message_id: str, kind: str) -> str:
        """Have a message that came replied to; returns the reply's id."""
        return str((await self.ask("reply", id=message_id, kind=kind))["id"])

    async def received(self, district: str) -> list[Json]:
        """What it has from a district, in the order in which it took it in."""
        return list((await self.ask("received", **{"from": district}))["messages"])

    async def sent(self, district: str) -> list[Json]:
        """What it has sent to a district, by number."""
        return list((await self.ask("sent", to=district))["messages"])


class DriverProcess(Implementation):
    """A driver as a process; standard error goes to a log file."""

    def __init__(self, command: str, log: Path, *, patience: float) -> None:
        super().__init__()
        self._command = shlex.split(command)
        self._log = log
        self._patience = patience
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._number = 0

    async def start(self, configure: Json) -> None:
        """Start the process and configure it; what it is able to do is then in ``about``."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=log, limit=_LONGEST_LINE
            )
        self.about = await self.ask("configure", **configure)

    async def stop(self) -> None:
        """Ask the process to end; kill it where it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None and process.stdin is not None:
            with suppress(ConnectionError):
                process.stdin.write(b'{"n": 0, "do": "stop"}\n')
                await process.stdin.drain()
        try:
            async with asyncio.timeout(self._patience):
                await process.communicate()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def ask(self, do: str, **members: object) -> Json:
        """Send one command and return its answer; raises DriverError."""
        async with self._turn:
            self._number += 1
            try:
                async with asyncio.timeout(START_SECONDS if do == "configure" else self._patience * 4):
                    answer = await self._exchange({"n": self._number, "do": do, **members})
            except (TimeoutError, ConnectionError, ValueError) as error:
                raise DriverError(
                    f"{do}: no answer of the driver ({error!r}); {self._last_words()}"
                ) from error
        if answer.get("n") != self._number or answer.get("ok") is not True:
            raise DriverError(f"{do}: {answer.get('error', answer)}")
        return answer

    async def _exchange(self, command: Json) -> Json:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise ConnectionError("the driver does not run")
        process.stdin.write(json.dumps(command).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise ConnectionError("the driver has ended")
        answer: Json = json.loads(line)
        return answer

    def _last_words(self) -> str:
        """The end of what it wrote to standard error."""
        lines = self._log.read_text("utf-8", errors="replace").splitlines()[-8:]
        return "\n".join(["its last words:", *lines]) if lines else "it said nothing on standard error"
