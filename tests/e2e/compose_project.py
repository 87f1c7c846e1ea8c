"""One run of docker-compose.yml under a name of its own, driven through the `docker` command."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILES = ("docker-compose.yml", "deploy/compose/journey.yml")
PROFILE = "two-districts"
START_SECONDS = 480
TAIL = 30
CLEAR_LINE = "\x1b[2K"  # which Compose writes even where no terminal reads


class ComposeFailed(Exception):
    """The engine is not there, or a command of Compose failed; the text says what and how it ended."""


@dataclass(frozen=True)
class Container:
    """One container of a project."""

    id: str
    running: bool


async def output(
    *command: str, environment: Mapping[str, str] | None = None, told: str | None = None
) -> tuple[int, str]:
    """Run a command, which may be told a text; returns its status and all that it wrote."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL if told is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
        )
    except FileNotFoundError as error:
        raise ComposeFailed(f"compose-test needs Docker: there is no command {command[0]!r} here") from error
    try:
        written, _ = await process.communicate(None if told is None else told.encode())
    except BaseException:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        raise
    return int(process.returncode or 0), written.decode(errors="replace").replace(CLEAR_LINE, "")


async def engine_version() -> str:
    """Return the versions of engine and Compose. Raises ComposeFailed where either does not answer."""
    parts = []
    for what, command in (
        ("engine", ("docker", "version", "--format", "{{.Server.Version}}")),
        ("Compose plugin", ("docker", "compose", "version", "--short")),
    ):
        status, text = await output(*command)
        if status != 0:
            raise ComposeFailed(f"compose-test needs Docker: no {what} answers\n{text.strip()}")
        parts.append(text.strip())
    return ", Compose ".join(parts)


class Project:
    """The containers, networks and volumes of one run. Nothing of another run is touched."""

    def __init__(
        self, repository: Path, settings: Path, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = f"renkou-test-{os.getpid()}"
        self.log = log
        # A RENKOU_ or COMPOSE_ name of the caller must not reach the files.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("RENKOU_", "COMPOSE_"))}
        self._environment = inherited | dict(environment or {})
        self._base = ["docker", "compose", "--progress", "plain", "--project-name", self.name]
        self._base += ["--env-file", str(settings), "--profile", PROFILE]
        for file in FILES:
            self._base += ["--file", str(repository / file)]

    async def run(self, *arguments: str) -> str:
        """Run a command of Compose; returns what it printed. Raises ComposeFailed with the end of that."""
        status, text = await output(*self._base, *arguments, environment=self._environment)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ docker compose {' '.join(arguments)}\n{text}\n")
        if status != 0:
            tail = "\n".join(text.splitlines()[-TAIL:])
            raise ComposeFailed(f"docker compose {arguments[0]} ended with {status}:\n{tail}")
        return text

    async def ask(self, service: str, script: str, *arguments: str) -> str:
        """Run a Python script in a running container; returns what it printed, errors included."""
        command = ("exec", "-T", service, "python", "-", *arguments)
        status, text = await output(*self._base, *command, environment=self._environment, told=script)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ docker compose {' '.join(command)}\n{text}\n")
        if status != 0:
            raise ComposeFailed(f"a script in {service} ended with {status}:\n{text[-3000:]}")
        return text

    async def containers(self) -> dict[str, Container]:
        """Every container by its service, those included that have ended."""
        listed = await self.run("ps", "--all", "--format", "json")
        states = [json.loads(line) for line in listed.splitlines() if line.startswith("{")]
        return {each["Service"]: Container(each["ID"], each["State"] == "running") for each in states}

    async def up(self) -> None:
        """Start what does not run; wait until all steps are done and all services are healthy."""
        await self.run("up", "--detach", "--no-build", "--wait", "--wait-timeout", str(START_SECONDS))

    async def scale(self, service: str, number: int) -> None:
        """Have so many containers of a service run; what it depends on runs already and is left alone."""
        options = (
            "--detach",
            "--no-build",
            "--no-deps",
            "--no-recreate",
            "--wait",
            "--scale",
            f"{service}={number}",
        )
        await self.run("up", *options, service)

    async def kill_container(self, container: str) -> None:
        """End one container at once; it is not started again."""
        status, text = await output("docker", "kill", container)
        if status != 0:
            raise ComposeFailed(f"container {container}: {text.strip()}")

    async def remove_volume(self, volume: str) -> None:
        """Throw a volume away that no container uses any more."""
        status, text = await output("docker", "volume", "rm", f"{self.name}_{volume}")
        if status != 0:
            raise ComposeFailed(f"volume {volume}: {text.strip()}")

    async def show_unwell(self) -> None:
        """Print the end of the logs of every service that failed, is unhealthy or is not healthy yet."""
        listed = await self.run("ps", "--all", "--format", "json")
        for line in listed.splitlines():
            if not line.startswith("{"):
                continue
            state = json.loads(line)
            if state["State"] == "running" and state["Health"] in {"", "healthy"}:
                continue
            if state["State"] == "created" or (state["State"] == "exited" and state["ExitCode"] == 0):
                continue
            print(f"\n--- {state['Service']}: {state['Status']}", flush=True)
            print(
                await self.run("logs", "--no-color", "--no-log-prefix", "--tail", str(TAIL), state["Service"])
            )

    async def down(self) -> None:
        """Remove containers, networks and volumes; all logs are kept in the log file first."""
        try:
            await self.run("logs", "--no-color", "--timestamps")
        finally:
            await self.run("down", "--volumes", "--remove-orphans", "--timeout", "20")
