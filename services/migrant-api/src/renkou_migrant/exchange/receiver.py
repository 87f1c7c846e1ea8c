"""Takes messages from this district's durable at the hub and acknowledges them after the commit.

A partner that sends very much is slowed without hurting others: what goes beyond its quota is handed back to the
hub for later, and of what is taken every partner's first share comes first.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog

from renkou_common.messaging.hub import inbox_durable, inbox_stream
from renkou_common.messaging.inbox import TRANSIENT, describe
from renkou_common.messaging.nats_client import BrokerError, Message, NatsClient, PullSubscription
from renkou_common.scope import AreaScope
from renkou_migrant.exchange.codes import Unreadable
from renkou_migrant.exchange.intake.batch import Delivery, dead_letter, keep_letters
from renkou_migrant.exchange.intake.taking import take_in
from renkou_migrant.exchange.protocol.fairness import Quota, fair_rounds
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_BATCH = 250
_SHARE = 100
_WAIT_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_SLOWED_SECONDS = 1.0


class Receiver:
    """The receiving side of the exchange. ``wake`` is set when receipts were written."""

    def __init__(self, runtime: Runtime, hub: NatsClient, wake: asyncio.Event) -> None:
        self._runtime = runtime
        self._hub = hub
        self._wake = wake
        settings = runtime.settings
        self._quota = Quota(settings.partner_messages_per_second, settings.partner_messages_at_once)
        self._stream = inbox_stream(settings.district)
        self._durable = inbox_durable(settings.district)
        self._subscription: PullSubscription | None = None

    async def run(self) -> None:
        """Receive until cancelled; waits for the database and the hub to come back."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._receive()
            except (*TRANSIENT, BrokerError) as error:
                _log.warning("exchange cannot receive", error=describe(error), retry_in=pause)
                await self._unbind()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE

    async def _receive(self) -> None:
        if self._subscription is None:
            self._subscription = await self._hub.pull(self._stream, self._durable)
        messages = await self._subscription.fetch(_BATCH, _WAIT_SECONDS)
        if messages:
            await self._take(messages)
        elif await self._hub.pending(self._stream, self._durable):
            _log.warning("messages wait although none comes, binding anew")
            await self._unbind()

    async def _take(self, messages: Sequence[Message]) -> None:
        now = time.monotonic()
        allowed: list[Message] = []
        for message in messages:
            wait = self._quota.wait(_sender(message), now)
            if wait:
                await message.nak(min(wait + _SLOWED_SECONDS, _LONGEST_PAUSE))
            else:
                allowed.append(message)
        for some in fair_rounds(allowed, _sender, _SHARE):
            await self._take_round(some)

    async def _take_round(self, messages: Sequence[Message]) -> None:
        try:
            written = await self.take_in([_delivery(message) for message in messages])
        except TRANSIENT:
            for message in messages:
                await message.nak(1.0)
            raise
        for message in messages:
            await message.ack()
        if written:
            self._wake.set()

    async def take_in(self, deliveries: Sequence[Delivery]) -> bool:
        """Take a batch in, each by itself where together they fail; returns whether receipts were written."""
        try:
            async with self._runtime.database.transaction(AreaScope.everything()) as tx:
                return await take_in(tx, self._runtime, deliveries)
        except TRANSIENT:
            raise
        except Exception as error:
            if len(deliveries) == 1:
                await self._keep(deliveries[0], error)
                return False
        return any([await self.take_in([delivery]) for delivery in deliveries])

    async def _keep(self, delivery: Delivery, error: Exception) -> None:
        _log.error("message cannot be taken in", sender=delivery.sender, exc_info=error)
        letter = dead_letter(delivery, Unreadable.INTERNAL, describe(error))
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            await keep_letters(tx, [letter], self._runtime.clock.now())

    async def _unbind(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()


def _sender(message: Message) -> str:
    """The last token of the subject is the district that the hub let publish the message."""
    return message.subject.rsplit(".", 1)[-1]


def _delivery(message: Message) -> Delivery:
    return Delivery(_sender(message), message.data)
