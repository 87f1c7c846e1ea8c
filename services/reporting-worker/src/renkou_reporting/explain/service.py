"""From a figure to its cells and facts. Each answer tells the figure itself from the same state of the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.scope import AreaScope
from renkou_reporting.explain import repository
from renkou_reporting.explain.causes import kinds
from renkou_reporting.explain.domain import CellKey, Member, Piece, Side, When, cut
from renkou_reporting.explain.made import Made, made_of
from renkou_reporting.explain.repository import Limits, Where
from renkou_reporting.explain.schemas import (
    CellAnswer,
    CellsAnswer,
    CellsQuestion,
    FactAnswer,
    FactsAnswer,
    FactsQuestion,
    MemberAnswer,
    TermAnswer,
)
from renkou_reporting.figures.domain import Asked, Outcome
from renkou_reporting.figures.schemas import FigureQuestion
from renkou_reporting.figures.service import Table, figure_members, figure_of, spans_below
from renkou_reporting.indicators.domain import IndicatorKind
from renkou_reporting.indicators.service import current
from renkou_reporting.labels import Label
from renkou_reporting.measures.domain import Measures
from renkou_reporting.periods import month_text
from renkou_reporting.published.domain import exact_text
from renkou_reporting.returns.completeness import Duty
from renkou_reporting.runtime import Runtime

_BY_AGE = -1
_FIRST_CELL = (-1, "", 0, 0, 0, "")
_FIRST_FACT = (-1, -1, -1, "", -1, -1)
PEOPLE = Label(zh="人口", en="people")


@dataclass(frozen=True, slots=True)
class Examined:
    """A figure, what it was asked as, and what it is made of."""

    found: Table
    asked: Asked
    outcome: Outcome
    made: Sequence[Made]
    measures: Measures

    @property
    def of_versions(self) -> bool:
        """Whether it is an error: told of published versions."""
        return self.asked.indicator.kind is IndicatorKind.ERROR

    @property
    def pieces(self) -> Sequence[Piece]:
        """Everything that it is the sum of; of an error what the figure published last is."""
        made = self.made[-1:] if self.of_versions else self.made
        return [piece for one in made for piece in one.pieces]

    @property
    def between(self) -> Limits | None:
        """Of an error: which facts were taken in between what was published first and last; None: all facts."""
        if not self.of_versions:
            return None
        return taken_in(self.made[0], self.made[-1]) if self.made else {}

    def name(self, measure: str | None) -> Label:
        """Return what is counted, in words."""
        if measure is None:
            return PEOPLE
        entry = self.measures[measure]
        return Label(zh=entry.zh, en=entry.en)


@asynccontextmanager
async def snapshot(runtime: Runtime, areas: AreaScope) -> AsyncIterator[Transaction]:
    """Open a transaction whose statements all see the same state, so that sums are those of the figure told."""
    async with runtime.database.transaction(areas, read_only=True) as tx:
        await repository.one_snapshot(tx)
        yield tx


async def examine(
    tx: Transaction,
    areas: AreaScope,
    question: FigureQuestion,
    duty: Duty | None = None,
    *,
    as_published: bool = False,
) -> Examined:
    """Return a figure with what it is made of; raises NotFound outside ``areas``, InvalidInput for what has no figure
    under the boundaries asked for.

    What was published is bounded as on the last day of its period, unless other boundaries are asked for: an error
    always, other figures ``as_published``.
    """
    found = await figure_of(tx, areas, question, duty)
    (asked,) = found.asked.values()
    as_published = as_published or asked.indicator.kind is IndicatorKind.ERROR
    if as_published and question.boundaries is None:
        found = await figure_of(
            tx, areas, question.model_copy(update={"boundaries": found.columns[0].period.end})
        )
    if obstacle := found.obstacles.get((0, 0, 0)):
        raise InvalidInput.field("/query/boundaries", "no_figure", obstacle.reason.zh, obstacle.reason.en)
    catalogue = await current(tx)
    made = await made_of(tx, found, catalogue)
    return Examined(found, asked, found.outcomes[0, 0, 0], made, catalogue.measures)


def taken_in(first: Made, last: Made) -> Limits:
    """Return which facts were taken in between two published figures."""
    before = first.positions or {}
    return {feed: (before.get(feed, 0), upto) for feed, upto in (last.positions or {}).items()}


async def cells(
    tx: Transaction, areas: AreaScope, question: CellsQuestion, duty: Duty | None = None
) -> CellsAnswer:
    """Return a page of a figure's cells; raises as :func:`examine`."""
    after = decode_cursor(question.after, int, str, int, int, int, str) or _FIRST_CELL
    examined = await examine(tx, areas, question, duty)
    where = await where_of(tx, examined, question, question.areas)
    counts = [piece.counting for piece in examined.pieces]
    rows = await repository.cell_page(tx, counts, where, after, question.limit + 1, examined.between)
    shown = rows[: question.limit]
    following = encode_cursor(*list(shown[-1])[:6]) if len(rows) > question.limit else None
    items = []
    for number, area, month, sex, parity, detail, value in shown:
        piece = examined.pieces[number]
        aged = parity == _BY_AGE
        items.append(
            CellAnswer(
                cell=encode_cursor(
                    *piece[:3],
                    piece.counting.measure,
                    area,
                    month,
                    sex,
                    parity,
                    detail,
                    question.areas,
                    piece.figure or "",
                ),
                figure=piece.figure,
                side=piece.side,
                part=piece.part,
                when=piece.when,
                population=piece.counting.population,
                measure=piece.counting.measure,
                name=examined.name(piece.counting.measure),
                area=area,
                month=month_text(month),
                sex=sex,
                parity=None if aged else parity,
                detail=None if aged else detail,
                value=value,
                weight=exact_text(piece.weight),
                counts=exact_text(piece.weight * value),
            )
        )
    return CellsAnswer(**_explained(examined), terms=_terms(examined), items=items, next=following)


