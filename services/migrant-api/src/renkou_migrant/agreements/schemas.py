"""Requests and answers about agreements."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_migrant.agreements.document import MAX_DOCUMENT
from renkou_migrant.agreements.domain import AgreedDirection, Agreement, AgreementState, Grant, Terms
from renkou_migrant.agreements.purposes import needs
from renkou_migrant.agreements.repository import Event
from renkou_migrant.agreements.words import Sentence
from renkou_migrant.exchange.contracts import AGREED, PURPOSES, MessageKind
from renkou_migrant.fields import Reason


def _agreed(kind: MessageKind) -> MessageKind:
    if kind not in AGREED:
        raise CodeError(
            "kind_not_agreed",
            f"答复和回执随其所答复的通报; 协议只列明: {', '.join(sorted(AGREED))}",
            f"replies and receipts rest on what they reply to; an agreement lists: {', '.join(sorted(AGREED))}",
        )
    return kind


type Path = Annotated[str, Field(min_length=1, max_length=60)]
type Basis = Annotated[str, Field(min_length=1, max_length=500)]


class AgreedKind(BaseModel):
    """A kind of message, the way it may go seen from this district, and the members it may carry.

    Left out: purpose and legal basis of the kind, all members that the purpose needs.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[MessageKind, AfterValidator(_agreed)]
    direction: AgreedDirection
    purpose: Annotated[str, Field(max_length=60)] | None = None
    legal_basis: Basis | None = None
    fields: Annotated[list[Path], Field(max_length=100)] | None = None
    answer_fields: Annotated[list[Path], Field(max_length=100)] | None = None

    def grants(self, own: str, partner: str) -> Iterator[Grant]:
        """Yield what each district may send."""
        needed = needs(self.kind)
        for sender, direction in ((own, AgreedDirection.SEND), (partner, AgreedDirection.RECEIVE)):
            if self.direction in (direction, AgreedDirection.BOTH):
                yield Grant(
                    sender=sender,
                    kind=self.kind.value,
                    purpose=self.purpose or needed.purpose,
                    legal_basis=self.legal_basis or needed.legal_basis,
                    fields=needed.fields if self.fields is None else frozenset(self.fields),
                    answer_fields=needed.answer
                    if self.answer_fields is None
                    else frozenset(self.answer_fields),
                )


class AgreementCreate(BaseModel):
    """The terms of a draft, seen from this district."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "partner": "340103",
                    "valid_from": "2025-01-01",
                    "valid_to": "2027-12-31",
                    "legal_basis": "双向管理协议 2025-01",
                    "kinds": [
                        {
                            "kind": "arrival_notice",
                            "direction": "both",
                            "fields": ["subject.name", "subject.home_area", "arrived_on", "present_area"],
                        }
                    ],
                }
            ]
        },
    )

    partner: Annotated[str, Field(pattern=r"^\d{6}$", description="the other district")]
    valid_from: Day
    valid_to: Day = Field(description="last day")
    legal_basis: Basis
    kinds: Annotated[list[AgreedKind], Field(min_length=1, max_length=2 * len(AGREED))]
    replaces: UUID | None = Field(
        default=None, description="the agreement that this version takes the place of from valid_from on"
    )

    def to_terms(self, own: str, drafted_at: datetime) -> Terms:
        """Return the terms, the grants in the order of sender and kind."""
        found = [grant for one in self.kinds for grant in one.grants(own, self.partner)]
        first, second = sorted((own, self.partner))
        return Terms(
            parties=(first, second),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            legal_basis=self.legal_basis,
            grants=tuple(sorted(found, key=lambda one: (one.sender, one.kind))),
            drafted_at=drafted_at.replace(microsecond=0),
            replaces=self.replaces,
        )


class DocumentIn(BaseModel):
    """An agreement as a partner handed it over: a JWS in general JSON form with one signature or two."""

    model_config = ConfigDict(extra="forbid")

    document: dict[str, Any]


class StatementIn(BaseModel):
    """What a partner declares of an agreement, signed."""

    model_config = ConfigDict(extra="forbid")

    statement: Annotated[str, Field(min_length=1, max_length=MAX_DOCUMENT, description="compact JWS")]


class StatementRead(BaseModel):
    """What this district declared last, to hand over to the partner."""

    statement: str


class ActivationIn(BaseModel):
    """``without_check`` says why it starts although the partner has passed no check."""

    model_config = ConfigDict(extra="forbid")

    without_check: Reason | None = None


class ReasonIn(BaseModel):
    """Why an agreement is suspended, resumed or ended; the partner reads it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "对方密钥待更换"}]})

    reason: Reason


