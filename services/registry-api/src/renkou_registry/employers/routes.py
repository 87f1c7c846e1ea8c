"""HTTP of employers."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query, Response

from renkou_common.codes.masking import mask_phone
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.desks import desk
from renkou_registry.employers import service
from renkou_registry.employers.repository import EMPLOYEES, EMPLOYERS
from renkou_registry.employers.schemas import (
    EmployeeCreate,
    EmployeeEnd,
    EmployeeOut,
    EmployeePage,
    EmployerCreate,
    EmployerEnd,
    EmployerOut,
    EmployerPage,
    EmployerPatch,
)
from renkou_registry.fields import AreaQuery, area_code
from renkou_registry.records import page_of_area
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.yearly import service as yearly
from renkou_registry.yearly.schemas import YearlyList, YearlyOut, YearlyPatch, YearOpen, YearOpened

router = APIRouter(prefix="/employers", tags=["employers 单位"])
Reader = Annotated[Access, Depends(requires(Scope.OFFICE_READ))]
Writer = Annotated[Access, Depends(requires(Scope.OFFICE_WRITE))]
PeopleReader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]
Key = Annotated[RequestKey, Depends(request_key)]
Version = Annotated[int, Depends(expected_version)]
After = Annotated[str | None, Query(description="cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def _out(runtime: Runtime, row: asyncpg.Record) -> EmployerOut:
    same = {name: row[name] for name in EmployerOut.model_fields if name not in ("area", "phone")}
    sealed = row["phone_sealed"]
    phone = mask_phone(runtime.cipher.decrypt(sealed, service.PHONE)) if sealed else None
    return EmployerOut(**same, area=area_code(row["area"]), phone=phone)


def _employee(row: asyncpg.Record) -> EmployeeOut:
    return EmployeeOut(**{name: row[name] for name in EmployeeOut.model_fields})


@router.post("", status_code=201, summary="Enter an employer 登记单位", response_model=EmployerOut)
async def create_employer(
    body: EmployerCreate, response: Response, runtime: CurrentRuntime, access: Writer, key: Key
) -> EmployerOut:
    """Enter an employer; its statement of this year is due at once. Needs `office:write`."""
    values = {name: value for name, value in dict(body).items() if name != "area"}
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.create(at, body.area, values)

        employer_id, _ = await once(at.tx, access.subject, key, create)
        row = await EMPLOYERS.find(at.tx, employer_id, at.scope)
    response.headers["Location"] = f"/employers/{employer_id}"
    response.headers["ETag"] = etag(row["version"])
    return _out(runtime, row)


@router.get("", summary="List employers 单位列表", response_model=EmployerPage)
async def list_employers(
    runtime: CurrentRuntime, access: Reader, area: AreaQuery, after: After = None, limit: Limit = 50
) -> EmployerPage:
    """List an area's employers. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        rows, following = await page_of_area(at, EMPLOYERS, area, after, limit)
    return EmployerPage(items=[_out(runtime, row) for row in rows], next=following)


@router.post(
    "/statement-years", summary="Open a year of statements 部署年度责任书", response_model=YearOpened
)
async def open_statement_year(body: YearOpen, runtime: CurrentRuntime, access: Writer) -> YearOpened:
    """Make the statement of a year due for every employer of an area that lacks it. Needs `office:write`."""
    async with desk(runtime, access) as at:
        opened, more = await yearly.open_year(at, service.BOOK, body.area, body.year)
    return YearOpened(opened=opened, more=more)


