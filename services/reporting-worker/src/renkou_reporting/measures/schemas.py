"""Measures as callers see and add them."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.contracts.lines import Population
from renkou_reporting.facts.domain import BALANCE_SIGNS
from renkou_reporting.labels import Label
from renkou_reporting.measures.domain import (
    MeasureEntry,
    MeasureKind,
    MeasureOrigin,
    Measures,
    MeasureUnit,
)


class MeasureAnswer(BaseModel):
    """A measure."""

    code: str
    name: Label
    kind: MeasureKind
    unit: MeasureUnit
    populations: list[Population]
    origin: MeasureOrigin

    @classmethod
    def of(cls, entry: MeasureEntry) -> "MeasureAnswer":
        """Return the answer for a measure."""
        return cls(
            code=entry.code,
            name=Label(zh=entry.zh, en=entry.en),
            kind=entry.kind,
            unit=entry.unit,
            populations=list(entry.populations),
            origin=entry.origin,
        )


class MeasureList(BaseModel):
    """All measures."""

    items: list[MeasureAnswer]

    @classmethod
    def of(cls, measures: Measures) -> "MeasureList":
        """Return the answer for all measures."""
        return cls(items=[MeasureAnswer.of(entry) for entry in measures.values()])


class MeasureAddition(BaseModel):
    """A measure to be added; its counts come by aggregate return."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "code": "hospital_deliveries",
                "zh": "住院分娩",
                "en": "deliveries in hospital",
                "kind": "flow",
                "unit": "time",
                "populations": ["resident"],
            }
        },
    )

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")
    zh: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=200)
    kind: Literal["flow", "stock"]
    unit: MeasureUnit
    populations: tuple[Population, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.populations)) != len(self.populations):
            raise ValueError("a population is named twice")
        if self.code in BALANCE_SIGNS:
            raise ValueError(f"{self.code} is counted by the system itself")
        return self
