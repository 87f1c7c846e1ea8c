"""Aggregate returns as they are handed in and read."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.contracts.lines import Detail, Population
from renkou_common.http.days import Day
from renkou_reporting.forms.domain import MAXIMUM_CELLS
from renkou_reporting.labels import Label

MAX_LINES = 5000
MAX_VALUE = 10_000_000_000
LINE_FIELDS = ("area", "on", "population", "measure", "sex", "birth_month", "parity", "detail", "value")
"""Members of a line in the order of the sheet's columns."""
type _Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
type _Value = Annotated[str, Field(max_length=40)] | int | None
type _Key = Annotated[str, Field(max_length=130)]
_PERIOD = Field(description="2026-03, 2026Q1, 2026H1 or 2026, as the form wants", examples=["2026Q1"])


class ReturnLine(BaseModel):
    """One count of an open list: how many, of whom, where and when."""

    model_config = ConfigDict(extra="forbid")

    area: str = Field(description="an area code within the return's area")
    on: Day = Field(description="a day of the return's period")
    population: Population
    measure: str = Field(max_length=40, description="a measure that is counted over the population")
    sex: Literal[0, 1, 2, 9] = Field(default=0, description="GB/T 2261.1; 0 where not told apart")
    birth_month: Annotated[str, Field(pattern=r"^[12]\d{3}-\d{2}$", description="YYYY-MM")] | None = None
    parity: int = Field(default=0, ge=0, le=30, description="of births; 0 where not told apart")
    detail: Detail = ""
    value: int = Field(ge=1, le=MAX_VALUE)


class Values(BaseModel):
    """What is entered: values by cell (section.row.column) or lines, and explanations by rule.

    It takes the place of what was entered before. A draft may be incomplete; what is wrong is found at once and
    has to be put right before the return is handed in.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "cells": {"procedures.total.cases": "31", "procedures.surgical.cases": 20},
                    "explanations": {"R02": "新设门诊, 已与医院核实"},
                }
            ]
        },
    )

    cells: Annotated[dict[_Key, _Value], Field(max_length=MAXIMUM_CELLS)] = {}
    lines: list[ReturnLine] = Field(default=[], max_length=MAX_LINES)
    explanations: Annotated[dict[_Key, Annotated[str, Field(max_length=500)]], Field(max_length=200)] = {}


class ReturnBeginning(Values):
    """A new return: form, whom it is for, period, and what is entered already."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "form": "counts",
                    "area": "340103",
                    "period": "2025-12",
                    "title": "期初人口",
                    "source": "统计局年报",
                    "lines": [
                        {
                            "area": "340103",
                            "on": "2025-12-31",
                            "population": "registered",
                            "measure": "opening",
                            "value": 882101,
                        }
                    ],
                }
            ]
        },
    )

    form: str = Field(max_length=40)
    area: str | None = Field(default=None, description="for a form by area")
    reporter: str | None = Field(default=None, max_length=40, description="the unit, for a form by unit")
    period: str = _PERIOD
    title: _Text = Field(default="", max_length=200, description="for a form with several returns a period")
    source: _Text = Field(default="", max_length=200, description="the office or register it comes from")


class Reason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "与接生记录不符"}]})

    reason: _Text = Field(max_length=500)


class FindingAnswer(BaseModel):
    """What is wrong (hard) or needs a written explanation (soft)."""

    code: str = Field(description="of the rule, or of the fault of a cell")
    severity: str = Field(description="hard or soft")
    pointers: list[str] = Field(description="into the values")
    addresses: list[str] = Field(description="cells of the sheet")
    text: Label
    explanation: str | None
    refuses: bool = Field(description="whether the return cannot be handed in like this")


class StepAnswer(BaseModel):
    """A step of a return's history."""

    step: str = Field(description="begun, saved, filled, checked, signed, sent_back, withdrawn or corrected")
    revision: int
    by: UUID
    at: datetime
    reason: str


