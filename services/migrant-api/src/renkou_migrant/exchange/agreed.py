"""What agreements mean for messages: whether one may leave, whether one that came may be taken. No I/O.

Notices and inquiries need an agreement in force that lists them, and carry only what it lists. An answer may
carry what the agreement lets come back for what it answers. A confirmation or dispute tells nothing new: its
agreement has only to be on record. A correction may say what the corrected message may. Test messages need none.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date
from typing import Any
from uuid import UUID

from renkou_migrant.agreements.domain import (
    AgreedDirection,
    Agreement,
    AgreementState,
    Refusal,
    RefusalCode,
    serving,
)
from renkou_migrant.agreements.fields import beyond, reduced
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contracts import AGREED, NOTICES, TESTS, MessageKind
from renkou_migrant.exchange.outgoing_repository import DraftRow

HELD_BACK = frozenset({*AGREED, MessageKind.ANSWER, MessageKind.CORRECTION})
"""Kinds that wait while their agreement is suspended."""
_ANSWER_TO_DISPUTE = frozenset({"known", "note"})


@dataclass(frozen=True, slots=True)
class Leaving:
    """A draft that may leave, with what it says; ``reduced`` if that is less than was drafted."""

    draft: DraftRow
    payload: Mapping[str, Any]
    relies_on: UUID | None
    reduced: bool = False


def answer_refusal(
    agreement: Agreement, asked: str, direction: AgreedDirection, content: Mapping[str, Any]
) -> Refusal | None:
    """Return why an answer to a message of kind ``asked``, which went in ``direction``, may not say something."""
    if asked == MessageKind.DISPUTE:
        path = beyond(content, _ANSWER_TO_DISPUTE)
        return Refusal(RefusalCode.FIELD_NOT_AGREED, path) if path else None
    return agreement.lets_answer(asked, direction, content)


def leave(
    draft: DraftRow,
    read: Callable[[DraftRow], Mapping[str, Any]],
    agreements: Sequence[Agreement],
    asked: Mapping[UUID, str],
    today: date,
    purposes: Collection[str],
) -> Leaving | str:
    """Return what leaves for a draft, or the code under which it is given up.

    ``purposes`` are the kinds with a purpose in force today: a correction needs that of what it corrects as well.
    ``agreements`` are all with this partner: one that was replaced hands over to its successor, and what a
    notice says beyond the successor's list is left out. What a clerk wrote is not shortened but given up.
    Raises whatever ``read`` raises.
    """
    kind, payload = draft.message.kind, read(draft)
    if kind in TESTS:
        return Leaving(draft, payload, None)
    target = asked.get(draft.in_reply_to) if draft.in_reply_to else None
    told, content = _told(kind, payload, target)
    if kind not in purposes or told not in purposes:
        return Refused.PURPOSE_ENDED
    found = serving(agreements, draft.agreement_id, today) if draft.agreement_id else None
    if found is None:
        return RefusalCode.NO_AGREEMENT.value
    if kind not in HELD_BACK:
        return Leaving(draft, payload, draft.agreement_id)
    refusal = found.may_leave(today)
    if refusal is None and kind is MessageKind.ANSWER:
        refusal = answer_refusal(found, target or "", AgreedDirection.RECEIVE, payload)
    elif refusal is None and told in AGREED:
        refusal = found.lets_go(told, AgreedDirection.SEND, content)
    grant = found.grant(told, AgreedDirection.SEND)
    if refusal and refusal.code is RefusalCode.FIELD_NOT_AGREED and told in NOTICES and grant:
        less = reduced(content, grant.fields)
        refusal = found.lets_go(told, AgreedDirection.SEND, less)
        if refusal is None:
            said = less if told is kind else {**payload, "content": less}
            return Leaving(changed(draft, agreement_id=found.id), said, found.id, reduced=True)
    if refusal is not None:
        return str(refusal)
    return Leaving(changed(draft, agreement_id=found.id), payload, found.id)


def _told(kind: MessageKind, payload: Mapping[str, Any], target: str | None) -> tuple[str, Mapping[str, Any]]:
    """Return of what kind a message tells, and what: a correction tells what the corrected one is to say."""
    if kind is not MessageKind.CORRECTION or target is None:
        return kind, payload
    return target, payload["content"]


def standing_refusal(
    kind: MessageKind, agreement: Agreement | None, partner: str, signed_on: date
) -> Refusal | None:
    """Return why a message that came is not taken, whatever it says."""
    if kind in TESTS:
        return None
    if agreement is None or agreement.partner != partner:
        return Refusal(RefusalCode.NO_AGREEMENT)
    if agreement.stored_state in (AgreementState.DRAFTED, AgreementState.PROPOSED):
        return Refusal(RefusalCode.NO_AGREEMENT)
    if kind not in HELD_BACK:
        return None
    refusal = agreement.may_arrive(signed_on)
    if refusal is None and kind in AGREED:
        refusal = agreement.lets_go(kind, AgreedDirection.RECEIVE, None)
    return refusal


def content_refusal(
    kind: MessageKind, agreement: Agreement | None, content: Mapping[str, Any], asked: str | None
) -> Refusal | None:
    """Return why what a message says is not taken; :func:`standing_refusal` has let it pass before."""
    if agreement is None:
        return None
    told, said = _told(kind, content, asked)
    if told in AGREED:
        return agreement.lets_go(told, AgreedDirection.RECEIVE, said)
    if kind is MessageKind.ANSWER and asked is not None:
        return answer_refusal(agreement, asked, AgreedDirection.SEND, content)
    return None
