"""The consumer of another service's feed: by the broker, and over HTTP whenever that is not enough.

The position in the database decides what is applied, never the broker: a number at or below it is skipped,
the next one applied, a gap filled over HTTP. The broker is acknowledged after the commit. At the start, when
nothing has come for some seconds, when a number is missing and while the broker is away, the feed is read
over HTTP, so that a wiped or silent JetStream only costs time.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol
from uuid import uuid4

import structlog
from prometheus_client import Gauge

from renkou_common.database import Database, Transaction
from renkou_common.messaging import inbox
from renkou_common.messaging.envelope import EnvelopeError, Event, parse_envelope
from renkou_common.messaging.feed import FeedUnavailable
from renkou_common.messaging.inbox import (
    TRANSIENT,
    Apply,
    Intake,
    describe,
    held_events,
    replay_held,
    status,
)
from renkou_common.messaging.nats_client import BrokerUnavailable, Message, NatsClient, PullSubscription
from renkou_common.scope import AreaScope

HIGH_WATER = Gauge("renkou_feed_high_water", "Last number taken in", ["feed"])
LAG = Gauge("renkou_feed_lag", "Numbers behind the feed's head when it was last read", ["feed"])

_log = structlog.get_logger(__name__)
BATCH = 500
_AT_A_TIME = 100
_IDLE_SECONDS = 3.0
_POLL_SECONDS = 1.0
_AGAIN_SECONDS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0


__all__ = ["FeedConsumer", "FeedSource", "held_events", "replay_held", "status"]


class FeedSource(Protocol):
    """Where a feed can be read from any number on; :class:`~.feed.FeedClient` over HTTP."""

    async def read(self, after: int, limit: int) -> tuple[list[Event], int]:
        """Return up to ``limit`` events numbered above ``after``, in order, and the feed's head."""
        ...


class Inbox(Protocol):
    """Takes events in and knows the position; :mod:`.inbox` for a whole feed, others for a part of it."""

    async def high_water(self, tx: Transaction, feed: str) -> int | None:
        """Return the position, None where there is nothing to take in."""
        ...

    async def take_in(self, tx: Transaction, feed: str, events: Sequence[Event], apply: Apply) -> Intake:
        """Apply the events that come next; see :func:`.inbox.take_in`."""
        ...

    async def hold_failed(self, tx: Transaction, feed: str, event: Event, error: BaseException) -> None:
        """Hold the next event; see :func:`.inbox.hold_failed`."""
        ...


