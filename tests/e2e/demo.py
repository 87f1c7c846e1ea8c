"""`make demo`: a hub and two district nodes, the whole journey, the figures, and a power cut at the end.

``--once`` ends after it with status 0 when everything came out equal; otherwise the stack stays up until
Ctrl-C. Writes ``.local/demo.json``.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from renkou_local.launch import die_with_parent
from renkou_local.stack import Stack
from tests.e2e.compare import Compared, table
from tests.e2e.journey import HOME, RESIDENCE, Journey, Nodes, Size
from tests.e2e.progress import Progress

LOCAL = Path(".local")
SEED = 20241001
NAMES = {HOME: ("合肥市庐阳区", "Luyang, Hefei"), RESIDENCE: ("上海市浦东新区", "Pudong, Shanghai")}


def nodes_of(stack: Stack) -> Nodes:
    """Return the addresses and one-time secrets of a running stack."""

    def move_clock(instant: datetime) -> None:
        stack.set_clock_offset(instant.timestamp() - time.time())

    return Nodes(
        urls={code: node.urls for code, node in stack.nodes.items()},
        secrets={
            code: node.administrator_secret_file.read_text(encoding="utf-8").strip()
            for code, node in stack.nodes.items()
        },
        anchor=stack.trust_anchor,
        move_clock=move_clock,
    )


async def notices_by_state(journey: Journey) -> dict[str, dict[str, int]]:
    """Count the notices of both ends by state, and those overdue."""
    counted: dict[str, dict[str, int]] = {}
    for code, office in journey.offices.items():
        items = await office.clerk.pages("migrant", "/notices", limit=200)
        states = Counter(f"{item['direction']} {item['kind']} {item['state']}" for item in items)
        states["overdue"] = sum(bool(item["overdue"]) for item in items)
        counted[code] = dict(sorted(states.items()))
    return counted


def write_ledgers(journey: Journey, folder: Path) -> None:
    """Keep what the journey told each district, with the ids the register gave, for whoever looks closer."""
    for desk in (journey.home, journey.residence):
        content = {"ids": desk.ids, **asdict(desk.ledger)}
        path = folder / f"ledger-{desk.ledger.district}.json"
        path.write_text(json.dumps(content, ensure_ascii=False, default=str), encoding="utf-8")


def print_figures(found: dict[str, list[Compared]]) -> None:
    """Print the tables of both districts for the year and the statistical year."""
    for code, rows in found.items():
        shown = [row for row in rows if row.area == code and row.period in {"2025", "SY2025"}]
        print(f"\n{code}: {sum(r.equal for r in rows)} of {len(rows)} figures equal\n{table(shown)}")
        different = [row for row in rows if not row.equal]
        if different:
            print(f"different:\n{table(different)}")
    print(flush=True)


def summary(journey: Journey, states: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Return what demo.json says of the journey itself."""
    return {
        "rows_imported": {code: done.rows_applied for code, done in journey.imported.items()},
        "rows_refused": {code: done.rows_refused for code, done in journey.imported.items()},
        "certificates_issued": len(journey.ledgers[HOME].certificates),
        "certificates_verified": journey.crossing.verified,
        "certificates_refused": journey.crossing.refused,
        "creations_sent_twice_that_made_two": journey.home.doubled + journey.residence.doubled,
        "notices": states,
    }


async def run(once: bool, size: Size, figure_copies: int = 1) -> int:
    """Run the demonstration; returns the exit status."""
    started = time.monotonic()
    data = LOCAL / "demo"
    shutil.rmtree(data, ignore_errors=True)
    progress = Progress()
    async with (
        httpx.AsyncClient(limits=httpx.Limits(max_connections=40)) as http,
        Stack(
            data,
            [HOME, RESIDENCE],
            demo_clock=True,
            names=NAMES,
            figure_copies=figure_copies,
            progress=progress.say,
        ) as stack,
    ):
        journey = Journey(http, nodes_of(stack), data, SEED, size)
        journey.progress = progress
        journey.progress.done("start", "hub and two districts are up")
        await journey.walk()
        states = await notices_by_state(journey)
        before = await journey.figures()
        print_figures(before)
        journey.progress.done("figures", "figures read and computed independently")

        write_ledgers(journey, data)
        await stack.kill_all()
        stack.wipe_jetstream()
        journey.progress.say("everything killed, JetStream deleted, starting again")
        await stack.start()
        after = await journey.figures()
        journey.progress.done("restart", "figures after the restart read")

        equal = all(row.equal for rows in before.values() for row in rows)
        equal_after = after == before
        result = {
            "seconds": round(time.monotonic() - started, 1),
            "seconds_by_step": journey.progress.seconds,
            **summary(journey, states),
            "figures_equal": equal,
            "figures_equal_after_restart": equal_after,
            "figures": {code: [row.as_json() for row in rows] for code, rows in before.items()},
        }
        text = json.dumps(result, ensure_ascii=False, indent=1, default=str)
        (LOCAL / "demo.json").write_text(text + "\n", encoding="utf-8")
        headline = {name: value for name, value in result.items() if name != "figures"}
        print(json.dumps(headline, ensure_ascii=False, indent=1))
        good = equal and equal_after and not result["creations_sent_twice_that_made_two"]
        if not once:
            for code, node in stack.nodes.items():
                print(f"{code}: {node.urls}")
            print("Ctrl-C stops everything", flush=True)
            await asyncio.Event().wait()
    return 0 if good else 1


def main() -> None:
    """Command line."""
    die_with_parent(os.getppid(), signal.SIGINT)  # a killed `make` ends the demonstration in good order
    parser = argparse.ArgumentParser(description="the journey through two districts")
    parser.add_argument("--once", action="store_true", help="end after the journey")
    parser.add_argument("--residents", type=int, default=Size.home, help="people in the home roster")
    parser.add_argument(
        "--figure-copies", type=int, default=1, help="reporting workers that share a district's figures"
    )
    options = parser.parse_args()
    share = options.residents / Size.home
    size = Size(options.residents, int(Size.residence * share), max(60, int(Size.leaving * min(share, 1))))
    try:
        status = asyncio.run(run(options.once, size, options.figure_copies))
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
