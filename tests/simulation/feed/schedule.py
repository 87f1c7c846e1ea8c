"""One schedule of a feed: a service writes events, a relay publishes them, another takes them in; all of them die.

Code of the product: the relay, the consumer and its inbox, the envelopes. From the seed: what is written and rolled
back, when which process is killed and comes back, what the broker, the network and the databases do to them.
"""

import asyncio
import types
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel

from renkou_common.database import Transaction
from renkou_common.messaging import consumer, inbox, relay
from renkou_common.messaging.consumer import FeedConsumer
from renkou_common.messaging.envelope import Event, build_body, complete_envelope, parse_envelope
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.messaging.relay import Relay
from tests.simulation.feed.broker import Broker
from tests.simulation.feed.chance import BrokenPromise, Chance
from tests.simulation.feed.disk import Consumer, Publisher, Session, Told
from tests.simulation.feed.loop import Deadlock, run

FEED = "registry"
SETTLES_WITHIN = 240.0
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class _Told(BaseModel):
    number: int
    poison: bool


class _Silent:
    """A log that nobody reads."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class Schedule:
    """Carries one seed's schedule out; raises BrokenPromise where something happened that must not."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Chance(seed)
        self.faults = self.chance.faults
        self.written = 0
        self.poison = True

    def run(self) -> None:
        """Do it all."""
        with _in_memory(self):
            try:
                run(self._run())
            except Deadlock as error:
                raise BrokenPromise("nothing goes on, and something is missing") from error

    async def _run(self) -> None:
        chance = self.chance
        self.publisher, self.taker, self.broker = Publisher(chance), Consumer(chance), Broker(chance)
        self.hint = asyncio.Event()
        self.works: list[Callable[[], Coroutine[Any, Any, None]]] = [self._relay, self._consume]
        if chance.random.random() < 0.3:
            self.works.append(self._relay)
        running = [asyncio.create_task(work()) for work in self.works]
        try:
            await self._trouble(running)
            await self._settled(running)
            await self._replay()
            self.check()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _relay(self) -> None:
        database, broker = cast(Any, self.publisher), cast(Any, self.broker)
        await Relay(database, broker, FEED, "S", written=self.hint).run()

    async def _consume(self) -> None:
        database, broker = cast(Any, self.taker), cast(Any, self.broker)
        await FeedConsumer(database, FEED, self._apply, self, broker, "S", "D").run()

    async def _trouble(self, running: list["asyncio.Task[None]"]) -> None:
        """Write, and let things go wrong meanwhile."""
        random = self.chance.random
        for _ in range(random.randint(6, 18)):
            await asyncio.sleep(random.choice((0.0, 0.01, 0.2, 1.5)))
            self._write(random.randint(1, 4), kept=random.random() > 0.15)
            if random.random() < 0.4:
                self.hint.set()
            if self.chance.strikes("process killed", 0.2):
                at = random.randrange(len(running))
                running[at].cancel()
                await asyncio.gather(running[at], return_exceptions=True)
                running[at] = asyncio.create_task(self._later(self.works[at]))
            if self.chance.strikes("broker away or back", 0.1):
                self.broker.up = not self.broker.up
            if self.chance.strikes("broker wiped", 0.04):
                self.broker.wipe()
            if self.chance.strikes("relay's connection broken", 0.06) and self.publisher.leader:
                self.publisher.leader.terminate()
            for task in running:
                if task.done() and (error := task.exception()):
                    raise BrokenPromise(f"a process ended: {error!r}") from error

    async def _later(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await asyncio.sleep(self.chance.random.choice((0.1, 1.0, 4.0)))
        await work()

    def _write(self, number: int, *, kept: bool) -> None:
        """Commit events in one transaction, or take them back: their positions are gone then, as a sequence's are."""
        random = self.chance.random
        rows = []
        for _ in range(number):
            self.written += 1
            subject = random.choice("abcd")
            event_id = UUID(int=random.getrandbits(128))
            body, content = build_body(
                event_id=event_id,
                event_type="t",
                source="s",
                subject=subject,
                time=_DAY,
                data=_Told(number=self.written, poison=random.random() < 0.04),
            )
            rows.append(Told(self.written, event_id, "t", subject, body, content))
        if kept:
            self.publisher.outbox += rows

    async def read(self, after: int, limit: int) -> tuple[list[Event], int]:
        """The feed over HTTP, as :class:`renkou_common.messaging.feed.FeedClient` reads it."""
        await self.chance.travel()
        if self.chance.strikes("feed not readable", 0.05):
            raise FeedUnavailable("not now")
        some = self.publisher.numbered(after)[: min(limit, self.chance.random.randint(1, 9))]
        events = [parse_envelope(complete_envelope(r.body, r.feed_seq or 0, r.content_hash)) for r in some]
        return events, self.publisher.last or 0

    async def _apply(self, tx: Transaction, events: Sequence[Event]) -> None:
        await self.chance.travel()
        if self.poison and any(event.data["poison"] for event in events):
            raise ValueError("nobody can apply this")
        if self.chance.strikes("database busy", 0.01):
            raise TimeoutError
        self.taker.state.effects += [(event.seq, event.subject) for event in events]

    async def _settled(self, running: Sequence["asyncio.Task[None]"]) -> None:
        """No more faults: wait until everything that was committed is published and taken in."""
        self.chance.calm, self.broker.up = True, True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLES_WITHIN
        while not self._is_settled():
            ended = [task for task in running if task.done()]
            if ended or loop.time() > deadline:
                raise BrokenPromise(f"does not come to rest: {self._told()}, ended: {ended}")
            await asyncio.sleep(0.5)

    def _is_settled(self) -> bool:
        rows = self.publisher.outbox
        return all(row.published is not None for row in rows) and (self.taker.state.high or 0) == len(rows)

    def _told(self) -> str:
        rows = self.publisher.outbox
        published = sum(row.published is not None for row in rows)
        return f"{len(rows)} committed, {published} published, {self.taker.state.high} taken in"

    async def _replay(self) -> None:
        """Staff have mended what an event could not be applied for: each held one is taken in again, in order."""
        self.poison = False
        for seq in sorted(self.taker.state.held):
            if not self.taker.state.held[seq]["resolved"]:
                async with self.taker.transaction() as tx:
                    await inbox.replay_held(cast(Any, tx), FEED, seq, self._apply)

    def check(self) -> None:
        """Compare what was committed with the broker and with what the consumer made of it."""
        rows, state = self.publisher.numbered(), self.taker.state
        if [row.feed_seq for row in rows] != list(range(1, len(self.publisher.outbox) + 1)):
            raise BrokenPromise(f"numbers are not without gaps: {[row.feed_seq for row in rows]}")
        if [row.position for row in rows] != sorted(row.position for row in rows):
            raise BrokenPromise("numbers are not in the order of writing")
        if sorted(seq for seq, _ in state.effects) != [row.feed_seq for row in rows]:
            raise BrokenPromise(f"applied {sorted(seq for seq, _ in state.effects)} of {len(rows)}")
        for subject in "abcd":
            order = [seq for seq, whose in state.effects if whose == subject]
            if order != sorted(order):
                raise BrokenPromise(f"subject {subject} out of order: {order}")
        self._check_incidents()
        texts = {complete_envelope(r.body, r.feed_seq or 0, r.content_hash).encode() for r in rows}
        there = {each.payload for each in self.broker.stream}
        if not there <= texts or (not self.broker.wiped and there != texts):
            raise BrokenPromise(f"the broker has {len(there)} of {len(texts)} messages")

    def _check_incidents(self) -> None:
        harmless = {"corrupt"} if self.faults["message cut off"] else set()
        odd = [each for each in self.taker.state.incidents if each[1] not in harmless]
        if odd:
            raise BrokenPromise(f"incidents: {odd}")


@contextmanager
def _in_memory(schedule: Schedule) -> Iterator[None]:
    """Lead the product's code to this schedule's databases and clock."""

    async def connect(dsn: str) -> Session:
        return await schedule.publisher.connect(dsn)

    clock = types.SimpleNamespace(monotonic=lambda: asyncio.get_running_loop().time())
    replaced = [
        (relay, "connect", connect), (relay, "time", clock), (relay, "_log", _Silent()), (consumer, "_log", _Silent()),
    ]  # fmt: skip
    before = [(module, name, getattr(module, name)) for module, name, _ in replaced]
    for module, name, value in replaced:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
