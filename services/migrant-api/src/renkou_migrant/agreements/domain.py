"""What an agreement says, in which state it is, and what may go under it. No I/O.

Its terms are one text that both districts sign; the text's hash is its id, and a message names that id. A new
version is an agreement of its own that names the one it replaces; from its first day on it takes that one's
place. States at each end::

    drafted -> proposed -> signed -> in_force -> ended
               one          both      sending
               signature    signatures allowed

``signed`` already receives: the other end may have activated it first. An agreement in force may be suspended,
by either district on its own, and is then shown as ``suspended``; only who suspended it can lift that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from renkou_migrant.agreements.fields import beyond


class AgreedDirection(StrEnum):
    """Which way a kind may go, seen from this district."""

    SEND = "send"  # 发出
    RECEIVE = "receive"  # 接收
    BOTH = "both"  # 双向


class AgreementState(StrEnum):
    """State of an agreement at this end."""

    DRAFTED = "drafted"  # 已起草
    PROPOSED = "proposed"  # 已提出, 一方已签
    SIGNED = "signed"  # 双方已签
    IN_FORCE = "in_force"  # 已启用
    SUSPENDED = "suspended"  # 已暂停
    ENDED = "ended"  # 已终止


class RefusalCode(StrEnum):
    """Why a message may not go; part of the wire, as receipts carry it."""

    NO_AGREEMENT = "no_agreement"  # 没有协议
    NOT_IN_FORCE = "agreement_not_in_force"  # 协议不在有效期内
    SUSPENDED = "agreement_suspended"  # 协议已暂停
    NOT_AGREED = "not_agreed"  # 协议未列此类通报
    FIELD_NOT_AGREED = "field_not_agreed"  # 协议未列此项内容


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message may not go, and the first member that may not."""

    code: RefusalCode
    field: str | None = None

    def __str__(self) -> str:
        """The code as receipts carry it: ``field_not_agreed:subject.resident_id``."""
        return f"{self.code}:{self.field}" if self.field else self.code


@dataclass(frozen=True, slots=True)
class Grant:
    """What ``sender`` may tell the other district by one kind; ``answer_fields`` what may come in answer."""

    sender: str
    kind: str
    purpose: str
    legal_basis: str
    fields: frozenset[str]
    answer_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """What both districts sign. ``valid_to`` is the last day; ``replaces`` the version before, if any."""

    parties: tuple[str, str]
    valid_from: date
    valid_to: date
    legal_basis: str
    grants: tuple[Grant, ...]
    drafted_at: datetime
    number: int = 1
    lineage: UUID | None = None
    replaces: UUID | None = None

    def partner_of(self, district: str) -> str:
        """Return the other party; raises ValueError where ``district`` is none."""
        first, second = self.parties
        if district not in self.parties or first == second:
            raise ValueError("not a party of this agreement")
        return second if district == first else first


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement as this end holds it; times are of the domain's clock.

    ``ended_on`` and ``replaced_from`` are the first days without it.
    """

    id: UUID
    partner: str
    terms: Terms
    stored_state: AgreementState
    proposed_here: bool
    signed_by: UUID | None = None
    drafted_by: UUID | None = None
    suspended_here_at: datetime | None = None
    suspended_there_at: datetime | None = None
    ended_on: date | None = None
    replaced_from: date | None = None
    revision: int = 1

    @property
    def lineage(self) -> UUID:
        """The id of its first version."""
        return self.terms.lineage or self.id

    @property
    def suspended(self) -> bool:
        """Whether either district has suspended it."""
        return self.suspended_here_at is not None or self.suspended_there_at is not None

    @property
    def state(self) -> AgreementState:
        """The state that staff see."""
        active = self.stored_state in (AgreementState.SIGNED, AgreementState.IN_FORCE)
        return AgreementState.SUSPENDED if active and self.suspended else self.stored_state

    def covers(self, on: date) -> bool:
        """Whether a day lies in its time: neither before, nor after its last day, its end or its successor."""
        return (
            self.terms.valid_from <= on <= self.terms.valid_to
            and (self.ended_on is None or on < self.ended_on)
            and (self.replaced_from is None or on < self.replaced_from)
        )

    def in_force(self, on: date) -> bool:
        """Whether messages may leave under it on a day."""
        return self.stored_state is AgreementState.IN_FORCE and not self.suspended and self.covers(on)

    def grant(self, kind: str, direction: AgreedDirection) -> Grant | None:
        """Return what may go by a kind in a direction, seen from here; None where nothing may."""
        first, second = self.terms.parties
        own = first if self.partner == second else second
        sender = own if direction is AgreedDirection.SEND else self.partner
        return next((one for one in self.terms.grants if (one.kind, one.sender) == (kind, sender)), None)

    def may_leave(self, on: date, *, suspended_too: bool = False) -> Refusal | None:
        """Return why nothing may be sent under it on a day; drafts of a suspended one may be written."""
        if self.stored_state is not AgreementState.IN_FORCE and self.ended_on is None:
            return Refusal(RefusalCode.NO_AGREEMENT)
        if not self.covers(on):
            return Refusal(RefusalCode.NOT_IN_FORCE)
        if self.suspended and not suspended_too:
            return Refusal(RefusalCode.SUSPENDED)
        return None

    def may_arrive(self, signed_on: date) -> Refusal | None:
        """Return why nothing that was signed on a day is taken under it.

        What was signed before its end may arrive after it. A suspension by this end holds at once.
        """
        if self.stored_state in (AgreementState.DRAFTED, AgreementState.PROPOSED):
            return Refusal(RefusalCode.NO_AGREEMENT)
        if not self.covers(signed_on):
            return Refusal(RefusalCode.NOT_IN_FORCE)
        if self.suspended_here_at is not None:
            return Refusal(RefusalCode.SUSPENDED)
        return None

    def lets_go(
        self, kind: str, direction: AgreedDirection, content: Mapping[str, Any] | None
    ) -> Refusal | None:
        """Return why a kind, with a content if it is known, does not go in a direction."""
        grant = self.grant(kind, direction)
        if grant is None:
            return Refusal(RefusalCode.NOT_AGREED)
        return _beyond(content, grant.fields)

    def lets_answer(
        self, kind: str, direction: AgreedDirection, content: Mapping[str, Any]
    ) -> Refusal | None:
        """Return why an answer to a message of ``kind`` that went in ``direction`` may not carry a content."""
        grant = self.grant(kind, direction)
        if grant is None or not grant.answer_fields:
            return Refusal(RefusalCode.NOT_AGREED)
        return _beyond(content, grant.answer_fields)


def _beyond(content: Mapping[str, Any] | None, allowed: frozenset[str]) -> Refusal | None:
    path = beyond(content, allowed) if content else None
    return Refusal(RefusalCode.FIELD_NOT_AGREED, path) if path else None


def identifier(text: bytes) -> UUID:
    """Return the id of an agreement: the first 122 bits of its text's SHA-256 as a UUID of version 8."""
    number = int.from_bytes(sha256(text).digest()[:16])
    number = number & ~(0xF << 76) | 0x8 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def serving(agreements: Sequence[Agreement], named: UUID, on: date) -> Agreement | None:
    """Return the agreement that a draft relies on: the one it named, or the version that took its place."""
    found = next((one for one in agreements if one.id == named), None)
    if found is None or found.covers(on):
        return found
    heirs = [
        one
        for one in agreements
        if one.lineage == found.lineage and one.may_leave(on, suspended_too=True) is None
    ]
    return max(heirs, key=lambda one: one.terms.number, default=found)