class ReturnSummary(BaseModel):
    """A return without its values."""

    id: UUID
    form: str
    form_version: int
    name: Label
    area: str
    area_name: str | None = Field(description="as it is called; null where it is not known")
    reporter: str | None
    period: str
    title: str
    source: str
    state: str = Field(description="draft, filled, checked, signed, withdrawn or corrected")
    version: int
    revision: int = Field(description="how often values were entered")
    due_on: date
    handed_in_at: datetime | None = Field(description="when it was first handed in")
    days_late: int = Field(description="days from the due day to the day it was handed in; 0 in time")
    replaces: UUID | None = Field(description="the return that this one corrects")
    begun_by: UUID
    begun_at: datetime
    filled_by: UUID | None
    filled_at: datetime | None
    checked_by: UUID | None
    checked_at: datetime | None
    signed_by: UUID | None
    signed_at: datetime | None
    withdrawn_by: UUID | None
    withdrawn_at: datetime | None
    withdrawal_reason: str | None


class ReturnAnswer(ReturnSummary):
    """A return with its values, what is found in them, and its history."""

    cells: dict[str, str]
    lines: list[dict[str, str | int | None]]
    explanations: dict[str, str]
    findings: list[FindingAnswer]
    history: list[StepAnswer]


class RevisionAnswer(BaseModel):
    """What a return said once."""

    revision: int
    way: str = Field(description="json, xlsx, or correction: taken over from the return that is corrected")
    saved_by: UUID
    saved_at: datetime
    cells: dict[str, str]
    lines: list[dict[str, str | int | None]]
    explanations: dict[str, str]


class SheetAnswer(BaseModel):
    """What came of a sheet: the return (null in a dry run for one that does not exist yet), and the findings."""

    dry_run: bool
    return_: ReturnAnswer | None = Field(serialization_alias="return")
    form: str
    period: str
    area: str
    changed: bool = Field(description="whether the sheet says other than the return said before")
    good: bool = Field(description="whether it can be handed in like this")
    findings: list[FindingAnswer]


class ReturnList(BaseModel):
    """A page of returns, newest first."""

    items: list[ReturnSummary]
    next_after: str | None = Field(description="value of `after` for the next page; null at the end")


class ReturnQuestion(BaseModel):
    """Which returns."""

    model_config = ConfigDict(extra="forbid")

    form: str | None = Field(default=None, max_length=40)
    area: str | None = Field(default=None, description="only returns for this subtree")
    period: str | None = Field(default=None, description="only of this very period")
    state: Literal["draft", "filled", "checked", "signed", "withdrawn", "corrected"] | None = None
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class TemplateQuestion(BaseModel):
    """For what an empty sheet is."""

    model_config = ConfigDict(extra="forbid")

    form: str = Field(max_length=40)
    period: str = _PERIOD
    area: str | None = Field(default=None, description="for a form by area")
    reporter: str | None = Field(default=None, max_length=40, description="the unit, for a form by unit")
    title: str = Field(default="", max_length=200)
    source: str = Field(default="", max_length=200)


class DueQuestion(BaseModel):
    """Which returns that were to be handed in."""

    model_config = ConfigDict(extra="forbid")

    form: str | None = Field(default=None, max_length=40)
    area: str | None = Field(default=None, description="only for this subtree")
    period: str | None = Field(default=None, description="one period; else the last that ended, of each form")
    periods: int = Field(
        default=1, ge=1, le=12, description="so many periods of each form, back from the last"
    )
    only: Literal["missing", "late", "overdue", "all"] = Field(
        default="overdue",
        description="missing: not handed in; late: handed in late; overdue: either, past due",
    )
    after: str | None = None
    limit: int = Field(default=100, ge=1, le=500)


class DueAnswer(BaseModel):
    """A return that was to be handed in."""

    form: str
    name: Label
    office: Label
    area: str
    area_name: str | None = Field(
        description="as it was called at the period's end; null where it is not known"
    )
    reporter: str | None
    reporter_name: Label | None
    period: str
    due_on: date
    state: str = Field(description="missing, or the state of the return that there is")
    handed_in_on: date | None
    days_late: int = Field(description="to the day it was handed in, or to today; 0 in time")
    return_id: UUID | None


class DueList(BaseModel):
    """Returns that were to be handed in, the longest overdue first."""

    items: list[DueAnswer]
    next_after: str | None
    missing: int = Field(description="not handed in, of all that the question covers")
    late: int = Field(description="handed in late, of all that the question covers")
    in_time: int
