"""Surveys: draft, open, answer, end. Callers hold the transaction; nothing here commits."""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import LineKey
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import SurveyChanged
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_registry.fields import check_areas, check_not_future
from renkou_registry.persons.domain import new_id
from renkou_registry.records import Desk, check_open, check_something, enter, lock_version, own_area, publish
from renkou_registry.surveys import repository
from renkou_registry.surveys.domain import answer_errors, answer_lines, parse_questions, question_errors
from renkou_registry.surveys.repository import SURVEYS


async def _changed(
    desk: Desk, survey_id: UUID, area: int, on: date, action: str, new: Counter[LineKey] | None = None
) -> None:
    await publish(desk, RegistryEventType.SURVEY_CHANGED, SurveyChanged, survey_id, area, on, action, new)


def _check_questions(data: list[dict[str, Any]]) -> None:
    if found := list(question_errors(parse_questions(data))):
        raise InvalidInput.fields(found)


async def create(desk: Desk, area: AreaCode, title: str, questions: list[dict[str, Any]]) -> UUID:
    """Draft a survey; raises NotFound, InvalidInput that lists every wrong question."""
    _check_questions(questions)
    values = {"title": title, "state": "draft", "edition": 1, "area_high": area.interval()[1]}
    key = await own_area(desk, area)
    survey_id = await enter(desk, SURVEYS, key, values)
    assert survey_id is not None
    await repository.add_questions(desk.tx, survey_id, 1, questions)
    await _changed(desk, survey_id, key, desk.today, "drafted")
    return survey_id


async def change(
    desk: Desk, survey_id: UUID, version: int, title: str | None, questions: list[dict[str, Any]] | None
) -> asyncpg.Record:
    """Change title or questions; raises NotFound, VersionMismatch, InvalidInput, Conflict ``ended``."""
    check_something([each for each in (title, questions) if each is not None])
    before = await lock_version(desk, SURVEYS, survey_id, version)
    check_open(before)
    changes: dict[str, Any] = {}
    if title is not None:
        changes["title"] = title
    if questions is not None:
        _check_questions(questions)
        changes["edition"] = before["edition"] + 1
        await repository.add_questions(desk.tx, survey_id, changes["edition"], questions)
    row = await SURVEYS.update(desk.tx, survey_id, changes)
    await _changed(desk, survey_id, row["area"], desk.today, "changed")
    return row


async def start(desk: Desk, survey_id: UUID, version: int) -> asyncpg.Record:
    """Open a drafted survey for answers; raises NotFound, VersionMismatch, Conflict."""
    before = await lock_version(desk, SURVEYS, survey_id, version)
    if before["state"] != "draft":
        raise Conflict("survey_state", "只有草稿可以发布", "only a draft is opened")
    row = await SURVEYS.update(desk.tx, survey_id, {"state": "open", "opened_on": desk.today})
    await _changed(desk, survey_id, row["area"], desk.today, "opened")
    return row


async def end(desk: Desk, survey_id: UUID, version: int) -> asyncpg.Record:
    """End a survey; nothing is answered any more."""
    check_open(await lock_version(desk, SURVEYS, survey_id, version))
    row = await SURVEYS.update(desk.tx, survey_id, {"state": "ended", "ended_on": desk.today})
    await _changed(desk, survey_id, row["area"], desk.today, "ended")
    return row


async def answer(
    desk: Desk, survey_id: UUID, edition: int, area: AreaCode, on: date, chosen: dict[str, str]
) -> UUID:
    """Take one anonymous answer; returns an id that leads to nobody.

    Raises NotFound, InvalidInput (unknown questions or options), Conflict ``survey_state``,
    ``other_edition``.
    """
    check_areas({"/area": area}, desk.runtime.district)
    check_not_future({"/on": on}, desk.today)
    survey = await repository.open_for(desk.tx, survey_id, desk.scope)
    if survey is None:
        raise NotFound.of(SURVEYS.zh, SURVEYS.en)
    if survey["state"] != "open":
        raise Conflict("survey_state", "调查未在进行", "the survey is not open")
    if survey["edition"] != edition:
        raise Conflict(
            "other_edition", f"问卷已更新为第 {survey['edition']} 版", "the questions have changed"
        )
    key = await own_area(desk, area)
    if not survey["area"] <= key <= survey["area_high"]:
        raise InvalidInput.field("/area", "outside_survey", "不在调查范围内", "outside the survey's area")
    if on < (first := survey["opened_on"]):
        raise InvalidInput.field(
            "/on",
            "before_opening",
            f"不能早于调查发布日期 {first}",
            f"must not be before the opening on {first}",
        )
    questions = parse_questions(await repository.questions(desk.tx, survey_id, edition))
    if found := list(answer_errors(questions, chosen)):
        raise InvalidInput.fields(found)
    answer_id = new_id()
    await repository.add_answer(desk.tx, answer_id, survey, key, on, chosen)
    lines = answer_lines(questions, chosen, key, on)
    await _changed(desk, survey_id, key, on, "answered", lines)
    return answer_id
