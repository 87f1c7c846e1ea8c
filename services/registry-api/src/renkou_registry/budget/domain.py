"""What a budget line counts as. No I/O. Amounts are in yuan with two decimals; lines are in fen."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from renkou_common.contracts.lines import LineKey, Measure, Population


def fen(amount: Decimal) -> int:
    """Return an amount in fen; raises ValueError for a part of a fen."""
    value = amount * 100
    if value != value.to_integral_value():
        raise ValueError("an amount has at most two decimals")
    return int(value)


def budget_lines(
    area: int, year: int, kind: str, planned: Decimal, spendings: Iterable[tuple[date, Decimal]]
) -> Counter[LineKey]:
    """Return what was planned, dated at New Year, and what was spent on each day; reversals are negative."""
    key = LineKey(Population.OFFICE, f"{area:012d}", date(year, 1, 1), Measure.BUDGET_PLANNED, detail=kind)
    lines = Counter({key: fen(planned)})
    for spent_on, amount in spendings:
        lines[key._replace(on=spent_on, measure=Measure.BUDGET_SPENT)] += fen(amount)
    return Counter({each: value for each, value in lines.items() if value})
