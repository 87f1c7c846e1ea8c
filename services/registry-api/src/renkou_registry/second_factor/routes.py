"""HTTP of the second factor."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from renkou_common.errors import Conflict, Forbidden, NotFound
from renkou_common.http.caller import CurrentClient
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.identity.tokens import Claims
from renkou_common.scope import AreaScope
from renkou_registry.approvals import service as approvals
from renkou_registry.approvals.domain import ApprovalKind
from renkou_registry.auth import service as auth
from renkou_registry.auth.caller import Caller
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.second_factor import service
from renkou_registry.second_factor.schemas import (
    ConfirmationIn,
    EnrolmentIn,
    EnrolmentOut,
    RecoveryCodes,
    RemovalIn,
    ResetOut,
    SecondFactorOut,
)
from renkou_registry.sessions import service as sessions
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account, Outcome
from renkou_registry.staff import service as staff

router = APIRouter(tags=["auth 登录"])


def _member(caller: Claims) -> None:
    if caller.kind not in ("staff", "setup"):
        raise Forbidden(
            "staff_only", "只有工作人员账号有二次验证", "Only staff accounts have a second factor"
        )


@router.get("/auth/totp", summary="My second factor 我的二次验证", response_model=SecondFactorOut)
async def read_factor(caller: Caller, runtime: CurrentRuntime) -> SecondFactorOut:
    """Say whether a code is asked for at the caller's sign-ins, and how many recovery codes are left."""
    _member(caller)
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        found = await service.find(tx, caller.subject)
    if found is None or found.confirmed_at is None:
        return SecondFactorOut(in_force=False, confirmed_at=None, recovery_codes_left=0)
    return SecondFactorOut(
        in_force=True, confirmed_at=found.confirmed_at, recovery_codes_left=found.recovery_codes_left
    )


@router.post("/auth/totp", summary="Begin to use a second factor 启用二次验证", response_model=EnrolmentOut)
async def begin(
    body: EnrolmentIn, caller: Caller, runtime: CurrentRuntime, client: CurrentClient
) -> EnrolmentOut:
    """Get a secret for an authenticator (TOTP: SHA-1, six digits, 30 seconds). Asked for again, it is another one;
    it counts when a code confirms it."""
    _member(caller)
    account = await auth.prove_again(runtime, client, caller.subject, body.password)
    if account.must_change_password:
        raise Forbidden("password_change_required", "请先设置新密码", "Set a new password first")
    issuer = f"Renkou {runtime.settings.district}"
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        begun = await service.begin(tx, runtime.cipher, account.id, account.username, issuer)
    return EnrolmentOut(secret=begun.secret, uri=begun.uri, picture=begun.picture)


@router.post(
    "/auth/totp/confirmation", summary="Confirm the second factor 确认二次验证", response_model=RecoveryCodes
)
async def confirm(
    body: ConfirmationIn, caller: Caller, runtime: CurrentRuntime, client: CurrentClient
) -> RecoveryCodes:
    """Show that the authenticator has the secret. From now on each sign-in needs a code; the recovery codes are
    shown this once. A first sign-in signs in again afterwards. Wrong codes lock the account as wrong passwords do."""
    _member(caller)
    codes = await auth.confirm_factor(runtime, client, caller.subject, caller.session, body.code)
    if codes is None:
        raise Conflict("code_wrong", "验证码不正确", "The code is not the one of this moment")
    return RecoveryCodes(recovery_codes=codes)


@router.post("/auth/totp/removal", status_code=204, summary="Take my second factor away 停用二次验证")
async def remove(body: RemovalIn, caller: Caller, runtime: CurrentRuntime, client: CurrentClient) -> None:
    """Take the second factor away, with both factors; a role that needs one asks for a new one when
    the sign-in is to be renewed."""
    _member(caller)
    account = await auth.prove_again(runtime, client, caller.subject, body.password, body.code)
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        await service.take_away(tx, account.id)
        await sessions.note_factors(tx, account.id, two_factors=False)
        named = Account("staff", account.id, account.username)
        await sign_in_events.note(tx, Outcome.FACTOR_REMOVED, named, client, session_id=caller.session)


@router.delete(
    "/staff/{staff_id}/totp", summary="Reset a lost second factor 重置二次验证", response_model=ResetOut
)
async def reset(
    staff_id: UUID,
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.STAFF_MANAGE))],
    client: CurrentClient,
) -> ResetOut:
    """Ask for a lost second factor to be taken away. It is done once a second person has agreed (`/approvals`), at once
    where the district has none; the account's sessions end then. Nobody sees the secret. Not one's own: that takes both
    factors. Needs `staff:manage`."""
    if staff_id == access.subject:
        raise Conflict(
            "own_second_factor",
            "不能重置本人的二次验证",
            "One's own second factor is taken away with both factors, or by another administrator",
        )
    now, kind = runtime.clock.now(), ApprovalKind.SECOND_FACTOR
    async with runtime.database.transaction(access.areas) as tx:
        member = await staff.locked(tx, staff_id)
        if await service.find(tx, staff_id) is None:
            raise NotFound.of("二次验证", "second factor of the account")
        awaiting = await approvals.pending(tx, [staff_id], now)
        if not any(each.kind is kind for each in awaiting):
            if await approvals.ask(tx, kind, staff_id, {}, access.subject, now):
                await service.lift(tx, runtime, staff_id, member.username, access.subject, client)
            awaiting = await approvals.pending(tx, [staff_id], now)
    return ResetOut(awaiting_approval=[each.id for each in awaiting if each.kind is kind])
