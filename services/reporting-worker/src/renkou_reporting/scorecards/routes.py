"""Scorecards (责任书、考核) over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.disclosure.access import exact_figures
from renkou_reporting.returns.completeness import duty
from renkou_reporting.runtime import CurrentRuntime
from renkou_reporting.scorecards import service
from renkou_reporting.scorecards.schemas import (
    ExplainedAnswer,
    ScorecardAnswer,
    ScorecardDraft,
    ScorecardList,
    ScorecardQuestion,
    ScoreQuestion,
    ScoresAnswer,
)
from renkou_reporting.targets.schemas import Withdrawal

router = APIRouter(prefix="/scorecards", tags=["scorecards"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
ExactReader = Annotated[Access, Depends(exact_figures)]
Manager = Annotated[Access, Depends(requires(Scope.TARGET_MANAGE))]
Expected = Annotated[int, Depends(expected_version)]


@router.post("", status_code=201, summary="Draft a scorecard 起草考核表")
async def post_scorecard(
    given: ScorecardDraft,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
    response: Response,
) -> ScorecardAnswer:
    """Draft a scorecard; everything that is wrong is told at once. Needs `target:manage`.

    Refused: points for a figure that falls when somebody declines an offer, and units that are not offices.
    """
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.draft(tx, access, runtime.clock, given)

        scorecard_id, _ = await once(tx, access.subject, key, create)
        answer = await service.read(tx, scorecard_id)
    response.headers["Location"] = f"/scorecards/{scorecard_id}"
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.get("", summary="List scorecards 考核表列表")
async def list_scorecards(
    question: Annotated[ScorecardQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ScorecardList:
    """List scorecards with their newest title and state. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.page(tx, question)


@router.get("/{scorecard_id}", summary="Read a scorecard 考核表详情")
async def get_scorecard(
    scorecard_id: UUID, access: Reader, runtime: CurrentRuntime, response: Response
) -> ScorecardAnswer:
    """Return a scorecard with the documents of all its versions. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        answer = await service.read(tx, scorecard_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.put("/{scorecard_id}/draft", summary="Draft a scorecard's next version 修订考核表")
async def put_draft(
    scorecard_id: UUID,
    given: ScorecardDraft,
    access: Manager,
    expected: Expected,
    runtime: CurrentRuntime,
    response: Response,
) -> ScorecardAnswer:
    """Change the draft, or draft the next version; whoever does is its author. Needs `target:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.change(tx, access, runtime.clock, scorecard_id, expected, given)
        answer = await service.read(tx, scorecard_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post("/{scorecard_id}/activation", summary="Put a scorecard in force 批准考核表")
async def post_activation(
    scorecard_id: UUID, access: Manager, expected: Expected, runtime: CurrentRuntime, response: Response
) -> ScorecardAnswer:
    """Put a draft in force that somebody else wrote; it is checked again. Needs `target:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.activate(tx, access, runtime.clock, scorecard_id, expected)
        answer = await service.read(tx, scorecard_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post("/{scorecard_id}/withdrawal", summary="Take a scorecard out of force 撤销考核表")
async def post_withdrawal(
    scorecard_id: UUID,
    given: Withdrawal,
    access: Manager,
    expected: Expected,
    runtime: CurrentRuntime,
    response: Response,
) -> ScorecardAnswer:
    """Take the version in force out of it, with a reason that stays. Needs `target:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.withdraw(tx, access, runtime.clock, scorecard_id, expected, given.reason)
        answer = await service.read(tx, scorecard_id)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.get("/{scorecard_id}/scores", summary="Scores of the areas 考核得分")
async def get_scores(
    scorecard_id: UUID,
    question: Annotated[ScoreQuestion, Query()],
    access: ExactReader,
    runtime: CurrentRuntime,
) -> ScoresAnswer:
    """Return score, light and place of each area that the caller may see. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.scores(tx, access.areas, scorecard_id, question, duty(runtime))


@router.get("/{scorecard_id}/scores/{area}", summary="How an area's score comes about 得分说明")
async def get_explained(
    scorecard_id: UUID,
    area: str,
    question: Annotated[ScoreQuestion, Query()],
    access: ExactReader,
    runtime: CurrentRuntime,
) -> ExplainedAnswer:
    """Return every point scored and lost with figure, target, rule and arithmetic. Needs `figure:exact`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.explained(tx, access.areas, scorecard_id, area, question, duty(runtime))
