"""HTTP of roles and scopes; changed by administrators only."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.approvals import service as approvals
from renkou_registry.approvals.domain import ApprovalKind
from renkou_registry.roles import service
from renkou_registry.roles.domain import FOR_SERVICES, Role, RoleChange, needs_two
from renkou_registry.roles.labels import LABELS
from renkou_registry.roles.schemas import (
    ApartOut,
    RoleCreate,
    RoleList,
    RoleOut,
    RolePatch,
    ScopeList,
    ScopeOut,
)
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.staff import service as staff

router = APIRouter(tags=["roles 岗位"])
Reader = Annotated[Access, Depends(requires(Scope.AREA_READ))]
Manager = Annotated[Access, Depends(requires(Scope.STAFF_MANAGE))]
Code = Annotated[str, Path(max_length=40, examples=["subdistrict_clerk"])]


def _told(code: str, version: int, wanted: RoleChange) -> dict[str, Any]:
    return {
        "code": code,
        "version": version,
        "label_zh": wanted.label_zh,
        "label_en": wanted.label_en,
        "active": wanted.active,
        "scopes": None if wanted.scopes is None else sorted(wanted.scopes),
    }


async def _answer(tx: Transaction, runtime: Runtime, role: Role, response: Response) -> RoleOut:
    response.headers["ETag"] = etag(role.version)
    awaiting = await approvals.pending(tx, [role.id], runtime.clock.now())
    return RoleOut.of(role, [each.id for each in awaiting])


@router.get("/scopes", summary="Every scope 权限目录", response_model=ScopeList)
async def list_scopes(runtime: CurrentRuntime, access: Reader) -> ScopeList:
    """List the scopes that roles are made of, and which of them nobody may hold together. Needs `area:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        rules = await service.rules(tx)
    return ScopeList(
        items=[
            ScopeOut(
                scope=scope,
                zh=label.zh,
                en=label.en,
                changes=label.changes,
                assignable=scope not in FOR_SERVICES,
                apart=[
                    ApartOut(scope=rule.second, reason_zh=rule.reason.zh, reason_en=rule.reason.en)
                    for rule in rules
                    if rule.first == scope
                ],
            )
            for scope, label in ((each, LABELS[each]) for each in Scope)
        ]
    )


@router.get("/roles", summary="Every role 岗位目录", response_model=RoleList)
async def list_roles(runtime: CurrentRuntime, access: Reader) -> RoleList:
    """List the built-in roles and the district's own with the scopes they bundle. Needs `area:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return RoleList(items=[RoleOut.of(role) for role in await service.every(tx)])


@router.get("/roles/{code}", summary="Read a role 岗位详情", response_model=RoleOut)
async def read_role(code: Code, response: Response, runtime: CurrentRuntime, access: Reader) -> RoleOut:
    """Read a role with its version as ETag. Needs `area:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await _answer(tx, runtime, await service.find(tx, code), response)


@router.post("/roles", status_code=201, summary="Define a role 新建岗位", response_model=RoleOut)
async def create_role(
    body: RoleCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    key: Annotated[RequestKey, Depends(request_key)],
) -> RoleOut:
    """Define a role of the district out of scopes. Needs `staff:manage`."""
    async with runtime.database.transaction(access.areas) as tx:

        async def create() -> UUID:
            return await service.create(tx, body.code, body.label_zh, body.label_en, frozenset(body.scopes))

        role_id, _ = await once(tx, access.subject, key, create)
        role = await service.find_by_id(tx, role_id)
    response.headers["Location"] = f"/roles/{role.code}"
    response.headers["ETag"] = etag(role.version)
    return RoleOut.of(role)


@router.patch("/roles/{code}", summary="Change a role 修改岗位", response_model=RoleOut)
async def change_role(
    code: Code,
    body: RolePatch,
    response: Response,
    runtime: CurrentRuntime,
    access: Manager,
    version: Annotated[int, Depends(expected_version)],
) -> RoleOut:
    """Change a role of the district: its holders' rights follow at once.

    What a role gives that manages accounts or audits is changed, and what one exercises oneself is extended, once a
    second person has agreed (`/approvals`). Needs `staff:manage` and If-Match.
    """
    if not body.model_fields_set:
        raise InvalidInput("nothing_to_change", "没有要修改的内容", "Nothing to change was given")
    wanted = RoleChange(
        body.label_zh, body.label_en, body.active, None if body.scopes is None else frozenset(body.scopes)
    )
    async with runtime.database.transaction(access.areas) as tx:
        now = runtime.clock.now()
        await staff.lock_administrators(tx, now)
        before = await service.check_change(tx, code, version, wanted)
        own = code in await staff.roles_of(tx, access.subject)
        if needs_two(before, wanted, own=own) and not await approvals.ask(
            tx, ApprovalKind.ROLE, before.id, _told(code, version, wanted), access.subject, now
        ):
            return await _answer(tx, runtime, before, response)
        before, after = await service.change(tx, code, version, wanted)
        if before.effective != after.effective:
            await staff.follow_role(tx, runtime.outbox, code, now)
        return await _answer(tx, runtime, after, response)