class FeedConsumer:
    """Takes one feed in, in order, each number exactly once.

    ``apply(tx, events)`` gets up to 500 events in order in one transaction of ``scope``; it raises to refuse.
    Then each is tried alone: one that can't be applied is held as 'failed', later ones of its subject as
    'blocked', until :func:`~.inbox.replay_held`. Database and connection errors are waited for, never held;
    ``apply`` may raise ``renkou_common.errors.Unavailable`` to say that something it needs is down.

    ``nats``, ``stream`` and ``durable`` name the broker's side; the durable is declared elsewhere. Of several
    copies of a process the one for which ``leads()`` is true reads through it; the others, who need every message
    as well, through a consumer of their own that the broker forgets when they are gone.

    ``own`` is the inbox where it is not that of the whole feed. ``prepare`` gets events on their way to ``apply``,
    while the database works on those before; it fills in ``prepared`` and never raises.
    """

    def __init__(
        self,
        database: Database,
        feed: str,
        apply: Apply,
        source: FeedSource,
        nats: NatsClient,
        stream: str,
        durable: str,
        scope: AreaScope | None = None,
        *,
        own: Inbox | None = None,
        prepare: Callable[[list[Event]], list[Event]] = lambda events: events,
        leads: Callable[[], bool] = lambda: True,
        batch: int = BATCH,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self.feed = feed
        self._database = database
        self._apply = apply
        self._source = source
        self._nats = nats
        self._stream = stream
        self._durable = durable
        self._scope = scope or AreaScope.everything()
        self._inbox: Inbox = own or inbox
        self._prepare = prepare
        self._leads = leads
        self._batch = batch
        self._idle_seconds = idle_seconds
        self._bound = ""
        self._subscription: PullSubscription | None = None
        self._feed_trouble = ""

    async def run(self) -> None:
        """Consume until cancelled; ends only by an error that waiting doesn't mend."""
        pause = _FIRST_PAUSE
        behind = True
        while True:
            try:
                if behind:
                    await self._try_catch_up()
                behind = await self._take_from_broker()
                pause = _FIRST_PAUSE
            except TRANSIENT as error:
                _log.warning("consumer waits", feed=self.feed, error=describe(error), retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                behind = True

    async def catch_up(self) -> int:
        """Read the feed over HTTP up to its head and take it in; returns the position.

        Raises FeedUnavailable where it can't be read, or doesn't hold the next number any more.
        """
        async with self._database.transaction(self._scope, read_only=True) as tx:
            at = await self._inbox.high_water(tx, self.feed)
        if at is None:
            return 0
        high, page = at, await self._read(at)
        while True:
            events, head = page
            await self._check_page(high, events, head)
            more = bool(events) and events[-1].seq < head
            ahead = asyncio.create_task(self._read(events[-1].seq)) if more else None
            try:
                if events:
                    high = (await self._take_in(events)).high_water
                HIGH_WATER.labels(self.feed).set(high)
                LAG.labels(self.feed).set(max(head - high, 0))
                if high >= head:
                    return high
                # While the database works, the next page is on its way; not where this one ended otherwise.
                page = await (ahead if ahead and high == events[-1].seq else self._read(high))
            finally:
                await _end(ahead)

    async def _check_page(self, high: int, events: Sequence[Event], head: int) -> None:
        """Keep what is wrong with a page that should follow ``high``; raises FeedUnavailable for a gap."""
        if head < high:
            await self._incident(high, "behind", {"head": head})
        if head > high and (not events or events[0].seq > high + 1):
            held_from = events[0].seq if events else None
            await self._incident(high + 1, "missing", {"feed_holds_from": held_from})
            raise FeedUnavailable(f"feed {self.feed} does not hold number {high + 1}")

    async def _try_catch_up(self) -> None:
        try:
            await self.catch_up()
            self._feed_trouble = ""
        except FeedUnavailable as error:
            if str(error) != self._feed_trouble:
                self._feed_trouble = str(error)
                _log.warning("feed cannot be read", feed=self.feed, error=self._feed_trouble)

    async def _read(self, after: int) -> tuple[list[Event], int]:
        try:
            events, head = await self._source.read(after, self._batch)
            ready: list[Event] = []
            for start in range(0, len(events), _AT_A_TIME):
                ready += self._prepare(events[start : start + _AT_A_TIME])
                await asyncio.sleep(0)
            return ready, head
        except EnvelopeError as error:
            await self._incident(after + 1, "corrupt", {"over": "http", "error": describe(error)})
            raise FeedUnavailable(f"feed {self.feed} is corrupt after {after}") from error

    async def _take_from_broker(self) -> bool:
        """Take in what the broker has; returns whether the feed should be read over HTTP next."""
        try:
            if self._subscription is not None and self._leads() != (self._bound == self._durable):
                await self._unbind()
            if self._subscription is None:
                self._subscription = await self._bind()
            messages = await self._subscription.fetch(self._batch, self._idle_seconds)
            if messages:
                await self._take_messages(messages)
                return False
            if await self._nats.pending(self._stream, self._bound):
                _log.warning("messages wait although none comes, binding anew", feed=self.feed)
                await self._unbind()
        except BrokerUnavailable as error:
            _log.debug("broker cannot be used", feed=self.feed, error=str(error))
            await self._unbind()
            await asyncio.sleep(_POLL_SECONDS)
        return True

    async def _bind(self) -> PullSubscription:
        if self._leads():
            self._bound = self._durable
        else:
            self._bound = f"{self._durable}-{uuid4().hex}"
            await self._nats.follow(self._stream, self._bound)
        return await self._nats.pull(self._stream, self._bound)

    async def _unbind(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()

    async def _take_messages(self, messages: Sequence[Message]) -> None:
        events: list[Event] = []
        by_number: list[tuple[int, Message]] = []
        for message in messages:
            try:
                event = parse_envelope(message.data)
            except EnvelopeError as error:
                detail = {"over": "broker", "stream_seq": message.stream_seq, "error": describe(error)}
                await self._incident(0, "corrupt", detail)
                await message.term()
                continue
            events.append(event)
            by_number.append((event.seq, message))
        if not events:
            return
        events = self._prepare(events)
        intake = await self._take_in(events)
        if intake.gap:
            await self._try_catch_up()
            filled = await self._take_in(events)
            intake = Intake(filled.high_water, intake.conflicts | filled.conflicts, filled.gap)
        await self._answer(by_number, intake)

    async def _answer(self, messages: Sequence[tuple[int, Message]], intake: Intake) -> None:
        for number, message in messages:
            if number in intake.conflicts:
                await message.term()
            elif number <= intake.high_water:
                await message.ack()
            else:
                await message.nak(_AGAIN_SECONDS)

    async def _take_in(self, events: Sequence[Event]) -> Intake:
        """Take a batch in; where it can't be applied, halve it down to the events that are to be held."""
        try:
            async with self._database.transaction(self._scope) as tx:
                intake = await self._inbox.take_in(tx, self.feed, events, self._apply)
        except TRANSIENT:
            raise
        except Exception as error:
            if len(events) == 1:
                return await self._hold(events[0], error)
        else:
            HIGH_WATER.labels(self.feed).set(intake.high_water)
            return intake
        ordered = sorted(events, key=lambda event: event.seq)
        half = len(ordered) // 2
        first = await self._take_in(ordered[:half])
        second = await self._take_in(ordered[half:])
        return Intake(second.high_water, first.conflicts | second.conflicts, first.gap or second.gap)

    async def _hold(self, event: Event, error: Exception) -> Intake:
        _log.error("event held", feed=self.feed, seq=event.seq, type=event.type, error=describe(error))
        async with self._database.transaction(self._scope) as tx:
            await self._inbox.hold_failed(tx, self.feed, event, error)
            return Intake(await self._inbox.high_water(tx, self.feed) or 0, frozenset(), False)

    async def _incident(self, seq: int, kind: str, detail: dict[str, Any]) -> None:
        _log.error("feed incident", feed=self.feed, seq=seq, kind=kind, **detail)
        async with self._database.transaction(self._scope) as tx:
            await inbox.record_incident(tx, self.feed, seq, kind, detail)


async def _end(task: asyncio.Task[Any] | None) -> None:
    """Leave no reading behind that nobody waits for any more."""
    if task is None:
        return
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    elif not task.cancelled():
        task.exception()
