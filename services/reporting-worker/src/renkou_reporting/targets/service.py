"""Targets: drafted by one, put in force by another, and how far figures are from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.database import Reader, Transaction
from renkou_common.errors import FieldError, InvalidInput, NotFound, Text
from renkou_common.http.conditions import check_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import HIGHEST, LOWEST, AreaScope
from renkou_reporting.areas import area_within, parse_area
from renkou_reporting.areas import service as areas_service
from renkou_reporting.figures.domain import Asked, Months, Outcome, decimal_text, exact_value
from renkou_reporting.figures.engine import compute
from renkou_reporting.figures.service import without_obstacles
from renkou_reporting.indicators.domain import Catalogue, Indicator, covers
from renkou_reporting.indicators.service import current
from renkou_reporting.labels import Label
from renkou_reporting.periods import last_day_counted, parse_period
from renkou_reporting.returns.completeness import Duty
from renkou_reporting.targets import domain, repository
from renkou_reporting.targets.domain import LIGHT_NAMES, Comparison, Dimensions, Goal, Missing
from renkou_reporting.targets.errors import DraftOpen, NoDraft, NotInForce, SamePerson
from renkou_reporting.targets.repository import NewValues, TargetOf
from renkou_reporting.targets.schemas import (
    GoalAnswer,
    GoalGiven,
    MissingAnswer,
    ProgressAnswer,
    ProgressItem,
    ProgressQuestion,
    Slice,
    TargetAnswer,
    TargetDraft,
    TargetList,
    TargetQuestion,
    TargetValues,
    TargetVersion,
)
from renkou_reporting.texts import free_of_numbers

AMBER = Fraction(10, 100)
"""A figure is close to its target while no more than a tenth of the target is missing."""
type SliceKey = tuple[str, str, Dimensions]


@dataclass(frozen=True, slots=True)
class Held:
    """A target in force that holds for an area: its own, or that of the nearest area above."""

    target_id: UUID
    area: AreaCode
    key: SliceKey
    goal: Goal


async def draft(tx: Transaction, access: Access, clock: Clock, given: TargetDraft) -> UUID:
    """Store a checked draft; returns the target's id. Raises InvalidInput, NotFound, DraftOpen."""
    area = area_within(access.areas, given.area, "/area")
    period = parse_period(given.period, "/period")
    catalogue = await current(tx)
    indicator, found = slice_errors("", catalogue, given, period)
    found += goal_of_errors("", indicator, given)
    if indicator is not None and (refused := domain.not_a_target(indicator, catalogue)):
        found.append(FieldError("/indicator", "no_target", refused))
    if found:
        raise InvalidInput.fields(found)
    of = TargetOf(given.indicator, given.population, area.key, str(period), given.dimensions)
    target_id = await repository.find_or_insert(tx, new_id(), of)
    if await _in_state(tx, target_id, "draft"):
        raise DraftOpen
    await repository.insert_draft(tx, target_id, _values(access, clock, given))
    await repository.count_up(tx, target_id)
    return target_id


async def change(
    tx: Transaction, access: Access, clock: Clock, target_id: UUID, expected: int, given: TargetValues
) -> None:
    """Change the draft of a target; raises NotFound, VersionMismatch, NoDraft, InvalidInput."""
    row = await _locked(tx, access, target_id, expected)
    if not await _in_state(tx, target_id, "draft"):
        raise NoDraft
    catalogue = await current(tx)
    if found := goal_of_errors("", catalogue.indicators.get(row["indicator"]), given):
        raise InvalidInput.fields(found)
    await repository.change_draft(tx, target_id, _values(access, clock, given))
    await repository.count_up(tx, target_id)


async def activate(tx: Transaction, access: Access, clock: Clock, target_id: UUID, expected: int) -> None:
    """Put a draft in force that somebody else wrote; raises NotFound, VersionMismatch, NoDraft, SamePerson.

    It is checked again: the indicator may have changed since.
    """
    row = await _locked(tx, access, target_id, expected)
    waiting = await _in_state(tx, target_id, "draft")
    if waiting is None:
        raise NoDraft
    if waiting["made_by"] == access.subject:
        raise SamePerson
    catalogue = await current(tx)
    of = Slice.model_validate({name: row[name] or None for name in Slice.model_fields})
    indicator, found = slice_errors("", catalogue, of, Period.parse(row["period"]))
    if indicator is not None:
        found += domain.direction_errors("", indicator, Comparison(waiting["comparison"]))
        if refused := domain.not_a_target(indicator, catalogue):
            found.append(FieldError("/indicator", "no_target", refused))
    if found:
        raise InvalidInput.fields(found)
    await repository.activate(tx, target_id, access.subject, clock.now())
    await repository.count_up(tx, target_id)


