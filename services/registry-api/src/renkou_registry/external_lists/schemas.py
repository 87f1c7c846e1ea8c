"""What callers send and get about external lists."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_registry.external_lists.matching import Match
from renkou_registry.external_lists.service import Action
from renkou_registry.fields import Reason
from renkou_registry.persons.schemas import PersonCreate

Source = Literal["police", "civil_affairs", "hospital"]
ListKindName = Literal["births", "deaths", "marriages", "household_changes"]
_Heading = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class ProfileCreate(BaseModel):
    """Which heading of a sender's files holds which of our columns; other columns are not read."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "殡仪馆火化名单",
                    "source": "civil_affairs",
                    "kind": "deaths",
                    "columns": {"身份证号": "公民身份号码", "姓名": "死者姓名", "死亡日期": "死亡时间"},
                }
            ]
        },
    )

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    source: Source
    kind: ListKindName
    columns: dict[_Heading, _Heading] = Field(min_length=1, max_length=40, description="our titles to theirs")


class ProfileOut(BaseModel):
    """A profile (列对照)."""

    id: UUID
    name: str
    source: str
    kind: str
    columns: dict[str, str]
    created_by: UUID
    created_at: datetime


class Profiles(BaseModel):
    """Every profile."""

    items: list[ProfileOut]


class MatchCount(BaseModel):
    """How many rows are how certain."""

    rows: int
    settled: int


class ExternalListOut(BaseModel):
    """A list that another office sent (外来名单)."""

    id: UUID
    source: str
    source_label: str
    kind: str
    kind_label: str
    purpose: str
    legal_basis: str
    state: str = Field(description="queued, matching, matched, failed or deleted")
    counts: dict[str, MatchCount] = Field(description="by match: exact, likely, none, unreadable")
    same_as: UUID | None = Field(description="an earlier list with the same file")
    created_by: UUID
    created_at: datetime
    matched_at: datetime | None
    keep_until: date = Field(description="after this day the rows are deleted")
    failure: dict[str, str] | None


class ExternalListPage(BaseModel):
    """A page of lists, the latest first."""

    items: list[ExternalListOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class CandidateOut(BaseModel):
    """A person who may be meant."""

    person_id: UUID
    score: int = Field(ge=0, le=100)
    reasons: list[str] = Field(examples=[["name", "birth_date", "sex"]])


class RowOut(BaseModel):
    """A row of a list; ID numbers masked."""

    row: int = Field(description="as the sheet counts; the headings are row 1")
    match: Match
    score: int
    values: dict[str, str | None]
    candidates: list[CandidateOut]
    findings: list[dict[str, Any]] = Field(description="what is wrong with single cells")
    action: Action | None = Field(description="how it was settled")
    person_id: UUID | None
    event_id: UUID | None
    reason: str | None
    settled_by: UUID | None
    settled_at: datetime | None


class RowPage(BaseModel):
    """A page of rows in the order of the file."""

    items: list[RowOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class SettlementCreate(BaseModel):
    """How a row is settled. `ignore` needs a reason, `new` a person; an exact match needs no `person_id`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"action": "ignore", "reason": "同名, 非本区人员"},
                {"action": "record", "person_id": "0197f000-0000-7000-8000-000000000001"},
            ]
        },
    )

    action: Action
    person_id: UUID | None = None
    person: PersonCreate | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.action is Action.NEW) != (self.person is not None):
            raise CodeError(
                "person",
                "新建人员时须且只须填写 person",
                "person is given if and only if action is new",
                field="person",
            )
        if self.action is Action.IGNORE and self.reason is None:
            raise CodeError("reason", "不采用时须写明理由", "ignoring a row needs a reason", field="reason")
        if self.action in (Action.NEW, Action.IGNORE) and self.person_id is not None:
            raise CodeError(
                "person_id", "此处理方式不填 person_id", "this action takes no person_id", field="person_id"
            )
        return self


class BulkSettlement(BaseModel):
    """How every exact row that waits is settled, from the row after ``after_row`` on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"action": "record"}, {"action": "record", "after_row": 501}]},
    )

    action: Literal[Action.LINK, Action.RECORD, Action.IGNORE]
    reason: Reason | None = None
    after_row: Annotated[int, Field(strict=True, ge=0, lt=1 << 31)] = 0
    limit: Annotated[int, Field(strict=True, ge=1, le=500, description="rows to try at most")] = 500

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.action is Action.IGNORE and self.reason is None:
            raise CodeError("reason", "不采用时须写明理由", "ignoring rows needs a reason", field="reason")
        return self


class BulkFailure(BaseModel):
    """Why a row was not settled."""

    row: int
    code: str
    zh: str
    en: str


class BulkOut(BaseModel):
    """What came of settling rows together. While `more` is true, send it again with `last_row` as `after_row`:
    rows that failed wait on, and are not tried twice."""

    settled: int
    failed: list[BulkFailure]
    last_row: int | None = Field(description="the last row that was tried; null where none waited")
    more: bool
