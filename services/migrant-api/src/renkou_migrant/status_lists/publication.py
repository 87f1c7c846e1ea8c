"""Tasks of the worker: sign and publish own lists over the hub, and take in what partners publish."""

import asyncio
import time
from hashlib import sha256

import structlog

from renkou_common.messaging.hub import PUBLIC_STREAM, public_durable
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.messaging.nats_client import (
    BrokerError,
    BrokerUnavailable,
    Message,
    NatsClient,
    PullSubscription,
)
from renkou_common.scope import AreaScope
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service
from renkou_migrant.status_lists.domain import SignedList, subject_of

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 2.0
_REPEAT_SECONDS = 300.0
_FETCH_SECONDS = 3.0
_BATCH = 100
_LONGEST_WAIT = 10.0
_MAY_COME_RIGHT = frozenset({Reason.UNKNOWN_ISSUER, Reason.UNKNOWN_KEY, Reason.KEY_OUTSIDE_WINDOW})
"""A newer trust list may settle these."""


class Publisher:
    """Signs own lists when it is time and gives them to the hub.

    Everything is published again every five minutes, so that a hub that lost its data has the lists again. A hub
    that has a list knows it by its id, stores nothing and delivers nothing.
    """

    def __init__(self, runtime: Runtime, hub: NatsClient) -> None:
        self._runtime = runtime
        self._hub = hub
        self._repeated_at = float("-inf")

    async def run(self) -> None:
        """Sign and publish until cancelled; a database or hub that is away is waited for."""
        while True:
            try:
                await self.step()
                await asyncio.sleep(_POLL_SECONDS)
            except (*TRANSIENT, BrokerError) as error:
                _log.warning("status lists wait", error=repr(error))
                await asyncio.sleep(_PAUSE_SECONDS)

    async def step(self) -> None:
        """Sign what is due and publish what the hub does not have."""
        async with self._runtime.database.transaction(AreaScope.nothing()) as tx:
            lists = await service.sign_due(tx, self._runtime)
        if not self._hub.connected:
            return
        repeat = time.monotonic() - self._repeated_at >= _REPEAT_SECONDS
        for signed in lists:
            if repeat or signed.sequence > signed.published_sequence:
                await self._publish(signed)
        if repeat:
            self._repeated_at = time.monotonic()

    async def _publish(self, signed: SignedList) -> None:
        district = str(self._runtime.district)
        assert signed.token is not None
        token = signed.token.encode("ascii")
        known_by = {"Nats-Msg-Id": f"{district}.{sha256(token).hexdigest()}"}
        await self._hub.publish(subject_of(district, signed.number), token, known_by)
        async with self._runtime.database.transaction(AreaScope.nothing()) as tx:
            await service.mark_published(tx, signed.number, signed.sequence)


class Reception:
    """Takes the lists that other districts publish from this district's durable, verified one by one."""

    def __init__(self, runtime: Runtime, hub: NatsClient) -> None:
        self._runtime = runtime
        self._hub = hub
        self._subscription: PullSubscription | None = None

    async def run(self) -> None:
        """Take lists in until cancelled."""
        while True:
            try:
                if self._subscription is None:
                    district = str(self._runtime.district)
                    self._subscription = await self._hub.pull(PUBLIC_STREAM, public_durable(district))
                for message in await self._subscription.fetch(_BATCH, _FETCH_SECONDS):
                    await self._take(message)
            except BrokerUnavailable as error:
                _log.debug("partners' status lists wait", error=str(error))
                await self._unbind()
                await asyncio.sleep(_PAUSE_SECONDS)
            except TRANSIENT as error:
                _log.warning("partners' status lists wait", error=repr(error))
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _unbind(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()

    async def _take(self, message: Message) -> None:
        """Keep one list, refuse it for good, or ask for it again once the trust list may have changed."""
        district, kind = _parts(message.subject)
        if district == str(self._runtime.district) or kind != "status-list":
            await message.ack()
            return
        try:
            await self._keep(district, message.data.decode("ascii"))
        except CredentialError as error:
            if error.reason in _MAY_COME_RIGHT:
                await message.nak(min(2.0 * message.delivered, _LONGEST_WAIT))
                return
            _log.error("status list refused", district=district, code=error.reason.value)
            await message.term()
        except ValueError as error:
            _log.error("status list refused", district=district, error=str(error))
            await message.term()
        else:
            await message.ack()

    async def _keep(self, district: str, token: str) -> None:
        async with self._runtime.database.transaction(AreaScope.nothing()) as tx:
            trust = await partners.trust_list(tx, self._runtime)
            if trust is None:
                raise CredentialError(Reason.UNKNOWN_ISSUER, "no trust list yet")
            if await service.keep_partner_list(tx, self._runtime, trust, district, token):
                _log.info("status list kept", district=district)


def _parts(subject: str) -> tuple[str, str]:
    """Return district and kind of ``public.<district>.<kind>...``."""
    parts = subject.split(".")
    return (parts[1], parts[2]) if len(parts) > 2 else ("", "")
