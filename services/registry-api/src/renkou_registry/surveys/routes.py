"""HTTP of surveys."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.desks import desk
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import Desk, page_of_area
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.surveys import repository, service
from renkou_registry.surveys.repository import SURVEYS
from renkou_registry.surveys.schemas import (
    AnswerCreate,
    AnswerOut,
    QuestionIn,
    SurveyCreate,
    SurveyOut,
    SurveyPage,
    SurveyPatch,
    SurveySummary,
)

router = APIRouter(prefix="/surveys", tags=["surveys 调查"])
Reader = Annotated[Access, Depends(requires(Scope.OFFICE_READ))]
Writer = Annotated[Access, Depends(requires(Scope.OFFICE_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
STATE_LABELS = {"draft": "草稿", "open": "进行中", "ended": "已结束"}


def _summary(row: asyncpg.Record, answers: Mapping[UUID, int]) -> SurveySummary:
    same = {n: row[n] for n in SurveySummary.model_fields if n not in ("area", "state_label", "answers")}
    return SurveySummary(
        **same,
        area=area_code(row["area"]),
        state_label=STATE_LABELS[row["state"]],
        answers=answers.get(row["id"], 0),
    )


async def _answer(at: Desk, row: asyncpg.Record, response: Response) -> SurveyOut:
    response.headers["ETag"] = etag(row["version"])
    questions = await repository.questions(at.tx, row["id"], row["edition"])
    answers = await repository.answers_by_survey(at.tx, [row["id"]])
    return SurveyOut(
        **_summary(row, answers).model_dump(),
        questions=[QuestionIn(**each) for each in questions],
        recorded_at=row["recorded_at"],
    )


@router.post("", status_code=201, summary="Draft a survey 起草调查", response_model=SurveyOut)
async def create_survey(
    body: SurveyCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> SurveyOut:
    """Draft a survey; its questions are data. Needs `office:write` in the whole of its area."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            questions = [each.model_dump() for each in body.questions]
            return await service.create(at, body.area, body.title, questions)

        survey_id, _ = await once(at.tx, access.subject, key, create)
        response.headers["Location"] = f"/surveys/{survey_id}"
        return await _answer(at, await SURVEYS.find(at.tx, survey_id, at.scope), response)


@router.get("", summary="List surveys 调查列表", response_model=SurveyPage)
async def list_surveys(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SurveyPage:
    """List the surveys of an area. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, SURVEYS, area, after, limit)
        answers = await repository.answers_by_survey(at.tx, [row["id"] for row in rows])
    return SurveyPage(items=[_summary(row, answers) for row in rows], next=following)


@router.get("/{survey_id}", summary="Read a survey 调查详情", response_model=SurveyOut)
async def read_survey(
    survey_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> SurveyOut:
    """Read a survey with its questions; its rates are figures for areas. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        return await _answer(at, await SURVEYS.find(at.tx, survey_id, at.scope), response)


@router.patch("/{survey_id}", summary="Change a survey 修改调查", response_model=SurveyOut)
async def change_survey(
    survey_id: UUID,
    body: SurveyPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> SurveyOut:
    """Change title or questions; new questions are a new edition. Needs `office:write`."""
    async with desk(runtime, access) as at:
        questions = [each.model_dump() for each in body.questions] if body.questions else None
        row = await service.change(at, survey_id, version, body.title, questions)
        return await _answer(at, row, response)


@router.post("/{survey_id}/opening", summary="Open a survey 发布调查", response_model=SurveyOut)
async def open_survey(
    survey_id: UUID, response: Response, runtime: CurrentRuntime, access: Writer, version: Version
) -> SurveyOut:
    """Open a drafted survey for answers. Needs `office:write`."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.start(at, survey_id, version), response)


@router.post("/{survey_id}/end", summary="End a survey 结束调查", response_model=SurveyOut)
async def end_survey(
    survey_id: UUID, response: Response, runtime: CurrentRuntime, access: Writer, version: Version
) -> SurveyOut:
    """End a survey. Needs `office:write`."""
    async with desk(runtime, access) as at:
        return await _answer(at, await service.end(at, survey_id, version), response)


@router.post(
    "/{survey_id}/answers", status_code=201, summary="Take an answer 录入答卷", response_model=AnswerOut
)
async def create_answer(
    survey_id: UUID, body: AnswerCreate, runtime: CurrentRuntime, access: Writer, key: Key
) -> AnswerOut:
    """Take one anonymous answer; neither who answered nor who asked is kept. Needs `office:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            await service.answer(at, survey_id, body.edition, body.area, body.on, body.options)
            return survey_id

        await once(at.tx, access.subject, key, create)
    return AnswerOut(survey_id=survey_id, edition=body.edition)
