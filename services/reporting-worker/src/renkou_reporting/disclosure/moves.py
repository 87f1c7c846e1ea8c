"""What accounts by sex and by age are made of: published by nobody, and yet known where few come and go. No I/O."""

from decimal import Decimal

from renkou_common.contracts.lines import Population
from renkou_reporting.disclosure.domain import ACCOUNT_AGES
from renkou_reporting.facts.domain import BALANCE_SIGNS
from renkou_reporting.figures.domain import Asked, Sliced
from renkou_reporting.indicators.domain import (
    Dimension,
    Example,
    Indicator,
    IndicatorKind,
    Term,
    TermKind,
)

_SLICES = [Sliced(sex=sex) for sex in (1, 2)] + [Sliced(ages=ages) for ages in ACCOUNT_AGES]
_DIMENSIONS = (Dimension.SEX, Dimension.AGES)


def moves(population: Population) -> list[Asked]:
    """Return who came to a population and left it, by sex and by age band."""
    return [Asked(_came_or_left(measure), population, each) for measure in BALANCE_SIGNS for each in _SLICES]


def _came_or_left(measure: str) -> Indicator:
    return Indicator(
        code=f"moved_by_{measure}",
        zh="变动",
        en="who came or left",
        meaning_zh="平衡项",
        meaning_en="a part of the balance",
        source_zh="登记",
        source_en="the register",
        kind=IndicatorKind.COUNT,
        populations=tuple(Population),
        numerator=(Term(part="moved", kind=TermKind.FLOW, measure=measure, asked=_DIMENSIONS),),
        factor=1,
        unit="人",
        digits=0,
        dimensions=dict.fromkeys(_DIMENSIONS, "optional"),
        examples=(Example(inputs={"moved": Decimal(1)}, value="1"),),
    )
