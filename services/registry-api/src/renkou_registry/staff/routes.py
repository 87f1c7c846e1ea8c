"""HTTP of staff accounts; administrators only."""

from dataclasses import dataclass
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
from renkou_registry.approvals import service as approvals
from renkou_registry.approvals.domain import ApprovalKind
from renkou_registry.auth.domain import check_new_password
from renkou_registry.auth.passwords import hash_password
from renkou_registry.roles import service as roles
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.sessions import service as sessions
from renkou_registry.sessions.domain import Ending
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account, Outcome
from renkou_registry.staff import service
from renkou_registry.staff.domain import (
    RoleInArea,
    StaffChange,
    StaffMember,
    check_assignments,
    split_guarded,
)
from renkou_registry.staff.schemas import AssignmentIn, StaffCreate, StaffOut, StaffPage, StaffPatch

router = APIRouter(prefix="/staff", tags=["staff 工作人员"])
Manager = Annotated[Access, Depends(requires(Scope.STAFF_MANAGE))]


@dataclass(frozen=True, slots=True)
class _Given:
    """What is given at once, and what a second person has to agree to (both where nobody else could)."""

    at_once: tuple[RoleInArea, ...]
    awaited: tuple[RoleInArea, ...]
    alone: bool = False


async def _checked(
    tx: Transaction,
    runtime: Runtime,
    access: Access,
    assignments: list[AssignmentIn],
    member: StaffMember | None = None,
) -> _Given:
    now = runtime.clock.now()
    await service.lock_administrators(tx, now)  # before the roles, as whoever changes a role does
    catalogue = await roles.catalogue(tx, lock=True)
    wanted = check_assignments(runtime.district, [each.wanted() for each in assignments], catalogue)
    about, held = (member.id, member.assignments) if member else (None, ())
    at_once, awaited = split_guarded(wanted, held, catalogue, own=about == access.subject)
    if awaited and await approvals.acts_alone(tx, access.subject, about, now):
        return _Given(wanted, awaited, alone=True)
    return _Given(at_once, awaited)


async def _ask(tx: Transaction, runtime: Runtime, access: Access, staff_id: UUID, given: _Given) -> None:
    awaited = given.awaited
    if awaited:
        now = runtime.clock.now()
        await service.check_awaited(tx, staff_id, [each.role for each in awaited], now)
        told = [
            {
                "role": each.role,
                "area": each.area.value,
                "valid_from": each.valid_from and each.valid_from.isoformat(),
                "valid_to": each.valid_to and each.valid_to.isoformat(),
            }
            for each in awaited
        ]
        kind, wanted = ApprovalKind.ASSIGNMENT, {"assignments": told}
        await approvals.ask(tx, kind, staff_id, wanted, access.subject, now, alone=given.alone)


async def _answers(tx: Transaction, runtime: Runtime, members: list[StaffMember]) -> list[StaffOut]:
    awaited = await approvals.pending(tx, [member.id for member in members], runtime.clock.now())
    return [
        StaffOut.of(member, [each.id for each in awaited if each.subject_id == member.id])
        for member in members
    ]


async def _answer(tx: Transaction, runtime: Runtime, member: StaffMember, response: Response) -> StaffOut:
    response.headers["ETag"] = etag(member.version)
    return (await _answers(tx, runtime, [member]))[0]


@router.post("", status_code=201, summary="Create an account 新建账号", response_model=StaffOut)
async def create_staff(
    body: StaffCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
) -> StaffOut:
    """Create an account with roles in areas and a one-time password. Needs `staff:manage`.

    A role that manages accounts or audits is given once a second person has agreed (`/approvals`).
    """
    check_new_password(body.password, body.username, "/password")
    password_hash = await hash_password(body.password)
    async with runtime.database.transaction(access.areas) as tx:
        given = await _checked(tx, runtime, access, body.assignments)

        async def create() -> UUID:
            created = await service.create(
                tx,
                runtime.outbox,
                username=body.username,
                display_name=body.display_name,
                password_hash=password_hash,
                assignments=given.at_once,
            )
            await _ask(tx, runtime, access, created, given)
            return created

        staff_id, _ = await once(tx, access.subject, key, create)
        response.headers["Location"] = f"/staff/{staff_id}"
        return await _answer(tx, runtime, await service.find(tx, staff_id), response)


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
        return StaffPage(items=await _answers(tx, runtime, page), next=following)


@router.get("/{staff_id}", summary="Read an account 账号详情", response_model=StaffOut)
async def read_staff(
    staff_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager
) -> StaffOut:
    """Read an account with its version as ETag. Needs `staff:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(tx, runtime, await service.find(tx, staff_id), response)


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
    """Change name, state, roles, or give a new one-time password. Needs `staff:manage` and If-Match.

    A role that manages accounts or audits, and any role for oneself, is given once a second person has agreed
    (`/approvals`).
    """
    if not body.model_fields_set:
        raise InvalidInput("nothing_to_change", "没有要修改的内容", "Nothing to change was given")
    async with runtime.database.transaction(access.areas) as tx:
        before = await service.find(tx, staff_id)
        given = (
            None
            if body.assignments is None
            else await _checked(tx, runtime, access, body.assignments, before)
        )
        wanted = StaffChange(
            display_name=body.display_name,
            active=body.active,
            password=body.password,
            assignments=given.at_once if given else None,
        )
        if body.password is not None:
            check_new_password(body.password, before.username, "/password")
        member = await service.change(tx, runtime.outbox, staff_id, version, wanted, runtime.clock.now())
        ended = await _end_sessions(runtime, tx, member, wanted, access.subject, client)
        if given:
            await _ask(tx, runtime, access, staff_id, given)
        answer = await _answer(tx, runtime, member, response)
    for session_id in ended:
        runtime.sessions.forget(session_id)
    return answer


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
