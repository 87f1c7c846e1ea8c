"""`make chaos KILLS=n SEED=s`: the journey while processes, brokers and databases are killed with SIGKILL.

Two nodes and a hub; a killer picks a process at random, kills it and waits until it is back. Callers are
patient: they send again, with the same Idempotency-Key, what got no answer. Afterwards every acknowledged
person must be there once and all figures must equal the independent computation. Writes build/chaos.json.
"""

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import httpx

from renkou_local.stack import Stack
from tests.e2e.api import ApiError
from tests.e2e.compare import table
from tests.e2e.demo import NAMES, nodes_of
from tests.e2e.desk import Desk, in_parallel
from tests.e2e.journey import HOME, RESIDENCE, Journey, Size

OUT = Path("build/chaos.json")
SIZE = Size(home=2500, residence=900, leaving=72)
PATIENCE = 90.0


class Killer:
    """Kills supervised processes, one after another, at random moments."""

    def __init__(self, stack: Stack, seed: int, kills: int) -> None:
        self._stack = stack
        self._random = Random(f"chaos {seed}")
        self._planned = kills
        self.victims: Counter[str] = Counter()

    async def run(self) -> None:
        """Kill until the planned number is reached."""
        for _ in range(self._planned):
            await asyncio.sleep(self._random.uniform(0.3, 3.0))
            name = self._random.choice(sorted(self._stack.supervisor.names))
            self.victims[name] += 1
            print(f"  kill {sum(self.victims.values())}/{self._planned}: {name}", flush=True)
            await self._stack.supervisor.crash(name)


def _belongs(desk: Desk, who: str) -> bool:
    """Whether somebody still lives or is registered in the district; others are out of its clerks' sight."""
    last = desk.ledger.persons[who].stays[-1]
    return any(str(area).startswith(desk.ledger.district) for area in (last.area, last.registered))


async def _count_lost(desk: Desk) -> int:
    """Count acknowledged people of the district who cannot be read."""

    async def missing(person: str) -> bool:
        try:
            await desk.api.get("registry", f"/persons/{person}")
        except ApiError as error:
            return error.status == 404
        return False

    here = [person for who, person in desk.ids.items() if _belongs(desk, who)]
    return sum(await in_parallel([partial(missing, person) for person in here]))


async def _count_doubled(journey: Journey, desk: Desk) -> int:
    """Count people of a roster who stand in the register more than once or not at all."""
    imported = journey.imported[desk.ledger.district]
    here = [i for i in imported.accepted[:400] if _belongs(desk, f"p{i}")]
    numbers = [imported.roster.people[i].document_number for i in here]

    async def times(number: str) -> int:
        found = await desk.api.post("registry", "/persons/search", {"resident_id": number}, key=None)
        return len(found["items"])

    with_number = [number for number in numbers if len(number) == 18]
    counts = await in_parallel([partial(times, number) for number in with_number])
    return sum(count != 1 for count in counts) + desk.doubled


async def run(kills: int, seed: int) -> int:
    """Run the journey under kills and check what is left; returns the exit status."""
    started = time.monotonic()
    data = Path(".local/chaos")
    shutil.rmtree(data, ignore_errors=True)
    async with (
        httpx.AsyncClient(limits=httpx.Limits(max_connections=40)) as http,
        Stack(data, [HOME, RESIDENCE], demo_clock=True, names=NAMES) as stack,
    ):
        journey = Journey(http, nodes_of(stack), data, seed, SIZE, patience=PATIENCE)
        killer = Killer(stack, seed, kills)
        async with asyncio.TaskGroup() as group:
            group.create_task(journey.walk())
            group.create_task(killer.run())
        for name in stack.supervisor.names:
            await stack.supervisor.wait_ready(name)
        found = await journey.figures(180)
        different = [row for rows in found.values() for row in rows if not row.equal]
        if different:
            print(table(different))
        desks = (journey.home, journey.residence)
        result = {
            "kills": sum(killer.victims.values()),
            "accepted": sum(
                api.acknowledged
                for office in journey.offices.values()
                for api in (
                    office.administrator,
                    office.deputy,
                    office.clerk,
                    office.approver,
                    office.statistician,
                )
            ),
            "lost": sum([await _count_lost(desk) for desk in desks]),
            "doubled": sum([await _count_doubled(journey, desk) for desk in desks]),
            "figures_equal": not different,
            "seed": seed,
            "victims": dict(sorted(killer.victims.items())),
            "seconds": round(time.monotonic() - started, 1),
        }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    return 0 if result["figures_equal"] and not result["lost"] and not result["doubled"] else 1


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="the journey under random kills")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(asyncio.run(run(options.kills, options.seed)))


if __name__ == "__main__":
    main()
