"""Workers killed by SIGKILL in the middle of sending, taking in and receipting: exactly once in effect, in order.

Two nodes' workers as processes, a hub as a process. Where the kill has to hit a moment, the test holds the row lock
for which the worker then waits inside its transaction, kills it there, and lets the lock go.
"""

from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import pytest_asyncio

from renkou_local.ports import free_port
from renkou_migrant.message_log import evidence
from renkou_migrant.message_log.proof.log import LogReport, compare_logs, verify_log

from ..districts import Districts
from ..support import EVERYTHING, HOME, RESIDENCE, Node, eventually
from .test_healing import findings, pairs
from .test_processes import environment, start

pytestmark = pytest.mark.endurance

HOME_AREA = 340103002003


class Worker:
    """A node's worker process, started and killed as often as wanted."""

    def __init__(self, node: Node, log: Path) -> None:
        self.node = node
        self._log = log
        self._running: Process | None = None
        self._environ = environment(
            node, nats_url=f"nats://127.0.0.1:{free_port()}", registry_url="http://127.0.0.1:1"
        )

    async def start(self) -> None:
        """Start it; it is at work some seconds later."""
        with self._log.open("ab") as output:
            self._running = await start("worker", self._environ, stdout=output, stderr=output)

    async def kill(self) -> None:
        """SIGKILL: nothing is cleaned up."""
        if self._running is not None and self._running.returncode is None:
            self._running.kill()
            await self._running.wait()
        self._running = None

    async def killed_while_waiting_for(self, lock: str, *, at_work_on: str) -> None:
        """Start it, and kill it when a transaction that works on a table waits for rows that ``lock`` holds."""
        async with self.node.runtime.database.transaction(EVERYTHING) as tx:
            await tx.fetch(f"{lock} FOR UPDATE")
            await self.start()

            async def waits() -> bool:
                return bool(await tx.fetchval(_WAITING, at_work_on))

            await eventually(waits, 30)
            await self.kill()


_WAITING = """
SELECT count(*) FROM pg_locks w JOIN pg_locks h USING (pid)
WHERE NOT w.granted AND h.granted AND h.mode IN ('RowShareLock', 'RowExclusiveLock')
  AND h.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND h.relation = $1::text::regclass
"""


@pytest_asyncio.fixture
async def workers(districts: Districts, tmp_path: Path) -> AsyncIterator[tuple[Worker, Worker]]:
    """Those of residence and home; what still runs is killed at the end."""
    made = [Worker(one, tmp_path / f"{one.district}.log") for one in (districts.residence, districts.home)]
    yield made[0], made[1]
    for one in made:
        await one.kill()


async def count(node: Node, condition: str) -> int:
    (row,) = await node.rows(f"SELECT count(*) AS found FROM message WHERE {condition}")
    return int(row["found"])


async def reached(node: Node, condition: str, least: int) -> None:
    """Wait until at least so many messages are so."""

    async def enough() -> bool:
        return await count(node, condition) >= least

    await eventually(enough, 40)


async def noticed(node: Node, number: int) -> list[UUID]:
    """Draft service notices to the other district."""
    if node.district == RESIDENCE:
        return [await node.service_notice() for _ in range(number)]
    return [await node.service_notice(home_district=RESIDENCE, area=HOME_AREA) for _ in range(number)]


@asynccontextmanager
async def hub_down(districts: Districts) -> AsyncIterator[None]:
    """The hub is stopped, and back afterwards with what it had."""
    assert districts.hub
    await districts.hub.stop()
    try:
        yield
    finally:
        await districts.hub.start()


