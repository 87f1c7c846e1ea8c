"""What callers send and get about pre-pregnancy checks."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.fields import Reason
from renkou_registry.prepregnancy.domain import ReadPurpose, State
from renkou_registry.prepregnancy.forms import Step

_ONE, _TWO = "01939f3e-7c00-7000-8000-000000000001", "01939f3e-7c00-7000-8000-000000000002"
Values = Annotated[
    dict[Annotated[str, Field(max_length=60)], str | list[Annotated[str, Field(max_length=60)]]],
    Field(max_length=60, description="values of the form's items; numbers as text; any may be left out"),
]


class CheckCreate(BaseModel):
    """A couple, or one person alone, takes part in the free check; or was offered it and declined."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person_ids": [_ONE, _TWO], "registered_on": "2026-02-03"}]},
    )

    person_ids: list[UUID] = Field(min_length=1, max_length=2)
    registered_on: Day
    declined: bool = Field(default=False, strict=True, description="不需要; nothing follows from it")

    @model_validator(mode="after")
    def _different(self) -> Self:
        if len(set(self.person_ids)) < len(self.person_ids):
            raise CodeError("same_person", "双方不能是同一人", "the two must be different people")
        return self


class ConsentCreate(BaseModel):
    """A person's separate consent to the recording of health data (单独同意)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"person_id": _ONE, "given_on": "2026-02-03", "given_how": "signed"}]
        },
    )

    person_id: UUID
    given_on: Day
    given_how: Literal["signed", "electronic"] = Field(description="书面签字 or 电子确认")


class PersonValues(BaseModel):
    """What was found in one person."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    values: Values


class StepCreate(BaseModel):
    """A step, for each person whom it concerns exactly once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "done_on": "2026-02-03",
                    "persons": [
                        {"person_id": _ONE, "values": {"chronic_disease": "no", "smoking": "no"}},
                        {"person_id": _TWO, "values": {"smoking": "yes"}},
                    ],
                }
            ]
        },
    )

    done_on: Day
    persons: list[PersonValues] = Field(min_length=1, max_length=2)

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({each.person_id for each in self.persons}) < len(self.persons):
            raise CodeError("person_twice", "每人只填一次", "each person stands once")
        return self


class FindingCorrection(BaseModel):
    """All values of one step of one person, put right."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "step": "laboratory",
                    "person_id": _ONE,
                    "values": {"haemoglobin": "121"},
                    "reason": "数值录错",
                }
            ]
        },
    )

    step: Step
    person_id: UUID
    values: Values
    reason: Reason


class Ending(BaseModel):
    """The day on which a check is closed, or the couple withdrew; no reason is asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"on": "2026-04-01"}]})

    on: Day | None = Field(default=None, description="today unless told")


class ConsentOut(BaseModel):
    """A consent on record."""

    person_id: UUID
    given_on: date
    given_how: str


class StepOut(BaseModel):
    """That a step was done; what was found is read by /findings."""

    step: Step
    step_label: str
    person_id: UUID
    done_on: date
    revision: int


class CheckSummary(BaseModel):
    """A check as lists show it."""

    id: UUID
    person_ids: list[UUID]
    area: str
    state: State
    state_label: str
    registered_on: date
    ended_on: date | None
    version: int
    recorded_at: datetime


class CheckOut(CheckSummary):
    """A check; every finding stays sealed."""

    next_step: Step | None = Field(description="the step that comes next; null where none does")
    consents: list[ConsentOut]
    steps: list[StepOut]


class CheckPage(BaseModel):
    """A page of checks."""

    items: list[CheckSummary]
    next: str | None = Field(description="cursor of the next page; null on the last")


class PersonFindings(BaseModel):
    """What was found in one person, by step."""

    person_id: UUID
    steps: dict[Step, dict[str, Any]]


class FindingsOut(BaseModel):
    """Findings in the clear; this reading was logged with its purpose."""

    check_id: UUID
    purpose: ReadPurpose
    form_version: str
    persons: list[PersonFindings]


class ItemOut(BaseModel):
    """A value that a step may hold."""

    code: str
    label: str
    label_en: str
    kind: Literal["code", "codes", "number"]
    code_list: str | None
    unit: str | None
    low: str | None
    high: str | None
    sex: int | None
    required: bool


class CodeOut(BaseModel):
    """A code of a list."""

    code: str
    label: str
    label_en: str


class FormOut(BaseModel):
    """A version of the form with its code lists."""

    version: str
    valid_from: date
    steps: dict[Step, list[ItemOut]]
    code_lists: dict[str, list[CodeOut]]
