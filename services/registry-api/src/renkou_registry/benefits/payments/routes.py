"""HTTP of payment batches, dues and overpayments."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from renkou_common.codes.findings import CodeError
from renkou_common.codes.period import Period
from renkou_common.errors import InvalidInput, NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.http.refusals import other_content_type
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.benefits.enrolments import service as enrolments
from renkou_registry.benefits.enrolments.service import Desk
from renkou_registry.benefits.payments import answers, repository, service
from renkou_registry.benefits.payments.schemas import (
    BatchCreate,
    BatchOut,
    BatchPage,
    DueList,
    ExportCopyCreate,
    LinePage,
    OverpaymentDecision,
    OverpaymentOut,
    OverpaymentPage,
    Yuan,
)
from renkou_registry.fields import AreaQuery
from renkou_registry.runtime import CurrentRuntime

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
KINDS = {XLSX: "xlsx", CSV: "csv"}
_FILES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS}
_LAST = UUID(int=(1 << 128) - 1)

router = APIRouter(tags=["benefits 奖扶"])
Reader = Annotated[Access, Depends(requires(Scope.BENEFIT_READ))]
Payer = Annotated[Access, Depends(requires(Scope.BENEFIT_PAY))]
Key = Annotated[RequestKey, Depends(request_key)]
Expected = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


async def _answer(desk: Desk, batch_id: UUID, response: Response) -> BatchOut:
    row = await service.find(desk, batch_id)
    totals = await repository.totals(desk.tx, batch_id)
    response.headers["ETag"] = etag(row["version"])
    found = await repository.find_export(desk.tx, batch_id)
    return answers.batch(row, totals, found, await repository.copies(desk.tx, batch_id))


@router.post(
    "/benefit-batches", status_code=201, summary="Draft a payment batch 编制发放批次", response_model=BatchOut
)
async def create_batch(
    body: BatchCreate, response: Response, runtime: CurrentRuntime, access: Payer, key: Key
) -> BatchOut:
    """Draft a batch; nobody gets a second line for a scheme and period. Needs `benefit:pay`."""
    try:
        period = Period.parse(body.period)
    except CodeError as error:
        raise InvalidInput.field("/period", error.code, error.zh, error.en) from error
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def create() -> UUID:
            return await service.draft(desk, body.scheme_id, period, body.area)

        batch_id, _ = await once(tx, access.subject, key, create)
        answer = await _answer(desk, batch_id, response)
    response.headers["Location"] = f"/benefit-batches/{batch_id}"
    return answer


@router.get("/benefit-batches", summary="List payment batches 发放批次列表", response_model=BatchPage)
async def list_batches(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    scheme_id: UUID,
    after: After = None,
    limit: Limit = 50,
) -> BatchPage:
    """List a scheme's batches in an area, the newest first. Needs `benefit:read`."""
    if not access.areas.covers(*area.interval()):
        raise NotFound.of("区划", "area")
    before = decode_key(after, UUID) or _LAST
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await repository.batches(tx, area.interval(), scheme_id, before, limit + 1)
    following = encode_cursor(str(found[limit - 1]["id"])) if len(found) > limit else None
    return BatchPage(items=[answers.batch_summary(row) for row in found[:limit]], next=following)


@router.get("/benefit-batches/{batch_id}", summary="Read a batch 发放批次", response_model=BatchOut)
async def read_batch(batch_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader) -> BatchOut:
    """Read a batch with its totals. Needs `benefit:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(Desk(runtime, tx, access.areas, access.subject), batch_id, response)


@router.get("/benefit-batches/{batch_id}/lines", summary="Lines of a batch 发放明细", response_model=LinePage)
async def list_lines(
    batch_id: UUID, runtime: CurrentRuntime, access: Reader, after: After = None, limit: Limit = 100
) -> LinePage:
    """List a batch's lines; accounts are not shown. Needs `benefit:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await service.find(Desk(runtime, tx, access.areas, access.subject), batch_id)
        found = await repository.lines(tx, batch_id, decode_key(after, UUID) or UUID(int=0), limit + 1)
    following = encode_cursor(str(found[limit - 1]["id"])) if len(found) > limit else None
    return LinePage(items=[answers.line(row) for row in found[:limit]], next=following)


@router.post(
    "/benefit-batches/{batch_id}/approval", summary="Approve a batch 批准发放", response_model=BatchOut
)
async def approve_batch(
    batch_id: UUID,
    response: Response,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.BENEFIT_APPROVE))],
    expected: Expected,
) -> BatchOut:
    """Approve a draft that somebody else made. Needs `benefit:approve`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await service.approve(desk, batch_id, expected)
        return await _answer(desk, batch_id, response)


@router.post(
    "/benefit-batches/{batch_id}/cancellation", summary="Cancel a batch 作废批次", response_model=BatchOut
)
async def cancel_batch(
    batch_id: UUID, response: Response, runtime: CurrentRuntime, access: Payer, expected: Expected
) -> BatchOut:
    """Cancel a batch that was not exported; its lines are free again. Needs `benefit:pay`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await service.cancel(desk, batch_id, expected)
        return await _answer(desk, batch_id, response)


