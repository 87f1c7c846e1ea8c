"""What callers send and get about enrolments and notices."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.benefits.schemes.domain import Fact
from renkou_registry.benefits.schemes.schemas import FindingOut
from renkou_registry.fields import AreaIn, NameIn, Reason

type DeclaredFact = Literal[
    Fact.RURAL_REGISTRATION, Fact.CHILD_DIED, Fact.CHILD_DISABLED, Fact.HONOUR_CERTIFICATE
]


class ChildIn(BaseModel):
    """A child who is not in this register."""

    model_config = ConfigDict(extra="forbid")

    sex: Literal[1, 2]
    birth_date: Day
    died_on: Day | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.died_on is not None and self.died_on < self.birth_date:
            raise CodeError(
                "died_before_birth", "死亡日期早于出生日期", "died before the birth", field="died_on"
            )
        return self


class DeclaredIn(BaseModel):
    """What the person declares beside the record; staff check it."""

    model_config = ConfigDict(extra="forbid")

    facts: dict[DeclaredFact, Annotated[bool, Field(strict=True)]] = Field(default_factory=dict)
    children: list[ChildIn] = Field(default_factory=list, max_length=20)


class AccountIn(BaseModel):
    """The account to be paid to; sealed, opened only in the export of a payment batch."""

    model_config = ConfigDict(extra="forbid")

    bank: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
    number: Annotated[str, Field(pattern=r"^[0-9]{8,32}$", description="8-32 digits, as text")]
    holder: NameIn


_ACCOUNT: Any = {"bank": "徽商银行", "number": "6217000000000000001", "holder": "王小明"}


class EnrolmentCreate(BaseModel):
    """An application."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "scheme_id": "0198f4d2-0000-7000-8000-000000000001",
                    "person_id": "0198f4d2-0000-7000-8000-000000000002",
                    "origin": "person",
                    "declared": {"facts": {"rural_registration": True}},
                    "account": _ACCOUNT,
                }
            ]
        },
    )

    scheme_id: UUID
    person_id: UUID
    origin: Literal["person", "worker"] = "person"
    declared: DeclaredIn = Field(default_factory=DeclaredIn)
    account: AccountIn


class CheckIn(BaseModel):
    """The result of a check; a return or a rejection needs its reason."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"result": "return", "reason": "请补户口簿"}]}
    )

    result: Literal["pass", "return", "reject"]
    reason: Reason | None = None


class CommunityCheckIn(CheckIn):
    """The community's check; what was declared counts only where confirmed here."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"result": "pass", "confirmed": ["rural_registration"]}]},
    )

    confirmed: list[DeclaredFact | Literal["children"]] = Field(default_factory=list)


class Resubmission(BaseModel):
    """What a returned case is completed with; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"account": _ACCOUNT}]})

    declared: DeclaredIn | None = None
    account: AccountIn | None = None


class Withdrawal(BaseModel):
    """The person takes the case back; no reason is needed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    reason: Reason | None = None


class StepOut(BaseModel):
    """A step of a case."""

    action: str
    state: str
    state_label: str
    note: str | None
    taken_by: UUID
    taken_at: datetime


class EnrolmentSummary(BaseModel):
    """A case in a list."""

    id: UUID
    scheme_id: UUID
    person_id: UUID
    area: str
    state: str
    state_label: str
    applied_on: date
    version: int


class EnrolmentOut(EnrolmentSummary):
    """A case with its history. The account is masked; what was declared is shown to who checks it."""

    origin: str
    previous_id: UUID | None = Field(description="the case before, where somebody applied again")
    declared: DeclaredIn
    confirmed: list[str]
    account_bank: str
    account_number: str = Field(description="masked but for its last four digits")
    notice_id: UUID | None
    active_on: date | None
    ended_on: date | None
    end_cause: str | None
    finding: FindingOut | None = Field(description="how the conditions stand today; null without a version")
    steps: list[StepOut]


class OwnEnrolments(BaseModel):
    """The own cases."""

    items: list[EnrolmentSummary]


class EnrolmentPage(BaseModel):
    """A page of cases."""

    items: list[EnrolmentSummary]
    next: str | None


class NoticeCreate(BaseModel):
    """Put an area's approved cases on public notice from today on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"scheme_id": "0198f4d2-0000-7000-8000-000000000001", "area": "340103001", "days": 7}
            ]
        },
    )

    scheme_id: UUID
    area: AreaIn
    days: int | None = Field(default=None, ge=1, le=90, description="the scheme's own number unless given")


class NoticeEntryOut(BaseModel):
    """A line of a notice: surname and **, first and last two characters of the number."""

    place: int
    area: str
    masked_name: str
    masked_number: str | None


class NoticeLineOut(NoticeEntryOut):
    """A line as staff see it."""

    enrolment_id: UUID


class ObjectionOut(BaseModel):
    """An objection."""

    id: UUID
    enrolment_id: UUID
    words: str
    state: str
    resolution: str | None
    recorded_at: datetime
    version: int


class PublicNoticeOut(BaseModel):
    """A notice as anybody may read it while it runs."""

    id: UUID
    scheme_name_zh: str
    scheme_name_en: str
    area: str
    from_on: date
    to_on: date
    items: list[NoticeEntryOut]
    next: str | None


class NoticeOut(BaseModel):
    """A notice as staff see it."""

    id: UUID
    scheme_id: UUID
    area: str
    from_on: date
    to_on: date
    closed_at: datetime | None
    version: int
    items: list[NoticeLineOut]
    next: str | None
    objections: list[ObjectionOut]


class ObjectionCreate(BaseModel):
    """Somebody's objection to a noticed case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"enrolment_id": "0198f4d2-0000-7000-8000-000000000003", "words": "户籍已迁出本村"}]
        },
    )

    enrolment_id: UUID
    words: Reason


class ObjectionSettlement(BaseModel):
    """How an objection is settled."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"upheld": False, "resolution": "经核实户籍在本村"}]}
    )

    upheld: bool = Field(strict=True)
    resolution: Reason
