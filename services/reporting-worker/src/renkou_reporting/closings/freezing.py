"""Freezes a period: every indicator over every area and population, read in one snapshot of the database.

The positions of the feeds come from the same snapshot, so that the numbers are those of exactly these events.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.database import Transaction
from renkou_reporting.areas import service as areas
from renkou_reporting.areas.service import View
from renkou_reporting.closings import repository
from renkou_reporting.closings.domain import Frozen, differences, slices
from renkou_reporting.disclosure.domain import Count, Range, Reads, account_numbers, counted, reads
from renkou_reporting.disclosure.moves import moves
from renkou_reporting.disclosure.service import Figures
from renkou_reporting.figures.domain import EVERYTHING, Asked, Months, Outcome, Span
from renkou_reporting.figures.engine import compute_at
from renkou_reporting.figures.service import days_read
from renkou_reporting.indicators.domain import BALANCE_PARTS, Catalogue, Indicator, IndicatorKind
from renkou_reporting.indicators.service import current
from renkou_reporting.measures.domain import Measures
from renkou_reporting.published.domain import (
    DIVIDED,
    REASON_CODES,
    Account,
    Cell,
    Difference,
    Key,
    dims_text,
    exact_text,
)
from renkou_reporting.published.service import cells_of
from renkou_reporting.returns.completeness import Duty

_ACCOUNT = "mean_population"
_DIVIDED = Outcome(0, 0, None, 0, DIVIDED)
_UNDERIVED = (IndicatorKind.RATIO, IndicatorKind.COUNT, IndicatorKind.GROWTH)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The version that a restatement follows: its id, definitions and positions of the feeds."""

    version_id: UUID
    definitions: Mapping[str, Any]
    positions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Places:
    """The areas of a period as they were bounded on its last day: the district, its towns, its communities."""

    views: Sequence[View]
    places: Sequence[tuple[int, int]]
    spans: Sequence[Span]

    def exists(self, place: int, days: Sequence[tuple[date, date]]) -> bool:
        """Whether an area has a figure of facts between given days: not where its part of another is unknown."""
        view, number = self.places[place]
        return all(self.views[view].obstacle(number, first, last) is None for first, last in days)


async def freeze(tx: Transaction, area: AreaCode, period: Period, earlier: Earlier | None) -> Frozen:
    """Return everything of a period; ``tx`` reads one snapshot."""
    months = Months.of(period)
    catalogue = await current(tx)
    places = await _places(tx, area, period.end)
    spans = places.spans
    first_and_last = (months.first, months.last)
    details = await repository.details(tx, months.last)
    cells: list[Cell] = []
    accounts: list[Account] = []
    definitions: dict[str, Any] = {}
    positions = await repository.positions(tx)
    counts: dict[Count, int] = {}
    moved: dict[Count, int] = {}
    for population in Population:
        chosen = _chosen(catalogue, population, months)
        asked = [
            Asked(one, population, each)
            for one in chosen
            for each in slices(one, _details(one, population, details))
        ]
        computed = await compute_at(tx, asked, spans, [months], duty=Duty(area, period.end))
        read = [_reads(one, first_and_last, catalogue.measures) for one in asked]
        assert not asked or computed.as_of == positions, "one snapshot has one position of each feed"
        days = [days_read(catalogue, one.indicator, months) for one in asked]
        for (number, place, _), outcome in sorted(computed.outcomes.items()):
            exists = places.exists(place, days[number])
            cells.append(_cell(spans[place], asked[number], outcome if exists else _DIVIDED))
            if exists and read[number].counts:
                counts |= counted(read[number], spans[place].code, outcome.parts)
        for account in _accounts(population, asked, places, days, computed.outcomes):
            accounts.append(account)
            counts |= account_numbers(account[0], account[1], first_and_last, account[2])
        if any(one.code == _ACCOUNT for one in chosen):
            moved |= await _moved(tx, catalogue, population, places, months)
        for one in chosen:
            definitions[one.code] = one.model_dump(mode="json")
    exact = sorted(cells, key=lambda cell: cell.key)
    changed: list[Difference] = []
    if earlier is not None:
        before = await cells_of(tx, earlier.version_id, area)
        late = await repository.late_facts(tx, earlier.positions, positions, months.last)
        changed = differences(before, exact, earlier.definitions, definitions, late, first_and_last)
    salt = secrets.token_hex(32)
    return Frozen(
        area.value,
        months.text,
        first_and_last,
        positions,
        definitions,
        exact,
        sorted(accounts),
        changed,
        salt,
        {**moved, **counts},
        frozenset(moved.keys() - counts.keys()),
    )


