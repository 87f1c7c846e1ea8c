"""What callers send and get about retention."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.fields import Reason
from renkou_registry.privacy.retention.rules import Action, By


class RuleOut(BaseModel):
    """How long a kind of record is kept (保存期限)."""

    code: str
    zh: str
    en: str
    tables: list[str]
    days: int | None = Field(description="null: as a law or a schedule of archives has it")
    from_zh: str
    from_en: str
    action: Action
    by: By = Field(description="clock: the daily task; trimming: all day, by settings; nobody: kept")
    law: str | None
    version: int = Field(description="0 where the period is not set here")


class Rules(BaseModel):
    """Every rule."""

    items: list[RuleOut]


class RulePatch(BaseModel):
    """Another period, for a reason."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"days": 365, "reason": "区档案局期限表"}]}
    )

    days: Annotated[int, Field(ge=30, le=36500, strict=True)]
    reason: Reason


class DueOut(BaseModel):
    """What the next run would remove; counts only."""

    code: str
    zh: str
    en: str
    days: int
    due: int
    held: int = Field(description="due as well, kept by a hold or an open correction")


class DueReport(BaseModel):
    """A dry run of every rule that the daily task carries out."""

    on: date
    items: list[DueOut]


class RunOut(BaseModel):
    """A batch that the daily task removed."""

    code: str
    ran_on: date
    days: int
    removed: int
    held: int
    finished: bool = Field(description="the last one of the rule on that day")
    ran_at: datetime


class RunPage(BaseModel):
    """A page of runs, the last first."""

    items: list[RunOut]
    next: str | None


class HoldCreate(BaseModel):
    """Keep a person's records, or one record, past their time."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "01890000-0000-7000-8000-000000000001",
                    "cause": "petition",
                    "reason": "信访事项办理中",
                }
            ]
        },
    )

    person_id: UUID | None = None
    record_id: UUID | None = None
    cause: Literal["dispute", "correction", "petition", "audit"]
    reason: Reason
    until: date | None = Field(default=None, description="the first day without it; null: until lifted")


class HoldOut(BaseModel):
    """A hold (暂缓删除)."""

    id: UUID
    person_id: UUID | None
    record_id: UUID | None
    cause: str
    reason: str
    until: date | None
    placed_at: datetime
    placed_by: UUID
    lifted_at: datetime | None
    lifted_by: UUID | None


class Holds(BaseModel):
    """Holds in force, the last first."""

    items: list[HoldOut]
