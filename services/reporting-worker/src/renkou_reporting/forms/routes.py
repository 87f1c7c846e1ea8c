"""Forms (报表制度) and reporting units (填报单位) over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.ids import new_id
from renkou_reporting.forms import service
from renkou_reporting.forms.schemas import (
    FormAnswer,
    FormDraft,
    FormList,
    FormSummary,
    ReporterAnswer,
    ReporterChange,
    ReporterIn,
    ReporterList,
)
from renkou_reporting.runtime import CurrentRuntime

router = APIRouter(tags=["forms 报表制度"])
Reader = Annotated[Access, Depends(requires(Scope.RETURN_READ))]
Manager = Annotated[Access, Depends(requires(Scope.FIGURE_MANAGE))]
Signer = Annotated[Access, Depends(requires(Scope.RETURN_SIGN))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]


@router.get("/forms", summary="Forms in force 报表目录")
async def list_forms(access: Reader, runtime: CurrentRuntime) -> FormList:
    """List the newest version in force of each form. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return FormList(items=[FormSummary.of(row) for row in await service.newest(tx)])


@router.get("/forms/{code}", summary="A form with its cells 报表式样")
async def get_form(
    code: str,
    access: Reader,
    runtime: CurrentRuntime,
    version: Annotated[int | None, Query(ge=1, le=100_000, description="the newest in force if none")] = None,
) -> FormAnswer:
    """Read a form: sections, rows, columns, cells with their addresses, rules, notes. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return FormAnswer.of(await service.version_row(tx, code, version))


@router.get("/forms/{code}/versions", summary="Versions of a form 报表版本")
async def list_versions(code: str, access: Reader, runtime: CurrentRuntime) -> FormList:
    """List every version of a form, the newest first. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return FormList(items=[FormSummary.of(row) for row in await service.versions(tx, code)])


@router.post("/forms", status_code=201, summary="Draft a form 起草报表")
async def draft_form(
    given: FormDraft, access: Manager, key: Key, runtime: CurrentRuntime, response: Response
) -> FormAnswer:
    """Store a checked draft of a new form, or of the next version of one. Needs `figure:manage`.

    What contradicts itself, counts an unknown measure or the same thing twice, or has a rule that refers to
    nothing, is refused with every reason. Needs `figure:manage`.
    """
    definition = given.definition
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            number = await service.draft(
                tx, access, runtime.clock, runtime.district, definition, given.reason
            )
            return UUID(int=number)

        made, _ = await once(tx, access.subject, key, create)
        answer = FormAnswer.of(await service.version_row(tx, definition.code, made.int))
    response.headers["Location"] = f"/forms/{definition.code}?version={made.int}"
    return answer


@router.post(
    "/forms/{code}/versions/{version}/activation", status_code=201, summary="Put a form in force 启用报表"
)
async def activate_form(
    code: str, version: Annotated[int, Path(ge=1, le=100_000)], access: Signer, runtime: CurrentRuntime
) -> FormAnswer:
    """Put a draft in force; somebody else than who drafted it. Needs `return:sign`."""
    async with runtime.database.transaction(access.areas) as tx:
        await service.activate(tx, access, runtime.clock, runtime.district, code, version)
        return FormAnswer.of(await service.version_row(tx, code, version))


@router.post("/reporters", status_code=201, summary="Register a reporting unit 登记填报单位")
async def register_reporter(
    given: ReporterIn, access: Manager, key: Key, runtime: CurrentRuntime, response: Response
) -> ReporterAnswer:
    """Register a unit that hands in forms. Needs `figure:manage`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            await service.register_reporter(tx, access, runtime.clock, given)
            return new_id()

        await once(tx, access.subject, key, create)
        made = await service.reporter(tx, access.areas, given.code)
    response.headers["Location"] = f"/reporters/{given.code}"
    response.headers["ETag"] = etag(made.version)
    return ReporterAnswer.of(made)


@router.get("/reporters", summary="Reporting units 填报单位")
async def list_reporters(
    access: Reader,
    runtime: CurrentRuntime,
    form: Annotated[str | None, Query(max_length=40)] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReporterList:
    """List units in the caller's areas, by code. Needs `return:read`."""
    start = decode_key(after, str) or ""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.reporters(tx, access.areas, form, start, limit + 1)
    more = encode_cursor(found[limit - 1].code) if len(found) > limit else None
    return ReporterList(items=[ReporterAnswer.of(one) for one in found[:limit]], next_after=more)


@router.get("/reporters/{code}", summary="A reporting unit 填报单位详情")
async def get_reporter(
    code: str, access: Reader, runtime: CurrentRuntime, response: Response
) -> ReporterAnswer:
    """Read a unit. Needs `return:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.reporter(tx, access.areas, code)
    response.headers["ETag"] = etag(found.version)
    return ReporterAnswer.of(found)


@router.patch("/reporters/{code}", summary="Change a reporting unit 变更填报单位")
async def change_reporter(
    code: str,
    given: ReporterChange,
    access: Manager,
    expected: Version,
    runtime: CurrentRuntime,
    response: Response,
) -> ReporterAnswer:
    """Change a unit's names, its forms, or the day it ends. Needs `figure:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        changed = await service.change_reporter(tx, access, code, expected, given)
    response.headers["ETag"] = etag(changed.version)
    return ReporterAnswer.of(changed)
