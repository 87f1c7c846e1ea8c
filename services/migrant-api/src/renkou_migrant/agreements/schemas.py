"""Requests and answers about agreements."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_migrant.agreements.domain import AgreedDirection, Agreement
from renkou_migrant.exchange.contracts import AGREED, PURPOSES, MessageKind


def _agreed(kind: MessageKind) -> MessageKind:
    if kind not in AGREED:
        raise CodeError(
            "kind_not_agreed",
            "答复和回执随其所答复的通报, 不在协议中列明",
            "replies and receipts rest on what they reply to and are not listed",
        )
    return kind


class AgreedKind(BaseModel):
    """A kind of message and the way it may go, seen from this district."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[MessageKind, AfterValidator(_agreed)]
    direction: AgreedDirection


class AgreementCreate(BaseModel):
    """An agreement as both districts signed it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "0197a1f0-0000-7000-8000-000000000001",
                    "partner": "340103",
                    "valid_from": "2025-01-01",
                    "valid_to": "2027-12-31",
                    "legal_basis": "双向管理协议 2025-01",
                    "kinds": [{"kind": "arrival_notice", "direction": "both"}],
                }
            ]
        },
    )

    id: UUID = Field(description="agreed by both districts; each records the agreement under it")
    partner: Annotated[str, Field(pattern=r"^\d{6}$", description="the other district")]
    valid_from: Day
    valid_to: Day = Field(description="last day")
    legal_basis: Annotated[str, Field(min_length=1, max_length=500)]
    kinds: Annotated[list[AgreedKind], Field(min_length=1, max_length=len(AGREED))]

    def to_domain(self) -> Agreement:
        """Return the agreement; a kind named twice takes its last direction."""
        return Agreement(
            id=self.id,
            partner=self.partner,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            legal_basis=self.legal_basis,
            kinds={one.kind.value: one.direction for one in self.kinds},
        )


class AgreedKindRead(AgreedKind):
    """A kind with the purpose for which it exists and the law it rests on."""

    purpose_zh: str
    purpose_en: str
    legal_basis: str


class AgreementRead(BaseModel):
    """An agreement as recorded here."""

    id: UUID
    partner: str
    valid_from: date
    valid_to: date
    ended_on: date | None
    in_force: bool
    legal_basis: str
    kinds: list[AgreedKindRead]
    version: int

    @classmethod
    def of(cls, agreement: Agreement, today: date) -> Self:
        """Return the answer for an agreement as of a day."""
        return cls(
            id=agreement.id,
            partner=agreement.partner,
            valid_from=agreement.valid_from,
            valid_to=agreement.valid_to,
            ended_on=agreement.ended_on,
            in_force=agreement.in_force(today),
            legal_basis=agreement.legal_basis,
            kinds=[_kind(kind, direction) for kind, direction in sorted(agreement.kinds.items())],
            version=agreement.revision,
        )


class AgreementPage(BaseModel):
    """Agreements by partner."""

    items: list[AgreementRead]
    next: str | None = Field(description="value of `after` for the next page")


def _kind(kind: str, direction: AgreedDirection) -> AgreedKindRead:
    known = MessageKind(kind)
    purpose = PURPOSES[known]
    return AgreedKindRead(
        kind=known,
        direction=direction,
        purpose_zh=purpose.zh,
        purpose_en=purpose.en,
        legal_basis=purpose.legal_basis,
    )
