"""What callers send and get about persons' requests."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_registry.fields import Reason, without_numbers
from renkou_registry.privacy.requests.domain import Act, How, Kind, Outcome, State

TableName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")]
Law = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=4, max_length=300),
    AfterValidator(without_numbers),
    Field(description="法律条款 the article", examples=["《个人信息保护法》第四十七条第二款"]),
]


class PrivacyRequestCreate(BaseModel):
    """What a person asks for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"kind": "deletion", "wish": "请删除不再需要的信息"},
                {"kind": "restriction", "wish": "信息正确性有争议, 核实前请勿使用"},
                {"kind": "explanation", "wish": "为什么保存我的服务记录", "about": ["service_given"]},
            ]
        },
    )

    kind: Kind
    wish: Reason
    about: Annotated[list[TableName], Field(max_length=40)] = Field(
        default_factory=list,
        description="`explanation` only: kinds of records, named as in GET /me/copy.json; none: all",
    )


class DecisionCreate(BaseModel):
    """What is decided, and why; the person is told all of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "outcome": "refused",
                    "reason": "奖励扶助正在发放",
                    "law": "《个人信息保护法》第四十七条第二款",
                    "answer": "发放结束后可再次申请。",
                }
            ]
        },
    )

    outcome: Outcome
    reason: Reason
    law: Law | None = None
    answer: Reason

    @model_validator(mode="after")
    def _law_named(self) -> Self:
        if self.outcome is not Outcome.GRANTED and self.law is None:
            raise CodeError(
                "law_missing",
                "不同意或部分同意须写明法律条款 (law)",
                "name the article (law) where a request is refused or granted in part",
                field="law",
            )
        return self


class SecondCreate(BaseModel):
    """The second person's word on a deletion."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"agreed": True, "reason": "已核对"}]}
    )

    agreed: bool
    reason: Reason


class ExtensionCreate(BaseModel):
    """Why the answer takes longer; the person is told."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "需向档案馆核实"}]})

    reason: Reason


class StepOut(BaseModel):
    """What was done to a request, in words."""

    act: Act
    label: str
    label_en: str
    outcome: Outcome | None
    told: str | None = Field(description="the words that went with it")
    at: datetime


class HandledStepOut(StepOut):
    """The same for staff, with who did it."""

    by: UUID | None = Field(description="null: the service itself")


class GoneOut(BaseModel):
    """What was, or would be, deleted of a kind of record."""

    record: str
    label: str
    label_en: str
    effect: str = Field(description="erase, empty or withdraw")
    rows: int
    held: str | None = Field(description="for what it would have to wait")


class StaysOut(BaseModel):
    """What is kept of a kind of record: by which law, and until when."""

    record: str
    label: str
    label_en: str
    rows: int
    law: str | None
    kept_until: date | None = Field(description="null: see `until`")
    until: str | None
    until_en: str | None


class WaitsOut(BaseModel):
    """A part of a deletion that is not done yet, and for what it waits."""

    label: str
    label_en: str
    cause: str | None = Field(description="null: nobody has come to it yet")
    cause_label: str | None
    cause_label_en: str | None


class DeletionOut(BaseModel):
    """What was deleted, what waits, and what is kept."""

    carried_out_at: datetime | None
    account_due_on: date | None = Field(
        description="on this day the account goes too; until then the answer is read there"
    )
    deleted: list[GoneOut]
    waiting: list[WaitsOut]
    kept: list[StaysOut]


class PlanOut(BaseModel):
    """What a deletion would do as things stand: numbers and laws, no content of a record."""

    would_go: list[GoneOut]
    would_stay: list[StaysOut]


class RuleOut(BaseModel):
    """A rule of processing: what for, on which basis, which records, how long, who receives them."""

    purpose: str
    label: str
    label_en: str
    articles: str
    records: list[str]
    separate_consent: str | None
    kept: list[str]
    notices: list[str] = Field(description="kinds of message to other districts")
    lists: list[str] = Field(description="lists that staff may export for it")


class PrivacyRequestOut(BaseModel):
    """A request with its state and, once decided, what the person is told."""

    id: UUID
    person_id: UUID
    kind: Kind
    kind_label: str
    kind_label_en: str
    how: How
    wish: str
    about: list[str]
    state: State
    state_label: str
    state_label_en: str
    due_on: date
    extended: bool
    overdue: bool
    received_at: datetime
    outcome: Outcome | None = Field(description="of a deletion: once it was approved")
    outcome_label: str | None
    outcome_label_en: str | None
    reason: str | None
    law: str | None
    answer: str | None
    complain: str | None = Field(description="where to complain, once answered")
    complain_en: str | None
    closed_at: datetime | None
    version: int


class OwnPrivacyRequestDetail(PrivacyRequestOut):
    """An own request with everything that happened to it."""

    steps: list[StepOut]
    deletion: DeletionOut | None
    explained: list[RuleOut] | None


class OwnPrivacyRequests(BaseModel):
    """The own requests, the last first."""

    items: list[PrivacyRequestOut]


class HandledRequest(PrivacyRequestOut):
    """A request on the worklist."""

    area: str
    received_by: UUID
    decided_by: UUID | None
    decided_at: datetime | None
    second_by: UUID | None
    second_at: datetime | None
    erasure_id: UUID | None


class HandledDetail(HandledRequest):
    """A request as staff handle it."""

    steps: list[HandledStepOut]
    plan: PlanOut | None = Field(description="of a deletion that is not approved yet")
    deletion: DeletionOut | None
    explained: list[RuleOut] | None


class HandledPage(BaseModel):
    """A page of the worklist."""

    items: list[HandledRequest]
    next: str | None
    overdue: int = Field(description="of the area, on this page or not: nobody has decided in time")
