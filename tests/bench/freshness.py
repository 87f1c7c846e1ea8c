"""From a change committed in the register to the changed figure: one district, all its processes, a steady rate.

Changes are written to the register's outbox in the transactions of several callers, as its requests do. The relay,
NATS, the reporting-worker and its HTTP service are those of a node. One caller asks for a figure of the district
again and again; a change counts as there when an answer that holds it has arrived.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from renkou_common.database import Database
from renkou_common.messaging.outbox import Message, Outbox
from renkou_common.scope import AreaScope
from renkou_local.databases import node_access
from renkou_local.stack import Stack
from tests.bench.events import People
from tests.bench.report import Line
from tests.bench.turns import Setting
from tests.e2e.api import Api
from tests.e2e.office import open_office

DISTRICT = "340103"
RATE = 1_000
"""Changes a second."""
GOAL_MS = 1_000.0
_WRITERS, _TOGETHER = 4, 5
_WARM_UP_SECONDS = 3
_PATIENCE_SECONDS = 120
_ASKED = {"indicator": "population", "area": DISTRICT, "population": "resident", "period": "2026-01"}


class _Stream:
    """Changes committed at a steady rate, and when each was."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._outbox = Outbox(f"renkou:{DISTRICT}/registry-api")
        number = int(RATE * seconds) // _TOGETHER * _TOGETHER
        self.committed: list[float] = []
        self._messages: list[Message] = self._outbox.messages(
            [(kind, subject, content) for kind, subject, content in People(3).take(number)]
        )

    @property
    def number(self) -> int:
        """How many changes there are to write."""
        return len(self._messages)

    async def flow(self) -> None:
        """Write all; each transaction begins when it is due, later only where all writers are busy."""
        due = iter(range(0, self.number, _TOGETHER))
        began = time.perf_counter()

        async def write() -> None:
            for start in due:
                await asyncio.sleep(max(began + start / RATE - time.perf_counter(), 0))
                async with self._database.transaction(AreaScope.everything()) as tx:
                    await self._outbox.append_messages(tx, self._messages[start : start + _TOGETHER])
                self.committed += [time.perf_counter()] * _TOGETHER

        await asyncio.gather(*(write() for _ in range(_WRITERS)))


async def _answers(statistician: Api, until: Callable[[], int]) -> list[tuple[float, int]]:
    """Ask for the figure until it has reached a number; returns when each answer came, and what it said."""
    found: list[tuple[float, int]] = []
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not found or found[-1][1] < until():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the figure stands at {found[-1][1]} of {until()}")
        answer = await statistician.get("reporting", "/figures", **_ASKED)
        found.append((time.perf_counter(), int(answer["numerator"])))
    return found


def delays(committed: Sequence[float], answers: Sequence[tuple[float, int]]) -> list[float]:
    """Return for each change the seconds until an answer held as many; sorted.

    Changes are told apart by their number only, in the order of their commits.
    """
    numbers = [number for _, number in answers]
    return sorted(answers[bisect_right(numbers, place)][0] - at for place, at in enumerate(sorted(committed)))


async def fresh(setting: Setting, folder: Path, say: Callable[[str], None]) -> Line:
    """Milliseconds from commit to answer at a steady rate: p99 beside what is allowed."""
    say("starting a district for freshness")
    async with (
        httpx.AsyncClient(timeout=60, trust_env=False) as http,
        Stack(folder, [DISTRICT], durable=True, hurried=True, log_level="WARNING") as stack,
    ):
        node = stack.nodes[DISTRICT]
        secret = node.administrator_secret_file.read_text().strip()
        office = await open_office(http, DISTRICT, node.urls, secret)
        access = node_access(stack.postgres.address, DISTRICT, node.secrets)["registry"]
        database = Database(access.app_url, pool_size=_WRITERS)
        await database.open()
        try:
            before = 0
            for seconds in (_WARM_UP_SECONDS, max(setting.events / RATE, 5.0)):
                stream = _Stream(database, seconds)
                wanted = before + stream.number
                asking = asyncio.create_task(_answers(office.statistician, lambda wanted=wanted: wanted))  # type: ignore[misc]
                await stream.flow()
                answers = [(at, number - before) for at, number in await asking]
                before = wanted
        finally:
            await database.close()
    return _line(stream, answers)


def _line(stream: _Stream, answers: Sequence[tuple[float, int]]) -> Line:
    found = [each * 1000 for each in delays(stream.committed, answers)]
    took = max(stream.committed) - min(stream.committed)

    def at(share: float) -> float:
        return found[min(int(len(found) * share), len(found) - 1)]

    note = (
        f"{stream.number:,} events committed at {(stream.number - _TOGETHER) / took:,.0f}/s (asked for: {RATE:,}),"
        f" two lines each over 55 communities, relay, NATS, worker, GET /figures asked {len(answers):,} times by one"
        " caller;"
        f" p50 {at(0.5):.0f} ms, p90 {at(0.9):.0f} ms, p99 {at(0.99):.0f} ms, slowest {found[-1]:.0f} ms;"
        " limit: the p99 asked for; the ratio is limit / ours"
    )
    p99 = round(at(0.99), 1)
    return Line("freshness", p99, GOAL_MS, round(GOAL_MS / p99, 3), "ms", note)
