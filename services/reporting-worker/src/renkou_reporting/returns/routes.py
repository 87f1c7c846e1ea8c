"""Aggregate returns (汇总报表) over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.http.refusals import other_content_type
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.sheets.domain import XLSX
from renkou_reporting.returns import passing, service, sheets, views
from renkou_reporting.returns.domain import State
from renkou_reporting.returns.due import due
from renkou_reporting.returns.schemas import (
    DueList,
    DueQuestion,
    Reason,
    ReturnAnswer,
    ReturnBeginning,
    ReturnList,
    ReturnQuestion,
    RevisionAnswer,
    SheetAnswer,
    TemplateQuestion,
    Values,
)
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/returns", tags=["returns 汇总报表"])
Reader = Annotated[Access, Depends(requires(Scope.RETURN_READ))]
Writer = Annotated[Access, Depends(requires(Scope.RETURN_WRITE))]
Checker = Annotated[Access, Depends(requires(Scope.RETURN_CHECK))]
Signer = Annotated[Access, Depends(requires(Scope.RETURN_SIGN))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_SHEET_BODY = {"requestBody": {"required": True, "content": {XLSX: _BINARY}}}
_SHEET_ANSWER: dict[int | str, dict[str, object]] = {200: {"content": {XLSX: _BINARY}}}


@router.post("", status_code=201, summary="Begin a return 新建报表")
async def begin_return(
    given: ReturnBeginning, access: Writer, key: Key, runtime: CurrentRuntime, response: Response
) -> ReturnAnswer:
    """Begin a draft, with as much as there is; it counts once it is signed. Needs `return:write`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.begin(tx, access, runtime.clock, given)

        return_id, _ = await once(tx, access.subject, key, create)
        answer = await views.read(tx, access.areas, return_id)
    response.headers["Location"] = f"/returns/{return_id}"
    return _tagged(response, answer)


