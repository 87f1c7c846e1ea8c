"""Computes figures: any number of indicators, areas and periods with one statement, exactly.

No rights are checked here: whoever calls has looked at the areas first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from renkou_common.database import Reader
from renkou_reporting.areas import service as areas_service
from renkou_reporting.figures import published, repository
from renkou_reporting.figures.domain import Asked, Months, Outcome, Span
from renkou_reporting.figures.plan import Position, Request
from renkou_reporting.indicators.domain import Catalogue, IndicatorKind
from renkou_reporting.indicators.service import current
from renkou_reporting.returns.completeness import Duty, returned
from renkou_reporting.returns.coverage import Returned, without_returns


@dataclass(frozen=True, slots=True)
class Computed:
    """Figures by positions (asked, span, months), the names of the areas by code, the positions of the feeds that the
    figures stand at, the state of the definitions in the database at that moment, and of figures of aggregate returns
    how many of them are there."""

    outcomes: dict[Position, Outcome]
    names: dict[str, str]
    as_of: dict[str, int]
    revision: UUID
    returned: dict[Position, Returned] = field(default_factory=dict)


async def compute_at(
    tx: Reader,
    asked: Sequence[Asked],
    spans: Sequence[Span],
    months: Sequence[Months],
    *,
    catalogue: Catalogue | None = None,
    duty: Duty | None = None,
    named_on: date | None = None,
) -> Computed:
    """Return every figure asked for, of every area and period; nothing of either gives nothing.

    ``catalogue`` is the state of the definitions that ``asked`` was taken from, where the caller has it. With
    ``duty`` a figure has no value where the aggregate returns that it counts are not there. Those are read first: one
    that is signed meanwhile is told as missing rather than the other way round. Areas are called as on ``named_on``, or
    as they are now.
    """
    catalogue = catalogue or await current(tx)
    if not (asked and spans and months):
        names = await areas_service.names(tx, [span.code for span in spans], named_on)
        return Computed({}, names, {}, catalogue.revision)
    there = await returned(tx, catalogue, asked, spans, months, duty) if duty else {}
    request = Request(catalogue, asked, months)
    read = await repository.read(tx, request.plan, spans, named_on)
    errors = [one for one in asked if one.indicator.kind is IndicatorKind.ERROR]
    look_up = await published.counts(tx, errors, spans, months) if errors else published.nothing
    outcomes = without_returns(asked, request.outcomes(read.counted, look_up), there)
    return Computed(outcomes, read.names, read.as_of, read.revision, there)


async def compute(
    tx: Reader,
    asked: Sequence[Asked],
    spans: Sequence[Span],
    months: Sequence[Months],
    *,
    duty: Duty | None = None,
) -> dict[Position, Outcome]:
    """Return every figure asked for by its positions (asked, span, months)."""
    return (await compute_at(tx, asked, spans, months, duty=duty)).outcomes
