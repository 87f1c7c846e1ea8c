"""Why a figure changed: against another period, or from one published version to another."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope
from renkou_reporting.explain import repository
from renkou_reporting.explain.differences import Cause, Origin, Region, Share, Slopes, State, regions, slopes
from renkou_reporting.explain.domain import Side, pieces_of
from renkou_reporting.explain.repository import Kinds, Where
from renkou_reporting.explain.schemas import (
    CauseEffect,
    ChangeAnswer,
    ChangeQuestion,
    Contribution,
    FigureNumbers,
    VersionsChangeQuestion,
)
from renkou_reporting.explain.service import Examined, examine, kinds, where_of
from renkou_reporting.figures.domain import Asked, round_value
from renkou_reporting.figures.schemas import FigureQuestion
from renkou_reporting.figures.service import figure_members
from renkou_reporting.indicators.domain import Indicator
from renkou_reporting.labels import Label
from renkou_reporting.published import service as published
from renkou_reporting.published.domain import REASONS, dims_text, exact_text, read_exact
from renkou_reporting.returns.completeness import Duty

LABELS: dict[Cause, Label] = {
    Cause.NEW: Label(zh="本期新发生", en="new facts of the period"),
    Cause.LATE: Label(zh="迟报", en="recorded after the month in which it happened"),
    Cause.CORRECTION: Label(zh="更正", en="corrections of what was counted before"),
    Cause.BOUNDARY: Label(zh="区划调整", en="changed divisions"),
    Cause.AGEING: Label(zh="年龄推移", en="people who passed an age limit"),
    Cause.DEFINITION: Label(zh="指标定义变更", en="another version of the definition"),
    Cause.OTHER: Label(zh="其他", en="what was taken in out of turn"),
}
type Shares = dict[Origin, Share]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two figures: what each is, as it is told, and before rounding."""

    indicators: tuple[Indicator, Indicator]
    told: tuple[FigureNumbers, FigureNumbers]
    states: tuple[State, State]


async def against_period(
    tx: Transaction, areas: AreaScope, question: ChangeQuestion, duty: Duty | None = None
) -> ChangeAnswer:
    """Return why a figure is another than that of a period before; raises as :func:`examine`."""
    given = FigureQuestion.model_validate(
        question.model_dump(exclude={"against", "against_through", "areas"})
    )
    now = await examine(tx, areas, given, duty)
    earlier = given.model_copy(update={"period": question.against, "through": question.against_through})
    before = await examine(tx, areas, earlier, duty)
    where = await where_of(tx, now, given, question.areas)
    since = pieces_of(
        Asked(before.asked.indicator, now.asked.population, now.asked.sliced),
        now.found.columns[0].months,
        now.measures,
    )
    shares: Shares = defaultdict(Share)
    found = regions(since, before.pieces)
    await _add_facts(tx, shares, [one for one in found if not one.ageing], where, kinds(now.measures))
    await _add_sums(tx, shares, [one for one in found if one.ageing], where, Cause.AGEING)
    await _add_sums(tx, shares, regions(now.pieces, since), where, Cause.DEFINITION)
    compared = Compared(
        (before.asked.indicator, now.asked.indicator),
        (_told(before), _told(now)),
        (_state_of(before), _state_of(now)),
    )
    return _answer(now, compared, shares)


async def between_versions(
    tx: Transaction, areas: AreaScope, district: AreaCode, question: VersionsChangeQuestion
) -> ChangeAnswer:
    """Return why a figure was restated: by the facts that were taken in between two published versions.

    Raises as :func:`examine`, and NotFound where one of the versions does not have the figure.
    """
    given = FigureQuestion.model_validate(question.model_dump(exclude={"before", "after", "areas"}))
    live = await examine(tx, areas, given)
    wanted = (question.before, question.after)
    heads = [await published.find(tx, district, given.period, number) for number in wanted]
    rows = await _published(tx, live, wanted)
    asked = [live_asked(live, Indicator.model_validate(row["definition"])) for row in rows]
    months = live.found.columns[0].months
    pieces = [pieces_of(one, months, live.measures) for one in asked]
    first, last = (head["positions"] for head in heads)
    taken_in = {feed: (first.get(feed, 0), upto) for feed, upto in last.items()}
    known = {feed: (0, upto) for feed, upto in last.items()}
    where, of = await where_of(tx, live, given, question.areas), kinds(live.measures)
    shares: Shares = defaultdict(Share)
    await _add_facts(tx, shares, regions(pieces[0], ()), where, of, between=taken_in)
    changed = regions(pieces[1], pieces[0])
    await _add_facts(tx, shares, changed, where, of, between=known, cause=Cause.DEFINITION)
    compared = Compared(
        (asked[0].indicator, asked[1].indicator),
        (_told_published(live, rows[0]), _told_published(live, rows[1])),
        (_state_published(rows[0], asked[0]), _state_published(rows[1], asked[1])),
    )
    return _answer(live, compared, shares)


def live_asked(live: Examined, indicator: Indicator) -> Asked:
    """Return what is asked for with the definition of another time."""
    return Asked(indicator, live.asked.population, live.asked.sliced)


async def _published(tx: Transaction, live: Examined, versions: tuple[int, int]) -> list[asyncpg.Record]:
    """Return the numbers of a figure in two versions; raises NotFound."""
    column, asked = live.found.columns[0], live.asked
    months = (column.months.first, column.months.last)
    numbers = await published.numbers(tx, [asked.indicator.code], [live.found.area.key], [months])
    dims = dims_text(asked.sliced)
    of = {
        row["version"]: row for row in numbers if (row["population"], row["dims"]) == (asked.population, dims)
    }
    if not all(number in of for number in versions):
        raise NotFound.of("公布的数字", "published figure")
    return [of[number] for number in versions]


