"""What callers send and get about corrections. An ID number leaves masked."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_registry.fields import NameIn, NationalityCode, Reason, ResidentIdIn
from renkou_registry.life_events.schemas import Changes
from renkou_registry.persons.schemas import Warnings


class DetailChanges(BaseModel):
    """The right values of noted details."""

    model_config = ConfigDict(extra="forbid")

    name: NameIn | None = None
    resident_id: ResidentIdIn | None = None
    nationality: NationalityCode | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set or any(getattr(self, name) is None for name in self.model_fields_set):
            raise CodeError("details", "须填写至少一项且不得为空", "give at least one value, and none empty")
        return self

    @property
    def given(self) -> dict[str, str]:
        """What is to be put right, the number in its 18 characters."""
        values = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        return {name: value.value if name == "resident_id" else value for name, value in values.items()}


class CorrectionCreate(BaseModel):
    """What is wrong and what would be right: of one event, or of a person's noted details.

    Either `retract`, or `changes` and `details`. Details go with the entry event; without `event_id` the
    entry of `person_id` is meant.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "event_id": "0197f000-0000-7000-8000-000000000009",
                    "changes": {"happened_on": "2025-03-17"},
                    "reason": "出生医学证明日期录错",
                },
                {
                    "event_id": "0197f000-0000-7000-8000-000000000009",
                    "changes": {"mother_id": "0197f000-0000-7000-8000-000000000002", "father_id": None},
                    "reason": "母亲同名录错, 见出生医学证明",
                },
                {
                    "event_id": "0197f000-0000-7000-8000-000000000009",
                    "retract": True,
                    "reason": "同名误登, 本人健在",
                },
                {
                    "person_id": "0197f000-0000-7000-8000-000000000001",
                    "details": {"name": "王小鸣"},
                    "reason": "姓名录错, 见户口簿",
                },
            ]
        },
    )

    event_id: UUID | None = None
    person_id: UUID | None = None
    retract: bool = False
    changes: Changes | None = None
    details: DetailChanges | None = None
    reason: Reason
    confirmed_warnings: Warnings = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.event_id is None) == (self.person_id is None):
            raise CodeError(
                "target", "event_id 与 person_id 须填且只填一个", "give either event_id or person_id"
            )
        if self.retract == (self.changes is not None or self.details is not None):
            raise CodeError("what", "撤销与更正内容二者选一", "give either retract, or changes and details")
        return self


class ApprovalCreate(BaseModel):
    """The decision to carry a request out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"seen": "5f3c0a86b1d94e27a8d0c2b4e6f81357"}]}
    )

    seen: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="`fingerprint` of the comparison looked at; default: that of the request"
    )


class RejectionCreate(BaseModel):
    """The decision not to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "材料不足"}]})

    reason: Reason


class DifferenceOut(BaseModel):
    """One field side by side."""

    field: str
    field_label: str
    field_label_en: str
    current: Any
    current_label: str | None
    proposed: Any
    proposed_label: str | None


class LineOut(BaseModel):
    """A figure that would move: which population, measure, area and day, by how many."""

    population: str
    measure: str
    area: str
    on: str
    value: int


class KinOut(BaseModel):
    """Somebody else whose record would follow."""

    person_id: UUID
    relation: Literal["spouse", "child", "mother", "father"]
    effect: str
    effect_en: str


class ImpossibleOut(BaseModel):
    """Why it could not be approved as things stand."""

    code: str
    detail: str
    detail_en: str


class SideBySideOut(BaseModel):
    """What stands beside what would be, and what follows."""

    fields: list[DifferenceOut]
    details: list[DifferenceOut]
    state: list[DifferenceOut] = Field(description="what derives from the history")
    figures: list[LineOut]
    kin: list[KinOut]
    certificate_facts: list[str] = Field(description="facts that a certificate states and that would change")
    certificates_possibly_affected: bool
    impossible: ImpossibleOut | None
    changed_since_request: bool
    fingerprint: str


class CorrectionOut(BaseModel):
    """A request with its state."""

    id: UUID
    person_id: UUID
    event_id: UUID
    kind: Literal["correction", "retraction"]
    kind_label: str
    state: str
    state_label: str
    area: str
    changes: dict[str, Any]
    details: dict[str, str] = Field(description="ID number masked")
    reason: str
    requested_by: UUID
    requested_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None
    result_event_id: UUID | None
    version: int


class CorrectionDetail(CorrectionOut):
    """A request with the comparison, while it waits."""

    side_by_side: SideBySideOut | None


class OwnCorrections(BaseModel):
    """The own requests, the last first."""

    items: list[CorrectionOut]


class CorrectionPage(BaseModel):
    """A page of requests."""

    items: list[CorrectionOut]
    next: str | None
