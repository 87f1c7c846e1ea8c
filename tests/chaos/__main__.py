"""`make chaos KILLS=n SEED=s`: two districts and a hub at work while everything breaks; then the checks.

Writes build/chaos.json: the plan, each fault with its moment and duration, what was acknowledged, every check with
its count. Ends with 0 when every check holds. The same seed is the same plan.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from renkou_local.ports import free_port
from renkou_local.stack import Stack
from tests.chaos import plan
from tests.chaos.breaker import Breaker
from tests.chaos.checker.all import check_all
from tests.chaos.checker.evidence import Evidence
from tests.chaos.clients.acknowledged import Acknowledged
from tests.chaos.clients.load import Load
from tests.chaos.disk import Disk, NoDisk
from tests.chaos.faults import KINDS
from tests.chaos.proxy import Proxy
from tests.chaos.scene import SERVERS, Scene
from tests.e2e.api import Api, Json
from tests.e2e.demo import NAMES, nodes_of, write_ledgers
from tests.e2e.journey import HOME, RESIDENCE, Journey, Size
from tests.e2e.office import first_sign_in

OUT = Path("build/chaos.json")
KEPT = Path("build/chaos")
DATA = Path(".local/chaos")
WHOLE, SHORT = (Size(home=1800, residence=600, leaving=60, months=months) for months in (15, 7))
SHORT_BELOW = 40
"""Kills below which seven months are told instead of fifteen."""
DISTRICTS = [HOME, RESIDENCE]
PATIENCE = 120.0
SETTINGS = {"ACCESS_TOKEN_SECONDS": "60", "FIELD_KEYS_CHECK_SECONDS": "1"}
"""Tokens run out in the middle of everything, and changed keys are read soon."""


async def own_disk() -> Disk | None:
    """A file system of our own for the data, where this machine gives one."""
    try:
        return await Disk.make(DATA.with_suffix(".img"), DATA)
    except NoDisk as reason:
        print(f"no file system of our own here: {reason}", flush=True)
        return None


async def run(kills: int, seed: int, kinds: Sequence[str]) -> int:
    """Carry out the plan of a seed and check what is left; returns the exit status."""
    started = time.monotonic()
    moments = plan.draw(seed, kills, kinds)
    print(f"seed {seed}: {' '.join(moment.kind for moment in moments)}", flush=True)
    shutil.rmtree(KEPT, ignore_errors=True)
    shutil.rmtree(DATA, ignore_errors=True)
    disk = await own_disk()
    ports = {name: free_port() for name in SERVERS}
    proxies = {
        f"{code} {name}": Proxy(f"{code} {name}", ports[name]) for code in DISTRICTS for name in SERVERS
    }
    try:
        for proxy in proxies.values():
            await proxy.start()
        result = await _walk(seed, moments, ports, proxies, disk)
    finally:
        for proxy in proxies.values():
            await proxy.stop()
        if disk is not None:
            await disk.remove()
    result |= {"seed": seed, "kills": kills, "seconds": round(time.monotonic() - started, 1)}
    result |= {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.platform()}",
    }
    OUT.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    shown = {name: value for name, value in result.items() if name not in ("plan", "faults", "checks")}
    print(json.dumps(shown, ensure_ascii=False, indent=1))
    return 0 if result["holds"] else 1


async def _walk(
    seed: int, moments: list[plan.Moment], ports: Json, proxies: dict[str, Proxy], disk: Disk | None
) -> Json:
    reached = {code: {name: proxies[f"{code} {name}"].port for name in SERVERS} for code in DISTRICTS}
    acknowledged = Acknowledged(KEPT / "acknowledged.jsonl")
    hooks: dict[str, list[Any]] = {"request": [acknowledged.asked], "response": [acknowledged.answered]}
    async with (
        httpx.AsyncClient(limits=httpx.Limits(max_connections=40), event_hooks=hooks) as http,
        Stack(
            DATA,
            DISTRICTS,
            demo_clock=True,
            names=NAMES,
            fixed_ports=ports,
            reached=reached,
            settings=SETTINGS,
        ) as stack,
        _logs_kept(stack),
    ):
        nodes = nodes_of(stack)
        acknowledged.know(nodes.urls)
        breaker = Breaker(Scene(stack, proxies, disk), moments, acknowledged)
        size = SHORT if sum(moment.kind == plan.KILL for moment in moments) < SHORT_BELOW else WHOLE
        journey = Journey(http, nodes, KEPT, seed, size, patience=PATIENCE, pace=breaker.reached)
        load = Load(journey, http, seed)
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            async with asyncio.TaskGroup() as finite:
                finite.create_task(journey.walk())
                finite.create_task(_when_open(journey, breaker))
            load.over.set()
        print("everything healed; what is left is looked at", flush=True)
        await Scene(stack, proxies, disk).all_ready()
        auditors = {code: await _auditor(http, journey, code) for code in DISTRICTS}
        checks = await check_all(Evidence(stack, journey, acknowledged, load, auditors, KEPT))
        write_ledgers(journey, KEPT)
        holds = all(check.holds for check in checks)
        if not holds:
            shutil.copytree(stack.logs, KEPT / "logs")
        return {
            "holds": holds,
            "acknowledged": len(acknowledged.writes),
            "sent_again": acknowledged.again,
            "never_answered": len(acknowledged.unanswered),
            "left_out": breaker.left_out,
            "restarts": dict(sorted(stack.supervisor.restarts.items())),
            "acknowledged_by_step": acknowledged.by_step(),
            "checks": [check.as_json() for check in checks],
            "faults": [struck.as_json() for struck in breaker.struck],
            "plan": [moment.as_json() for moment in moments],
        }


@asynccontextmanager
async def _logs_kept(stack: Stack) -> AsyncIterator[None]:
    """Keep what the processes logged where the checks are not reached, or one does not hold."""
    try:
        yield
    except BaseException:
        shutil.copytree(stack.logs, KEPT / "logs", dirs_exist_ok=True)
        raise


async def _when_open(journey: Journey, breaker: Breaker) -> None:
    """Break things once the offices are open: before, there is nothing yet that could be lost."""
    await journey.open_for_work.wait()
    await breaker.run()


async def _auditor(http: httpx.AsyncClient, journey: Journey, district: str) -> Api:
    """Somebody who may take out both logs of a district."""
    office = journey.offices[district]
    secret = "to-be-replaced-at-the-first-sign-in"
    body = {
        "username": "auditor",
        "display_name": "审计员",
        "password": secret,
        "assignments": [{"role": "auditor", "area": district}],
    }
    created = await office.administrator.post("registry", "/staff", body)
    for request in created["awaiting_approval"]:
        path = f"/approvals/{request}/approval"
        await office.deputy.post("registry", path, {"remark": "已核实"}, version=1)
    return await first_sign_in(http, office.administrator.urls, "auditor", secret, PATIENCE)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="faults under load, and the proof that nothing was lost")
    parser.add_argument("--kills", type=int, default=40, help="SIGKILLs; every other kind comes once for 40")
    parser.add_argument("--seed", type=int, default=1, help="the same seed is the same plan")
    parser.add_argument("--only", nargs="*", choices=list(KINDS), help="kinds besides kills; all unless told")
    options = parser.parse_args()
    kinds = list(KINDS) if options.only is None else list(dict.fromkeys([plan.KILL, *options.only]))
    sys.exit(asyncio.run(run(options.kills, options.seed, kinds)))


if __name__ == "__main__":
    main()
