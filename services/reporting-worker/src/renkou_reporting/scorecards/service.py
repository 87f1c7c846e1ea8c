"""Scorecards: drafted by one, put in force by another, scored from live or published figures."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.period import Period
from renkou_common.database import Reader, Transaction
from renkou_common.errors import FieldError, InvalidInput, NotFound, Text
from renkou_common.http.conditions import check_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import HIGHEST, LOWEST, AreaScope
from renkou_reporting.areas import area_within, parse_area
from renkou_reporting.figures.engine import compute
from renkou_reporting.indicators.domain import Catalogue
from renkou_reporting.indicators.service import current
from renkou_reporting.periods import last_day_counted, parse_period
from renkou_reporting.returns.completeness import Duty
from renkou_reporting.scorecards import answers, repository
from renkou_reporting.scorecards.domain import office_errors, rule_errors
from renkou_reporting.scorecards.repository import NewDocument
from renkou_reporting.scorecards.schemas import (
    ExplainedAnswer,
    Item,
    ScorecardAnswer,
    ScorecardDocument,
    ScorecardDraft,
    ScorecardList,
    ScorecardQuestion,
    ScorecardSummary,
    ScorecardVersion,
    ScoreQuestion,
    ScoresAnswer,
)
from renkou_reporting.scorecards.scores import LIVE, Figures, Judged, ScoreTable, score_table
from renkou_reporting.targets.domain import Goal, not_a_target, not_scorable
from renkou_reporting.targets.errors import NoDraft, NotInForce, SamePerson
from renkou_reporting.targets.service import goal_given, goal_of_errors, in_force, slice_errors
from renkou_reporting.texts import free_of_numbers


async def draft(tx: Transaction, access: Access, clock: Clock, given: ScorecardDraft) -> UUID:
    """Store a checked draft of a new scorecard; returns its id. Raises InvalidInput, NotFound."""
    document = await _checked(tx, access, given.document)
    scorecard_id = new_id()
    await repository.insert(tx, scorecard_id, AreaCode.parse(document.area).key, document.period)
    await repository.put_draft(tx, scorecard_id, _new(access, clock, document, given.reason))
    await repository.count_up(tx, scorecard_id)
    return scorecard_id


async def change(
    tx: Transaction, access: Access, clock: Clock, scorecard_id: UUID, expected: int, given: ScorecardDraft
) -> None:
    """Change the draft, or draft the next version; raises NotFound, VersionMismatch, InvalidInput."""
    row = await _locked(tx, access, scorecard_id, expected)
    document = await _checked(tx, access, given.document)
    for name, kept in (("area", AreaCode.from_key(row["area"]).value), ("period", row["period"])):
        if getattr(document, name) != kept:
            raise InvalidInput.field(
                f"/document/{name}",
                "fixed",
                f"仍应为 {kept}，其他请另立考核表",
                f"stays {kept}; draft another for others",
            )
    await repository.put_draft(tx, scorecard_id, _new(access, clock, document, given.reason))
    await repository.count_up(tx, scorecard_id)


async def activate(tx: Transaction, access: Access, clock: Clock, scorecard_id: UUID, expected: int) -> None:
    """Put a draft in force that somebody else wrote; raises NotFound, VersionMismatch, NoDraft, SamePerson.

    It is checked again; where an item takes the areas' own targets, each area has to have one in force.
    """
    await _locked(tx, access, scorecard_id, expected)
    waiting = await _in_state(tx, scorecard_id, "draft")
    if waiting is None:
        raise NoDraft
    if waiting["made_by"] == access.subject:
        raise SamePerson
    document = await _checked(tx, access, ScorecardDocument.model_validate(waiting["rules"]))
    if found := await _target_errors(tx, document):
        raise InvalidInput.fields(found)
    await repository.activate(tx, scorecard_id, access.subject, clock.now())
    await repository.count_up(tx, scorecard_id)


async def withdraw(
    tx: Transaction, access: Access, clock: Clock, scorecard_id: UUID, expected: int, reason: str
) -> None:
    """Take a scorecard out of force; raises NotFound, VersionMismatch, NotInForce."""
    await _locked(tx, access, scorecard_id, expected)
    if await _in_state(tx, scorecard_id, "active") is None:
        raise NotInForce
    await repository.withdraw(tx, scorecard_id, access.subject, clock.now(), free_of_numbers(reason))
    await repository.count_up(tx, scorecard_id)


async def read(tx: Reader, scorecard_id: UUID) -> ScorecardAnswer:
    """Return a scorecard with its versions; raises NotFound."""
    row = await _find(tx, scorecard_id)
    versions = [_version(each) for each in await repository.versions(tx, scorecard_id)]
    area = AreaCode.from_key(row["area"]).value
    return ScorecardAnswer(
        id=row["id"], area=area, period=row["period"], version=row["version"], versions=versions
    )


async def page(tx: Reader, question: ScorecardQuestion) -> ScorecardList:
    """Return a page of scorecards; they are no secret within the district."""
    within = (LOWEST, HIGHEST)
    if question.area is not None:
        within = parse_area(question.area, "/query/area").interval()
    period = str(parse_period(question.period)) if question.period else None
    rows = await repository.page(tx, within, period, decode_key(question.after, UUID), question.limit + 1)
    items = [
        ScorecardSummary.model_validate(dict(row) | {"area": AreaCode.from_key(row["area"]).value})
        for row in rows[: question.limit]
    ]
    more = len(rows) > question.limit
    return ScorecardList(items=items, next_after=encode_cursor(str(items[-1].id)) if more else None)


async def table_of(
    tx: Reader, scorecard_id: UUID, question: ScoreQuestion, figures: Figures = compute, source: str = LIVE
) -> ScoreTable:
    """Return the scores of a scorecard's version, from live figures unless told; raises NotFound, NotInForce."""
    await _find(tx, scorecard_id)
    found = [
        each for each in await repository.versions(tx, scorecard_id)
        if (each["state"] == "active" if question.number is None else each["number"] == question.number)
    ]  # fmt: skip
    if not found and question.number is None:
        raise NotInForce
    if not found:
        raise NotFound.of("考核表版本", "version of the scorecard")
    document = ScorecardDocument.model_validate(found[0]["rules"])
    period = Period.parse(document.period)
    end = last_day_counted(period, question.through)
    return await score_table(
        tx, Judged(scorecard_id, found[0]["number"], document, period, end, source), figures
    )