async def _add_facts(
    tx: Transaction,
    shares: Shares,
    found: Sequence[Region],
    where: Where,
    of: Kinds,
    *,
    between: Mapping[str, tuple[int, int]] | None = None,
    cause: Cause | None = None,
) -> None:
    """Add what facts changed in some regions, by their causes or by the one given."""
    if not found:
        return
    rows = await repository.by_cause(tx, [one.counting for one in found], where, of, between)
    for row in rows:
        region = found[row["piece"]]
        key = Origin(region.side, region.counting.measure, row["area"], cause or Cause(row["cause"]))
        shares[key].add(region.weight * row["value"], row["facts"])


async def _add_sums(
    tx: Transaction, shares: Shares, found: Sequence[Region], where: Where, cause: Cause
) -> None:
    """Add what the sums of some regions changed."""
    if not found:
        return
    for row in await repository.cell_sums(tx, [one.counting for one in found], where):
        region = found[row["piece"]]
        key = Origin(region.side, region.counting.measure, row["area"], cause)
        shares[key].add(region.weight * row["value"])


def _answer(examined: Examined, compared: Compared, shares: Shares) -> ChangeAnswer:
    before, after = compared.states
    for side, change in (
        (Side.NUMERATOR, after.numerator - before.numerator),
        (Side.DENOMINATOR, after.denominator - before.denominator),
    ):
        explained = sum((share.change for key, share in shares.items() if key.side is side), Fraction())
        if change != explained:
            shares[Origin(side, None, None, Cause.OTHER)].add(change - explained)
    first, last = compared.told
    both = first.value is not None and last.value is not None
    effects = slopes(before, after) if both else None
    if before.factor != after.factor:
        shares[Origin(None, None, None, Cause.DEFINITION)].add(Fraction())
    exact = after.value - before.value if both else None
    shown = Decimal(last.value) - Decimal(first.value) if first.value and last.value else None
    head = figure_members(examined.found)
    digits = compared.indicators[1].digits + 2
    kept = {key: share for key, share in shares.items() if share.change or key.side is None}
    return ChangeAnswer(
        **{name: head[name] for name in (*_FRAME, "indicator", "name", "unit", "area")},
        before=first,
        after=last,
        numerator_change=exact_text(after.numerator - before.numerator),
        denominator_change=exact_text(after.denominator - before.denominator),
        value_change=None if shown is None else str(shown),
        exact_value_change=None if exact is None else exact_text(exact),
        rounding=None if shown is None or exact is None else exact_text(Fraction(shown) - exact),
        by_cause=_by_cause(kept, effects, digits),
        items=[
            Contribution(
                **_effect(key.side, share.change, effects, digits),
                side=key.side,
                measure=key.measure,
                name=None if key.measure is None else examined.name(key.measure),
                area=key.area,
                cause=key.cause,
                label=LABELS[key.cause],
                facts=share.facts,
            )
            for key, share in sorted(kept.items(), key=lambda each: _weightiest(each[0], each[1], effects))
        ],
    )


_FRAME = ("population", "population_name", "as_of", "revision", "boundaries")


def _by_cause(shares: Shares, effects: Slopes | None, digits: int) -> list[CauseEffect]:
    sums: defaultdict[tuple[Side | None, Cause], Fraction] = defaultdict(Fraction)
    for key, share in shares.items():
        sums[key.side, key.cause] += share.change
    order: Iterable[tuple[tuple[Side | None, Cause], Fraction]] = sorted(
        sums.items(), key=lambda each: (each[0][0] or "", list(LABELS).index(each[0][1]))
    )
    return [
        CauseEffect(side=side, cause=cause, label=LABELS[cause], **_effect(side, change, effects, digits))
        for (side, cause), change in order
    ]


def _effect(side: Side | None, change: Fraction, effects: Slopes | None, digits: int) -> dict[str, Any]:
    on_value = None if effects is None else effects.of(side, change)
    return {
        "change": exact_text(change),
        "on_value": None if on_value is None else exact_text(on_value),
        "on_value_rounded": None if on_value is None else str(round_value(on_value, digits)),
    }


def _weightiest(key: Origin, share: Share, effects: Slopes | None) -> tuple[Fraction, str]:
    """The largest effects first; the rest of the order only has to be the same every time."""
    size = share.change if effects is None else effects.of(key.side, share.change)
    return -abs(size), str(key)


def _told(examined: Examined) -> FigureNumbers:
    head = figure_members(examined.found)
    return FigureNumbers(
        **{name: head[name] for name in ("numerator", "denominator", "value", "reason", "period", "version")}
    )


def _state_of(examined: Examined) -> State:
    indicator, outcome = examined.asked.indicator, examined.outcome
    return State(outcome.numerator, outcome.denominator, Fraction(indicator.factor, indicator.divisor))


def _told_published(live: Examined, row: asyncpg.Record) -> FigureNumbers:
    indicator = Indicator.model_validate(row["definition"])
    reason = REASONS.get(row["reason"])
    return FigureNumbers(
        numerator=row["numerator"],
        denominator=row["denominator"],
        value=row["value"],
        reason=None if reason is None else Label(zh=reason.zh, en=reason.en),
        period=figure_members(live.found)["period"],
        version=indicator.version,
        published=row["version"],
    )


def _state_published(row: asyncpg.Record, asked: Asked) -> State:
    indicator = asked.indicator
    return State(
        read_exact(row["numerator"]),
        read_exact(row["denominator"]),
        Fraction(indicator.factor, indicator.divisor),
    )
