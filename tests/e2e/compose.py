"""`make compose-test`: the journey against docker-compose.yml, with a power cut at the end.

Builds the image, brings two districts and a hub up on fresh volumes and free ports, walks the journey,
compares the figures, kills every container with SIGKILL, throws the volumes of all three NATS servers away,
brings everything up again and compares once more. At last one node gets a second copy of the figures' worker,
and the first is killed. Whatever happens, containers and volumes are removed at the end. Writes
``build/compose.json``, and ``build/compose.log`` with all output of the engine.
"""

import asyncio
import contextlib
import json
import shutil
import signal
import ssl
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from renkou_local.compose import prepare
from renkou_local.databases import SERVICES
from renkou_local.ports import free_port
from tests.e2e.compare import Compared
from tests.e2e.compose_project import ComposeFailed, Project, engine_version
from tests.e2e.copies import Takeover, take_over
from tests.e2e.demo import SEED, notices_by_state, print_figures, summary
from tests.e2e.journey import HOME, RESIDENCE, Journey, Nodes, Size
from tests.e2e.surface import image_with_tls, is_right, look_into, try_what_must_fail

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / ".local" / "compose-test"
BUILD = REPOSITORY / "build"
SIZE = Size(home=3_000, residence=1_000, leaving=100)
NATS = ("nats", "nats-b", "hub")  # servers, and the volumes of the same names
FIRST_TO_MOUNT = ("nats-volume", "nats-volume-b", "hub-volume")


class Clock:
    """The file that moves the domain's clock in all containers, replaced at once and never half written."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        self.folder = folder
        self._file = folder / "offset"
        self._write(0.0)

    def move(self, instant: datetime) -> None:
        """Make it this instant now."""
        self._write(instant.timestamp() - time.time())

    def _write(self, seconds: float) -> None:
        finished = self.folder / "offset.new"
        finished.write_text(f"{seconds!r}\n", encoding="ascii")
        finished.chmod(0o644)
        finished.replace(self._file)


def free_ports() -> dict[str, list[int]]:
    """Return three loopback ports for each district, all different."""
    ports: set[int] = set()
    while len(ports) < 2 * len(SERVICES):
        ports.add(free_port())
    chosen: Iterator[int] = iter(ports)
    return {district: [next(chosen) for _ in SERVICES] for district in (HOME, RESIDENCE)}


def nodes_of(ports: dict[str, list[int]], clock: Clock) -> Nodes:
    """Return the addresses and one-time secrets of the two nodes."""
    secret = "administrator_secret"
    return Nodes(
        urls={
            district: {
                service: f"https://127.0.0.1:{port}" for service, port in zip(SERVICES, own, strict=True)
            }
            for district, own in ports.items()
        },
        secrets={district: (DATA / district / "secrets" / secret).read_text().strip() for district in ports},
        anchor=DATA / "trust" / "anchor.json",
        move_clock=clock.move,
    )


def trusted(districts: Iterable[str]) -> ssl.SSLContext:
    """Return what believes the authorities of some nodes, and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for district in districts:
        context.load_verify_locations(DATA / district / "secrets" / "node_ca.pem")
    return context


def result_of(
    journey: Journey,
    states: dict[str, dict[str, int]],
    before: dict[str, list[Compared]],
    after: dict[str, list[Compared]],
    takeover: Takeover,
) -> dict[str, Any]:
    """Return what compose.json says."""
    return {
        "seconds": round(time.monotonic() - journey.progress.started, 1),
        "seconds_by_step": journey.progress.seconds,
        **summary(journey, states),
        "figures_equal": all(row.equal for rows in before.values() for row in rows),
        "figures_equal_after_restart": after == before,
        "copies": asdict(takeover),
        "figures": {code: [row.as_json() for row in rows] for code, rows in before.items()},
    }


