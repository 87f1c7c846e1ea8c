"""Whether a genuine message may be taken, and under which agreement one may go (SPEC.md, 9 and 10)."""

from collections.abc import Collection
from datetime import UTC, datetime

from renkou_partner import wire
from renkou_partner.agreement import Agreement, beyond, day_of
from renkou_partner.contract import KINDS, Json, content_errors
from renkou_partner.faults import Fault
from renkou_partner.settings import Settings
from renkou_partner.store import Store


class Judge:
    """Decides by the contract and the agreements; a fault that was switched on changes one rule each."""

    def __init__(self, settings: Settings, store: Store, faults: Collection[Fault]) -> None:
        self.settings = settings
        self.store = store
        self.faults = faults

    def refusal(self, opened: wire.Opened) -> str | None:
        """Return why a genuine message may not be taken (SPEC.md, 9)."""
        envelope = opened.envelope
        kind, version = envelope["kind"], envelope["version"]
        if Fault.IGNORES_CONTRACTS not in self.faults:
            if kind not in KINDS:
                return "unknown_kind"
            if version not in KINDS[kind]["versions"]:
                return "unsupported_version"
        if opened.expires_at <= datetime.now(UTC) and Fault.IGNORES_EXPIRY not in self.faults:
            return "expired"
        agreed = (
            self._not_agreed(opened)
            if kind in KINDS and Fault.IGNORES_AGREEMENTS not in self.faults
            else None
        )
        if agreed and not agreed.startswith("field_not_agreed"):
            return agreed
        if Fault.IGNORES_CONTRACTS in self.faults:
            return None
        speaks_of_another = KINDS[kind]["reply"] or "of" in envelope["payload"]
        if speaks_of_another and envelope["in_reply_to"] is None:
            return "bad_content"
        return "bad_content" if content_errors(kind, version, envelope["payload"]) else agreed

    def _not_agreed(self, opened: wire.Opened) -> str | None:
        """Return why the agreement does not let a message arrive (SPEC.md, 10)."""
        envelope = opened.envelope
        kind, sender = envelope["kind"], envelope["from"]
        if KINDS[kind]["test"]:
            return None
        found = next((one for one in self.settings.agreements if one.id == envelope["agreement"]), None)
        if found is None or not found.is_between(sender, self.settings.district):
            return "no_agreement"
        asked = self._asked(envelope)
        if not KINDS[kind]["agreed"] and asked is None:
            return None
        if not found.covers(day_of(opened.created_at)):
            return "agreement_not_in_force"
        return _beyond_grant(found, envelope, asked, self.settings.district)

    def _asked(self, envelope: Json) -> str | None:
        """The kind of the message that an answer or a correction speaks of."""
        about = envelope["in_reply_to"] or ""
        if envelope["kind"] == "answer":
            target = self.store.sent(about)
        else:
            target = self.store.received(about) if "content" in envelope["payload"] else None
        return None if target is None else str(target["kind"])

    def agreement_for(self, to: str, kind: str) -> str | None:
        """Return the agreement under which a kind may go to a partner today."""
        own, today = self.settings.district, day_of(datetime.now(UTC))
        for one in self.settings.agreements:
            if one.is_between(own, to) and one.covers(today) and one.grant(kind, own):
                return one.id
        return None


def _beyond_grant(agreement: Agreement, envelope: Json, asked: str | None, own: str) -> str | None:
    """Return why a message tells more than was agreed; ``asked`` is the kind that it speaks of."""
    kind, payload, fields = envelope["kind"], envelope["payload"], "fields"
    grant = agreement.grant(kind, envelope["from"])
    if asked is not None and kind == "answer":
        grant, fields = agreement.grant(asked, own), "answer_fields"
    elif asked is not None:
        if not KINDS[asked]["agreed"]:
            return None
        grant, payload = agreement.grant(asked, envelope["from"]), payload["content"]
    if grant is None or not grant[fields]:
        return "not_agreed"
    path = beyond(payload, grant[fields])
    return f"field_not_agreed:{path}" if path else None
