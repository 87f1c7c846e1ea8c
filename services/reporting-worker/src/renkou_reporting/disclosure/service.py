"""Decides once, when a version is published, what it hides; what was decided stays."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Population
from renkou_common.database import Transaction
from renkou_reporting.disclosure import repository
from renkou_reporting.disclosure.deciding import Decision, decide
from renkou_reporting.disclosure.domain import (
    Count,
    Pattern,
    Range,
    Reads,
    Shown,
    account_counts,
    of_whom,
    pack,
    parse_dims,
    reads,
    unpack,
)
from renkou_reporting.disclosure.relations import pattern_of
from renkou_reporting.figures.domain import add_months
from renkou_reporting.indicators.domain import SUBSETS, Indicator, IndicatorKind
from renkou_reporting.indicators.service import current
from renkou_reporting.measures.domain import Measures
from renkou_reporting.published.domain import WITHOUT_RETURNS, Account, Cell, Key, read_exact

ACCOUNT = "population_account"
PRIMARY, COMPLEMENTARY = "primary", "complementary"
_SILENT_SECONDS = 5.0
_NO_NUMBERS = ("nothing_before", *WITHOUT_RETURNS)
"""Reasons with which a growth tells nothing."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """What two have signed: exact figures and accounts of an area over months, and the counts behind them."""

    area: AreaCode
    months: Range
    definitions: Mapping[str, Indicator]
    cells: Sequence[Cell]
    accounts: Sequence[Account]
    counts: Mapping[Count, int]
    unpublished: frozenset[Count]


type Decided = tuple[Mapping[Count, int], Decision, list[Pattern]]
"""Counts of populations that hang together, what of them is hidden, and what numerators lack of denominators."""


@dataclass(frozen=True, slots=True)
class Protected:
    """The same figures, each hidden or not; of accounts the parts that are; and what is kept of the decision."""

    cells: list[Cell]
    hidden_parts: list[list[str]]
    kinds: dict[Key, str]
    decisions: Mapping[str, Decided]

    @property
    def hidden(self) -> int:
        """How many figures and parts of accounts are hidden."""
        return len(self.kinds)


async def protect(tx: Transaction, figures: Figures) -> Protected:
    """Return what may be shown of figures beside all that is published; nobody else decides meanwhile."""
    await repository.one_at_a_time(tx)
    measures = (await current(tx)).measures
    read = _read(figures, measures)
    periods = await repository.periods(tx, figures.area.key)
    decisions: dict[str, Decided] = {}
    for name, counts, rests in _grouped(figures, read):
        decisions[name] = counts, await _decide(tx, figures, name, counts, rests, periods), rests
    before = await _year_before(tx, figures)
    return _protected(figures, read, decisions, before)


async def keep(tx: Transaction, version_id: UUID, protected: Protected) -> None:
    """Store what a version hides, and what later ones need to know of it."""
    rows = [(AreaCode.parse(key.area).key, *key[1:], kind) for key, kind in sorted(protected.kinds.items())]
    await repository.insert_suppressed(tx, version_id, rows)
    for name, (counts, decision, rests) in protected.decisions.items():
        plain = [[(tuple(whom), kind, sign) for whom, kind, sign in one] for one in rests]
        await repository.insert_counts(tx, version_id, name, pack(counts, decision.hidden), plain)
        await repository.insert_ways(tx, version_id, name, decision.ways)


type _Read = dict[tuple[str, str, str], Reads]
"""What a figure tells, by population, indicator and dimensions; of no area yet."""


def _read(figures: Figures, measures: Measures) -> _Read:
    found: _Read = {}
    for key in (cell.key for cell in figures.cells):
        place = key[1:]
        if place not in found:
            indicator = figures.definitions[key.indicator]
            found[place] = reads(
                indicator, key.population, "", parse_dims(key.dims), figures.months, measures
            )
    return found


def _grouped(figures: Figures, read: _Read) -> Iterable[tuple[str, Mapping[Count, int], list[Pattern]]]:
    """Return the counts of populations that hang together, with what numerators lack of their denominators."""
    by_group: defaultdict[str, dict[Count, int]] = defaultdict(dict)
    for count, value in figures.counts.items():
        by_group[_group(count.population)][count] = value
    rests = sorted({pattern_of(one.rest, figures.months) for one in read.values() if one.rest})
    for name, counts in sorted(by_group.items()):
        yield name, counts, [each for each in rests if _group(each[0][0].population) == name]


def _group(population: str) -> str:
    """Return the population that another is a part of: they are decided on together."""
    return str(SUBSETS.get(Population(population), population))


async def _decide(
    tx: Transaction,
    figures: Figures,
    populations: str,
    counts: Mapping[Count, int],
    rests: list[Pattern],
    periods: Sequence[Range],
) -> Decision:
    first, last = figures.months
    around = add_months(first, -1), add_months(last, 1)
    rows = await repository.touching(tx, figures.area.key, around, populations)
    before = [
        Shown(row["number"], (row["first_month"], row["last_month"]), *unpack(row["counts"])) for row in rows
    ]
    patterns = rests + [_pattern(one) for row in rows for one in row["rests"]]
    ways = await repository.ways(tx, populations, around)
    new = Shown(
        1 + max((one.number for one in before), default=0), figures.months, counts, figures.unpublished
    )
    work = asyncio.ensure_future(
        asyncio.to_thread(decide, before, new, ways, patterns, [*periods, figures.months])
    )
    while not (await asyncio.wait({work}, timeout=_SILENT_SECONDS))[0]:
        await repository.stay(tx)
    decision = work.result()
    _log.info(
        "decided what is hidden", populations=populations, counts=len(counts), hidden=len(decision.hidden),
        primary=len(decision.primary), swept=decision.swept,
    )  # fmt: skip
    return decision


def _pattern(row: Sequence[Any]) -> Pattern:
    return tuple((of_whom(*whom), kind, sign) for whom, kind, sign in row)


async def _year_before(tx: Transaction, figures: Figures) -> dict[Key, Cell]:
    """Return the newest published figures of a year before that growths are measured against."""
    basis = sorted({one.of for one in figures.definitions.values() if one.of is not None})
    if not basis:
        return {}
    first, last = figures.months
    rows = await repository.year_before(tx, figures.area.key, (first - 100, last - 100), basis)
    return {
        (key := Key(AreaCode.from_key(row["area"]).value, *row[1:4])): Cell(
            key, row["numerator"], row["denominator"], None, None, row["hidden"]
        )
        for row in rows
    }


def _protected(
    figures: Figures,
    read: _Read,
    decisions: Mapping[str, Decided],
    before: Mapping[Key, Cell],
) -> Protected:
    hidden = {count for _, decision, _ in decisions.values() for count in decision.hidden}
    primary = {count for _, decision, _ in decisions.values() for count in decision.primary}
    kinds: dict[Key, str] = {}
    partly = {(count.area, count.population, count.measure) for count in hidden}
    for cell in figures.cells:
        counts = [count._replace(area=cell.key.area) for count in read[cell.key[1:]].counts]
        if not hidden.isdisjoint(counts):
            kinds[cell.key] = COMPLEMENTARY if primary.isdisjoint(counts) else PRIMARY
        elif _tells_more(cell, read[cell.key[1:]], partly):
            kinds[cell.key] = COMPLEMENTARY
    for cell in figures.cells:
        indicator = figures.definitions[cell.key.indicator]
        if indicator.kind is IndicatorKind.GROWTH and _growth_tells_more(
            cell, indicator, figures, kinds, before, read
        ):
            kinds[cell.key] = COMPLEMENTARY
    cells = [replace(cell, hidden=cell.key in kinds) for cell in figures.cells]
    hidden_parts = []
    for area, population, _ in figures.accounts:
        parts = account_counts(area, population, figures.months)
        hidden_parts.append([part for part, count in parts.items() if count in hidden])
        for part in hidden_parts[-1]:
            kind = PRIMARY if parts[part] in primary else COMPLEMENTARY
            kinds[Key(area, population, ACCOUNT, part)] = kind
    return Protected(cells, hidden_parts, kinds, decisions)


def _tells_more(cell: Cell, read: Reads, partly: set[tuple[str, str, str]]) -> bool:
    """Say whether a figure tells of people by other ways than its counts: an amount tells how many were paid."""
    if read.ambiguous:
        return True
    return any((cell.key.area, population, measure) in partly for population, measure in read.amounts)


def _growth_tells_more(
    cell: Cell,
    growing: Indicator,
    figures: Figures,
    kinds: Mapping[Key, str],
    before: Mapping[Key, Cell],
    read: _Read,
) -> bool:
    """Say whether a growth gives away what it compares with: shown only against the year before as published."""
    key = cell.key._replace(indicator=growing.of or "")
    basis = read.get(key[1:])
    if basis is not None and not basis.counts and not basis.amounts:
        return False
    if basis is None or key in kinds:
        return True
    if cell.reason in _NO_NUMBERS:
        return False
    old, of = before.get(key), figures.definitions[key.indicator]
    if old is None or old.hidden or read_exact(old.denominator) <= 0:
        return True
    exact = read_exact(old.numerator) / read_exact(old.denominator) * of.factor / of.divisor
    return exact != read_exact(cell.denominator)
