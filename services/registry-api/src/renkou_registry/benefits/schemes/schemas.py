"""What callers send and get about schemes and eligibility."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.http.days import Day

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
Code = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{1,39}$", description="项目代码, small letters", examples=["jiangli_fuzhu"]
    ),
]
_DEFINITION: Any = {
    "conditions": {
        "all": [{"registered_here": {}}, {"fact": "rural_registration"}, {"age": {"at_least": 60}}]
    },
    "amount": {
        "unit": "person",
        "every": "year",
        "by_months": True,
        "bands": [{"from": "2025-01-01", "to": None, "yuan": "960.00"}],
    },
    "claimed_at": "registered",
    "notice_days": 7,
}


class VersionCreate(BaseModel):
    """What a version says. ``definition`` is checked as a whole: see the guide to benefit schemes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name_zh": "农村奖励扶助",
                    "name_en": "Rural reward assistance",
                    "legal_basis": "示例文件",
                    "valid_from": "2026-01-01",
                    "definition": _DEFINITION,
                }
            ]
        },
    )

    name_zh: Title
    name_en: Title
    legal_basis: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]
    source: Annotated[str, StringConstraints(max_length=1000)] | None = None
    valid_from: Day
    valid_to: Day | None = None
    definition: dict[str, Any]


class SchemeCreate(VersionCreate):
    """A scheme with its first version."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "jiangli_fuzhu",
                    "name_zh": "农村奖励扶助",
                    "name_en": "Rural reward assistance",
                    "legal_basis": "示例文件",
                    "valid_from": "2026-01-01",
                    "definition": _DEFINITION,
                }
            ]
        },
    )

    code: Code


class FromSample(BaseModel):
    """Which of the definitions that come with the program to propose."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sample": "yuer_butie"}]})

    sample: Literal[
        "dusheng_jiangli", "jiangli_fuzhu", "tebie_fuzhu_died", "tebie_fuzhu_disabled", "yuer_butie"
    ]


class VersionOut(BaseModel):
    """A version of a scheme."""

    number: int
    state: str = Field(description="draft or active")
    name_zh: str
    name_en: str
    legal_basis: str
    source: str | None
    valid_from: date
    valid_to: date | None
    definition: dict[str, Any]
    proposed_by: UUID
    proposed_at: datetime
    activated_by: UUID | None
    activated_at: datetime | None
    version: int = Field(description="for If-Match")


class SchemeOut(BaseModel):
    """A scheme with all its versions."""

    id: UUID
    code: str
    versions: list[VersionOut]


class SchemeSummary(BaseModel):
    """A scheme with its newest version."""

    id: UUID
    code: str
    number: int
    state: str
    name_zh: str
    name_en: str
    valid_from: date
    valid_to: date | None


class SchemePage(BaseModel):
    """A page of schemes by code."""

    items: list[SchemeSummary]
    next: str | None


class FindingOut(BaseModel):
    """A condition with its result and reason; ``parts`` are the conditions it is made of."""

    kind: str
    result: str = Field(description="met, not_met, unknown (to be declared and checked)")
    reason_zh: str
    reason_en: str
    parts: list["FindingOut"]


class EligibilityOut(BaseModel):
    """Whether a person is entitled on a day, and why."""

    scheme_id: UUID
    scheme_version: int
    person_id: UUID
    on: date
    result: str
    finding: FindingOut


class CandidateOut(BaseModel):
    """Somebody who may be entitled, to be told of the scheme; nothing follows from not applying."""

    person_id: UUID
    name_masked: str
    area: str
    result: str
    open_conditions: list[FindingOut] = Field(description="what the record cannot tell")


class CandidatePage(BaseModel):
    """Candidates found among the next 500 persons of the area; follow ``next`` until it is null."""

    items: list[CandidateOut]
    next: str | None
