"""Definitions of indicators (考核指标) over HTTP; writing them is for callers whose right covers the district."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from renkou_common.errors import Forbidden
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_reporting.indicators import service
from renkou_reporting.indicators.schemas import Draft, IndicatorList, Retirement, VersionAnswer, VersionList
from renkou_reporting.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/indicators", tags=["indicators"])
Reader = Annotated[Access, Depends(requires(Scope.FIGURE_READ))]
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]
VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("", summary="Indicators with their definitions 考核指标")
async def list_indicators(access: Reader, runtime: CurrentRuntime) -> IndicatorList:
    """Return the newest version in force of every indicator. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return IndicatorList.of(await service.current(tx))


@router.get("/{code}/versions", summary="Versions of a definition 指标版本")
async def list_versions(code: str, access: Reader, runtime: CurrentRuntime) -> VersionList:
    """Return every version of an indicator, drafts and retired ones too. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.read_versions(tx, code)


@router.get("/{code}/versions/{version}", summary="One version of a definition 指标的一个版本")
async def get_version(
    code: str, version: VersionNumber, access: Reader, runtime: CurrentRuntime
) -> VersionAnswer:
    """Return one version with its worked examples. Needs `figure:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await service.read_version(tx, code, version)


@router.post("", status_code=201, summary="Draft a definition 起草指标")
async def post_draft(
    given: Draft,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
    runtime: CurrentRuntime,
    response: Response,
) -> VersionAnswer:
    """Store a checked draft, the first version of a new code or the next of a known one.

    Refused with every reason at once: a quotient that divides by zero, populations that do not belong together,
    measures or dimensions that do not exist, worked examples that do not come out. Needs `figure:manage`.
    """
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas) as tx:
        version_id, _ = await once(
            tx, access.subject, key, lambda: service.draft(tx, access, runtime.clock, given)
        )
        answer = await service.read_draft(tx, version_id)
    response.headers["Location"] = f"/indicators/{answer.code}/versions/{answer.version}"
    return answer


@router.post("/{code}/versions/{version}/activation", summary="Put a draft in force 启用指标")
async def post_activation(
    code: str, version: VersionNumber, access: Manager, runtime: CurrentRuntime
) -> VersionAnswer:
    """Put a draft in force that somebody else wrote; it is checked again. Needs `figure:manage`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas) as tx:
        await service.activate(tx, access, runtime.clock, code, version)
        return await service.read_version(tx, code, version)


@router.post("/{code}/versions/{version}/retirement", summary="Take a version out of force 停用指标")
async def post_retirement(
    code: str, version: VersionNumber, given: Retirement, access: Manager, runtime: CurrentRuntime
) -> VersionAnswer:
    """Take a version out of force; published figures keep theirs. Needs `figure:manage`."""
    _check_district(access, runtime)
    async with runtime.database.transaction(access.areas) as tx:
        await service.retire(tx, code, version, given.reason)
        return await service.read_version(tx, code, version)


def _check_district(access: Access, runtime: Runtime) -> None:
    if not access.areas.covers(*runtime.district.interval()):
        raise Forbidden(
            "district_only", "指标须有全区权限", "Definitions need rights over the whole district"
        )