@router.post(
    "/benefit-batches/{batch_id}/export",
    summary="The list for the bank, once 导出发放清单",
    response_class=Response,
    responses={200: {"content": _FILES}},
)
async def export_batch(
    batch_id: UUID,
    runtime: CurrentRuntime,
    access: Payer,
    expected: Expected,
    file_format: Annotated[Literal["xlsx", "csv"], Query(alias="format")] = "xlsx",
) -> Response:
    """Get the payment list with the accounts of an approved batch: once, and written down.

    `X-Checksum-Sha256` and the batch tell the file's checksum. Needs `benefit:pay`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        exported = await service.export(desk, batch_id, expected, file_format)
    return _file(batch_id, exported)


def _file(batch_id: UUID, exported: service.Exported) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="benefit-batch-{batch_id}.{exported.kind}"',
        "X-Checksum-Sha256": exported.checksum,
        "Cache-Control": "no-store",
    }
    return Response(exported.content, media_type=XLSX if exported.kind == "xlsx" else CSV, headers=headers)


@router.post(
    "/benefit-batches/{batch_id}/export-copies",
    summary="The same list again, where the file was lost 再次导出原清单",
    response_class=Response,
    responses={200: {"content": _FILES}},
)
async def copy_export(
    batch_id: UUID, body: ExportCopyCreate, runtime: CurrentRuntime, access: Payer, key: Key
) -> Response:
    """Get the very bytes of the batch's export again, until the results are read; each time is written down
    with its reason, and for every person whose account is in it. Nobody is paid twice by it: the lines are
    the same. Needs `benefit:pay`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)

        async def copy() -> UUID:
            return await service.copy(desk, batch_id, body.reason)

        await once(tx, access.subject, key, copy)
        await service.find(desk, batch_id)
        exported = await service.kept(desk, batch_id)
    return _file(batch_id, exported)


@router.post(
    "/benefit-batches/{batch_id}/results",
    summary="Read the bank's results 回盘",
    response_model=BatchOut,
    openapi_extra={"requestBody": {"required": True, "content": _FILES}},
)
async def hand_in_results(
    batch_id: UUID,
    request: Request,
    response: Response,
    runtime: CurrentRuntime,
    access: Payer,
    paid_total: Annotated[Yuan, Query(description="what the bank paid in all, in yuan")],
) -> BatchOut:
    """Take in .xlsx or .csv with 行号, 金额(元), 结果 (成功, 失败), 原因: every line, its amount, the total.

    The same file again changes nothing. Needs `benefit:pay`.
    """
    kind = KINDS.get(request.headers.get("content-type", "").split(";")[0].strip().lower())
    if kind is None:
        raise other_content_type(XLSX, CSV)
    content = await request.body()
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await service.read_results(desk, batch_id, content, kind, Decimal(paid_total))
        return await _answer(desk, batch_id, response)


@router.post("/benefit-batches/{batch_id}/closing", summary="Close a batch 批次结案", response_model=BatchOut)
async def close_batch(
    batch_id: UUID, response: Response, runtime: CurrentRuntime, access: Payer, expected: Expected
) -> BatchOut:
    """Close a batch whose results were read. Needs `benefit:pay`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        await service.close(desk, batch_id, expected)
        return await _answer(desk, batch_id, response)


@router.get(
    "/benefit-enrolments/{enrolment_id}/dues",
    summary="What is due and paid 应发与已发",
    response_model=DueList,
)
async def list_dues(enrolment_id: UUID, runtime: CurrentRuntime, access: Reader) -> DueList:
    """List what became due to a case, period by period, and what was paid. Needs `benefit:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await enrolments.find(tx, enrolment_id, access.areas)
        found = await repository.accounts(tx, [enrolment_id])
    return DueList(items=[answers.due(row) for row in found[enrolment_id]])


@router.get(
    "/benefit-overpayments", summary="What was paid too much 多发款项", response_model=OverpaymentPage
)
async def list_overpayments(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    state: Literal["open", "kept", "returned", "lapsed"] = "open",
    after: After = None,
    limit: Limit = 50,
) -> OverpaymentPage:
    """List overpayments that corrections brought to light, for a decision. Needs `benefit:read`."""
    if not access.areas.covers(*area.interval()):
        raise NotFound.of("区划", "area")
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await repository.overpayments(
            tx, area.interval(), state, decode_cursor(after, int, UUID), limit + 1
        )
    last = found[limit - 1] if len(found) > limit else None
    following = encode_cursor(last["area"], str(last["id"])) if last else None
    return OverpaymentPage(items=[answers.overpayment(row) for row in found[:limit]], next=following)


@router.post(
    "/benefit-overpayments/{overpayment_id}/decision",
    summary="Decide on an overpayment 处理多发款项",
    response_model=OverpaymentOut,
)
async def decide_overpayment(
    overpayment_id: UUID,
    body: OverpaymentDecision,
    response: Response,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.BENEFIT_APPROVE))],
    expected: Expected,
) -> OverpaymentOut:
    """Leave it with the person, or record that they gave it back. Needs `benefit:approve`."""
    async with runtime.database.transaction(access.areas) as tx:
        desk = Desk(runtime, tx, access.areas, access.subject)
        returned = body.decision == "returned"
        await service.decide(desk, overpayment_id, expected, returned=returned, note=body.note)
        row = await repository.find_overpayment(tx, overpayment_id, access.areas)
    assert row is not None
    response.headers["ETag"] = etag(row["version"])
    return answers.overpayment(row)