def live(duty: Duty | None) -> Figures:
    """Return the reader of live figures: without a value where the aggregate returns that they count are not there."""
    return partial(compute, duty=duty)


async def scores(
    tx: Reader, areas: AreaScope, scorecard_id: UUID, question: ScoreQuestion, duty: Duty | None = None
) -> ScoresAnswer:
    """Return the scores of the areas that a caller may see; raises as :func:`table_of`."""
    return answers.scores_answer(await table_of(tx, scorecard_id, question, live(duty)), areas)


async def explained(
    tx: Reader,
    areas: AreaScope,
    scorecard_id: UUID,
    area: str,
    question: ScoreQuestion,
    duty: Duty | None = None,
) -> ExplainedAnswer:
    """Return how an area's score comes about, point by point; raises NotFound outside ``areas``."""
    code = area_within(areas, area, "/path/area")
    found = await table_of(tx, scorecard_id, question, live(duty))
    row = found.row(code)
    if row is None:
        raise NotFound.of("考核单位", "area of the scorecard")
    return answers.explained_answer(found, row)


async def _checked(tx: Reader, access: Access, document: ScorecardDocument) -> ScorecardDocument:
    """Return a document with its codes in their plain form; raises InvalidInput with all that is wrong."""
    area = area_within(access.areas, document.area, "/document/area")
    period = parse_period(document.period, "/document/period")
    catalogue = await current(tx)
    found = [*_head_errors(document, area), *_weight_errors(document)]
    for number, item in enumerate(document.items):
        found += _item_errors(f"/document/items/{number}", item, catalogue, period)
    if found:
        raise InvalidInput.fields(found)
    return document.model_copy(update={"area": area.value, "period": str(period)})


