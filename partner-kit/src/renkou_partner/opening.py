"""Opening what the hub delivered (SPEC.md, 6 and 8); a fault that was switched on changes one rule each."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from renkou_partner import wire
from renkou_partner.faults import Fault
from renkou_partner.settings import Settings
from renkou_partner.trust import District, TrustList


def open_delivered(settings: Settings, faults: Collection[Fault], sender: str, data: bytes) -> wire.Opened:
    """Return a message that ``sender`` really sent here; raises Unattributable."""
    keys, trust = settings.keys, settings.trust
    if Fault.BELIEVES_ANYBODY in faults:
        signed = wire.decrypt(data, keys)
        envelope = wire.parse(signed)[1]
        return wire.Opened(envelope | {"from": sender}, wire.digest_of(signed), signed, "")
    if Fault.IGNORES_KEY_WINDOWS in faults:
        trust = _at_any_time(trust)
    checked = Fault.BELIEVES_THE_SUBJECT not in faults
    opened = wire.open_sealed(
        data,
        keys=keys,
        trust=trust,
        own=settings.district,
        sender=sender,
        now=datetime.now(UTC),
        checked=checked,
        inflate=Fault.INFLATES in faults,
    )
    if not checked:
        opened.envelope["from"] = sender
    return opened


def _at_any_time(trust: TrustList) -> TrustList:
    """The list with signing keys that are good at any time."""
    ever = datetime(1970, 1, 1, tzinfo=UTC)

    def freed(one: District) -> District:
        return replace(
            one,
            signing={kid: replace(key, valid_from=ever, valid_to=None) for kid, key in one.signing.items()},
        )

    return replace(trust, districts={code: freed(one) for code, one in trust.districts.items()})