@router.get("/{employer_id}", summary="Read an employer 单位详情", response_model=EmployerOut)
async def read_employer(
    employer_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> EmployerOut:
    """Read an employer. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        row = await EMPLOYERS.find(at.tx, employer_id, at.scope)
    response.headers["ETag"] = etag(row["version"])
    return _out(runtime, row)


@router.patch("/{employer_id}", summary="Change an employer 修改单位", response_model=EmployerOut)
async def change_employer(
    employer_id: UUID,
    body: EmployerPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> EmployerOut:
    """Change an employer. Needs `office:write`."""
    values = {name: value for name, value in dict(body).items() if name in body.model_fields_set}
    async with desk(runtime, access) as at:
        row = await service.change(at, employer_id, version, values)
    response.headers["ETag"] = etag(row["version"])
    return _out(runtime, row)


@router.post("/{employer_id}/end", summary="End an employer 单位注销或迁出", response_model=EmployerOut)
async def end_employer(
    employer_id: UUID, body: EmployerEnd, runtime: CurrentRuntime, access: Writer, version: Version
) -> EmployerOut:
    """End an employer that closed or moved away. Needs `office:write`."""
    async with desk(runtime, access) as at:
        return _out(runtime, await service.end(at, employer_id, version, body.on))


@router.get("/{employer_id}/statements", summary="List its statements 年度责任书", response_model=YearlyList)
async def list_statements(employer_id: UUID, runtime: CurrentRuntime, access: Reader) -> YearlyList:
    """List an employer's yearly statements. Needs `office:read`."""
    async with desk(runtime, access, read_only=True) as at:
        await EMPLOYERS.find(at.tx, employer_id, at.scope)
        return YearlyList(items=await yearly.papers_of(at, service.BOOK, employer_id))


@router.patch(
    "/{employer_id}/statements/{statement_id}",
    summary="Sign or decline a statement 签订责任书",
    response_model=YearlyOut,
)
async def change_statement(
    employer_id: UUID,
    statement_id: UUID,
    body: YearlyPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Writer,
    version: Version,
) -> YearlyOut:
    """Write that the statement of a year was signed, declined or cancelled. Needs `office:write`."""
    async with desk(runtime, access) as at:
        row = await yearly.change(at, service.BOOK, employer_id, statement_id, version, body)
    response.headers["ETag"] = etag(row["version"])
    return yearly.out(row)


@router.post(
    "/{employer_id}/employees",
    status_code=201,
    summary="Add an employee 登记职工",
    response_model=EmployeeOut,
)
async def add_employee(
    employer_id: UUID, body: EmployeeCreate, runtime: CurrentRuntime, access: Writer, key: Key
) -> EmployeeOut:
    """Note that a person works for the employer. Needs `office:write`."""
    async with desk(runtime, access) as at:

        async def create() -> UUID:
            return await service.add_employee(at, employer_id, body.person_id, body.since)

        link_id, _ = await once(at.tx, access.subject, key, create)
        return _employee(await EMPLOYEES.lock(at.tx, employer_id, link_id))


@router.get("/{employer_id}/employees", summary="List employees 职工列表", response_model=EmployeePage)
async def list_employees(
    employer_id: UUID, runtime: CurrentRuntime, access: PeopleReader, after: After = None, limit: Limit = 50
) -> EmployeePage:
    """List those employees whom the caller's area shows. Needs `resident:read`."""
    async with desk(runtime, access, read_only=True) as at:
        await EMPLOYERS.find(at.tx, employer_id, at.scope)
        found = await EMPLOYEES.page(at.tx, employer_id, decode_key(after, UUID), limit + 1)
    items = [_employee(row) for row in found[:limit]]
    await runtime.readings.record(access, What.EMPLOYMENT, {each.person_id for each in items})
    return EmployeePage(items=items, next=encode_cursor(str(items[-1].id)) if len(found) > limit else None)


@router.post(
    "/{employer_id}/employees/{link_id}/end", summary="End an employment 职工离职", response_model=EmployeeOut
)
async def end_employee(
    employer_id: UUID, link_id: UUID, body: EmployeeEnd, runtime: CurrentRuntime, access: Writer
) -> EmployeeOut:
    """Note until when a person worked here. Needs `office:write`."""
    async with desk(runtime, access) as at:
        return _employee(await service.end_employee(at, employer_id, link_id, body.until))
