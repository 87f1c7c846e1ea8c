"""HTTP of sign-in sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from renkou_common.errors import Forbidden, NotFound
from renkou_common.http.caller import CurrentClient
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.identity.tokens import Claims
from renkou_common.scope import AreaScope
from renkou_registry.auth.caller import Caller
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.sessions import service
from renkou_registry.sessions.domain import Ending, Session
from renkou_registry.sessions.schemas import SessionList, SessionOut
from renkou_registry.staff import service as staff

router = APIRouter(tags=["auth 登录"])
Manager = Annotated[Access, Depends(requires(Scope.STAFF_MANAGE))]


def _listed(found: list[Session], current: UUID | None) -> SessionList:
    return SessionList(
        items=[
            SessionOut(
                id=each.id,
                current=each.id == current,
                created_at=each.created_at,
                last_used_at=each.last_used_at,
                expires_at=each.expires_at,
                address=each.address,
                agent=each.agent,
            )
            for each in found
        ]
    )


def _with_sessions(caller: Claims) -> None:
    if caller.kind not in ("staff", "person"):
        raise Forbidden(
            "sessions_only", "只有工作人员和居民的登录有会话", "Only staff and persons sign in to sessions"
        )


@router.get("/auth/sessions", summary="My sessions 我的登录会话", response_model=SessionList)
async def list_sessions(caller: Caller, runtime: CurrentRuntime) -> SessionList:
    """List the caller's own sign-ins that are in force: since when, from where."""
    _with_sessions(caller)
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        found = await service.in_force(tx, service.limits_of(runtime.settings), caller.subject)
    return _listed(found, caller.session)


@router.delete("/auth/sessions", status_code=204, summary="End all my other sessions 结束其他会话")
async def end_others(caller: Caller, runtime: CurrentRuntime, client: CurrentClient) -> None:
    """End every session of the caller but the one of this request; twice is as good as once."""
    _with_sessions(caller)
    await _end(runtime, caller.subject, Ending.ENDED_ELSEWHERE, client, but=caller.session)


@router.delete("/auth/sessions/{session_id}", status_code=204, summary="End a session 结束会话 (退出)")
async def end_session(
    session_id: UUID, caller: Caller, runtime: CurrentRuntime, client: CurrentClient
) -> None:
    """End one of the caller's own sessions; ending the one of this request is signing out."""
    _with_sessions(caller)
    why = Ending.SIGNED_OUT if session_id == caller.session else Ending.ENDED_ELSEWHERE
    if not await _end(runtime, caller.subject, why, client, only=session_id):
        raise NotFound.of("登录会话", "session in force")


@router.get(
    "/staff/{staff_id}/sessions", summary="A member's sessions 某账号的会话", response_model=SessionList
)
async def list_staff_sessions(staff_id: UUID, runtime: CurrentRuntime, access: Manager) -> SessionList:
    """List the sign-ins of an account that are in force. Needs `staff:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await staff.find(tx, staff_id)
        found = await service.in_force(tx, service.limits_of(runtime.settings), staff_id)
    return _listed(found, None)


@router.delete(
    "/staff/{staff_id}/sessions", status_code=204, summary="End a member's sessions 结束某账号的会话"
)
async def end_staff_sessions(
    staff_id: UUID, runtime: CurrentRuntime, access: Manager, client: CurrentClient
) -> None:
    """End every session of an account, in all services; twice is as good as once. Needs `staff:manage`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await staff.find(tx, staff_id)
    await _end(runtime, staff_id, Ending.BY_ADMINISTRATOR, client, done_by=access.subject)


async def _end(
    runtime: CurrentRuntime,
    subject: UUID,
    why: Ending,
    client: CurrentClient,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
    done_by: UUID | None = None,
) -> list[UUID]:
    limits = service.limits_of(runtime.settings)
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        ended = await service.end(
            tx, runtime.outbox, limits, subject, why, client, only=only, but=but, done_by=done_by
        )
    for session_id in ended:
        runtime.sessions.forget(session_id)
    return ended