async def withdraw(
    tx: Transaction, access: Access, clock: Clock, target_id: UUID, expected: int, reason: str
) -> None:
    """Take a target out of force; raises NotFound, VersionMismatch, NotInForce."""
    await _locked(tx, access, target_id, expected)
    if not await _in_state(tx, target_id, "active"):
        raise NotInForce
    await repository.withdraw(tx, target_id, access.subject, clock.now(), free_of_numbers(reason))
    await repository.count_up(tx, target_id)


async def read(tx: Reader, target_id: UUID) -> TargetAnswer:
    """Return a target with its versions; raises NotFound."""
    row = await repository.find(tx, target_id)
    if row is None:
        raise NotFound.of("目标", "target")
    return (await _answers(tx, [row]))[0]


async def page(tx: Reader, question: TargetQuestion) -> TargetList:
    """Return a page of targets; they are no secret within the district."""
    within = (LOWEST, HIGHEST)
    if question.area is not None:
        within = parse_area(question.area, "/query/area").interval()
    period = str(parse_period(question.period)) if question.period else None
    after = decode_key(question.after, UUID)
    rows = await repository.page(tx, within, period, question.indicator, after, question.limit + 1)
    items = await _answers(tx, rows[: question.limit])
    more = len(rows) > question.limit
    return TargetList(items=items, next_after=encode_cursor(str(items[-1].id)) if more else None)


async def in_force(
    tx: Reader, period: Period, areas: Sequence[AreaCode]
) -> dict[tuple[AreaCode, SliceKey], Held]:
    """Return for each area the targets that hold: its own, else the nearest above that holds below too."""
    keys = {above.key for area in areas for above in _upwards(area)}
    by_area: dict[int, list[asyncpg.Record]] = {}
    for row in await repository.in_force(tx, str(period), sorted(keys)):
        by_area.setdefault(row["area"], []).append(row)
    held: dict[tuple[AreaCode, SliceKey], Held] = {}
    for area in areas:
        for above in _upwards(area):
            for row in by_area.get(above.key, ()):
                dimensions = Dimensions(*(row[name] or None for name in Dimensions._fields))
                key = (row["indicator"], row["population"], dimensions)
                if row["below"] or above == area:
                    held.setdefault((area, key), Held(row["id"], above, key, _goal(row)))
    return held


async def progress(
    tx: Reader, areas: AreaScope, question: ProgressQuestion, duty: Duty | None = None
) -> ProgressAnswer:
    """Return how far an area is on all its targets, and what is missing; raises NotFound, InvalidInput.

    The area is taken as it is bounded on the last day counted: what was merged into it counts from the beginning.
    """
    area = area_within(areas, question.area)
    period = parse_period(question.period)
    end = last_day_counted(period, question.through)
    months = Months.of(period, end)
    catalogue = await current(tx)
    asked: list[Asked] = []
    goals: list[Held] = []
    for held in (await in_force(tx, period, [area])).values():
        code, population, dimensions = held.key
        indicator = catalogue.at(code, months.first, months.last)
        if indicator is None or population not in indicator.populations:
            continue
        sliced, wrong = domain.sliced_of("", indicator, dimensions)
        if not wrong:
            asked.append(Asked(indicator, Population(population), sliced))
            goals.append(held)
    view = await areas_service.view_near(tx, [area], end)
    outcomes = await compute(tx, asked, view.spans, [months], duty=duty)
    outcomes = without_obstacles(catalogue, view, asked, [months], outcomes)
    names = await areas_service.names(tx, {area.value, *(held.area.value for held in goals)}, end)
    items = [
        _progress(held, one, outcomes[number, 0, 0], catalogue, names)
        for number, (held, one) in enumerate(zip(goals, asked, strict=True))
    ]
    return ProgressAnswer(
        area=area.value,
        area_name=names.get(area.value),
        period=str(period),
        until=period.end,
        counted_to=end,
        items=items,
    )


def slice_errors(
    pointer: str, catalogue: Catalogue, given: Slice, period: Period
) -> tuple[Indicator | None, list[FieldError]]:
    """Return the indicator that a target or an item is on, and what is wrong with how it is asked for."""
    months = Months.of(period)
    newest = catalogue.indicators.get(given.indicator)
    if newest is None:
        text = Text("没有这个指标", "there is no such indicator")
        return None, [FieldError(f"{pointer}/indicator", "unknown_indicator", text)]
    indicator = catalogue.at(given.indicator, months.first, months.last)
    if indicator is None:
        assert not covers(newest, months.first, months.last)
        text = Text("该指标不统计此期", "the indicator does not hold for this period")
        return None, [FieldError(f"{pointer}/indicator", "period_outside_validity", text)]
    found = []
    if given.population not in indicator.populations:
        allowed = ", ".join(indicator.populations)
        text = Text(f"统计人口只能是 {allowed}", f"it runs over {allowed} only")
        found.append(FieldError(f"{pointer}/population", "population_of_indicator", text))
    return indicator, found + domain.sliced_of(pointer, indicator, given.dimensions)[1]


