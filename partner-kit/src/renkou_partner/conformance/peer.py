"""A district that the suite plays: seals anything, rightly or wrongly, and keeps all that comes for it."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc.jwk import OKPKey

from renkou_common.messaging.hub import inbox_stream, inbox_subject
from renkou_common.messaging.nats_client import BrokerError, ConnectionClosed, NatsClient
from renkou_partner import trust, wire
from renkou_partner.contract import KINDS, LIMITS, MESSAGE_TYPE, Json, content_errors, newest, sample
from renkou_partner.hub import HubAccess
from renkou_partner.jws import sign


class Failed(Exception):
    """The implementation did not do what the specification says."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message as it was sealed."""

    envelope: Json
    data: bytes
    digest: str

    @property
    def id(self) -> str:
        """Of the message."""
        return str(self.envelope["id"])


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that the implementation published for this district."""

    data: bytes
    hub_id: str
    at: float
    opened: wire.Opened | None
    problem: str | None

    @property
    def envelope(self) -> Json:
        """What was signed; empty where it could not be opened."""
        return self.opened.envelope if self.opened else {}


@dataclass(frozen=True, slots=True)
class PeerKeys:
    """Private keys of a district that the suite plays: one in use, one that overlaps, one of the past."""

    now: Json
    overlapping: Json
    past: Json
    encryption: Json

    @classmethod
    def new(cls, district: str) -> "PeerKeys":
        """Fresh keys."""
        past, now, overlapping = (trust.new_key(f"{district}-sig-{number}") for number in (1, 2, 3))
        return cls(now, overlapping, past, trust.new_key(f"{district}-enc-1", "enc"))

    def entries(self) -> list[tuple[str, Json]]:
        """What the trust list says of them."""
        ago = datetime.now(UTC) - timedelta(days=30)
        return [
            ("sig", trust.entry(self.now)),
            ("sig", trust.entry(self.overlapping)),
            ("sig", trust.entry(self.past, valid_to=ago)),
            ("enc", trust.entry(self.encryption)),
        ]


class Peer:
    """One district of the suite with its connection to the hub."""

    def __init__(
        self,
        district: str,
        keys: PeerKeys,
        access: HubAccess,
        *,
        implementation: str,
        patience: float,
    ) -> None:
        self.district = district
        self.keys = keys
        self.agreements: dict[str, str] = {}
        self.arrivals: list[Arrival] = []
        self.patience = patience
        self._access = access
        self._client: NatsClient = access.client(f"suite-{district}")
        self._implementation = implementation
        self._news = asyncio.Condition()
        self._next = 1
        self._ring = wire.KeyRing((), (OKPKey.import_key(keys.encryption),))
        self.trusted: trust.TrustList | None = None

    async def run(self) -> None:
        """Stay connected and keep what comes, until cancelled."""
        while True:
            with suppress(ConnectionClosed, OSError):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._client.run())
                    tasks.create_task(self._receive())

    async def _receive(self) -> None:
        await self._client.wait_connected()
        while True:
            try:
                subscription = await self._client.pull(self._access.stream, self._access.durable)
                while True:
                    for message in await subscription.fetch(50, 1.0):
                        arrival = self._read(message.subject, message.data, message.headers)
                        await message.ack()
                        async with self._news:
                            self.arrivals.append(arrival)
                            self._news.notify_all()
            except BrokerError:
                await asyncio.sleep(0.2)

    def _read(self, subject: str, data: bytes, headers: Mapping[str, str]) -> Arrival:
        sender, hub_id = subject.rsplit(".", 1)[-1], headers.get("Nats-Msg-Id", "")
        assert self.trusted is not None
        try:
            opened = wire.open_sealed(
                data,
                keys=self._ring,
                trust=self.trusted,
                own=self.district,
                sender=sender,
                now=datetime.now(UTC),
            )
        except wire.Unattributable as error:
            return Arrival(data, hub_id, time.monotonic(), None, str(error))
        return Arrival(data, hub_id, time.monotonic(), opened, _problem(opened.envelope))

    # Sealing

    def envelope(self, kind: str = "arrival_notice", **changes: Any) -> Json:
        """A good message in its turn, with whatever is changed about it; a given number takes no turn."""
        now = datetime.now(UTC)
        message_id = str(uuid4())
        if "pair_seq" not in changes:
            changes["pair_seq"] = self._next
            self._next += 1
        if kind in KINDS:
            changes = {"version": newest(kind), "payload": sample(kind)} | changes
        return {
            "id": message_id,
            "kind": kind,
            "version": 1,
            "from": self.district,
            "to": self._implementation,
            "thread": message_id,
            "in_reply_to": None,
            "created_at": now.isoformat(),
            "expires_at": (now + timedelta(days=1)).isoformat(),
            "agreement": self.agreements.get("wide"),
            "payload": {},
        } | changes

    def receipt(self, message_id: str, digest: str, state: str, code: str | None = None) -> Json:
        """A receipt for one message."""
        item = {"id": message_id, "digest": digest, "state": state, "code": code}
        return self.envelope("receipt", pair_seq=0, agreement=None, payload={"items": [item]})

    def seal(
        self,
        envelope: Json,
        *,
        key: Json | None = None,
        jws: Json | None = None,
        jwe: Json | None = None,
        text: bytes | None = None,
    ) -> Sealed:
        """Sign and encrypt to the implementation; ``jws`` and ``jwe`` change members of the headers."""
        text = text or json.dumps(envelope, ensure_ascii=False).encode()
        signed = sign(text, OKPKey.import_key(key or self.keys.now), MESSAGE_TYPE, **(jws or {}))
        return self.encrypt(envelope, signed, **(jwe or {}))

    def encrypt(self, envelope: Json, signed: str, **header: Any) -> Sealed:
        """Encrypt what was signed, or was not, to the implementation."""
        assert self.trusted is not None
        receiver = self.trusted.districts[self._implementation].encryption_key(datetime.now(UTC))
        return Sealed(envelope, wire.encrypt(signed, receiver, **header), wire.digest_of(signed))

    async def publish(self, sealed: Sealed | bytes) -> None:
        """Publish as this district; each time under another id at the hub."""
        data = sealed if isinstance(sealed, bytes) else sealed.data
        headers = {"Nats-Msg-Id": str(uuid4()), "Nats-Expected-Stream": inbox_stream(self._implementation)}
        await self._client.wait_connected()
        await self._client.publish(inbox_subject(self._implementation, self.district), data, headers)

    async def say(self, kind: str = "arrival_notice", **changes: Any) -> Sealed:
        """Seal and publish a message."""
        sealed = self.seal(self.envelope(kind, **changes))
        await self.publish(sealed)
        return sealed

    # Waiting

    async def wait_for[T](self, what: str, look: Callable[[Sequence[Arrival]], T | None]) -> T:
        """Return the first answer of ``look`` at what has come so far; raises Failed in the end."""
        try:
            async with asyncio.timeout(self.patience), self._news:
                while True:
                    found = look(self.arrivals)
                    if found is not None:
                        return found
                    await self._news.wait()
        except TimeoutError:
            raise Failed(f"{what} did not come within {self.patience:g} s") from None

    def items(self, message_id: str) -> list[Json]:
        """What receipts said of a message, in order of arrival."""
        return [item for item in self.all_items() if item["id"] == message_id]

    def all_items(self) -> list[Json]:
        """What receipts said of anything."""
        receipts = [one.envelope for one in self.arrivals if one.envelope.get("kind") == "receipt"]
        return [item for one in receipts if not _problem(one) for item in one["payload"]["items"]]

    async def receipted(self, sealed: Sealed, state: str = "read", *, times: int = 1) -> Json:
        """Wait until a message was receipted in a state so many times; checks the digest."""

        def look(_: Sequence[Arrival]) -> Json | None:
            found = [item for item in self.items(sealed.id) if item["state"] == state]
            return found[-1] if len(found) >= times else None

        others = [item["state"] for item in self.items(sealed.id)]
        what = f"a receipt '{state}' for number {sealed.envelope['pair_seq']}"
        try:
            item = await self.wait_for(what, look)
        except Failed as error:
            others = [f"{item['state']} {item['code'] or ''}".strip() for item in self.items(sealed.id)]
            raise Failed(f"{error}; receipts for it: {others or 'none'}") from None
        if item["digest"] != sealed.digest:
            raise Failed(f"the receipt carries the digest {item['digest']}, not {sealed.digest}")
        return item

    async def message(self, message_id: str, *, times: int = 1) -> Arrival:
        """Wait until a message of the implementation has come so many times; returns the last one."""

        def look(_: Sequence[Arrival]) -> Arrival | None:
            found = self.copies(message_id)
            return found[times - 1] if len(found) >= times else None

        which = f"message {message_id}" if times == 1 else f"copy {times} of message {message_id}"
        return await self.wait_for(which, look)

    def copies(self, message_id: str) -> list[Arrival]:
        """Each arrival of a message of the implementation."""
        return [one for one in self.arrivals if one.envelope.get("id") == message_id]


def _problem(envelope: Json) -> str | None:
    """Why a genuine message of the implementation is not as specified."""
    try:
        wrong = content_errors(envelope["kind"], envelope["version"], envelope["payload"])
    except FileNotFoundError:
        return f"unknown kind or version: {envelope['kind']} {envelope['version']}"
    if wrong:
        return f"{envelope['kind']}: {wrong[0]}"
    lifetime = wire.instant(envelope["expires_at"]) - wire.instant(envelope["created_at"])
    if lifetime <= timedelta(0):
        return "expires_at is not after created_at"
    if abs(wire.instant(envelope["created_at"]) - datetime.now(UTC)) > timedelta(
        seconds=LIMITS["clock_skew_seconds"]
    ):
        return "created_at is more than a day away"
    return None
