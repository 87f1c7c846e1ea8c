"""Sends what was drafted: numbers and seals it once, publishes it, and again until a receipt has come.

The exact bytes are stored before they are published for the first time, so a message is the same however
often it is sent. The hub's memory is never relied on: a hub that lost everything gets it again. A hub that
takes no more for a partner (its inbox there is full) slows down this partner alone: the rest waits here.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace as changed
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from prometheus_client import Gauge

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_common.messaging.hub import inbox_stream, inbox_subject
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.messaging.nats_client import BrokerError, NatsClient, Outgoing, PublishRefused
from renkou_common.scope import AreaScope
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import AgreementState, serving
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.trust import TrustedDistrict
from renkou_migrant.decisions import service as decisions
from renkou_migrant.exchange import comparison, incoming_repository, receipts_repository, repository
from renkou_migrant.exchange import outgoing_repository as outgoing
from renkou_migrant.exchange import pair_repository as pairs
from renkou_migrant.exchange.agreed import HELD_BACK, Leaving, leave
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contents import decrypt, encrypt, reply_times
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import MessageState, ReplyTimes, advance
from renkou_migrant.exchange.events import Change, publish_changes
from renkou_migrant.exchange.outgoing_repository import DraftRow, Numbered, ToSend
from renkou_migrant.exchange.protocol.sending import SEND_WINDOW, resend_after, room
from renkou_migrant.exchange.sealing import log_entry
from renkou_migrant.exchange.versions import NotExpressible, write
from renkou_migrant.exchange.wire import Envelope, seal
from renkou_migrant.message_log import service as message_log
from renkou_migrant.message_log.domain import Entry
from renkou_migrant.partners import service as partners
from renkou_migrant.purposes import service as purposes
from renkou_migrant.runtime import Runtime

BACKLOG = Gauge("renkou_exchange_backlog", "What waits in the exchange, by kind", ["what"])

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_NO_KEY_SECONDS = 5.0
_LOOK_SECONDS = 10.0
_FULL_SECONDS = 5.0
_SEAL_BATCH = 250
_SEND_BATCH = 500
_LARGEST_BATCH, _LARGEST_BYTES = 250, 4_000_000
_COMPARED_AT_ONCE = 50
_FORGET_BATCH = 5_000


class Sender:
    """The sending side of the exchange. ``wake`` makes it look at once instead of at its next poll."""

    def __init__(self, runtime: Runtime, hub: NatsClient) -> None:
        self._runtime = runtime
        self._hub = hub
        self._own = runtime.settings.district
        self._without_key: dict[str, float] = {}
        self._full: dict[str, float] = {}
        self._look_at = 0.0
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Send until cancelled; waits for the database and the hub to come back."""
        pause = _FIRST_PAUSE
        while True:
            self.wake.clear()
            try:
                busy = await self.seal_drafts() + await self.send_due()
                await self._look_after()
            except (*TRANSIENT, BrokerError) as error:
                _log.warning("exchange cannot send", error=str(error), retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), _POLL_SECONDS)

    async def seal_drafts(self) -> int:
        """Number and seal the oldest drafts of each partner; returns how many."""
        database, everything = self._runtime.database, AreaScope.everything()
        async with database.transaction(everything, read_only=True) as tx:
            waiting = await outgoing.partners_with_drafts(tx)
        return sum([await self._seal_for(partner) for partner in waiting])

    async def _seal_for(self, partner: str) -> int:
        runtime = self._runtime
        now = runtime.clock.now()
        if time.monotonic() < self._without_key.get(partner, 0.0):
            return 0
        async with runtime.database.transaction(AreaScope.everything()) as tx:
            trust = await partners.trust_list(tx, runtime)
            district = trust.districts.get(partner) if trust else None
            if district is None:
                return self._wait_for_key(partner, "not in the trust list")
            try:
                district.encryption_key(now)
            except CredentialError as error:
                return self._wait_for_key(partner, str(error))
            pair = (await pairs.lock(tx, [partner]))[partner]
            if pair.asks is not None:
                return 0  # restored, and not told yet which numbers are in use
            last_out = pair.last_out
            oldest = await pairs.oldest_unsettled(tx, partner, last_out, SEND_WINDOW)
            limit = min(_SEAL_BATCH, room(oldest, last_out))
            drafts, leaving = await self._leaving(tx, partner, limit, now)
            times = await reply_times(tx, runtime)
            numbered, entries, failed = self._seal_all(leaving, district, last_out, now, times)
            for message_id, code in failed:
                await repository.give_up(tx, message_id, code, now)
            if numbered:
                await outgoing.number(tx, numbered)
                await pairs.set_last_out(tx, partner, last_out + len(numbered))
                await message_log.append(tx, runtime.cipher, entries)
        return len(drafts)

    def _wait_for_key(self, partner: str, reason: str) -> int:
        _log.warning("nothing can be encrypted to this partner", partner=partner, reason=reason)
        self._without_key[partner] = time.monotonic() + _NO_KEY_SECONDS
        return 0

    async def _leaving(
        self, tx: Transaction, partner: str, limit: int, now: datetime
    ) -> tuple[list[DraftRow], list[Leaving]]:
        """Return the oldest drafts for a partner, and of them what may leave; the rest is given up.

        Drafts under a suspended agreement are neither: they wait.
        """
        agreed = await agreements.of_partner(tx, partner)
        today = now.astimezone(SHANGHAI).date()
        suspended = [
            one.id
            for one in agreed
            if (heir := serving(agreed, one.id, today)) and heir.state is AgreementState.SUSPENDED
        ]
        drafts = await outgoing.drafts_for(tx, partner, limit, suspended, sorted(HELD_BACK))
        follow = (MessageKind.ANSWER, MessageKind.CORRECTION)
        targets = [one.in_reply_to for one in drafts if one.message.kind in follow]
        asked = await incoming_repository.kinds_of(tx, [one for one in targets if one]) if targets else {}
        purposes_now = await purposes.kinds_in_force(tx, today)
        forbidden = await decisions.forbidden(tx, [one.message.id for one in drafts])
        leaving: list[Leaving] = []
        for draft in drafts:
            try:
                decision = forbidden.get(draft.message.id) or leave(
                    draft, self._payload, agreed, asked, today, purposes_now
                )
            except (InvalidTag, KeyError, ValueError):
                _log.error("content of a draft cannot be read", message=str(draft.message.id))
                decision = Refused.CONTENT_UNREADABLE
            if isinstance(decision, str):
                await repository.give_up(tx, draft.message.id, decision, now)
            else:
                leaving.append(decision)
        await self._note_successors(tx, drafts, leaving)
        return drafts, leaving

    async def _note_successors(
        self, tx: Transaction, drafts: Sequence[DraftRow], leaving: Sequence[Leaving]
    ) -> None:
        named = {one.message.id: one.agreement_id for one in drafts}
        moved = [
            (
                one.draft.message.id,
                one.relies_on,
                encrypt(self._runtime, one.payload) if one.reduced else None,
            )
            for one in leaving
            if one.relies_on is not None and (one.reduced or one.relies_on != named[one.draft.message.id])
        ]
        if moved:
            await outgoing.rely_on(tx, moved)

    def _payload(self, draft: DraftRow) -> dict[str, Any]:
        return decrypt(self._runtime, draft.content) or {}

    def _seal_all(
        self,
        leaving: Sequence[Leaving],
        district: TrustedDistrict,
        last_out: int,
        now: datetime,
        times: ReplyTimes,
    ) -> tuple[list[Numbered], list[Entry], list[tuple[UUID, str]]]:
        """Number and seal what may leave; also returns what cannot be said, with the reason: it takes no number."""
        numbered: list[Numbered] = []
        entries: list[Entry] = []
        failed: list[tuple[UUID, str]] = []
        for one in leaving:
            pair_seq = last_out + len(numbered) + 1
            try:
                envelope = self._envelope(one, district, pair_seq, now)
            except NotExpressible as error:
                failed.append((one.draft.message.id, error.code))
                continue
            sealed = seal(envelope, self._runtime.exchange_keys, district, now)
            due_on = times.due_on(one.draft.message.kind, now.astimezone(SHANGHAI), envelope.payload)
            numbered.append(
                Numbered(envelope.id, pair_seq, now, envelope.expires_at, due_on, sealed.digest, sealed.data)
            )
            entries.append(log_entry(envelope, sealed, now))
        return numbered, entries, failed

    def _envelope(self, one: Leaving, district: TrustedDistrict, pair_seq: int, now: datetime) -> Envelope:
        """Raises NotExpressible where no version that the partner understands can say it."""
        draft, message = one.draft, one.draft.message
        ours = self._runtime.understood[message.kind]
        version, payload = write(message.kind, one.payload, draft.version, ours, district.kinds)
        return Envelope(
            id=message.id,
            kind=message.kind,
            version=version,
            sender=self._own,
            receiver=message.partner,
            pair_seq=pair_seq,
            thread=message.thread,
            in_reply_to=draft.in_reply_to,
            created_at=now,
            expires_at=now + timedelta(days=self._runtime.settings.message_lifetime_days),
            agreement=draft.agreement_id,
            payload=payload,
        )

    async def send_due(self) -> int:
        """Publish receipts and digests, then messages that are due; returns how many. Raises BrokerError."""
        full = [partner for partner, until in self._full.items() if time.monotonic() < until]
        async with self._runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
            receipts = await receipts_repository.unsent(tx, _SEND_BATCH, full)
            messages = await outgoing.due_to_send(tx, _SEND_BATCH, full)
        if receipts:
            await self._send_receipts(receipts)
        if messages:
            await self._send_messages(messages)
        return len(receipts) + len(messages)

    async def _send_receipts(self, receipts: Sequence[ToSend]) -> None:
        taken, failure = await self._publish(receipts)
        if taken:
            async with self._runtime.database.transaction(AreaScope.everything()) as tx:
                await receipts_repository.delete(tx, [one.id for one in taken])
        if failure is not None:
            raise failure

    async def _send_messages(self, messages: Sequence[ToSend]) -> None:
        taken, failure = await self._publish(messages)
        if taken:
            await self._mark_sent(taken)
        if failure is not None:
            raise failure

    async def _publish(self, messages: Sequence[ToSend]) -> tuple[list[ToSend], BaseException | None]:
        """Publish each partner's in batches; returns what the hub has acknowledged and the first failure.

        Partners whose inbox is full are left alone for a while; that is no failure.
        """
        by_partner: dict[str, list[ToSend]] = defaultdict(list)
        for one in messages:
            by_partner[one.partner].append(one)
        answers = await asyncio.gather(*map(self._publish_to, by_partner.values()))
        taken = [one for some, _ in answers for one in some]
        failures = [failure for _, failure in answers if failure is not None]
        return taken, failures[0] if failures else None

    async def _publish_to(self, messages: Sequence[ToSend]) -> tuple[list[ToSend], BaseException | None]:
        taken: list[ToSend] = []
        for batch in _batches(messages):
            try:
                await self._hub.publish_batch([self._outgoing(one) for one in batch])
            except PublishRefused as refused:
                partner = batch[0].partner
                _log.warning("the hub takes no more for this partner", partner=partner, reason=str(refused))
                self._full[partner] = time.monotonic() + _FULL_SECONDS
                return taken, None
            except BrokerError as error:
                return taken, error
            taken += batch
        return taken, None

    def _outgoing(self, one: ToSend) -> Outgoing:
        # Another id each time: within its window the hub would refuse a batch with a message that it has had,
        # although it is sent again because the partner may have lost it, or its acknowledgement was lost.
        headers = {
            "Nats-Msg-Id": str(new_id()),
            "Nats-Expected-Stream": inbox_stream(one.partner),
        }
        return Outgoing(inbox_subject(one.partner, self._own), one.sealed, headers)

    async def _mark_sent(self, taken: Sequence[ToSend]) -> None:
        settings, now = self._runtime.settings, self._runtime.clock.now()
        first, longest = settings.retransmit_first_seconds, settings.retransmit_longest_seconds
        waits = [resend_after(one.attempts + 1, first, longest) for one in taken]
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            numbers = {one.id: one.pair_seq for one in taken}
            before = await outgoing.lock(tx, list(numbers))
            await outgoing.mark_sent(tx, taken, waits, now)
            changes: list[Change] = []
            for found in before.values():
                message = found.message
                if found.pair_seq != numbers[message.id]:
                    continue
                state = advance(message.state, MessageState.SENT)
                changes.append((message, changed(message, state=state, sent_at=message.sent_at or now)))
            await publish_changes(tx, self._runtime, changes)

    async def _look_after(self) -> None:
        """Every ten seconds: note what expired, compare with partners, forget old bytes, measure what waits."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_SECONDS
        runtime, now = self._runtime, self._runtime.clock.now()
        async with runtime.database.transaction(AreaScope.everything()) as tx:
            await outgoing.mark_expired(tx, now)
            await pairs.forget_bytes(tx, now - timedelta(days=runtime.settings.replay_days), _FORGET_BATCH)
            waiting = await outgoing.backlog(tx)
        await self.compare()
        for what, count in waiting.items():
            BACKLOG.labels(what).set(count)

    async def compare(self) -> None:
        """Write the digests that are due, some partners at a time."""
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            trust = await partners.trust_list(tx, self._runtime)
            if trust is not None:
                entries = await comparison.write_due(tx, self._runtime, trust, _COMPARED_AT_ONCE)
                await message_log.append(tx, self._runtime.cipher, entries)


def _batches(messages: Sequence[ToSend]) -> Iterator[list[ToSend]]:
    """Split one partner's messages so that no batch is too large for the hub to take as one."""
    batch: list[ToSend] = []
    size = 0
    for one in messages:
        if batch and (len(batch) == _LARGEST_BATCH or size + len(one.sealed) > _LARGEST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one.sealed)
    if batch:
        yield batch
