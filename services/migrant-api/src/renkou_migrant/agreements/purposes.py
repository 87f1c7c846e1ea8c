"""What each kind of notice is for, and the members that this purpose needs: the upper bound of any agreement.

An agreement may name fewer members than its purpose needs and never more, so that data minimisation stands in
the contract and not in good will. Members that a content cannot do without (``required``) always go.
Basis: Personal Information Protection Law 《个人信息保护法》 article 6 (the least that the purpose needs).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from renkou_migrant.agreements.fields import leaves, required
from renkou_migrant.exchange.contracts import AGREED, CONTENTS, PURPOSES, MessageKind
from renkou_migrant.exchange.domain import ANSWERABLE

_SUBJECT = frozenset({"subject.name", "subject.resident_id", "subject.home_area"})
_ATTACHMENTS = frozenset(
    {"attachments.name", "attachments.media_type", "attachments.sha256", "attachments.data"}
)
_NEEDED: Mapping[str, tuple[str, frozenset[str]]] = {
    "arrival_notice": ("present_address", _SUBJECT | {"arrived_on", "present_area"}),
    "departure_notice": ("present_address", _SUBJECT | {"departed_on", "destination_district"}),
    "certificate_checked": ("certificate_use", _SUBJECT | {"checked_on", "result", "code"}),
    "service_notice": ("no_service_twice", _SUBJECT | {"service", "given_on", "consent"}),
    "birth_notice": (
        "enter_birth",
        _SUBJECT | {"child.name", "child.sex", "child.birth_date", "child.parity", "birth_area"},
    ),
    "registration_notice": ("childbirth_registration", _SUBJECT | {"registered_on"}),
    "inquiry": ("verify_facts", _SUBJECT | _ATTACHMENTS | {"questions", "note", "urgent"}),
}
ANSWER_NEEDS = frozenset({"known", "note"}) | _ATTACHMENTS
"""Members that an answer may carry at most."""


@dataclass(frozen=True, slots=True)
class Needs:
    """A kind's purpose by its code, and the members that it needs; ``answer`` is empty where none is asked."""

    purpose: str
    legal_basis: str
    fields: frozenset[str]
    required: frozenset[str]
    answer: frozenset[str]


def needs(kind: MessageKind) -> Needs:
    """Return what a kind that agreements list is for; raises KeyError for any other kind."""
    if kind not in AGREED:
        raise KeyError(kind)
    code, fields = _NEEDED[kind.value]
    model = CONTENTS[kind]
    answer = ANSWER_NEEDS & leaves(CONTENTS[MessageKind.ANSWER]).keys() if kind in ANSWERABLE else frozenset()
    return Needs(
        purpose=code,
        legal_basis=PURPOSES[kind].legal_basis,
        fields=fields & leaves(model).keys(),
        required=required(model),
        answer=frozenset(answer),
    )