async def facts(
    tx: Transaction, areas: AreaScope, question: FactsQuestion, duty: Duty | None = None
) -> FactsAnswer:
    """Return a page of the facts of a figure, or of one of its cells; raises as :func:`examine`."""
    after = decode_cursor(question.after, int, int, int, str, int, int) or _FIRST_FACT
    examined = await examine(tx, areas, question, duty)
    pieces, where = examined.pieces, Where(examined.found.spans[0].intervals, ())
    if question.cell is not None:
        pieces, where = await _within(tx, examined, question, question.cell)
    counts = [piece.counting for piece in pieces]
    rows = await repository.fact_page(
        tx, counts, where, kinds(examined.measures), after, question.limit + 1, examined.between
    )
    shown = rows[: question.limit]
    following = None
    if len(rows) > question.limit:
        last = shown[-1]
        place = ("piece", "area", "month", "feed", "seq", "line_no")
        following = encode_cursor(*(last[name] for name in place))
    items = [_fact(examined, pieces[row["piece"]], dict(row)) for row in shown]
    return FactsAnswer(**_explained(examined), items=items, next=following)


async def where_of(tx: Transaction, examined: Examined, question: FigureQuestion, wanted: str) -> Where:
    """Return where a figure's counts are, told apart by the areas below it.

    Where boundaries are those of what was published these are, as it was then, also areas that the tree does not know.
    """
    area, spans = examined.found.area, examined.found.spans
    bounded = question.model_copy(update={"boundaries": examined.found.boundaries})
    below = await spans_below(tx, area, bounded, wanted)
    if examined.found.boundaries != question.boundaries:
        known = [interval for span in below for interval in span.intervals]
        counted = await spans_below(tx, area, question.model_copy(update={"boundaries": None}), wanted)
        below += [one for one in counted if not all(_lies_in(interval, known) for interval in one.intervals)]
    return Where(spans[0].intervals, below)


def _lies_in(interval: tuple[int, int], known: Sequence[tuple[int, int]]) -> bool:
    return any(low <= interval[0] and interval[1] <= high for low, high in known)


def _explained(examined: Examined) -> dict[str, Any]:
    """Return what every explanation says of the figure, and of those that it compares."""
    figures = [
        MemberAnswer(
            figure=one.figure,
            published=one.published,
            **{name: head[name] for name in MemberAnswer.model_fields if name in head},
        )
        for one in examined.made
        if one.figure is not None
        for head in [figure_members(one.found)]
    ]
    return {**figure_members(examined.found), "figures": figures}


def _terms(examined: Examined) -> list[TermAnswer]:
    """Return the terms of a figure or of those that it compares; of published ones they are not kept."""
    return [
        TermAnswer(
            figure=one.figure,
            side=side,
            part=term.part,
            kind=term.kind,
            measure=term.measure,
            name=examined.name(term.measure),
            weight=str(term.weight),
            value=exact_text(one.outcome.parts[term.part]),
            counts=exact_text(one.outcome.parts[term.part] * term.weight),
        )
        for one in examined.made
        if one.positions is None
        for side, terms in (
            (Side.NUMERATOR, one.asked.indicator.numerator),
            (Side.DENOMINATOR, one.asked.indicator.denominator),
        )
        for term in terms
    ]


def _fact(examined: Examined, piece: Piece, row: dict[str, Any]) -> FactAnswer:
    return FactAnswer(
        feed=row["feed"],
        seq=row["seq"],
        event_id=row["event_id"],
        event_type=row["type"],
        recorded_at=row["recorded_at"],
        happened_on=row["happened_on"],
        area=str(row["area"]),
        population=row["population"],
        measure=row["measure"],
        name=examined.name(row["measure"]),
        sex=row["sex"],
        parity=row["parity"],
        detail=row["detail"],
        value=row["value"],
        figure=piece.figure,
        side=piece.side,
        part=piece.part,
        when=piece.when,
        weight=exact_text(piece.weight),
        counts=exact_text(piece.weight * Fraction(row["value"])),
        correction=row["correction"],
        late=row["late"],
    )


async def _within(
    tx: Transaction, examined: Examined, question: FactsQuestion, cell: str
) -> tuple[list[Piece], Where]:
    """Return the pieces of a cell and where they are; raises InvalidInput for a cell of another figure."""
    foreign = InvalidInput.field(
        "/query/cell", "cell", "不是该数字的汇总格", "this is not a cell of this figure"
    )
    try:
        keys = decode_cursor(cell, str, str, str, str, str, int, int, int, str, str, str)
        assert keys is not None
        side, part, when, measure, area, month, sex, parity, detail, wanted, figure = keys
        aged = parity == _BY_AGE
        key = CellKey(
            Side(side), part, When(when), measure, area, month, sex, None if aged else parity,
            None if aged else detail,
        )  # fmt: skip
        code, member = AreaCode.parse(area), Member(figure) if figure else None
    except (InvalidInput, ValueError) as error:
        raise foreign from error
    pieces = cut([piece for piece in examined.pieces if piece.figure == member], key)
    where = await where_of(tx, examined, question, wanted)
    intervals = [each for span in where.below if span.code == code.value for each in span.intervals]
    if (
        not intervals
    ):  # what was counted under the area's own code, or under one that lies in none of those below
        own = code.key
        if any(low <= own <= high for span in where.below for low, high in span.intervals):
            raise foreign
        intervals = [(own, own)] if any(low <= own <= high for low, high in where.intervals) else []
    if not pieces or not intervals:
        raise foreign
    return pieces, Where(intervals, ())
