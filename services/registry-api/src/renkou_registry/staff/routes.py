"""HTTP of staff accounts; administrators only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.http.caller import CurrentClient
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.auth.domain import check_new_password
from renkou_registry.auth.passwords import hash_password
from renkou_registry.roles import service as roles
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.sessions import service as sessions
from renkou_registry.sessions.domain import Ending
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account, Outcome
from renkou_registry.staff import service
from renkou_registry.staff.domain import RoleInArea, StaffChange, StaffMember, check_assignments
from renkou_registry.staff.schemas import AssignmentIn, StaffCreate, StaffOut, StaffPage, StaffPatch

router = APIRouter(prefix="/staff", tags=["staff 工作人员"])
Manager = Annotated[Access, Depends(requires(Scope.STAFF_MANAGE))]


async def _checked(
    tx: Transaction, runtime: Runtime, assignments: list[AssignmentIn]
) -> tuple[RoleInArea, ...]:
    catalogue = await roles.catalogue(tx, lock=True)
    return check_assignments(runtime.district, [each.wanted() for each in assignments], catalogue)


@router.post("", status_code=201, summary="Create an account 新建账号", response_model=StaffOut)
async def create_staff(
    body: StaffCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
) -> StaffOut:
    """Create an account with roles in areas and a one-time password. Needs `staff:manage`."""
    check_new_password(body.password, body.username, "/password")
    password_hash = await hash_password(body.password)
    async with runtime.database.transaction(access.areas) as tx:
        assignments = await _checked(tx, runtime, body.assignments)

        async def create() -> UUID:
            return await service.create(
                tx,
                runtime.outbox,
                username=body.username,
                display_name=body.display_name,
                password_hash=password_hash,
                assignments=assignments,
            )

        staff_id, _ = await once(tx, access.subject, key, create)
        member = await service.find(tx, staff_id)
    response.headers["Location"] = f"/staff/{member.id}"
    response.headers["ETag"] = etag(member.version)
    return StaffOut.of(member)


@router.get("", summary="List accounts by user name 账号列表", response_model=StaffPage)
async def list_staff(
    runtime: CurrentRuntime,
    access: Manager,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> StaffPage:
    """List accounts. Needs `staff:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, decode_key(after, str) or "", limit + 1)
    page = found[:limit]
    following = encode_cursor(page[-1].username) if len(found) > limit else None
    return StaffPage(items=[StaffOut.of(member) for member in page], next=following)


@router.get("/{staff_id}", summary="Read an account 账号详情", response_model=StaffOut)
async def read_staff(
    staff_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager
) -> StaffOut:
    """Read an account with its version as ETag. Needs `staff:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        member = await service.find(tx, staff_id)
    response.headers["ETag"] = etag(member.version)
    return StaffOut.of(member)


@router.patch("/{staff_id}", summary="Change an account 修改账号", response_model=StaffOut)
async def change_staff(
    staff_id: UUID,
    body: StaffPatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    client: CurrentClient,
    version: Annotated[int, Depends(expected_version)],
) -> StaffOut:
    """Change name, state, roles, or give a new one-time password. Needs `staff:manage` and If-Match."""
    if not body.model_fields_set:
        raise InvalidInput("nothing_to_change", "没有要修改的内容", "Nothing to change was given")
    async with runtime.database.transaction(access.areas) as tx:
        given = body.assignments
        wanted = StaffChange(
            display_name=body.display_name,
            active=body.active,
            password=body.password,
            assignments=None if given is None else await _checked(tx, runtime, given),
        )
        if body.password is not None:
            username = (await service.find(tx, staff_id)).username
            check_new_password(body.password, username, "/password")
        member = await service.change(tx, runtime.outbox, staff_id, version, wanted, runtime.clock.now())
        ended = await _end_sessions(runtime, tx, member, wanted, access.subject, client)
    for session_id in ended:
        runtime.sessions.forget(session_id)
    response.headers["ETag"] = etag(member.version)
    return StaffOut.of(member)


async def _end_sessions(
    runtime: CurrentRuntime,
    tx: Transaction,
    member: StaffMember,
    wanted: StaffChange,
    by: UUID,
    client: CurrentClient,
) -> list[UUID]:
    """End what an account that is closed, or got a one-time password, still has open."""
    if wanted.password is not None:
        named = Account("staff", member.id, member.username)
        await sign_in_events.note(tx, Outcome.PASSWORD_RESET, named, client, done_by=by)
    if member.active and wanted.password is None:
        return []
    limits = sessions.limits_of(runtime.settings)
    why = Ending.ACCOUNT_CHANGED
    return await sessions.end(tx, runtime.outbox, limits, member.id, why, client, done_by=by)
