"""What callers send and get about surveys."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.offices import QuestionKind
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, NotEmpty

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,20}$")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_SATISFIED: dict[str, JsonValue] = {
    "code": "service",
    "kind": "satisfaction",
    "title": "您对社区服务满意吗?",
    "options": [
        {"code": "yes", "title": "满意", "positive": True},
        {"code": "no", "title": "不满意", "positive": False},
        {"code": "unsure", "title": "说不清", "positive": None},
    ],
}


class Option(BaseModel):
    """An answer to choose; ``positive`` true: satisfied or correct, false: not, null: no valid answer."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    title: Title
    positive: bool | None = Field(default=None, strict=True)


class QuestionIn(BaseModel):
    """A question of a survey."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    kind: QuestionKind
    title: Title
    options: list[Option] = Field(min_length=2, max_length=20)

    @model_validator(mode="after")
    def _options(self) -> Self:
        if len({option.code for option in self.options}) < len(self.options):
            raise CodeError("code_twice", "选项代码重复", "an option's code is used twice")
        return self


Questions = Annotated[list[QuestionIn], Field(min_length=1, max_length=100)]


class SurveyCreate(BaseModel):
    """A survey (满意度、知晓率调查), drafted first."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"area": "340103", "title": "2025 年群众满意度调查", "questions": [_SATISFIED]}]
        },
    )

    area: AreaIn
    title: Title
    questions: Questions


class SurveyPatch(BaseModel):
    """What to change; new questions make a new edition, answers keep the edition they were given to."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "2025 年上半年群众满意度调查"}]}
    )

    title: Annotated[Title | None, NotEmpty] = None
    questions: Annotated[Questions | None, NotEmpty] = None


class AnswerCreate(BaseModel):
    """One anonymous answer: an option's code for each question answered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"edition": 1, "area": "340103001001", "on": "2025-03-18", "options": {"service": "yes"}}
            ]
        },
    )

    edition: int = Field(strict=True, ge=1, description="of the questions that were asked")
    area: AreaIn
    on: Day
    options: dict[Code, Code] = Field(min_length=1, max_length=100)


class AnswerOut(BaseModel):
    """An answer was taken."""

    survey_id: UUID
    edition: int


class SurveySummary(BaseModel):
    """A survey in a list."""

    id: UUID
    area: str
    title: str
    state: str
    state_label: str
    edition: int
    opened_on: date | None
    ended_on: date | None
    answers: int = Field(description="how many there are, of all editions")
    version: int


class SurveyOut(SurveySummary):
    """A survey with its present questions and the number of its answers."""

    questions: list[QuestionIn]
    recorded_at: datetime


class SurveyPage(BaseModel):
    """A page of surveys."""

    items: list[SurveySummary]
    next: str | None = Field(description="cursor of the next page; null on the last")
