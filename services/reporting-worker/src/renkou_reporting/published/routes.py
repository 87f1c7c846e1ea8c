"""Published figures (公布数) over HTTP: to the digit, as a signed file, and as a feed for the level above."""

import asyncio
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response, Security

from renkou_common.errors import Forbidden
from renkou_common.identity.http import bearer, declares, requires
from renkou_common.identity.principal import Access, Identity
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_reporting.disclosure.access import sees_exact_figures
from renkou_reporting.published import service
from renkou_reporting.published.reading import may_read_feed
from renkou_reporting.published.schemas import (
    DifferenceList,
    FeedPage,
    FeedQuestion,
    SignedDocument,
    VersionAnswer,
    VersionPage,
    VersionQuestion,
    VersionsQuestion,
)
from renkou_reporting.published.signing import canonical, read_key
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(prefix="/published", tags=["published"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
_LOOK_SECONDS = 0.5
VersionName = Annotated[str, Path(pattern=r"^(latest|[1-9]\d{0,5})$", description="a number, or latest")]


@router.get("", summary="Published versions 公布版本")
async def list_versions(
    question: Annotated[VersionsQuestion, Query()], access: Reader, runtime: CurrentRuntime
) -> VersionPage:
    """List published versions, the newest first. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.page(tx, question)


@router.get("/keys", summary="Keys that check published documents 公布数验证公钥")
async def get_keys(runtime: CurrentRuntime) -> dict[str, Any]:
    """Return the JWK set (RFC 7517) that signed documents are checked with. Needs no token."""
    path = runtime.settings.figure_key_file
    return {"keys": []} if path is None else read_key(path).public_keys()


@router.get("/feed", summary="Signed versions in order 公布数订阅", dependencies=[Security(bearer)])
@declares(Scope.FIGURE_READ)
async def get_feed(
    question: Annotated[FeedQuestion, Query()], request: Request, runtime: CurrentRuntime
) -> FeedPage:
    """Return signed versions after a number, with ``wait`` as soon as there is one.

    Needs `figure:read` over the district, or the level above's secret.
    """
    identity: Identity = request.app.state.identity
    authorization = request.headers.get("authorization")
    if not may_read_feed(runtime.settings.province_secret_file, authorization):
        access = await identity.access(authorization, Scope.FIGURE_READ)
        if not access.areas.covers(*runtime.district.interval()):
            raise Forbidden(
                "district_only", "订阅须有全区权限", "The feed needs rights over the whole district"
            )
    until = monotonic() + question.wait
    while True:
        async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
            page = await service.feed(tx, question)
        if page.items or monotonic() >= until or await request.is_disconnected():
            return page
        await asyncio.sleep(_LOOK_SECONDS)


@router.get("/{period}/{version}", summary="A published version's figures 公布数字")
async def get_version(
    period: str,
    version: VersionName,
    question: Annotated[VersionQuestion, Query()],
    access: Reader,
    runtime: CurrentRuntime,
) -> VersionAnswer:
    """Return figures exactly as they were published, of an area and what is below. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.version(tx, access.areas, runtime.district, period, version, question)


@router.get("/{period}/{version}/differences", summary="What a restatement changed 修订差异")
async def get_differences(
    period: str,
    version: VersionName,
    question: Annotated[VersionQuestion, Query()],
    access: Reader,
    runtime: CurrentRuntime,
    request: Request,
) -> DifferenceList:
    """Return each figure that changed; with `figure:exact` also the events behind it. Needs `figure:read`."""
    exact = await sees_exact_figures(request)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.differences(
            tx, access.areas, runtime.district, period, version, question, exact=exact
        )


@router.get(
    "/{period}/{version}/document",
    summary="A version as a signed file 签名文件",
    response_model=SignedDocument,
)
async def get_document(
    period: str, version: VersionName, access: Reader, runtime: CurrentRuntime
) -> Response:
    """Return the signed file that anybody can check; for rights over the district. Needs `figure:read`."""
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden("district_only", "导出须有全区权限", "The file needs rights over the whole district")
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        signed = await service.document(tx, runtime.district, period, version)
    name = f"figures-{runtime.settings.district}-{period}-{version}.json"
    return Response(
        canonical(signed.to_json()),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
