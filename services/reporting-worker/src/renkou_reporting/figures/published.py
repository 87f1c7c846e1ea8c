"""Where the first published and the restated count of a figure come from, for the reporting error (统计误差).

As long as no version was published there is none, and the figure says so.
"""

from collections.abc import Sequence
from fractions import Fraction

from renkou_common.database import Reader
from renkou_reporting.figures.domain import Asked, Months, Span
from renkou_reporting.figures.plan import Published


def nothing(asked: Asked, span: int, months: int) -> tuple[Fraction, Fraction] | None:
    """Nothing was published."""
    return None


async def counts(
    tx: Reader, asked: Sequence[Asked], spans: Sequence[Span], months: Sequence[Months]
) -> Published:
    """Return a look-up of (first published, restated) by what is asked, span and months."""
    return nothing
