"""A broker in memory: a stream with atomic batches, known ids and a durable, over a network that loses and repeats."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from renkou_common.messaging.nats_client import BrokerUnavailable, Outgoing, PublishAck, PublishRefused
from tests.simulation.feed.chance import Chance

KNOWN_SECONDS = 120.0
AGAIN_SECONDS = 30.0
KNOWN_ID = 10201


@dataclass
class Stored:
    """A message in the stream; ``due`` is when the durable may have it next, None once it is done with."""

    seq: int
    id: str
    payload: bytes
    due: float | None = 0.0


@dataclass
class Delivered:
    """A message as a consumer gets it: the methods of ``nats_client.Message`` that it uses."""

    broker: "Broker"
    stored: Stored
    data: bytes

    @property
    def stream_seq(self) -> int:
        """Its place in the stream."""
        return self.stored.seq

    async def ack(self) -> None:
        """Done with."""
        self._answer(None)

    async def term(self) -> None:
        """Never again."""
        self._answer(None)

    async def nak(self, delay: float = 0.0) -> None:
        """Again, after some seconds."""
        self._answer(asyncio.get_running_loop().time() + delay)

    def _answer(self, due: float | None) -> None:
        if not self.broker.up:
            raise BrokerUnavailable("not connected")
        if not self.broker.chance.strikes("acknowledgement lost", 0.05):
            self.stored.due = due


@dataclass
class Broker:
    """One stream and one durable; a publisher's and a consumer's side of ``NatsClient``."""

    chance: Chance
    up: bool = True
    wiped: bool = False
    stream: list[Stored] = field(default_factory=list)
    known: dict[str, float] = field(default_factory=dict)
    last: int = 0

    def wipe(self) -> None:
        """Lose everything: the operator declares stream and durable anew."""
        self.stream, self.known, self.wiped = [], {}, True

    async def publish_batch(self, messages: Sequence[Outgoing]) -> PublishAck:
        """Store all or none; refuse a batch that holds a known id."""
        if len(messages) == 1:
            return await self.publish(messages[0].subject, messages[0].payload, dict(messages[0].headers))
        await self._there("batch lost")
        now = asyncio.get_running_loop().time()
        if any(now - self.known.get(each.headers["Nats-Msg-Id"], -1e9) < KNOWN_SECONDS for each in messages):
            raise PublishRefused(KNOWN_ID, "a known id")
        for each in messages:
            self._store(each.headers["Nats-Msg-Id"], each.payload)
        await self._there("answer to a batch lost")
        return PublishAck("S", self.last)

    async def publish(self, subject: str, payload: bytes, headers: dict[str, str]) -> PublishAck:
        """Store one message, or say that it is known."""
        await self._there("message lost")
        id_ = headers["Nats-Msg-Id"]
        duplicate = asyncio.get_running_loop().time() - self.known.get(id_, -1e9) < KNOWN_SECONDS
        if not duplicate:
            self._store(id_, payload)
        await self._there("answer to a message lost")
        return PublishAck("S", self.last, duplicate)

    async def pull(self, stream: str, durable: str) -> "Broker":
        """The durable; there is only one."""
        await self._there("connection to the broker broken")
        return self

    async def close(self) -> None:
        """Nothing is kept for a subscription."""

    async def pending(self, stream: str, durable: str) -> int:
        """Return how many messages are not done with."""
        await self._there("connection to the broker broken")
        return sum(each.due is not None for each in self.stream)

    async def fetch(self, batch: int, idle: float) -> list[Delivered]:
        """Return messages that are due: some late, some twice, some cut off, some out of their order."""
        await self._there("connection to the broker broken")
        deadline = asyncio.get_running_loop().time() + idle
        while not (found := self._due(batch)):
            if asyncio.get_running_loop().time() >= deadline:
                return []
            await asyncio.sleep(0.25)
            await self._there("connection to the broker broken")
        return found

    def _due(self, batch: int) -> list[Delivered]:
        now = asyncio.get_running_loop().time()
        found: list[Delivered] = []
        for each in self.stream:
            if each.due is None or each.due > now or len(found) >= batch:
                continue
            each.due = now + AGAIN_SECONDS
            if self.chance.strikes("message late", 0.04):
                continue
            whole = not self.chance.strikes("message cut off", 0.02)
            found.append(Delivered(self, each, each.payload if whole else each.payload[:-9]))
            if self.chance.strikes("message twice", 0.04):
                found.append(Delivered(self, each, each.payload))
        if self.chance.strikes("messages out of order", 0.1):
            self.chance.random.shuffle(found)
        return found

    async def _there(self, name: str) -> None:
        await self.chance.travel()
        if not self.up or self.chance.strikes(name, 0.02):
            raise BrokerUnavailable(name)

    def _store(self, id_: str, payload: bytes) -> None:
        self.last += 1
        self.stream.append(Stored(self.last, id_, payload))
        self.known[id_] = asyncio.get_running_loop().time()
