"""Freezes a period: every indicator over every area and population, read in one snapshot of the database.

The positions of the feeds come from the same snapshot, so that the numbers are those of exactly these events.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.contracts.lines import Population
from renkou_common.database import Transaction
from renkou_reporting.closings import repository
from renkou_reporting.closings.domain import Frozen, differences, slices
from renkou_reporting.disclosure.domain import Count, Range, Reads, account_numbers, counted, reads
from renkou_reporting.disclosure.service import Figures
from renkou_reporting.figures.domain import EVERYTHING, Asked, Months, Outcome, Span
from renkou_reporting.figures.engine import compute_at
from renkou_reporting.indicators.domain import BALANCE_PARTS, Catalogue, Indicator, IndicatorKind
from renkou_reporting.indicators.service import current
from renkou_reporting.measures.domain import Measures
from renkou_reporting.published.domain import (
    REASON_CODES,
    Account,
    Cell,
    Difference,
    Key,
    dims_text,
    exact_text,
)
from renkou_reporting.published.service import cells_of

_ACCOUNT = "mean_population"
_UNDERIVED = (IndicatorKind.RATIO, IndicatorKind.COUNT, IndicatorKind.GROWTH)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The version that a restatement follows: its id, definitions and positions of the feeds."""

    version_id: UUID
    definitions: Mapping[str, Any]
    positions: Mapping[str, int]


async def freeze(tx: Transaction, area: AreaCode, months: Months, earlier: Earlier | None) -> Frozen:
    """Return everything of a period; ``tx`` reads one snapshot."""
    catalogue = await current(tx)
    period = (months.first, months.last)
    spans = await _spans(tx, area)
    details = await repository.details(tx, months.last)
    cells: list[Cell] = []
    accounts: list[Account] = []
    definitions: dict[str, Any] = {}
    positions = await repository.positions(tx)
    counts: dict[Count, int] = {}
    for population in Population:
        chosen = _chosen(catalogue, population, months)
        asked = [
            Asked(one, population, each)
            for one in chosen
            for each in slices(one, _details(one, population, details))
        ]
        computed = await compute_at(tx, asked, spans, [months])
        read = [_reads(one, period, catalogue.measures) for one in asked]
        assert not asked or computed.as_of == positions, "one snapshot has one position of each feed"
        for (number, place, _), outcome in sorted(computed.outcomes.items()):
            cells.append(_cell(spans[place], asked[number], outcome))
            if read[number].counts:
                counts |= counted(read[number], spans[place].code, outcome.parts)
        for account in _accounts(population, asked, spans, computed.outcomes):
            accounts.append(account)
            counts |= account_numbers(account[0], account[1], period, account[2])
        for one in chosen:
            definitions[one.code] = one.model_dump(mode="json")
    exact = sorted(cells, key=lambda cell: cell.key)
    changed: list[Difference] = []
    if earlier is not None:
        before = await cells_of(tx, earlier.version_id, area)
        late = await repository.late_facts(tx, earlier.positions, positions, months.last)
        changed = differences(before, exact, earlier.definitions, definitions, late, period)
    salt = secrets.token_hex(32)
    return Frozen(
        area.value,
        months.text,
        period,
        positions,
        definitions,
        exact,
        sorted(accounts),
        changed,
        salt,
        counts,
    )


def figures(frozen: Frozen) -> Figures:
    """Return frozen figures as it is decided over them what may be shown."""
    definitions = {code: Indicator.model_validate(one) for code, one in frozen.definitions.items()}
    return Figures(
        AreaCode.parse(frozen.area), frozen.months, definitions, frozen.cells, frozen.accounts, frozen.counts
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


async def _spans(tx: Transaction, area: AreaCode) -> list[Span]:
    spans = [Span(area.value, (area.interval(),))]
    for level in (AreaLevel.TOWN, AreaLevel.VILLAGE):
        for key in await repository.areas_below(tx, *area.interval(), 10 ** (12 - level.digits)):
            code = AreaCode.from_key(key)
            if code.level is level:
                spans.append(Span(code.value, (code.interval(),)))
    return spans


def _cell(span: Span, asked: Asked, outcome: Outcome) -> Cell:
    key = Key(span.code, asked.population.value, asked.indicator.code, dims_text(asked.sliced))
    reason = None if outcome.reason is None else REASON_CODES.get(outcome.reason.en, "other")
    value = None if outcome.value is None else format(outcome.value, "f")
    return Cell(key, exact_text(outcome.numerator), exact_text(outcome.denominator), value, reason)


def _accounts(
    population: Population,
    asked: Sequence[Asked],
    spans: Sequence[Span],
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
    for place, span in enumerate(spans):
        parts = outcomes[number, place, 0].parts
        numbers = [parts.get(name, Fraction()) for name in BALANCE_PARTS]
        found.append((span.code, population.value, [int(part) for part in numbers]))
    return found
