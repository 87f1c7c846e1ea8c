"""What callers see of indicators."""

from pydantic import BaseModel, Field

from renkou_common.contracts.lines import Population
from renkou_reporting.indicators.domain import Catalogue, Indicator, Term
from renkou_reporting.labels import Label


class IndicatorAnswer(BaseModel):
    """A definition as staff read it."""

    code: str
    name: Label
    populations: list[Population]
    numerator: list[Term]
    denominator: list[Term]
    factor: int
    unit: str
    digits: int = Field(description="decimals of the value, rounded half up")
    direction: str = Field(description="up: more is better; down: less is better; none")
    parity: str = Field(description="whether a figure takes a parity: none, optional, required")

    @classmethod
    def of(cls, indicator: Indicator) -> "IndicatorAnswer":
        """Return the answer for a definition."""
        return cls(
            code=indicator.code,
            name=Label(zh=indicator.zh, en=indicator.en),
            populations=list(indicator.populations),
            numerator=list(indicator.numerator),
            denominator=list(indicator.denominator),
            factor=indicator.factor,
            unit=indicator.unit,
            digits=indicator.digits,
            direction=indicator.direction,
            parity=indicator.parity,
        )


class IndicatorList(BaseModel):
    """All indicators of the version in force."""

    version: str
    items: list[IndicatorAnswer]

    @classmethod
    def of(cls, catalogue: Catalogue) -> "IndicatorList":
        """Return the answer for a catalogue."""
        items = [IndicatorAnswer.of(one) for one in catalogue.indicators.values()]
        return cls(version=catalogue.version, items=items)