class AgreedKindRead(BaseModel):
    """What one of the districts may tell the other by a kind."""

    kind: str
    direction: AgreedDirection
    sender: str
    purpose: str
    purpose_zh: str
    purpose_en: str
    legal_basis: str
    fields: list[str]
    answer_fields: list[str]


class AgreementRead(BaseModel):
    """An agreement as this end holds it."""

    id: UUID = Field(description="from the hash of the text that both sign")
    partner: str
    state: AgreementState
    in_force: bool
    proposed_here: bool
    number: int = Field(description="version of the agreement, from 1")
    lineage: UUID = Field(description="id of its first version")
    replaces: UUID | None
    valid_from: date
    valid_to: date
    replaced_from: date | None = Field(description="first day of the version that took its place")
    ended_on: date | None
    suspended_here_at: datetime | None
    suspended_there_at: datetime | None
    legal_basis: str
    kinds: list[AgreedKindRead]
    version: int

    @classmethod
    def of(cls, agreement: Agreement, today: date) -> Self:
        """Return the answer for an agreement as of a day."""
        terms = agreement.terms
        return cls(
            id=agreement.id,
            partner=agreement.partner,
            state=agreement.state,
            in_force=agreement.in_force(today),
            proposed_here=agreement.proposed_here,
            number=terms.number,
            lineage=agreement.lineage,
            replaces=terms.replaces,
            valid_from=terms.valid_from,
            valid_to=terms.valid_to,
            replaced_from=agreement.replaced_from,
            ended_on=agreement.ended_on,
            suspended_here_at=agreement.suspended_here_at,
            suspended_there_at=agreement.suspended_there_at,
            legal_basis=terms.legal_basis,
            kinds=[_kind(one, agreement.partner) for one in terms.grants],
            version=agreement.revision,
        )


class AgreementPage(BaseModel):
    """Agreements by partner."""

    items: list[AgreementRead]
    next: str | None = Field(description="value of `after` for the next page")


class EventRead(BaseModel):
    """Something that happened to an agreement."""

    what: str
    at: datetime
    by: UUID | None = Field(description="staff account; null where the partner or the node did it")
    reason: str | None
    document: str | None = Field(description="the signed text that proves it")


class HistoryRead(BaseModel):
    """What happened to an agreement, oldest first."""

    items: list[EventRead]

    @classmethod
    def of(cls, events: list[Event]) -> Self:
        """Return the answer for a history."""
        return cls(
            items=[
                EventRead(what=one.what, at=one.at, by=one.by, reason=one.reason, document=one.document)
                for one in events
            ]
        )


class SentenceRead(BaseModel):
    """One thing that may be told, in words."""

    sender: str
    receiver: str
    kind: str
    fields: list[str]
    zh: str
    en: str

    @classmethod
    def of(cls, sentence: Sentence) -> Self:
        """Return the answer for a sentence."""
        return cls(
            sender=sentence.sender,
            receiver=sentence.receiver,
            kind=sentence.kind,
            fields=list(sentence.fields),
            zh=sentence.zh,
            en=sentence.en,
        )


class WordsRead(BaseModel):
    """What an agreement lets go, in words."""

    items: list[SentenceRead]


def _kind(grant: Grant, partner: str) -> AgreedKindRead:
    purpose = PURPOSES[MessageKind(grant.kind)]
    return AgreedKindRead(
        kind=grant.kind,
        direction=AgreedDirection.RECEIVE if grant.sender == partner else AgreedDirection.SEND,
        sender=grant.sender,
        purpose=grant.purpose,
        purpose_zh=purpose.zh,
        purpose_en=purpose.en,
        legal_basis=grant.legal_basis,
        fields=sorted(grant.fields),
        answer_fields=sorted(grant.answer_fields),
    )