async def test_workers_killed_at_every_step_deliver_once_and_in_order(
    districts: Districts, workers: tuple[Worker, Worker]
) -> None:
    home, residence = districts.home, districts.residence
    sender, receiver = workers
    sent = await noticed(residence, 20)

    # While it numbers and seals: nothing is numbered.
    await sender.killed_while_waiting_for("SELECT FROM message_log_head", at_work_on="message")
    assert await count(residence, "pair_seq IS NOT NULL") == 0

    # When the hub has everything and the sender has not noted that.
    async with hub_down(districts):
        await sender.start()
        await reached(residence, "pair_seq IS NOT NULL", len(sent))
        await sender.kill()
    await sender.killed_while_waiting_for("SELECT FROM message", at_work_on="message")
    assert await count(residence, "sent_at IS NOT NULL OR attempts > 0") == 0

    # While the receiver takes in: nothing is there; then everything is, although the sender is dead.
    await receiver.killed_while_waiting_for("SELECT FROM message_log_head", at_work_on="message")
    assert await count(home, "true") == 0
    await receiver.start()
    await reached(home, "state = 'read'", len(sent))
    await receiver.kill()

    # When the hub has the receipts and the receiver has not noted that.
    sent += await noticed(residence, 5)
    await home.take(residence, *(await residence.sealed()).values())
    assert await home.rows("SELECT FROM receipt")
    await receiver.killed_while_waiting_for("SELECT FROM receipt", at_work_on="receipt")
    assert await home.rows("SELECT FROM receipt")

    # While the sender takes the receipts in.
    await sender.killed_while_waiting_for("SELECT FROM message_log_head", at_work_on="message")
    assert await count(residence, "state = 'read'") == 0

    await finish(districts, workers, sent, [])


async def test_workers_killed_at_any_moment_deliver_once_and_in_order(
    districts: Districts, workers: tuple[Worker, Worker]
) -> None:
    chance = Random(85)
    home, residence = districts.home, districts.residence
    for one in workers:
        await one.start()
    out: list[UUID] = []
    back: list[UUID] = []
    for _ in range(4):
        out += await noticed(residence, 40)
        back += await noticed(home, 40)
        node, incoming = chance.choice([(home, out), (residence, back)])
        await reached(node, "direction = 'in'", len(incoming) - chance.randrange(40))
        killed = chance.choice(workers)
        await killed.kill()
        await killed.start()
    await finish(districts, workers, out, back)


async def finish(
    districts: Districts, workers: tuple[Worker, Worker], out: list[UUID], back: list[UUID]
) -> None:
    """Let everything arrive, stop both, and check both ends, their figures, digests and logs."""
    home, residence = districts.home, districts.residence
    for one in workers:
        await one.kill()
        await one.start()
    for node, sent in ((residence, out), (home, back)):
        await reached(node, "direction = 'out' AND state = 'read' AND next_attempt_at IS NULL", len(sent))
    for one in workers:
        await one.kill()
    for sender, receiver, sent in ((residence, home, out), (home, residence, back)):
        rows = await receiver.rows(
            "SELECT id, state, pair_seq FROM message WHERE direction = 'in' ORDER BY pair_seq"
        )
        assert [(row["id"], row["state"], row["pair_seq"]) for row in rows] == [
            (message_id, "read", number) for number, message_id in enumerate(sent, 1)
        ]
        sums, replies = await sender.counted(), await receiver.counted()
        assert sums.get("notice_due", 0) == sums.get("notice_sent", 0) == len(sent)
        assert replies.get("reply_due", 0) == len(sent)
        assert await receiver.dead_letters() == []
    await districts.pass_days(1)
    for _ in range(2):
        await districts.compare()
    there, here = await pairs(residence), await pairs(home)
    assert (there["sent_agreed"], here["taken_agreed"]) == (len(out), len(out))
    assert (here["sent_agreed"], there["taken_agreed"]) == (len(back), len(back))
    assert await findings(home) == await findings(residence) == []
    logs = [await log_of(districts, one) for one in (residence, home)]
    assert compare_logs(*logs) == len(out) + len(back)
    assert list(logs[0].pairs[HOME].sent) == list(range(1, len(out) + 1))


async def log_of(districts: Districts, node: Node) -> LogReport:
    """A node's whole log, verified as a third party does."""
    lines = [line async for line in evidence.export(node.runtime, EVERYTHING)]
    return verify_log(lines, districts.anchor.public)
