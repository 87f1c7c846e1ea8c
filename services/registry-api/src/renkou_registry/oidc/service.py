"""Signing in by a provider, and which account a provider's name stands for. Real time throughout."""

from hashlib import sha256
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound, Unauthenticated
from renkou_common.http.caller import Client
from renkou_common.scope import AreaScope
from renkou_registry.auth import service as auth
from renkou_registry.auth.service import Token
from renkou_registry.oidc import repository
from renkou_registry.oidc.domain import FRESH_SECONDS, nonce_of
from renkou_registry.oidc.provider import Provider, refused
from renkou_registry.oidc.repository import Link
from renkou_registry.runtime import Runtime
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account, Outcome
from renkou_registry.staff import service as staff
from renkou_registry.staff.domain import StaffMember

_FORGET_SECONDS = 4 * FRESH_SECONDS


def provider_of(runtime: Runtime) -> Provider:
    """Return the provider that the settings name; raises NotFound where there is none."""
    if runtime.provider is None:
        raise NotFound.of("统一身份认证", "provider of sign-ins")
    return runtime.provider


async def sign_in(
    runtime: Runtime, client: Client, id_token: str, nonce_secret: str, code: str | None
) -> Token:
    """Return a token for the member of staff for whom the provider vouches.

    Raises Unauthenticated: the same for every reason, but where all is right and our second factor is asked for
    (``second_factor_required``); then the same ID token is good once more.
    """
    provider = provider_of(runtime)
    nonce = nonce_of(nonce_secret)
    try:
        vouched = await provider.verify(id_token, nonce)
    except Unauthenticated as error:
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            await sign_in_events.note(tx, Outcome.FAILED, Account("staff"), client)
        raise refused() from error
    once = sha256(f"{provider.issuer} {nonce}".encode()).digest()
    token: Token | None = None
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        staff_id = await repository.account_of(tx, provider.issuer, vouched.subject)
        if staff_id is None:
            await sign_in_events.note(tx, Outcome.FAILED, Account("staff"), client)
        elif await repository.is_used(tx, once):
            member = await staff.find(tx, staff_id)
            named = Account("staff", staff_id, member.username)
            await sign_in_events.note(tx, Outcome.PROVIDER_REPLAYED, named, client)
        else:
            token = await auth.sign_in_vouched(
                runtime, tx, client, staff_id, code, two_factors=vouched.two_factors
            )
            if token is not None:
                await repository.use(tx, once, _FORGET_SECONDS)
    if token is None:
        raise refused()
    return token


async def link_of(tx: Transaction, staff_id: UUID, issuer: str) -> Link | None:
    """Return an account's link with a provider."""
    return await repository.of_account(tx, staff_id, issuer)


async def link(
    tx: Transaction, member: StaffMember, issuer: str, subject: str, by: UUID, client: Client | None = None
) -> None:
    """Link an account with a provider's name for its holder; raises Conflict where one of them has another link."""
    if await repository.insert(tx, member.id, issuer, subject, by):
        named = Account("staff", member.id, member.username)
        await sign_in_events.note(tx, Outcome.PROVIDER_LINKED, named, client, done_by=by)
        return
    found = await repository.of_account(tx, member.id, issuer)
    if found is None or found.subject != subject:
        raise Conflict(
            "identity_linked",
            "该账号或该身份已有关联, 请先解除",
            "The account, or this name of the provider's, is linked already; end that link first",
        )


async def unlink(tx: Transaction, member: StaffMember, issuer: str, by: UUID, client: Client) -> None:
    """End an account's link; raises NotFound."""
    if not await repository.delete(tx, member.id, issuer):
        raise NotFound.of("统一身份认证关联", "link with the provider")
    named = Account("staff", member.id, member.username)
    await sign_in_events.note(tx, Outcome.PROVIDER_UNLINKED, named, client, done_by=by)