@router.get("", summary="List returns 报表列表")
async def list_returns(
    question: Annotated[ReturnQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ReturnList:
    """List returns, the newest first. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await views.page(tx, access.areas, question)


@router.get("/due", summary="Late and missing returns 迟报漏报")
async def list_due(
    question: Annotated[DueQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> DueList:
    """List who had to hand in what, by when, and how many days late it is or was. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await due(tx, access.areas, runtime.clock, runtime.district, question)


@router.get(
    "/template.xlsx", summary="The empty sheet 下载模板", response_class=Response, responses=_SHEET_ANSWER
)
async def get_template(
    question: Annotated[TemplateQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> Response:
    """The sheet of a form for a place and period, locked but for the values. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        drawn = await sheets.template(tx, access.areas, runtime.clock, question)
    return await _workbook(drawn)


@router.post("/sheets", summary="Hand a filled sheet in 上传报表", openapi_extra=_SHEET_BODY)
async def upload_sheet(
    request: Request,
    access: Writer,
    key: Key,
    runtime: CurrentRuntime,
    response: Response,
    dry_run: Annotated[bool, Query(description="find what is wrong, and keep nothing")] = False,
) -> SheetAnswer:
    """Keep a filled template as the draft of its form, place and period. Needs `return:write`.

    Everything that is wrong is told at once and kept in the draft all the same; it has to be put right before the
    return is handed in. The same sheet sent again changes nothing. Needs `return:write`.
    """
    grids = await sheets.opened(await _sheet(request))
    async with runtime.database.transaction(access.areas, read_only=dry_run) as tx:
        if dry_run:
            return await sheets.try_sheet(tx, access, runtime.clock, grids)
        before = await sheets.revision_before(tx, access, runtime.clock, grids)

        async def create() -> UUID:
            return await sheets.take_sheet(tx, access, runtime.clock, grids)

        return_id, _ = await once(tx, access.subject, key, create)
        answer = await sheets.taken(tx, access, runtime.clock, grids, return_id, before)
    response.headers["Location"] = f"/returns/{return_id}"
    if answer.return_ is not None:
        _tagged(response, answer.return_)
    return answer


@router.post(
    "/sheets/marked.xlsx",
    summary="A sheet with its errors marked 标注错误",
    response_class=Response,
    responses=_SHEET_ANSWER,
    openapi_extra=_SHEET_BODY,
)
async def mark_sheet(request: Request, access: Writer, runtime: CurrentRuntime) -> Response:
    """The sheet that was sent, wrong cells marked and explained, errors listed; nothing is kept.

    Correct it and hand it in. Needs `return:write`.
    """
    grids = await sheets.opened(await _sheet(request))
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        drawn = await sheets.marked(tx, access, runtime.clock, grids)
    return await _workbook(drawn)


@router.get("/{return_id}", summary="Read a return 报表详情")
async def get_return(
    return_id: UUID, access: Reader, runtime: CurrentRuntime, response: Response
) -> ReturnAnswer:
    """Read a return: values, findings, who filled, checked and signed it, history. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return _tagged(response, await views.read(tx, access.areas, return_id))


@router.get(
    "/{return_id}/sheet.xlsx",
    summary="A return as a sheet 导出报表",
    response_class=Response,
    responses=_SHEET_ANSWER,
)
async def get_sheet(return_id: UUID, access: Reader, runtime: CurrentRuntime) -> Response:
    """A return as it stands; what is wrong or unexplained is marked. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        drawn = await sheets.sheet_of(tx, access.areas, return_id)
    return await _workbook(drawn)


@router.get("/{return_id}/revisions/{revision}", summary="What a return said once 历次填报")
async def get_revision(
    return_id: UUID,
    revision: Annotated[int, Path(ge=1, le=1_000_000)],
    access: Reader,
    runtime: CurrentRuntime,
) -> RevisionAnswer:
    """Read what was entered as a revision, by whom and when. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await views.revision(tx, access.areas, return_id, revision)


@router.put("/{return_id}/values", summary="Fill in a return 填报")
async def save_values(
    return_id: UUID,
    given: Values,
    access: Writer,
    expected: Version,
    runtime: CurrentRuntime,
    response: Response,
) -> ReturnAnswer:
    """Put values in place of those entered before; each time is kept. Needs `return:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.save(tx, access, runtime.clock, return_id, expected, given)
        return _tagged(response, await views.read(tx, access.areas, return_id))


@router.post("/{return_id}/handing-in", status_code=201, summary="Hand a return in 上报")
async def hand_return_in(
    return_id: UUID, access: Writer, expected: Version, runtime: CurrentRuntime, response: Response
) -> ReturnAnswer:
    """Hand a draft in to be checked; what is wrong or unexplained is refused. Needs `return:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        await passing.hand_in(tx, access, runtime.clock, return_id, expected)
        return _tagged(response, await views.read(tx, access.areas, return_id))


@router.post("/{return_id}/check", status_code=201, summary="Check a return 审核")
async def check_return(
    return_id: UUID, access: Checker, expected: Version, runtime: CurrentRuntime, response: Response
) -> ReturnAnswer:
    """Confirm what somebody else handed in. Needs `return:check`."""
    async with runtime.database.transaction(access.areas) as tx:
        await passing.check(tx, access, runtime.clock, return_id, expected)
        return _tagged(response, await views.read(tx, access.areas, return_id))


@router.post("/{return_id}/signature", status_code=201, summary="Sign a return 签发")
async def sign_return(
    return_id: UUID, access: Signer, expected: Version, runtime: CurrentRuntime, response: Response
) -> ReturnAnswer:
    """Sign a checked return; its counts are in the figures from now on. Needs `return:sign`."""
    async with runtime.database.transaction(access.areas) as tx:
        await passing.sign(tx, access, runtime.clock, return_id, expected)
        return _tagged(response, await views.read(tx, access.areas, return_id))


@router.post("/{return_id}/sending-back", status_code=201, summary="Send a return back 退回")
async def send_return_back(
    return_id: UUID,
    given: Reason,
    access: Checker,
    expected: Version,
    runtime: CurrentRuntime,
    response: Response,
) -> ReturnAnswer:
    """Send a return that is not signed yet back to be filled in anew. Needs `return:check`."""
    async with runtime.database.transaction(access.areas) as tx:
        await passing.send_back(tx, access, runtime.clock, return_id, expected, given.reason)
        return _tagged(response, await views.read(tx, access.areas, return_id))


@router.post("/{return_id}/withdrawal", status_code=201, summary="Withdraw a return 撤回")
async def withdraw_return(
    return_id: UUID,
    given: Reason,
    request: Request,
    access: Reader,
    expected: Version,
    runtime: CurrentRuntime,
    response: Response,
) -> ReturnAnswer:
    """Withdraw a return; of a signed one the counts leave the figures.

    A signed return is withdrawn with `return:sign`, any other with `return:write`. Needs `return:read`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        row = await service.find(tx, access.areas, return_id, lock=True)
        right = Scope.RETURN_SIGN if row["state"] == State.SIGNED else Scope.RETURN_WRITE
        own = await runtime.identity.access(request.headers.get("authorization"), right)
        await passing.withdraw(tx, own, runtime.clock, return_id, expected, given.reason)
        return _tagged(response, await views.read(tx, own.areas, return_id))


@router.post("/{return_id}/correction", status_code=201, summary="Correct a signed return 更正")
async def correct_return(
    return_id: UUID, given: Reason, access: Writer, key: Key, runtime: CurrentRuntime, response: Response
) -> ReturnAnswer:
    """Begin the return that takes a signed one's place, with its values. Needs `return:write`.

    The signed one counts until the new one is signed; then it is reversed exactly. Needs `return:write`.
    """
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await passing.correct(tx, access, runtime.clock, return_id, given.reason)

        new, _ = await once(tx, access.subject, key, create)
        answer = await views.read(tx, access.areas, new)
    response.headers["Location"] = f"/returns/{new}"
    return _tagged(response, answer)


async def _sheet(request: Request) -> bytes:
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given != XLSX:
        raise other_content_type(XLSX)
    return await request.body()


async def _workbook(drawn: sheets.Drawn) -> Response:
    head = drawn.head
    name = f"{drawn.form.definition.code}-{head.reporter or head.area}-{head.period}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(await sheets.draw(drawn), media_type=XLSX, headers=headers)


def _tagged(response: Response, answer: ReturnAnswer) -> ReturnAnswer:
    response.headers["ETag"] = etag(answer.version)
    return answer
