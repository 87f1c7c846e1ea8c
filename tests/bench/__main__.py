"""`make bench`: every hot path beside its limit; writes build/bench.json and build/bench.html.

``--quick`` measures shorter and less; ``--only`` takes names of lines, separated by commas; ``--people``
takes sizes of the generated register (line ``register``, which stands for many), several of which are compared
read by read (build/doubling.json), and of the districts whose figures are asked for (line ``figures``, which stands
for several); ``--facts`` says how many are rebuilt (line ``rebuild``); ``--keep`` keeps all of them in a folder, and
what was loaded there is not loaded again; ``--rows`` the rows of an imported sheet: above 10,000 it is imported once
to warm up and once to measure. Ends with 1 where a path could not be measured; the others are reported all the same.
"""

import argparse
import shutil
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import uvloop

from renkou_common.log import configure_logging
from tests.bench import (
    certificates,
    consumer,
    costs,
    doubling,
    exchange,
    figures,
    freshness,
    guarded,
    http_paths,
    importing,
    rebuild,
    register,
    relay,
)
from tests.bench.about import about
from tests.bench.facts import FACTS_PER_RESIDENT
from tests.bench.node import Nodes, nodes
from tests.bench.page import page
from tests.bench.report import Line, Report, table, write
from tests.bench.servers import Servers, servers
from tests.bench.turns import FULL, QUICK, Setting

BUILD = Path("build")
WORK = BUILD / "bench"
NAMES = (
    "person read",
    "person list",
    "create",
    "guarded",
    "import",
    "relay",
    "consumer",
    "exchange",
    "exchange latency",
    "costs",
    "certificate issue",
    "certificate verify",
    "certificate scan",
    "status list load",
    "figure read",
    "register",
    "figures",
    "freshness",
    "rebuild",
)
_MANY_ROWS = 10_000
FACTS = 300_000
PEOPLE = {"full": "250000", "quick": "50000"}