async def power_cut(project: Project, journey: Journey) -> None:
    """Kill everything at once, throw away all that NATS has stored, start again."""
    await project.run("kill", "--signal", "SIGKILL")
    await project.run("rm", "--force", *NATS, *FIRST_TO_MOUNT)
    for volume in NATS:
        await project.remove_volume(volume)
    journey.progress.say("everything killed, the volumes of NATS deleted, starting again")
    await project.up()
    journey.progress.done("restart", "everything is up again")


async def in_two_copies(project: Project, journey: Journey) -> Takeover:
    """Start a second copy of a worker of the figures, kill the first, and see a figure change."""
    office = journey.offices[HOME]
    await project.scale("reporting-worker", 2)

    async def kill(name: str) -> None:
        await project.kill_container(name.split("/")[0])  # a container's host name is its id

    done = await take_over(office.clerk, office.statistician, journey.today, kill)
    journey.progress.done("copies", f"{done.ended} was killed, {done.staying} goes on")
    return done


async def walk(project: Project, ports: dict[str, list[int]], clock: Clock) -> bool:
    """Build, start, walk, compare, cut the power, compare again; returns whether all is right."""
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=40), verify=trusted(ports)) as http:
        journey = Journey(http, nodes_of(ports, clock), DATA, SEED, SIZE)
        progress = journey.progress
        await project.run("build")
        progress.done("build", "image built")
        await project.up()
        progress.done("start", "hub and two districts are up")
        looked, tried = await look_into(project), await try_what_must_fail(project)
        print(json.dumps({"containers": looked, "tried": tried}, ensure_ascii=False, indent=1), flush=True)
        if not is_right(looked, tried):
            raise ComposeFailed("containers or servers let something through: see above")
        refused = sum(each["refused"] for each in tried.values())
        progress.done("surface", f"{looked['containers']} containers looked into, {refused} attempts refused")
        await journey.walk()
        states = await notices_by_state(journey)
        before = await journey.figures()
        print_figures(before)
        progress.done("figures", "figures read and computed independently")
        await power_cut(project, journey)
        after = await journey.figures()
        progress.done("figures again", "figures after the restart read")
        takeover = await in_two_copies(project, journey)
    result = result_of(journey, states, before, after, takeover) | {"containers": looked, "tried": tried}
    text = json.dumps(result, ensure_ascii=False, indent=1, default=str)
    (BUILD / "compose.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps({k: v for k, v in result.items() if k != "figures"}, ensure_ascii=False, indent=1))
    return bool(
        result["figures_equal"]
        and result["figures_equal_after_restart"]
        and not result["creations_sent_twice_that_made_two"]
    )


async def run() -> int:
    """Run the whole test; returns the exit status."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        print(f"engine {await engine_version()}", flush=True)
    except ComposeFailed as error:
        print(error, file=sys.stderr)
        return 2
    shutil.rmtree(DATA, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    for earlier in ("compose.json", "compose.log"):
        (BUILD / earlier).unlink(missing_ok=True)
    ports = free_ports()
    settings = prepare(DATA, [HOME, RESIDENCE], ports)
    clock = Clock(DATA / "clock")
    names = {
        "RENKOU_CLOCK_FOLDER": str(clock.folder),
        "RENKOU_POSTGRES_IMAGE": await image_with_tls(BUILD / "compose.log"),
    }
    project = Project(REPOSITORY, settings, BUILD / "compose.log", names)
    try:
        good = await walk(project, ports, clock)
    except BaseException as error:
        if isinstance(error, Exception):
            with contextlib.suppress(ComposeFailed):
                await project.show_unwell()
            print(f"everything the engine and the services said: {project.log}", file=sys.stderr)
        raise
    finally:
        await project.down()
    return 0 if good else 1


def main() -> None:
    """Command line."""
    try:
        status = asyncio.run(run())
    except KeyboardInterrupt:
        status = 130
    except asyncio.CancelledError:  # SIGTERM
        status = 143
    except ComposeFailed as error:
        print(error, file=sys.stderr)
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