def _head_errors(document: ScorecardDocument, within: AreaCode) -> Iterator[FieldError]:
    yield from office_errors("/document/office", document.office)
    levels: set[AreaLevel] = set()
    times = Counter(unit.area for unit in document.units)
    low, high = within.interval()
    for number, unit in enumerate(document.units):
        pointer = f"/document/units/{number}"
        yield from office_errors(f"{pointer}/office", unit.office)
        code = parse_area(unit.area, f"{pointer}/area")
        levels.add(code.level)
        if not low <= code.key <= high or code.value != unit.area:
            yield _error(
                f"{pointer}/area", "outside", f"须在 {within.value} 以内", f"must lie within {within.value}"
            )
        if times[unit.area] > 1:
            yield _error(f"{pointer}/area", "twice", "区划重复", "it is named twice")
    if len(levels) > 1:
        yield _error("/document/units", "levels", "参评区划须为同一级", "the areas must be of one level")
    if document.lights.amber > document.lights.green:
        yield _error("/document/lights/amber", "lights", "黄灯不得高于绿灯", "must not be above green")


def _weight_errors(document: ScorecardDocument) -> Iterator[FieldError]:
    together = sum((item.weight for item in document.items), Decimal())
    if together != document.total:
        yield _error(
            "/document/items", "weights", f"权重合计 {together}，应为 {document.total}",
            f"the weights add up to {together}, not {document.total}",
        )  # fmt: skip
    times = Counter((item.indicator, item.population, item.dimensions) for item in document.items)
    for number, item in enumerate(document.items):
        if times[item.indicator, item.population, item.dimensions] > 1:
            yield _error(f"/document/items/{number}", "twice", "指标重复", "the figure is named twice")


def _item_errors(pointer: str, item: Item, catalogue: Catalogue, period: Period) -> list[FieldError]:
    indicator, found = slice_errors(pointer, catalogue, item, period)
    goal: Goal | None = None
    if item.target is not None:
        wrong = goal_of_errors(f"{pointer}/target", indicator, item.target)
        found += wrong
        goal = None if wrong else goal_given(item.target)
    if item.target is None or goal is not None:
        found += rule_errors(pointer, item.rule, goal, item.weight, item.bonus)
    if item.office is not None:
        found += office_errors(f"{pointer}/office", item.office)
    if indicator is not None:
        if refused := not_a_target(indicator, catalogue):
            found.append(FieldError(f"{pointer}/indicator", "no_target", refused))
        elif item.weight and (refused := not_scorable(indicator, catalogue)):
            found.append(FieldError(f"{pointer}/indicator", "not_scorable", refused))
    return found


async def _target_errors(tx: Reader, document: ScorecardDocument) -> list[FieldError]:
    """Complain about items whose target is that of each area, where an area has none, or none that suits."""
    errors: list[FieldError] = []
    areas = [AreaCode.parse(unit.area) for unit in document.units]
    held = await in_force(tx, Period.parse(document.period), areas)
    for number, item in enumerate(document.items):
        if item.target is not None:
            continue
        key = (item.indicator, item.population, item.dimensions)
        pointer = f"/document/items/{number}"
        for area in areas:
            found = held.get((area, key))
            if found is None:
                errors.append(
                    _error(
                        f"{pointer}/target", "no_target_in_force", f"{area.value} 没有生效的目标",
                        f"{area.value} has no target in force",
                    )
                )  # fmt: skip
                break
            if wrong := rule_errors(pointer, item.rule, found.goal, item.weight, item.bonus):
                errors += wrong
                break
    return errors


async def _find(tx: Reader, scorecard_id: UUID) -> asyncpg.Record:
    row = await repository.find(tx, scorecard_id)
    if row is None:
        raise NotFound.of("考核表", "scorecard")
    return row


async def _locked(tx: Transaction, access: Access, scorecard_id: UUID, expected: int) -> asyncpg.Record:
    row = await repository.lock(tx, scorecard_id)
    if row is None or not access.areas.covers(*AreaCode.from_key(row["area"]).interval()):
        raise NotFound.of("考核表", "scorecard")
    check_version(expected, row["version"])
    return row


async def _in_state(tx: Reader, scorecard_id: UUID, state: str) -> asyncpg.Record | None:
    return next((row for row in await repository.versions(tx, scorecard_id) if row["state"] == state), None)


def _version(row: asyncpg.Record) -> ScorecardVersion:
    content = dict(row)
    del content["scorecard_id"]
    content["document"] = content.pop("rules")
    return ScorecardVersion.model_validate(content)


def _new(access: Access, clock: Clock, document: ScorecardDocument, reason: str) -> NewDocument:
    return NewDocument(document.model_dump(mode="json"), free_of_numbers(reason), access.subject, clock.now())


def _error(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