class Bench:
    """Measures what is wanted and keeps lines and failures."""

    def __init__(self, setting: Setting, wanted: frozenset[str]) -> None:
        self.setting = setting
        self.lines: dict[str, Line] = {}
        self.costs: costs.Costs = {}
        self.failed: list[str] = []
        self._wanted = wanted
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line with the time since the start."""
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", flush=True)

    def wants(self, *names: str) -> bool:
        """Say whether one of these lines is to be measured."""
        return any(name in self._wanted for name in names)

    def told(self) -> list[Line]:
        """Return the lines in the order of their names, those of the register last."""
        known = [self.lines[name] for name in NAMES if name in self.lines]
        return known + [each for name, each in self.lines.items() if name not in NAMES]

    async def measure(self, name: str, work: Callable[[], Awaitable[Line]]) -> None:
        """Measure one line; a failure is told and counted, and does not keep the others from their turn."""
        if not self.wants(name):
            return
        async with self.guard(name):
            self.keep(await work(), name)

    def keep(self, found: Line, name: str = "") -> None:
        """Keep a line and tell it."""
        self.lines[name or found.name] = found
        ratio = f"ratio {found.ratio:.2f}"
        self.say(f"{found.name}: {found.ours:,.0f} of {found.limit:,.0f} {found.unit}, {ratio}; {found.note}")

    @asynccontextmanager
    async def guard(self, *names: str) -> AsyncIterator[None]:
        """Turn an error into the failure of these lines."""
        try:
            yield
        except Exception:
            traceback.print_exc()
            self.failed += [name for name in names if self.wants(name) and name not in self.lines]
            self.say(f"failed: {', '.join(names)}")


async def _without_services(bench: Bench) -> None:
    setting = bench.setting
    await bench.measure("certificate issue", lambda: certificates.issuing(setting))
    await bench.measure("certificate verify", lambda: certificates.verifying(setting))
    await bench.measure("certificate scan", lambda: certificates.scanning(setting))
    await bench.measure("status list load", lambda: certificates.loading(setting))
    if not bench.wants("relay", "consumer"):
        return
    async with bench.guard("relay", "consumer"), servers(WORK / "servers") as running:
        await _on_servers(bench, running)


async def _on_servers(bench: Bench, running: Servers) -> None:
    await bench.measure("relay", lambda: relay.relaying(bench.setting, running))
    await bench.measure("consumer", lambda: consumer.consuming(bench.setting, running))


async def _on_nodes(bench: Bench) -> None:
    on_nodes = (
        "import",
        "person read",
        "person list",
        "create",
        "guarded",
        "figure read",
        "exchange",
        "exchange latency",
        "costs",
    )
    if not bench.wants(*on_nodes):
        return
    further = guarded.creations(bench.setting, each=_each(bench.setting)) if bench.wants("guarded") else 0
    further += costs.CREATED
    async with bench.guard(*on_nodes), nodes(WORK / "nodes", bench.setting, bench.say, further) as running:
        await _measure_nodes(bench, running)


def _each(setting: Setting) -> bool:
    """Whether each guard is measured by itself; the quick form measures all at once."""
    return setting.turns > QUICK.turns


async def _measure_nodes(bench: Bench, running: Nodes) -> None:
    setting = bench.setting
    # First, because its rosters are the people that the others read; always, because they need them.
    empty = await costs.size(running)
    bench.say("importing rosters")
    found = await importing.importing(setting, running)
    if bench.wants("import"):
        for each in found:
            bench.keep(each)
    await running.settled()
    async with http_paths.bare_application(running) as port:
        paths = http_paths.Paths(setting, running, port)
        if bench.wants("costs"):
            async with bench.guard("costs"):
                measured = costs.Measured(running, paths)
                bench.costs = await measured.costs(empty, await costs.residents(running))
                bench.say(f"costs in bytes: {bench.costs}")
        await bench.measure("person read", paths.person_read)
        await bench.measure("person list", paths.person_list)
        await bench.measure("figure read", paths.figure_read)
        await bench.measure("create", paths.create)
        if bench.wants("guarded"):
            async with bench.guard("guarded"):
                async for one in guarded.Guarded(setting, running, paths, each=_each(setting)).lines():
                    bench.keep(one)
    await running.settled()
    await bench.measure("exchange", lambda: exchange.exchanging(setting, running))
    await bench.measure("exchange latency", lambda: exchange.latency(setting, running))


async def _on_registers(bench: Bench, people: list[int], kept: Path | None) -> None:
    """Generate registers of these sizes, search the largest, and compare the sizes by turns."""
    if not bench.wants("register"):
        return

    async def measured(name: str, work: Callable[[], Awaitable[Line]]) -> None:
        bench.keep(await work(), name)

    async with bench.guard("register"):
        registers = register.Registers(kept or WORK / "register", bench.setting, bench.say)
        async with registers.running():
            for persons in people:
                bench.say(f"a register of {persons:,}")
                bench.keep(await registers.load(persons))
            async with registers.served(max(people)) as served:
                await register.reading(bench.setting, served, measured)
            if len(people) > 1:
                found = await doubling.compare(registers, people, bench.setting, bench.say)
                doubling.write(found, BUILD / "doubling.json")
                print(f"\n{doubling.table(found)}\n", flush=True)


async def _on_districts(bench: Bench, people: list[int], kept: Path | None) -> None:
    """Fill districts of these sizes with ten years of facts and ask for figures."""
    if not bench.wants("figures"):
        return
    async with bench.guard("figures"):
        districts = figures.Districts(kept or WORK / "figures", bench.setting, bench.say)
        async with districts.running():
            for residents in sorted(people):
                await districts.load(residents)
            async for line in figures.measuring(districts, sorted(people), bench.setting):
                bench.keep(line)


async def _on_facts(bench: Bench, facts: int, kept: Path | None) -> None:
    """Rebuild a district's facts from a feed."""
    folder = kept or WORK / "rebuild"
    work = rebuild.Rebuilding(folder, facts // FACTS_PER_RESIDENT, bench.say)
    await bench.measure("rebuild", lambda: rebuild.rebuilding(work, bench.setting))


async def _on_one_node(bench: Bench) -> None:
    """Let a district's processes follow a steady stream of changes."""
    folder = WORK / "freshness"
    await bench.measure("freshness", lambda: freshness.fresh(bench.setting, folder, bench.say))


async def run(
    setting: Setting,
    wanted: frozenset[str],
    kind: str,
    people: list[int],
    facts: int,
    kept: Path | None,
) -> int:
    """Run the bench; returns the exit status."""
    shutil.rmtree(WORK, ignore_errors=True)
    bench = Bench(setting, wanted)
    try:
        for part in (
            partial(_without_services, bench),
            partial(_on_nodes, bench),
            partial(_on_one_node, bench),
            partial(_on_registers, bench, people, kept),
            partial(_on_districts, bench, people, kept),
            partial(_on_facts, bench, facts, kept),
        ):
            await part()
            shutil.rmtree(WORK, ignore_errors=True)  # gigabytes each
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    lines = bench.told()
    report = Report(about(kind), lines, bench.costs)
    write(report, BUILD / "bench.json")
    html = page(report)
    (BUILD / "bench.html").write_text(html, encoding="utf-8")
    print(f"\n{table(lines)}\n")
    bench.say(f"{BUILD / 'bench.json'} and {BUILD / 'bench.html'} are written")
    if bench.failed:
        print(f"could not be measured: {', '.join(dict.fromkeys(bench.failed))}", file=sys.stderr)
    return 1 if bench.failed else 0


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="each hot path beside a limit taken in the same run")
    parser.add_argument("--quick", action="store_true", help="shorter and less")
    parser.add_argument("--only", default=",".join(NAMES), help=f"lines to measure, of: {', '.join(NAMES)}")
    parser.add_argument("--people", help="sizes of the register, such as 250000,500000,1000000")
    parser.add_argument("--facts", type=int, default=FACTS, help="facts of a rebuild, such as 10000000")
    parser.add_argument("--keep", type=Path, help="folder in which registers stay, to be used again")
    parser.add_argument("--rows", type=int, help="rows of an imported sheet, up to 100000")
    options = parser.parse_args()
    people = options.people or PEOPLE["quick" if options.quick else "full"]
    wanted = frozenset(name.strip() for name in options.only.split(","))
    unknown = wanted - set(NAMES)
    if unknown:
        parser.error(f"no such line: {', '.join(sorted(unknown))}")
    configure_logging("bench", "ERROR")
    setting, kind = (QUICK, "Quick form") if options.quick else (FULL, "Full form")
    if options.rows:
        passes = setting.passes if options.rows <= _MANY_ROWS else 1
        setting = replace(setting, rows=options.rows, passes=passes)
    try:
        # the loop that the services' processes run on
        status = uvloop.run(
            run(
                setting,
                wanted,
                kind,
                [int(each) for each in people.split(",")],
                options.facts,
                options.keep,
            )
        )
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