async def _moved(
    tx: Transaction, catalogue: Catalogue, population: Population, places: _Places, months: Months
) -> dict[Count, int]:
    """Return who came and left by sex and age: what is hidden must not follow from that either."""
    asked = moves(population)
    computed = await compute_at(tx, asked, places.spans, [months])
    read = [_reads(one, (months.first, months.last), catalogue.measures) for one in asked]
    days = [days_read(catalogue, one.indicator, months) for one in asked]
    found: dict[Count, int] = {}
    for (number, place, _), outcome in computed.outcomes.items():
        if places.exists(place, days[number]):
            found |= counted(read[number], places.spans[place].code, outcome.parts)
    return found


def figures(frozen: Frozen) -> Figures:
    """Return frozen figures as it is decided over them what may be shown."""
    definitions = {code: Indicator.model_validate(one) for code, one in frozen.definitions.items()}
    return Figures(
        AreaCode.parse(frozen.area),
        frozen.months,
        definitions,
        frozen.cells,
        frozen.accounts,
        frozen.counts,
        frozen.unpublished,
    )


def _reads(asked: Asked, months: Range, measures: Measures) -> Reads:
    return reads(asked.indicator, asked.population.value, "", asked.sliced, months, measures)


def _chosen(catalogue: Catalogue, population: Population, months: Months) -> list[Indicator]:
    """Return the indicators that hold for the months, each in its version; errors are of published figures."""
    held = (catalogue.at(one.code, months.first, months.last) for one in catalogue.over(population))
    return [
        one for one in held if one is not None and population in one.populations and one.kind in _UNDERIVED
    ]


def _details(
    indicator: Indicator, population: Population, known: Mapping[tuple[str, str], Sequence[str]]
) -> list[str]:
    found = {
        detail
        for term in indicator.terms
        if term.measure is not None and "detail" in term.asked
        for detail in known.get((term.population or population, term.measure), ())
    }
    return sorted(found)


async def _places(tx: Transaction, area: AreaCode, on: date) -> _Places:
    """Return the areas of the tree on a day, and those that it does not know and something was counted in."""
    views: list[View] = []
    places: list[tuple[int, int]] = []
    spans: list[Span] = []
    for level in (AreaLevel.TOWN, AreaLevel.VILLAGE):
        keys = await repository.areas_below(tx, *area.interval(), 10 ** (12 - level.digits))
        counted = [code for code in map(AreaCode.from_key, keys) if code.level is level]
        view = await areas.view(tx, area, on, below=level, also=[code.value for code in counted])
        numbers = range(1 if views else 0, len(view.areas))
        places += [(len(views), number) for number in numbers]
        spans += [span for number, span in enumerate(view.spans) if number in numbers]
        views.append(view)
    return _Places(views, places, spans)


def _cell(span: Span, asked: Asked, outcome: Outcome) -> Cell:
    key = Key(span.code, asked.population.value, asked.indicator.code, dims_text(asked.sliced))
    reason = None if outcome.reason is None else REASON_CODES.get(outcome.reason.en, "other")
    value = None if outcome.value is None else format(outcome.value, "f")
    return Cell(key, exact_text(outcome.numerator), exact_text(outcome.denominator), value, reason)


def _accounts(
    population: Population,
    asked: Sequence[Asked],
    places: _Places,
    days: Sequence[Sequence[tuple[date, date]]],
    outcomes: Mapping[tuple[int, int, int], Outcome],
) -> list[Account]:
    """Return the parts of the mean population of each area: the population account."""
    number = next(
        (at for at, one in enumerate(asked) if one.indicator.code == _ACCOUNT and one.sliced == EVERYTHING),
        None,
    )
    if number is None:
        return []
    found: list[Account] = []
    for place, span in enumerate(places.spans):
        if not places.exists(place, days[number]):
            continue
        parts = outcomes[number, place, 0].parts
        numbers = [parts.get(name, Fraction()) for name in BALANCE_PARTS]
        found.append((span.code, population.value, [int(part) for part in numbers]))
    return found
