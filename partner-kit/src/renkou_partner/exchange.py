"""Carries a partner's bytes: publishes what is due, pulls what the hub has for it, acknowledges what it kept."""

import asyncio
from collections.abc import Callable

from renkou_common.messaging.hub import inbox_stream, inbox_subject
from renkou_common.messaging.nats_client import BrokerError, ConnectionClosed, NatsClient
from renkou_partner.contract import Json
from renkou_partner.faults import Fault
from renkou_partner.hub import HubAccess
from renkou_partner.partner import Partner, ToPublish

_POLL_SECONDS = 0.05
_PAUSE_SECONDS = 0.3


class Exchange:
    """A partner on a hub. ``took`` is called with each genuine message that was taken in."""

    def __init__(
        self, partner: Partner, access: HubAccess, took: Callable[[Json], None] | None = None
    ) -> None:
        self.partner = partner
        self._own = partner.settings.district
        self._access = access
        self._took = took or (lambda _: None)

    async def run(self) -> None:
        """Exchange until cancelled; connects again whatever happens to the hub."""
        while True:
            client = self._access.client(f"partner-{self._own}")
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(client.run())
                    tasks.create_task(self._send(client))
                    tasks.create_task(self._receive(client))
            except* (ConnectionClosed, OSError):
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _send(self, client: NatsClient) -> None:
        await client.wait_connected()
        while True:
            for one in self.partner.to_publish():
                try:
                    await self._publish(client, one)
                except BrokerError:
                    await asyncio.sleep(_PAUSE_SECONDS)
                    break
            await asyncio.sleep(_POLL_SECONDS)

    async def _publish(self, client: NatsClient, one: ToPublish) -> None:
        faults, data = self.partner.faults, one.data
        subject = inbox_subject(one.partner, self._own)
        headers = {"Nats-Msg-Id": one.message_id, "Nats-Expected-Stream": inbox_stream(one.partner)}
        if not (Fault.LOSES_FIRST in faults and one.message_id.endswith(".1")):
            if Fault.TRUNCATES_FIRST in faults and one.message_id.endswith(".1"):
                data = data[: len(data) // 2]
            await client.publish(subject, data, headers)
        if Fault.SENDS_TWICE in faults:
            await client.publish(subject, data, {**headers, "Nats-Msg-Id": f"{one.message_id}.again"})
        one.done()

    async def _receive(self, client: NatsClient) -> None:
        await client.wait_connected()
        while True:
            try:
                subscription = await client.pull(self._access.stream, self._access.durable)
                while True:
                    for message in await subscription.fetch(100, 1.0):
                        envelope = self.partner.take(message.subject.rsplit(".", 1)[-1], message.data)
                        await message.ack()
                        if envelope is not None:
                            self._took(envelope)
            except BrokerError:
                await asyncio.sleep(_PAUSE_SECONDS)
