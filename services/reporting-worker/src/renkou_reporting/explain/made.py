"""What a figure is made of: itself, or of a growth or a reporting error the two figures that it compares.

A growth compares a figure with that of the same months a year before, both by the newest definition in force. A
reporting error compares what was published first with what was published last; its counts are those of the facts that
were taken in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import asyncpg

from renkou_common.database import Reader
from renkou_reporting.areas.domain import days_of
from renkou_reporting.explain import repository
from renkou_reporting.explain.causes import kinds
from renkou_reporting.explain.differences import State
from renkou_reporting.explain.domain import Member, Piece, Side, pieces_of
from renkou_reporting.explain.repository import Where
from renkou_reporting.figures.domain import Asked, Outcome, in_units, quotient
from renkou_reporting.figures.engine import compute_at
from renkou_reporting.figures.service import Column, Row, Table
from renkou_reporting.indicators.domain import Catalogue, Indicator, IndicatorKind
from renkou_reporting.indicators.service import current
from renkou_reporting.measures.domain import Measures
from renkou_reporting.periods import year_before
from renkou_reporting.published import service as published
from renkou_reporting.published.domain import REASONS, dims_text, read_exact

type Positions = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Version:
    """A published version, and whether it hides the figure."""

    head: asyncpg.Record
    hidden: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A figure that counts add up to: what it is, its numbers, its pieces.

    ``figure`` tells which of those that a growth or an error compares; None: the one asked for. Of a published figure
    there are the version and the positions of the feeds that it stands at.
    """

    figure: Member | None
    found: Table
    pieces: Sequence[Piece]
    positions: Positions | None = None
    version: Version | None = None

    @property
    def asked(self) -> Asked:
        """What it was asked as."""
        (asked,) = self.found.asked.values()
        return asked

    @property
    def outcome(self) -> Outcome:
        """Its numbers."""
        return self.found.outcomes[0, 0, 0]

    @property
    def published(self) -> int | None:
        """The number of the published version, None of a live figure."""
        return None if self.version is None else self.version.head["version"]

    @property
    def state(self) -> State:
        """Its numbers before rounding."""
        indicator, outcome = self.asked.indicator, self.outcome
        return State(outcome.numerator, outcome.denominator, Fraction(indicator.factor, indicator.divisor))


async def made_of(tx: Reader, found: Table, catalogue: Catalogue) -> list[Made]:
    """Return what a table of one figure is made of; an error is made of nothing where nothing was published."""
    (asked,) = found.asked.values()
    match asked.indicator.kind:
        case IndicatorKind.GROWTH:
            assert asked.indicator.of is not None
            return await compared(tx, found, catalogue, catalogue.indicators[asked.indicator.of])
        case IndicatorKind.ERROR:
            return ends(await versions_of(tx, found, asked.indicator.of, catalogue.measures))
        case _:
            return [Made(None, found, pieces_of(asked, found.columns[0].months, catalogue.measures))]


def ends(versions: Sequence[Made], *, hidden: bool = False) -> list[Made]:
    """Return the first and the last version with a value: the same twice where there is one, none of none.

    With ``hidden`` those that hide the figure are taken to have a value: it must not be told whether they do.
    """
    valued = [
        one
        for one in versions
        if one.outcome.value is not None or (hidden and one.version is not None and one.version.hidden)
    ]
    return [_as(Member.FIRST, valued[0]), _as(Member.RESTATED, valued[-1])] if valued else []


def _as(member: Member, made: Made) -> Made:
    return replace(made, figure=member, pieces=[each._replace(figure=member) for each in made.pieces])


async def compared(tx: Reader, found: Table, catalogue: Catalogue, of: Indicator) -> list[Made]:
    """Return the two figures that a growth compares, by a definition; raises InvalidInput for the first year of all."""
    (growing,) = found.asked.values()
    asked = Asked(of, growing.population, growing.sliced)
    column = found.columns[0]
    _, end = days_of(column.months.year_before(), opening=False)
    columns = (column, Column(year_before(column.period), end))
    months = [each.months for each in columns]
    outcomes = (await compute_at(tx, [asked], found.spans, months, catalogue=catalogue)).outcomes
    return [
        Made(
            member,
            told(found, asked, columns[when], outcomes[0, 0, when]),
            pieces_of(asked, months[when], catalogue.measures, member),
        )
        for when, member in enumerate((Member.NOW, Member.BEFORE))
    ]


async def as_of(tx: Reader, version: Made) -> list[Made]:
    """Return the two figures that a published growth compares, as they stood at its version: what counts live without
    the facts that were taken in since."""
    catalogue = await current(tx)
    assert version.version is not None
    code = version.asked.indicator.of or ""
    definition = version.version.head["definitions"].get(code)
    of = catalogue.indicators[code] if definition is None else Indicator.model_validate(definition)
    made = await compared(tx, version.found, catalogue, of)
    return [await _at(tx, one, version, catalogue.measures) for one in made]


async def _at(tx: Reader, live: Made, version: Made, measures: Measures) -> Made:
    known = version.positions or {}
    since = {feed: (known.get(feed, 0), upto) for feed, upto in live.found.as_of.items()}
    counts = [piece.counting for piece in live.pieces]
    where = Where(live.found.spans[0].intervals, ())
    numbers = {Side.NUMERATOR: live.outcome.numerator, Side.DENOMINATOR: live.outcome.denominator}
    for row in await repository.by_cause(tx, counts, where, kinds(measures), since):
        piece = live.pieces[row["piece"]]
        numbers[piece.side] -= piece.weight * row["value"]
    numerator, denominator = (in_units(number) for number in numbers.values())
    outcome = quotient(live.asked.indicator, numerator, denominator)
    table = told(live.found, live.asked, live.found.columns[0], outcome)
    return replace(live, found=table, positions=known, version=version.version)


async def versions_of(tx: Reader, found: Table, code: str | None, measures: Measures) -> list[Made]:
    """Return an indicator as it was published in each version of the area and period of a figure, the first first;
    of the same population and dimensions."""
    (asked,) = found.asked.values()
    column = found.columns[0]
    months = (column.months.first, column.months.last)
    rows = [
        row
        for row in await published.numbers(tx, [code or ""], [found.area.key], [months])
        if (row["population"], row["dims"]) == (asked.population, dims_text(asked.sliced))
    ]
    heads = {row["id"]: row for row in await published.heads(tx, [row["version_id"] for row in rows])}
    return [_published(found, row, heads[row["version_id"]], measures) for row in rows]


def _published(found: Table, row: asyncpg.Record, head: asyncpg.Record, measures: Measures) -> Made:
    (of,) = found.asked.values()
    indicator = Indicator.model_validate(row["definition"])
    asked = Asked(indicator, of.population, of.sliced)
    numerator, denominator = (in_units(read_exact(row[name])) for name in ("numerator", "denominator"))
    outcome = quotient(indicator, numerator, denominator)
    if row["reason"] in REASONS:
        outcome = outcome.without_value(REASONS[row["reason"]])
    pieces = pieces_of(asked, found.columns[0].months, measures)
    table = told(found, asked, found.columns[0], outcome)
    return Made(None, table, pieces, head["positions"], Version(head, hidden=row["hidden"]))


def told(found: Table, asked: Asked, column: Column, outcome: Outcome) -> Table:
    """Return a table of one figure that is told beside another: of the same area, state and boundaries."""
    at: Any = (0, 0, 0)
    return replace(
        found,
        rows=[Row(asked.indicator, asked.sliced)],
        columns=[column],
        asked={(0, 0): asked},
        outcomes={at: outcome},
        obstacles={},
        missing={},
    )
