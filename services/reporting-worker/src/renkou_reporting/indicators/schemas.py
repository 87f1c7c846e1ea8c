"""What callers see and write of definitions."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.contracts.lines import Population
from renkou_reporting.indicators.domain import Catalogue, Dimension, Indicator, Term
from renkou_reporting.labels import Label

type _Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class IndicatorAnswer(BaseModel):
    """A definition in force, as staff read it."""

    code: str
    version: int
    name: Label
    meaning: Label
    source: Label
    kind: str = Field(description="ratio, count, growth or error")
    of: str | None = Field(description="the indicator that a growth or an error is of")
    populations: list[Population]
    numerator: list[Term]
    denominator: list[Term]
    factor: int
    divisor: int
    unit: str
    digits: int = Field(description="decimals of the value")
    rounding: str = Field(description="what happens to a half: half_up or half_even")
    direction: str = Field(description="up: more is better; down: less is better; none")
    dimensions: dict[Dimension, str] = Field(
        description="what it can be asked apart by: optional or required"
    )
    valid_from: date | None
    valid_to: date | None

    @classmethod
    def of_definition(cls, indicator: Indicator) -> "IndicatorAnswer":
        """Return the answer for a definition."""
        content = indicator.model_dump(
            exclude={"zh", "en", "meaning_zh", "meaning_en", "source_zh", "source_en", "examples"}
        )
        return cls(
            **content,
            name=Label(zh=indicator.zh, en=indicator.en),
            meaning=Label(zh=indicator.meaning_zh, en=indicator.meaning_en),
            source=Label(zh=indicator.source_zh, en=indicator.source_en),
        )


class IndicatorList(BaseModel):
    """All indicators in force."""

    revision: UUID = Field(description="another one after every change of a definition or a measure")
    items: list[IndicatorAnswer]

    @classmethod
    def of(cls, catalogue: Catalogue) -> "IndicatorList":
        """Return the answer for a catalogue."""
        items = [IndicatorAnswer.of_definition(one) for one in catalogue.indicators.values()]
        return cls(revision=catalogue.revision, items=items)


class Draft(BaseModel):
    """A definition to be drafted; its version is given by the service."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "definition": {
                    "code": "marriage_check_share",
                    "zh": "证明签发率",
                    "en": "certificates issued",
                    "meaning_zh": "申请中已签发的比重。",
                    "meaning_en": "Certificates issued of those applied for.",
                    "source_zh": "婚育证明",
                    "source_en": "certificates",
                    "populations": ["registered"],
                    "numerator": [{"part": "issued", "kind": "flow", "measure": "certificate_issued"}],
                    "denominator": [{"part": "applied", "kind": "flow", "measure": "certificate_applied"}],
                    "factor": 100,
                    "unit": "%",
                    "examples": [{"inputs": {"issued": "98", "applied": "100"}, "value": "98.00"}],
                },
                "reason": "区里考核要求",
            }
        },
    )

    definition: Indicator
    reason: _Reason


class Retirement(BaseModel):
    """Why a version is taken out of force."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "由第 2 版代替"}})

    reason: _Reason


class VersionAnswer(BaseModel):
    """A version of a definition: what it says, who wrote it, who put it in force, and why."""

    code: str
    version: int
    state: str = Field(description="draft, active or retired")
    packaged: bool = Field(description="came with the program")
    reason: str
    made_by: UUID | None = Field(description="null where it came with the program")
    made_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    definition: Indicator

    @classmethod
    def of(cls, row: asyncpg.Record, definition: Indicator) -> "VersionAnswer":
        """Return the answer for a stored version."""
        return cls.model_validate({**dict(row), "definition": definition})


class VersionList(BaseModel):
    """All versions of a code, the newest first."""

    items: list[VersionAnswer]
