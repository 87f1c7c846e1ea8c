"""Closings (关账) over HTTP; for callers whose right covers the district."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from renkou_common.errors import Forbidden
from renkou_common.http.idempotency import RequestKey, once, request_key, used
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.closings import service
from renkou_reporting.closings.schemas import (
    CheckList,
    ClosingAnswer,
    ClosingList,
    FirstSignature,
    FrozenAnswer,
    NewClosing,
    PageQuestion,
    SecondSignature,
    Why,
)
from renkou_reporting.disclosure.access import exact_figures, sees_exact_figures
from renkou_reporting.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/closings", tags=["closings"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
ExactReader = Annotated[Access, Depends(exact_figures)]
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]
Signer = Annotated[Access, Depends(requires(Scope.FIGURE_SIGN))]
Creation = Annotated[RequestKey, Depends(request_key)]


@router.post("", status_code=201, summary="Begin to close a period 建立关账")
async def post_closing(
    given: NewClosing, access: Manager, key: Creation, runtime: CurrentRuntime, response: Response
) -> ClosingAnswer:
    """Begin to close a period of the district. Needs `figure:manage`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas) as tx:
        closing_id, _ = await once(
            tx, access.subject, key, lambda: service.open_closing(tx, runtime, access, given.period)
        )
        answer = await service.read(tx, closing_id)
    response.headers["Location"] = f"/closings/{closing_id}"
    return answer


@router.get("", summary="Closings of the district 关账列表")
async def list_closings(
    question: Annotated[PageQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> ClosingList:
    """List closings, the newest first. Needs `figure:read`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.page(tx, question)


@router.get("/{closing_id}", summary="A closing with its log 关账详情")
async def get_closing(
    closing_id: UUID, access: Reader, runtime: CurrentRuntime, request: Request
) -> ClosingAnswer:
    """Return a closing and who did what; with `figure:exact` also how many events came since. Needs `figure:read`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        answer = await service.read(tx, closing_id)
    if not await sees_exact_figures(request):
        answer.late_events = None
    return answer


@router.get("/{closing_id}/checks", summary="What must hold before a period is closed 关账检查")
async def get_checks(closing_id: UUID, access: Manager, runtime: CurrentRuntime) -> CheckList:
    """Run every check now; each names what stands in the way and where to look. Needs `figure:manage`."""
    _check_district(access, runtime)
    return service.check_list(await service.check(runtime, closing_id))


@router.post("/{closing_id}/signatures", status_code=201, summary="Sign first: freeze the figures 初签")
async def post_signature(
    closing_id: UUID, given: FirstSignature, access: Manager, key: Creation, runtime: CurrentRuntime
) -> ClosingAnswer:
    """Check and freeze the period's figures as they are now, under the first signature. Needs `figure:manage`."""
    _check_district(access, runtime)
    async with runtime.database.reading(access.areas) as reader:
        if not await used(reader, access.subject, key):
            await service.require_unsigned(reader, closing_id, given)
    checked = await service.check(runtime, closing_id)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.sign(tx, runtime, access, closing_id, checked, given)

        await once(tx, access.subject, key, create)
        return await service.read(tx, closing_id)


@router.get("/{closing_id}/frozen", summary="Figures that wait for the second signature 待复签数字")
async def get_frozen(closing_id: UUID, access: ExactReader, runtime: CurrentRuntime) -> FrozenAnswer:
    """Return what was signed first, with what a restatement changes. Needs `figure:exact`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.read_frozen(tx, closing_id)


@router.post("/{closing_id}/publication", status_code=201, summary="Sign second: publish 复签公布")
async def post_publication(
    closing_id: UUID, given: SecondSignature, access: Signer, key: Creation, runtime: CurrentRuntime
) -> ClosingAnswer:
    """Publish the frozen figures as the next version; the hash says which. Needs `figure:sign`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.publish(tx, runtime, access, closing_id, given)

        await once(tx, access.subject, key, create)
        return await service.read(tx, closing_id)


@router.post("/{closing_id}/withdrawal", summary="Take the first signature back 撤回签署")
async def post_withdrawal(
    closing_id: UUID, given: Why, access: Manager, runtime: CurrentRuntime
) -> ClosingAnswer:
    """Take a first signature back, or give a restatement up. Needs `figure:manage`."""
    return await _withdraw(closing_id, given, access, runtime)


@router.post("/{closing_id}/refusal", summary="Refuse the second signature 拒绝复签")
async def post_refusal(
    closing_id: UUID, given: Why, access: Signer, runtime: CurrentRuntime
) -> ClosingAnswer:
    """Refuse the second signature with a reason; the figures have to be signed anew. Needs `figure:sign`."""
    return await _withdraw(closing_id, given, access, runtime)


@router.post("/{closing_id}/reopening", summary="Reopen a published period 重开")
async def post_reopening(
    closing_id: UUID, given: Why, access: Manager, runtime: CurrentRuntime
) -> ClosingAnswer:
    """Open a published period for a restatement; the published version stays. Needs `figure:manage`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas) as tx:
        await service.reopen(tx, runtime, access, closing_id, given.reason)
        return await service.read(tx, closing_id)


async def _withdraw(closing_id: UUID, given: Why, access: Access, runtime: Runtime) -> ClosingAnswer:
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas) as tx:
        await service.withdraw(tx, runtime, access, closing_id, given.reason)
        return await service.read(tx, closing_id)


def _check_district(access: Access, runtime: Runtime) -> None:
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden("district_only", "关账须有全区权限", "Closings need rights over the whole district")
