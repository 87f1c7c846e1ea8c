"""A partner district in small (SPEC.md, 6 to 10): numbers, seals, keeps, resends; takes in, orders, receipts.

No network: :mod:`.exchange` carries the bytes. A fault that was switched on changes one rule each.
"""

import json
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from renkou_partner import wire
from renkou_partner.agreement import SHANGHAI
from renkou_partner.contract import KINDS, LIMITS, Json, content_errors, is_numbered, newest, sample
from renkou_partner.digests import held
from renkou_partner.faults import Fault
from renkou_partner.judging import Judge
from renkou_partner.opening import open_delivered
from renkou_partner.settings import Settings
from renkou_partner.store import Row, Store
from renkou_partner.trust import Untrusted

_RANK = {"sent": 0, "delivered": 1, "read": 2}
REPEATED = "repeated"
"""What came under another number before, with the same content: it is read, and has no effect."""
_CLOSES = {"answer": "answered", "confirmation": "confirmed", "dispute": "disputed"}


@dataclass(frozen=True, slots=True)
class ToPublish:
    """Bytes for a partner; ``done`` notes that the hub has them."""

    partner: str
    data: bytes
    message_id: str
    done: Callable[[], None]


class Partner:
    """The state of one district and what it does with messages. Every method is one transaction."""

    def __init__(self, settings: Settings, store: Store, faults: Collection[Fault] = ()) -> None:
        self.settings = settings
        self.store = store
        self.faults = frozenset(faults)
        self._judge = Judge(settings, store, self.faults)
        self._stopped = False

    # Sending

    def send(self, to: str, kind: str, content: Json | None = None, **envelope: Any) -> str:
        """Number, seal and keep a message; returns its id. ``envelope`` overrides members of it."""
        with self.store.transaction():
            return self._send(to, kind, content or sample(kind), envelope)

    def reply(self, message_id: str, kind: str, content: Json | None = None) -> str:
        """Reply to a message that was read; raises ValueError where that may not be."""
        with self.store.transaction():
            target = self.store.received(message_id)
            if target is None or target["state"] != "read" or kind not in KINDS[target["kind"]]["replied_by"]:
                raise ValueError(f"no {kind} can be sent to {message_id}")
            replied_to = json.loads(target["envelope"])
            members: Json = {"agreement": replied_to["agreement"]}
            if Fault.NO_THREADS not in self.faults:
                members |= {"thread": replied_to["thread"], "in_reply_to": message_id}
            self.store.set_received_state(message_id, _CLOSES[kind])
            return self._send(target["partner"], kind, content or sample(kind), members)

    def _send(self, to: str, kind: str, content: Json, members: Json) -> str:
        last = self.store.pair(to)["last_out"]
        number = last + (2 if Fault.SKIPS_NUMBERS in self.faults else 1)
        self.store.set_last_out(to, number)
        if Fault.STARTS_AT_ZERO in self.faults:
            number -= 1
        if Fault.EXTRA_MEMBERS in self.faults:
            content = {**content, "remark": "one member more"}
        agreed = self._judge.agreement_for(to, kind)
        envelope = self._envelope(to, kind, number, content) | {"agreement": agreed} | members
        sealed, digest = self._seal(envelope)
        self.store.add_sent(envelope, sealed, digest)
        return str(envelope["id"])

    def _envelope(self, to: str, kind: str, number: int, content: Json) -> Json:
        now = datetime.now(SHANGHAI)
        message_id = str(uuid4())
        return {
            "id": message_id,
            "kind": kind,
            "version": newest(kind),
            "from": self.settings.district,
            "to": to,
            "pair_seq": number,
            "thread": message_id,
            "in_reply_to": None,
            "created_at": now.isoformat(),
            "expires_at": (now + timedelta(days=self.settings.lifetime_days)).isoformat(),
            "agreement": None,
            "payload": content,
        }

    def _seal(self, envelope: Json) -> tuple[bytes, str]:
        receiver = self.settings.trust.districts[envelope["to"]]
        return wire.seal(envelope, self.settings.keys, receiver, datetime.now(UTC))

    def to_publish(self) -> list[ToPublish]:
        """Return receipts and messages that are due, in the order in which they should leave."""
        receipts = [
            ToPublish(row["partner"], row["sealed"], row["id"], self._remover(row["position"]))
            for row in self.store.receipts()
        ]
        messages = [self._due(row) for row in self.store.due(time.time())]
        if Fault.SENDS_BACKWARDS in self.faults:
            messages.reverse()
        return receipts + messages

    def _remover(self, position: int) -> Callable[[], None]:
        return lambda: self.store.remove_receipt(position)

    def _due(self, row: Row) -> ToPublish:
        attempt = row["attempts"] + 1
        wait = min(
            self.settings.resend_first_seconds * 2 ** min(row["attempts"], 30),
            self.settings.resend_longest_seconds,
        )
        if Fault.NO_RESENDING in self.faults:
            wait = 1e9
        data: bytes = row["sealed"]
        if Fault.RESEALS in self.faults and attempt > 1:
            data = self._seal(json.loads(row["envelope"]))[0]
        hub_id = row["id"] if Fault.SAME_MESSAGE_ID in self.faults else f"{row['id']}.{attempt}"
        return ToPublish(
            row["partner"], data, hub_id, lambda: self.store.note_attempt(row["id"], time.time() + wait)
        )

    # Receiving

    def take(self, sender: str, data: bytes) -> Json | None:
        """Take in what the hub delivered; returns the envelope of a genuine message."""
        if self._stopped:
            return None
        try:
            opened = open_delivered(self.settings, self.faults, sender, data)
        except wire.Unattributable:
            self._stopped = Fault.STOPS_AT_GARBAGE in self.faults
            return None
        with self.store.transaction():
            if is_numbered(opened.envelope["kind"]):
                self._take_message(opened)
            elif opened.envelope["kind"] == "receipt":
                self._take_receipt(opened)
            elif opened.envelope["kind"] == "digest":
                self._take_digest(opened.envelope)
        return opened.envelope

    def _take_message(self, opened: wire.Opened) -> None:
        envelope = opened.envelope
        partner, number = envelope["from"], envelope["pair_seq"]
        next_in = self.store.pair(partner)["next_in"]
        known = self.store.received_number(partner, number)
        if known is not None and not (Fault.NO_CONFLICTS in self.faults and known["digest"] != opened.digest):
            self._take_again(opened, known)
            return
        if number < 1 or (number < next_in and Fault.NO_CONFLICTS not in self.faults):
            self._receipt(partner, [_item(envelope["id"], opened.digest, "refused", "sequence_conflict")])
            return
        if number - next_in > LIMITS["window"] and Fault.NO_WINDOW not in self.faults:
            return
        code = self._judge.refusal(opened)
        before = self.store.received(envelope["id"])
        if before is not None and Fault.NO_CONFLICTS not in self.faults:
            same = json.loads(before["envelope"])["payload"] == envelope["payload"]
            code = REPEATED if same and code is None else "id_conflict"
        self.store.add_received(envelope, opened.digest, "delivered", code)
        if Fault.NO_HOLDING in self.faults:
            self.store.set_next_in(partner, number)
            self._apply_from(partner, number)
        elif number == next_in or Fault.NO_CONFLICTS in self.faults:
            self._apply_from(partner, number)
        else:
            self._receipt(partner, [_item(envelope["id"], opened.digest, "delivered", code)])
            if Fault.FORGETS_HELD in self.faults:
                self.store.forget_received(partner, number)

    def _take_again(self, opened: wire.Opened, known: Row) -> None:
        envelope = opened.envelope
        if known["digest"] != opened.digest:
            self._receipt(
                envelope["from"], [_item(envelope["id"], opened.digest, "refused", "sequence_conflict")]
            )
            return
        if Fault.TWICE in self.faults and known["state"] != "delivered":
            self.store.add_received(envelope, opened.digest, "read", None)
            self.store.apply(self.store.received_from(envelope["from"])[-1]["position"], "read", None)
        self._receipt(envelope["from"], [_item(envelope["id"], opened.digest, _shown(known), known["code"])])

    def _apply_from(self, partner: str, number: int) -> None:
        items: list[Json] = []
        while (row := self.store.received_number(partner, number)) is not None and row[
            "state"
        ] == "delivered":
            code = row["code"] or self._apply_reply(row) or self._apply_amendment(row)
            state = REPEATED if code == REPEATED else "refused" if code else "read"
            self.store.apply(row["position"], state, code)
            if row["kind"] == "ping" and not code:
                self._pong(json.loads(row["envelope"]))
            items.append(_item(json.loads(row["envelope"])["id"], row["digest"], state, code))
            number += 1
        self.store.set_next_in(partner, number)
        self._receipt(partner, items)

    def _pong(self, ping: Json) -> None:
        """Answer a test message; what is understood is part of the answer."""
        kinds = {kind: about["versions"] for kind, about in KINDS.items()}
        content = ping["payload"] | {"kinds": kinds}
        members = {"thread": ping["thread"], "in_reply_to": ping["id"], "agreement": None}
        self._send(ping["from"], "pong", content, members)

    def _apply_reply(self, row: Row) -> str | None:
        """Close the message that a reply names; returns why it cannot."""
        if not KINDS.get(row["kind"], {}).get("reply"):
            return None
        target = self.store.sent(json.loads(row["envelope"])["in_reply_to"] or "")
        fits = target is not None and row["kind"] in KINDS[target["kind"]]["replied_by"]
        if (
            target is None
            or not fits
            or target["partner"] != row["partner"]
            or target["state"] in _CLOSES.values()
        ):
            return None if Fault.ACCEPTS_ANY_REPLY in self.faults else "reply_not_expected"
        self.store.set_sent_state(target["id"], _CLOSES[row["kind"]], None, settled=True)
        return None

    def _apply_amendment(self, row: Row) -> str | None:
        """Return why a correction, withdrawal or reminder cannot be carried out; what they do is not kept here."""
        envelope = json.loads(row["envelope"])
        if "of" not in envelope["payload"] or Fault.ACCEPTS_ANY_REPLY in self.faults:
            return None
        of = envelope["payload"]["of"]
        target = self.store.received(of)
        known = target is not None and target["partner"] == row["partner"] and target["state"] != "refused"
        return None if known and envelope["in_reply_to"] == of else "amendment_not_expected"

    # Receipts

    def _receipt(self, partner: str, items: Sequence[Json]) -> None:
        kept = [one for one in items if one["state"] != "refused" or Fault.SILENT_REFUSALS not in self.faults]
        if not kept or Fault.NO_RECEIPTS in self.faults:
            return
        if Fault.WRONG_DIGEST in self.faults:
            kept = [{**one, "digest": wire.digest_of(one["digest"])} for one in kept]
        envelope = self._envelope(partner, "receipt", 0, {"items": kept})
        try:
            self.store.add_receipt(envelope, self._seal(envelope)[0])
        except (Untrusted, KeyError):
            return

    def _take_receipt(self, opened: wire.Opened) -> None:
        envelope = opened.envelope
        if not self._is_understood(envelope):
            return
        if Fault.RECEIPTS_RECEIPTS in self.faults:
            self._receipt(envelope["from"], [_item(envelope["id"], opened.digest, "read", None)])
        for item in envelope["payload"]["items"]:
            ours = self.store.sent(item["id"])
            if ours is None:
                continue
            genuine = ours["partner"] == envelope["from"] and ours["digest"] == item["digest"]
            if genuine or Fault.ANY_RECEIPT in self.faults:
                self._note_receipt(ours, item)

    def _is_understood(self, envelope: Json) -> bool:
        kind, version = envelope["kind"], envelope["version"]
        return version in KINDS[kind]["versions"] and not content_errors(kind, version, envelope["payload"])

    def _take_digest(self, envelope: Json) -> None:
        """Send again what the partner lacks, and tell what is held here where that is asked (SPEC.md, 13)."""
        if not self._is_understood(envelope) or Fault.NO_DIGESTS in self.faults:
            return
        partner, theirs = envelope["from"], envelope["payload"]
        self.store.replay(partner, theirs["taken"]["upto"])
        if theirs.get("asks") is None:
            return
        content = held(self.store, partner, theirs)
        own = self._envelope(partner, "digest", 0, content)
        self.store.add_receipt(own, self._seal(own)[0])

    def _note_receipt(self, ours: Row, item: Json) -> None:
        state, settled = item["state"], item["state"] != "delivered" and Fault.NEVER_SILENT not in self.faults
        if ours["state"] in _CLOSES.values() or _RANK.get(state, 3) <= _RANK.get(ours["state"], 2):
            self.store.set_sent_state(ours["id"], ours["state"], ours["code"], settled=settled)
        else:
            shown = "expired" if item.get("code") == "expired" else state
            self.store.set_sent_state(ours["id"], shown, item.get("code"), settled=settled)


def _item(message_id: str, digest: str, state: str, code: str | None) -> Json:
    if code == REPEATED:
        state, code = "delivered" if state == "delivered" else "read", None
    return {"id": message_id, "digest": digest, "state": "refused" if code else state, "code": code}


def _shown(row: Row) -> str:
    return str(row["state"]) if row["state"] in ("delivered", "refused") else "read"