def goal_of_errors(pointer: str, indicator: Indicator | None, given: GoalGiven) -> list[FieldError]:
    """Return what is wrong with a target's comparison and values."""
    found = domain.goal_errors(pointer, given.comparison, given.low, given.high)
    if indicator is not None:
        found += domain.direction_errors(pointer, indicator, given.comparison)
    return found


def goal_given(given: GoalGiven) -> Goal:
    """Return a target's values as they are reckoned with."""
    return Goal(given.comparison, _fraction(given.low), _fraction(given.high))


def goal_answer(goal: Goal) -> GoalAnswer:
    """Return a target's values as callers read them."""
    low, high = (None if value is None else decimal_text(value) for value in (goal.low, goal.high))
    return GoalAnswer(comparison=goal.comparison, low=low, high=high)


def missing_answer(missing: Missing | None) -> MissingAnswer | None:
    """Return what is missing as callers read it."""
    if missing is None:
        return None
    return MissingAnswer(amount=decimal_text(missing.amount), direction=missing.direction, of=missing.of)


def label(text: Text) -> Label:
    """Return a text in both languages as answers carry it."""
    return Label(zh=text.zh, en=text.en)


def _progress(
    held: Held, asked: Asked, outcome: Outcome, catalogue: Catalogue, names: Mapping[str, str]
) -> ProgressItem:
    indicator, value = asked.indicator, exact_value(asked.indicator, outcome)
    short = None if value is None else held.goal.shortfall(value)
    light = domain.light_of(held.goal, value, AMBER)
    return ProgressItem(
        target_id=held.target_id,
        target_area=held.area.value,
        target_area_name=names.get(held.area.value),
        indicator=indicator.code,
        indicator_version=indicator.version,
        name=Label(zh=indicator.zh, en=indicator.en),
        population=asked.population,
        **held.key[2]._asdict(),
        unit=indicator.unit,
        goal=goal_answer(held.goal),
        numerator=outcome.numerator_text,
        denominator=outcome.denominator_text,
        value=None if outcome.value is None else format(outcome.value, "f"),
        reason=label(outcome.reason) if outcome.reason else None,
        met=None if short is None else not short,
        shortfall=None if short is None else decimal_text(short),
        light=light,
        light_name=label(LIGHT_NAMES[light]),
        missing=missing_answer(domain.missing_of(held.goal, indicator, outcome, catalogue)),
    )


async def _locked(tx: Transaction, access: Access, target_id: UUID, expected: int) -> asyncpg.Record:
    row = await repository.lock(tx, target_id)
    if row is None or not access.areas.covers(*AreaCode.from_key(row["area"]).interval()):
        raise NotFound.of("目标", "target")
    check_version(expected, row["version"])
    return row


async def _in_state(tx: Reader, target_id: UUID, state: str) -> asyncpg.Record | None:
    rows = await repository.versions(tx, [target_id])
    return next((row for row in rows if row["state"] == state), None)


async def _answers(tx: Reader, rows: Sequence[asyncpg.Record]) -> list[TargetAnswer]:
    by_target: dict[UUID, list[TargetVersion]] = {row["id"]: [] for row in rows}
    for version in await repository.versions(tx, list(by_target)):
        content = dict(version) | goal_answer(_goal(version)).model_dump()
        by_target[content.pop("target_id")].append(TargetVersion.model_validate(content))
    names = await areas_service.names(tx, {AreaCode.from_key(row["area"]).value for row in rows})
    answers = []
    for row in rows:
        period = Period.parse(row["period"])
        content = dict(row) | {name: row[name] or None for name in Dimensions._fields}
        area = AreaCode.from_key(row["area"]).value
        content |= {"area": area, "area_name": names.get(area), "versions": by_target[row["id"]]}
        answers.append(TargetAnswer(**content, valid_from=period.start, valid_to=period.end))
    return answers


def _values(access: Access, clock: Clock, given: TargetValues) -> NewValues:
    return NewValues(
        given.comparison,
        given.low,
        given.high,
        given.below,
        free_of_numbers(given.reason),
        access.subject,
        clock.now(),
    )


def _goal(row: asyncpg.Record) -> Goal:
    return Goal(Comparison(row["comparison"]), _fraction(row["low"]), _fraction(row["high"]))


def _fraction(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _upwards(area: AreaCode) -> Iterable[AreaCode]:
    above: AreaCode | None = area
    while above is not None:
        yield above
        above = above.parent
