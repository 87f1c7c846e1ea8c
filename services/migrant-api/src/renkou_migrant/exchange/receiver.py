"""Takes messages from this district's durable at the hub and acknowledges them after the commit."""

import asyncio
from collections.abc import Sequence

import structlog

from renkou_common.messaging.hub import inbox_durable, inbox_stream
from renkou_common.messaging.inbox import TRANSIENT, describe
from renkou_common.messaging.nats_client import BrokerError, Message, NatsClient, PullSubscription
from renkou_common.scope import AreaScope
from renkou_migrant.exchange import transport_repository as transport
from renkou_migrant.exchange.intake import Delivery, dead_letter, take_in
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_BATCH = 100
_WAIT_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0


class Receiver:
    """The receiving side of the exchange. ``wake`` is set when receipts were written."""

    def __init__(self, runtime: Runtime, hub: NatsClient, wake: asyncio.Event) -> None:
        self._runtime = runtime
        self._hub = hub
        self._wake = wake
        self._stream = inbox_stream(runtime.settings.district)
        self._durable = inbox_durable(runtime.settings.district)
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
        letter = dead_letter(delivery, "internal", describe(error))
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            await transport.keep_letters(tx, [letter], self._runtime.clock.now())

    async def _unbind(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()


def _delivery(message: Message) -> Delivery:
    """The last token of the subject is the district that the hub let publish the message."""
    return Delivery(message.subject.rsplit(".", 1)[-1], message.data)
