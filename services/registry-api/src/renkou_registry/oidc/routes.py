"""HTTP of signing in by a provider and of the links that administrators make."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from renkou_common.database import Transaction
from renkou_common.http.caller import CurrentClient
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.approvals import service as approvals
from renkou_registry.approvals.domain import Approval, ApprovalKind
from renkou_registry.auth.routes import token_response
from renkou_registry.auth.schemas import TokenResponse
from renkou_registry.oidc import service
from renkou_registry.oidc.schemas import IdentityIn, IdentityOut, ProviderOut, ProviderSignIn
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.sessions import service as sessions
from renkou_registry.sessions.domain import Ending
from renkou_registry.staff import service as staff

router = APIRouter(tags=["auth 登录"])
Manager = Annotated[Access, Depends(requires(Scope.STAFF_MANAGE))]


@router.get(
    "/auth/oidc",
    summary="By which provider staff sign in 统一身份认证",
    response_model=ProviderOut,
    responses={404: {}},
)
async def read_provider(runtime: CurrentRuntime) -> ProviderOut:
    """Say which OpenID provider identifies staff, 404 where none does. A front end asks it for an ID token by the
    authorization code flow with PKCE, with a nonce that is the SHA-256 of a secret it keeps."""
    provider = service.provider_of(runtime)
    return ProviderOut(issuer=provider.issuer, client_id=provider.client_id)


@router.post("/auth/oidc", summary="Sign in by the provider 统一身份认证登录", response_model=TokenResponse)
async def sign_in(body: ProviderSignIn, runtime: CurrentRuntime, client: CurrentClient) -> TokenResponse:
    """Exchange an ID token for a session, as POST /auth/token does for a password.

    It is taken once, within five minutes, with the secret of its nonce. Rights come from the account that an
    administrator linked, never from the token. Where the provider asked for one factor only and the account has a
    second one, `code` is needed as well: 401 `second_factor_required`. Every other refusal has one answer.
    """
    token = await service.sign_in(runtime, client, body.id_token, body.nonce_secret, body.code)
    return token_response(runtime, token)


async def _awaiting(tx: Transaction, runtime: Runtime, staff_id: UUID) -> list[Approval]:
    found = await approvals.pending(tx, [staff_id], runtime.clock.now())
    return [each for each in found if each.kind is ApprovalKind.IDENTITY]


async def _answer(tx: Transaction, staff_id: UUID, issuer: str, awaiting: Sequence[Approval]) -> IdentityOut:
    found = await service.link_of(tx, staff_id, issuer)
    return IdentityOut(
        staff_id=staff_id,
        issuer=issuer,
        subject=found.subject if found else None,
        made_by=found.linked_by if found else None,
        made_at=found.linked_at if found else None,
        awaiting_approval=[each.id for each in awaiting],
    )


@router.get(
    "/staff/{staff_id}/identity", summary="An account's link 统一身份认证关联", response_model=IdentityOut
)
async def read_identity(staff_id: UUID, runtime: CurrentRuntime, access: Manager) -> IdentityOut:
    """Read by which name the provider knows the holder of an account; null where it is not linked. Needs
    `staff:manage`."""
    issuer = service.provider_of(runtime).issuer
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await staff.find(tx, staff_id)
        return await _answer(tx, staff_id, issuer, await _awaiting(tx, runtime, staff_id))


@router.put(
    "/staff/{staff_id}/identity", summary="Link an account 关联统一身份认证", response_model=IdentityOut
)
async def link(
    staff_id: UUID, body: IdentityIn, runtime: CurrentRuntime, access: Manager, client: CurrentClient
) -> IdentityOut:
    """Say by which name the provider knows the holder. A link is not changed: it is ended, and another one made.

    The account of somebody who manages accounts or audits is linked once a second person has agreed
    (`/approvals`). Needs `staff:manage`.
    """
    issuer, wanted = service.provider_of(runtime).issuer, body.model_dump()
    async with runtime.database.transaction(access.areas) as tx:
        member = await staff.locked(tx, staff_id)
        at_once = not await staff.is_guarded(tx, member)
        awaiting = await _awaiting(tx, runtime, staff_id)
        wanted["issuer"] = issuer
        linked = await service.link_of(tx, staff_id, issuer)
        if not at_once and linked is None and not any(each.wanted == wanted for each in awaiting):
            at_once = await approvals.ask(
                tx, ApprovalKind.IDENTITY, staff_id, wanted, access.subject, runtime.clock.now()
            )
        if at_once or linked is not None:
            await service.link(tx, member, issuer, body.subject, access.subject, client)
        return await _answer(tx, staff_id, issuer, await _awaiting(tx, runtime, staff_id))


@router.delete("/staff/{staff_id}/identity", status_code=204, summary="End a link 解除关联")
async def unlink(staff_id: UUID, runtime: CurrentRuntime, access: Manager, client: CurrentClient) -> None:
    """End an account's link with the provider, and the account's sessions. Needs `staff:manage`."""
    issuer, limits = service.provider_of(runtime).issuer, sessions.limits_of(runtime.settings)
    async with runtime.database.transaction(access.areas) as tx:
        member = await staff.locked(tx, staff_id)
        await service.unlink(tx, member, issuer, access.subject, client)
        ended = await sessions.end(
            tx, runtime.outbox, limits, staff_id, Ending.ACCOUNT_CHANGED, client, done_by=access.subject
        )
    for session_id in ended:
        runtime.sessions.forget(session_id)
