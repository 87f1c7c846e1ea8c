"""HTTP of signing in."""

from collections.abc import Container
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from renkou_common.errors import Forbidden, InvalidInput, Unauthenticated
from renkou_common.http.caller import CurrentClient
from renkou_common.identity.grants import grants_at
from renkou_common.identity.roles import SERVICE_SCOPES
from renkou_common.scope import AreaScope
from renkou_registry.accounts import service as accounts
from renkou_registry.auth import service
from renkou_registry.auth.caller import Caller
from renkou_registry.auth.schemas import (
    Me,
    MyAssignment,
    MyDuty,
    PasswordChange,
    RefreshRequest,
    TokenRequest,
    TokenResponse,
)
from renkou_registry.auth.service import Token
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.staff.service import duties, find, names_of, rights

router = APIRouter(tags=["auth 登录"])


@router.post("/auth/token", summary="Sign in 登录", response_model=TokenResponse)
async def sign_in(body: TokenRequest, runtime: CurrentRuntime, client: CurrentClient) -> TokenResponse:
    """Sign in with a user name or a person's account and a password, or as a service with its client secret.

    Where a second factor is in force, `code` is needed as well: without it the answer to a right password is 401
    `second_factor_required`. Where a role needs one that is not in force yet, the token opens POST /auth/totp only.
    Repeated failures lock an account for a time that grows from 2 seconds to 15 minutes. The answer to a
    wrong name, a wrong password and a locked account is the same.
    """
    given = body.model_dump(exclude_none=True)
    if given.keys() - {"code"} == {"username", "password"}:
        token = await service.sign_in(
            runtime, client, given["username"], given["password"], given.get("code")
        )
    elif given.keys() == {"client_id", "client_secret"}:
        token = await service.sign_in_service(runtime, client, given["client_id"], given["client_secret"])
    elif given.keys() == {"account", "password"}:
        token = service.token_of(
            runtime, await accounts.sign_in(runtime, client, given["account"], given["password"])
        )
    else:
        raise InvalidInput.field(
            _missing(given),
            "credentials_incomplete",
            "请提供 username (或居民的 account) 和 password, 或 client_id 和 client_secret",
            "Give username and password, account and password (a person), or client_id and client_secret",
        )
    return token_response(runtime, token)


def _missing(given: Container[str]) -> str:
    """Return where the first value is missing, or the whole body where values of several callers stand together."""
    wanted = ("client_id", "client_secret") if "client_id" in given or "client_secret" in given else ()
    for name in wanted or (("account" if "account" in given else "username"), "password"):
        if name not in given:
            return f"/{name}"
    return ""


@router.post("/auth/refresh", summary="Renew a sign-in 刷新登录", response_model=TokenResponse)
async def refresh(
    body: RefreshRequest,
    runtime: CurrentRuntime,
    client: CurrentClient,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=16,
            max_length=200,
            description="optional, random: with the same one a request whose answer was lost may be repeated"
            " within 60 seconds",
        ),
    ] = None,
) -> TokenResponse:
    """Exchange a refresh token for the next access token and the next refresh token.

    Each works once. One that was exchanged before ends the session: it was stolen, or its thief was faster. The
    answer to one that is unknown, used or over is the same.
    """
    return token_response(
        runtime, await service.refresh(runtime, client, body.refresh_token, idempotency_key)
    )


def token_response(runtime: Runtime, token: Token) -> TokenResponse:
    """Return the answer of a sign-in or its renewal."""
    opened = token.opened
    lasts = runtime.issuer.lifetime_seconds
    if opened is not None:
        left = int((opened.session.expires_at - datetime.now(UTC)).total_seconds())
        lasts = max(0, min(lasts, left))
    return TokenResponse(
        access_token=token.text,
        expires_in=lasts,
        password_change_required=token.password_change_required,
        second_factor_enrolment_required=token.second_factor_enrolment_required,
        refresh_token=opened.refresh_token if opened else None,
        session_id=opened.session.id if opened else None,
        session_expires_at=opened.session.expires_at if opened else None,
    )


@router.post("/auth/password", status_code=204, summary="Set one's own password 修改密码")
async def change_password(
    body: PasswordChange, caller: Caller, runtime: CurrentRuntime, client: CurrentClient
) -> None:
    """Replace one's own password; every other session ends. The only thing a first sign-in may do: sign in again
    afterwards."""
    if caller.kind not in ("staff", "setup"):
        raise Forbidden("staff_only", "只有工作人员账号有密码", "Only staff accounts have a password")
    await service.change_password(runtime, client, caller.subject, caller.session, body.current, body.new)


@router.get("/auth/me", summary="Who am I 我的账号", response_model=Me)
async def me(caller: Caller, runtime: CurrentRuntime) -> Me:
    """Return the caller's account, roles with areas, and the scopes they give."""
    if caller.kind == "setup":
        raise Forbidden("password_change_required", "请先设置新密码", "Set a new password first")
    if caller.kind == "person":
        raise Forbidden("staff_only", "居民请使用 /me", "Persons read GET /me")
    if caller.kind == "service":
        return Me(
            id=caller.subject,
            kind=caller.kind,
            name=caller.name,
            display_name=None,
            district=runtime.settings.district,
            assignments=[],
            scopes=sorted(SERVICE_SCOPES.get(caller.name, frozenset())),
        )
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        member = await find(tx, caller.subject)
        assignments = await rights(tx, caller.subject)
        taken = await duties(tx, caller.subject)
        names = await names_of(tx, [each.acting_for for each in taken if each.acting_for])
    if not member.active or member.must_change_password:
        raise Unauthenticated(
            "account_closed", "账号已停用或需重设密码", "The account is closed or was reset"
        )
    return Me(
        id=member.id,
        kind=caller.kind,
        name=member.username,
        display_name=member.display_name,
        district=runtime.settings.district,
        assignments=[
            MyAssignment(role=a.role, area=a.area.value, valid_from=a.first_day, valid_to=a.last_day)
            for a in member.assignments
        ],
        duties=[
            MyDuty(
                role=each.role_in_area.role,
                area=each.role_in_area.area.value,
                valid_from=each.role_in_area.first_day,
                valid_to=each.role_in_area.last_day,
                acting_for=each.acting_for,
                acting_for_name=names.get(each.acting_for, ""),
            )
            for each in taken
            if each.acting_for
        ],
        scopes=sorted(grants_at(assignments, runtime.clock.now()).by_scope),
    )


@router.get("/.well-known/jwks.json", summary="Keys that tokens are checked with 公钥")
async def jwks(response: Response, runtime: CurrentRuntime) -> dict[str, Any]:
    """Return the public keys (RFC 7517)."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return runtime.issuer.public_keys()
