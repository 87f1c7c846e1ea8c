"""How reads grow with the register: registers of several sizes served side by side, asked by turns.

For each kind of read and size: latency over HTTP with one caller, and the time that the statements of one
request take in the database, as its log tells it. What the machine does meanwhile hits all sizes alike.
"""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from itertools import cycle, pairwise
from pathlib import Path
from statistics import median

from tests.bench.load import LOOPBACK, measure
from tests.bench.register import Register, Registers, requests_of
from tests.bench.turns import Setting

ALLOWED = 1.2
_LOGGED = 120
_DURATION = re.compile(
    rb"duration: ([0-9.]+) ms  (?:parse|bind|execute|statement)[^:]*:\s+(\w+)", re.IGNORECASE
)
_READING = (b"SELECT", b"WITH")


@dataclass(frozen=True)
class Read:
    """One kind of read at one size, in milliseconds."""

    name: str
    persons: int
    http_p50: float
    http_p95: float
    statements_p50: float
    statements_p95: float


@dataclass(frozen=True)
class Growth:
    """How a read of the larger register compares with the smaller one; 1.2 is allowed."""

    name: str
    smaller: int
    larger: int
    http: float
    statements: float


def growth_of(reads: Sequence[Read]) -> list[Growth]:
    """Return the ratios of medians from each size to the next larger one, and from the first to the last."""
    found = []
    for name in dict.fromkeys(each.name for each in reads):
        sizes = sorted((each for each in reads if each.name == name), key=lambda each: each.persons)
        pairs = list(pairwise(sizes))
        if len(sizes) > 2:
            pairs.append((sizes[0], sizes[-1]))
        for small, large in pairs:
            http = large.http_p50 / small.http_p50
            statements = large.statements_p50 / small.statements_p50 if small.statements_p50 else 1.0
            found.append(Growth(name, small.persons, large.persons, round(http, 3), round(statements, 3)))
    return found


async def compare(
    registers: Registers, people: Sequence[int], setting: Setting, say: Callable[[str], None]
) -> list[Read]:
    """Serve the registers of all sizes at once and measure each read at each of them by turns."""
    async with AsyncExitStack() as stack:
        served = [await stack.enter_async_context(registers.served(each)) for each in people]
        asked = {each.persons: requests_of(each) for each in served}
        over_http = await _over_http(served, asked, setting, say)
    in_database = await _in_database(registers, served, asked, say)
    return [
        Read(name, persons, *over_http[name, persons], *in_database[name, persons])
        for name in asked[people[0]]
        for persons in people
    ]


type Medians = dict[tuple[str, int], tuple[float, float]]


async def _over_http(
    served: Sequence[Register],
    asked: dict[int, dict[str, list[bytes]]],
    setting: Setting,
    say: Callable[[str], None],
) -> Medians:
    """Return p50 and p95 by read and size: medians over turns, each size going first in turn."""
    found: Medians = {}
    for name in asked[served[0].persons]:
        wanted = {each.persons: cycle(asked[each.persons][name]) for each in served}
        taken: dict[int, list[tuple[float, float]]] = {each.persons: [] for each in served}
        for turn in range(setting.turns + 1):
            start = turn % len(served)
            for each in (*served[start:], *served[:start]):
                load = await measure(
                    each.port, wanted[each.persons], connections=1, seconds=setting.seconds / 3
                )
                if load.errors:
                    raise RuntimeError(f"{name}: an answer was not 2xx: {load.first_error}")
                if turn:  # the first one warms up
                    taken[each.persons].append((load.median_ms, load.p95_ms))
        for persons, loads in taken.items():
            found[name, persons] = (median(p50 for p50, _ in loads), median(p95 for _, p95 in loads))
        told = ", ".join(f"{each:,}: {found[name, each][0]:.2f} ms" for each in taken)
        say(f"{name} over HTTP: {told}")
    return found


async def _in_database(
    registers: Registers,
    served: Sequence[Register],
    asked: dict[int, dict[str, list[bytes]]],
    say: Callable[[str], None],
) -> Medians:
    """Return p50 and p95 of the reading statements of one request, on processes whose statements are logged."""
    await _log_statements(registers, served, "SET log_min_duration_statement = 0")
    try:
        async with AsyncExitStack() as stack:
            ports = {
                each.persons: await stack.enter_async_context(registers.process(each.persons))
                for each in served
            }
            found: Medians = {}
            for name in asked[served[0].persons]:
                taken: dict[int, list[float]] = {persons: [] for persons in ports}
                wanted = {persons: cycle(asked[persons][name]) for persons in ports}
                for number in range(_LOGGED):
                    for persons, port in ports.items():
                        took = await _one(registers, port, next(wanted[persons]))
                        if number >= _LOGGED // 4:  # the first ones warm up
                            taken[persons].append(took)
                for persons, times in taken.items():
                    ordered = sorted(times)
                    found[name, persons] = (median(ordered), ordered[int(len(ordered) * 0.95)])
    finally:
        await _log_statements(registers, served, "RESET log_min_duration_statement")
    say("statements in the database are measured")
    return found


async def _log_statements(registers: Registers, served: Sequence[Register], setting: str) -> None:
    connection = await registers.postgres.connect()
    try:
        for each in served:
            access = registers.access(each.persons)
            await connection.execute(f"ALTER ROLE {access.app_role} IN DATABASE {access.name} {setting}")
    finally:
        await connection.close()


async def _one(registers: Registers, port: int, request: bytes) -> float:
    """Send one request and return what its reading statements took in the database, in milliseconds."""
    log = registers.postgres.log_path
    before = log.stat().st_size
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        answer = await reader.read()
    finally:
        writer.close()
    if not answer.startswith(b"2", 9):
        raise RuntimeError(f"an answer was not 2xx: {answer.decode('utf-8', 'replace')}")
    with log.open("rb") as file:
        file.seek(before)
        written = file.read()
    return sum(float(took) for took, verb in _DURATION.findall(written) if verb.upper() in _READING)


def write(reads: Sequence[Read], path: Path) -> None:
    """Write reads and growth as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "allowed": ALLOWED,
        "reads": [asdict(each) for each in reads],
        "growth": [asdict(each) for each in growth_of(reads)],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def table(reads: Sequence[Read]) -> str:
    """Return reads and growth as text; what grew by more than is allowed is marked."""
    rows = [f"{'read, ms':<20}{'people':>11}{'HTTP p50':>10}{'p95':>8}{'SQL p50':>10}{'p95':>8}"]
    for e in reads:
        times = f"{e.http_p50:>10.2f}{e.http_p95:>8.2f}{e.statements_p50:>10.3f}{e.statements_p95:>8.3f}"
        rows.append(f"{e.name:<20}{e.persons:>11,}{times}")
    rows += ["", f"{'growth':<20}{'from':>11}{'to':>11}{'HTTP':>8}{'SQL':>8}"]
    for g in growth_of(reads):
        mark = "  more than allowed" if max(g.http, g.statements) > ALLOWED else ""
        rows.append(f"{g.name:<20}{g.smaller:>11,}{g.larger:>11,}{g.http:>8.2f}{g.statements:>8.2f}{mark}")
    return "\n".join(rows)
