"""Where the first published and the restated count of a figure come from, for the reporting error (统计误差).

A figure that was published and never restated has an error of zero; where nothing was published there is none, and the
figure says so.
"""

from collections.abc import Sequence
from fractions import Fraction

from renkou_common.codes.area import AreaCode
from renkou_common.database import Reader
from renkou_reporting.figures.domain import Asked, Months, Span
from renkou_reporting.figures.plan import Published
from renkou_reporting.indicators.domain import Indicator
from renkou_reporting.published import service
from renkou_reporting.published.domain import dims_text, read_exact

type _Figure = tuple[int, int, int, str, str, str]


def nothing(asked: Asked, span: int, months: int) -> tuple[Fraction, Fraction] | None:
    """Nothing was published."""
    return None


async def counts(
    tx: Reader, asked: Sequence[Asked], spans: Sequence[Span], months: Sequence[Months]
) -> Published:
    """Return a look-up of (first published, restated) by what is asked, span and months.

    ``asked`` are indicators of errors; the look-up takes those they are of.
    """
    indicators = sorted({one.indicator.of for one in asked if one.indicator.of is not None})
    areas = [AreaCode.parse(span.code).key for span in spans]
    periods = [(each.first, each.last) for each in months]
    first: dict[_Figure, Fraction] = {}
    newest: dict[_Figure, Fraction] = {}
    for row in await service.numbers(tx, indicators, areas, periods):
        if row["value"] is None:
            continue
        figure = tuple(row)[:6]
        definition = Indicator.model_validate(row["definition"])
        quotient = read_exact(row["numerator"]) / read_exact(row["denominator"])
        exact = quotient * definition.factor / definition.divisor
        first.setdefault(figure, exact)
        newest[figure] = exact

    def look_up(of: Asked, span: int, when: int) -> tuple[Fraction, Fraction] | None:
        figure = (*periods[when], areas[span], of.population, of.indicator.code, dims_text(of.sliced))
        return (first[figure], newest[figure]) if figure in first else None

    return look_up
