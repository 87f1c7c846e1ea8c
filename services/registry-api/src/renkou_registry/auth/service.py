"""Signing in and setting a password. Real time throughout; the domain's clock may be moved, this one not."""

import asyncio
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput, Unauthenticated
from renkou_common.http.caller import Client
from renkou_common.identity.tokens import refused as refused_token
from renkou_common.scope import AreaScope
from renkou_registry.accounts import service as accounts
from renkou_registry.auth import repository
from renkou_registry.auth.domain import check_new_password, lock_after
from renkou_registry.auth.passwords import hash_password, verify_password
from renkou_registry.auth.repository import Credentials
from renkou_registry.runtime import Runtime
from renkou_registry.second_factor import service as second_factor
from renkou_registry.sessions import service as sessions
from renkou_registry.sessions.domain import Ending, Session
from renkou_registry.sessions.service import Opened
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account, Outcome
from renkou_registry.staff import service as staff

_ATTEMPTS_AT_ONCE = asyncio.Semaphore(2)
"""An attempt holds a database connection while the password is checked; the rest of the pool stays free. No more than
passwords are checked at once."""


@dataclass(frozen=True, slots=True)
class Token:
    """A new access token, and the session it belongs to, where it belongs to one."""

    text: str
    password_change_required: bool = False
    second_factor_enrolment_required: bool = False
    opened: Opened | None = None


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "sign_in_failed",
        "用户名或密码不正确, 或因连续失败暂时锁定",
        "The name or the secret is wrong, or the account is locked for a while after failures",
    )


def token_of(runtime: Runtime, opened: Opened) -> Token:
    """Return an access token of a session; it ends with the session at the latest."""
    session = opened.session
    text = runtime.issuer.issue(
        session.subject,
        session.kind,
        session.name,
        session=session.id,
        not_after=session.expires_at.timestamp(),
    )
    return Token(text, opened=opened)


async def sign_in(
    runtime: Runtime, client: Client, username: str, password: str, code: str | None = None
) -> Token:
    """Return a token for a member of staff.

    Raises Unauthenticated: the same for every reason, but where the password is right and a code is missing
    (``second_factor_required``). A wrong code counts as a wrong password does.
    """
    token: Token | None = None
    refusal = _refused()
    async with _ATTEMPTS_AT_ONCE, runtime.database.transaction(AreaScope.nothing()) as tx:
        found = await repository.credentials_of_username(tx, username)
        if await _proves(tx, found, password, client) and found is not None:
            if await second_factor.in_force(tx, found.id) and code is None:
                refusal = _code_required()
            elif await _second_proves(runtime, tx, found, code, client):
                await repository.note_success(tx, found.id)
                token = await _signed_in(runtime, tx, found, client)
    if token is None:
        raise refusal
    return token


def _code_required() -> Unauthenticated:
    return Unauthenticated(
        "second_factor_required",
        "请同时提供验证器中的 6 位验证码或恢复码 (code)",
        "Give the authenticator's six digits or a recovery code (code) as well",
    )


async def _second_proves(
    runtime: Runtime, tx: Transaction, account: Credentials, code: str | None, client: Client
) -> bool:
    """Check the code where the account has a second factor; count and note the failure."""
    if not await second_factor.in_force(tx, account.id):
        return True
    if code is not None and await second_factor.proves(tx, runtime.cipher, account.id, code):
        return True
    await _note_failure(tx, account, client)
    return False


async def sign_in_vouched(
    runtime: Runtime,
    tx: Transaction,
    client: Client,
    staff_id: UUID,
    code: str | None,
    *,
    two_factors: bool,
) -> Token | None:
    """Return a token for an account whose holder a provider has identified, by ``two_factors`` or by one; None for
    an account that is closed or a wrong code, noted and counted.

    Raises Unauthenticated (``second_factor_required``) where our own second factor is still to be given. A lock
    that somebody's guesses at the password have put on the account keeps out guesses at the code, nothing else. A
    one-time password ends: the account is in its holder's hands.
    """
    account = await repository.credentials_of_id(tx, staff_id, lock=True)
    if account is None:
        return None
    named = Account("staff", account.id, account.username)
    ours = not two_factors and await second_factor.in_force(tx, account.id)
    if ours and code is None and account.active:
        raise _code_required()
    if not account.active or (ours and account.locked):
        await sign_in_events.note(tx, Outcome.REFUSED, named, client)
        return None
    if ours:
        if not await _second_proves(runtime, tx, account, code, client):
            return None
        await _forget_failures(tx, account, code)
    await sign_in_events.note(tx, Outcome.PROVIDER_PROVED, named, client)
    if account.must_change_password:
        await repository.set_password(tx, account.id, await hash_password(token_urlsafe(32)))
        account = replace(account, must_change_password=False)
    return await _signed_in(runtime, tx, account, client, two_factors=two_factors)


async def _signed_in(
    runtime: Runtime, tx: Transaction, account: Credentials, client: Client, *, two_factors: bool = False
) -> Token:
    named = Account("staff", account.id, account.username)
    if account.must_change_password:
        await sign_in_events.note(tx, Outcome.FIRST_SIGN_IN, named, client)
        return Token(runtime.issuer.issue(account.id, "setup", account.username), True)
    if not two_factors and await _lacks_factor(runtime, tx, account.id):
        await sign_in_events.note(tx, Outcome.FACTOR_MISSING, named, client)
        setup = runtime.issuer.issue(account.id, "setup", account.username)
        return Token(setup, second_factor_enrolment_required=True)
    proved = two_factors or await second_factor.in_force(tx, account.id)
    limits = sessions.limits_of(runtime.settings)
    return token_of(runtime, await sessions.open_session(tx, limits, named, client, two_factors=proved))


async def _lacks_factor(runtime: Runtime, tx: Transaction, staff_id: UUID) -> bool:
    """Say whether the account needs a second factor and none is in force."""
    return await _needs_factor(runtime, tx, staff_id) and not await second_factor.in_force(tx, staff_id)


async def _needs_factor(runtime: Runtime, tx: Transaction, staff_id: UUID) -> bool:
    """Say whether the account has a role that needs a second factor, or exercises it for somebody on leave."""
    needed = runtime.settings.roles_with_second_factor
    return bool(needed) and not needed.isdisjoint(await staff.roles_of(tx, staff_id))


async def _proves(tx: Transaction, account: Credentials | None, password: str, client: Client) -> bool:
    """Check a password under the account's row lock, count and note the failure; an account that is locked or
    closed never proves. Who goes on forgets the failures before, once everything is proven."""
    good = await verify_password(account.password_hash if account else None, password)
    if account is None:
        await sign_in_events.note(tx, Outcome.FAILED, Account("staff"), client)
        return False
    if account.locked or not account.active:
        named = Account("staff", account.id, account.username)
        await sign_in_events.note(tx, Outcome.REFUSED, named, client)
        return False
    if not good:
        await _note_failure(tx, account, client)
    return good


async def _note_failure(tx: Transaction, account: Credentials, client: Client) -> None:
    locked_for = lock_after(account.failed_attempts + 1)
    await repository.note_failure(tx, account.id, locked_for)
    outcome = Outcome.LOCKED if locked_for else Outcome.FAILED
    await sign_in_events.note(tx, outcome, Account("staff", account.id, account.username), client)


async def prove_again(
    runtime: Runtime, client: Client, staff_id: UUID, password: str, code: str | None = None
) -> Credentials:
    """Return the caller's account once the password (and the ``code``, where one is given) is proven once more;
    raises Unauthenticated. Failures count as those of a sign-in."""
    async with _ATTEMPTS_AT_ONCE, runtime.database.transaction(AreaScope.nothing()) as tx:
        account = await repository.credentials_of_id(tx, staff_id, lock=True)
        good = await _proves(tx, account, password, client)
        if good and account is not None and code is not None:
            good = await second_factor.proves(tx, runtime.cipher, account.id, code)
            if not good:
                await _note_failure(tx, account, client)
        if good and account is not None:
            await _forget_failures(tx, account, code)
    if account is None or not good:
        raise _refused()
    return account


async def _forget_failures(tx: Transaction, account: Credentials, code: str | None = None) -> None:
    """Forget failed attempts, once everything is proven that a sign-in asks for: whoever has the password alone
    does not get more guesses at the code by showing it."""
    if code is not None or not await second_factor.in_force(tx, account.id):
        await repository.note_success(tx, account.id)


async def confirm_factor(
    runtime: Runtime, client: Client, staff_id: UUID, session: UUID | None, code: str
) -> list[str] | None:
    """Put an enrolment in force by its first code; return the recovery codes, None for a wrong code, which counts as
    a wrong password does. Raises Unauthenticated where the account is locked or closed, Conflict without enrolment."""
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        account = await repository.credentials_of_id(tx, staff_id, lock=True)
        if account is not None and account.active and not account.locked:
            named = Account("staff", account.id, account.username)
            codes = await second_factor.confirm(tx, runtime.cipher, staff_id, code)
            if codes is None:
                await _note_failure(tx, account, client)
                return None
            await repository.note_success(tx, account.id)
            await sign_in_events.note(tx, Outcome.FACTOR_ENROLLED, named, client, session_id=session)
            if session is not None:
                await sessions.note_factors(tx, staff_id, session, two_factors=True)
            return codes
        if account is not None:
            named = Account("staff", account.id, account.username)
            await sign_in_events.note(tx, Outcome.REFUSED, named, client)
    raise _refused()


async def sign_in_service(runtime: Runtime, client: Client, client_id: str, secret: str) -> Token:
    """Return a token for a service of this node; raises Unauthenticated."""
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        found = await repository.service_client(tx, client_id)
    good = await verify_password(found[1] if found else None, secret)
    if not good and found is not None and found[2] is not None:
        good = await verify_password(found[2], secret)
    named = Account("service", found[0], client_id) if found else Account("service")
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        await sign_in_events.note(tx, Outcome.SIGNED_IN if good else Outcome.FAILED, named, client)
    if not good or found is None:
        raise _refused()
    return Token(runtime.issuer.issue(found[0], "service", client_id))


async def refresh(runtime: Runtime, client: Client, refresh_token: str, attempt: str | None) -> Token:
    """Return the next access token and refresh token of a session; raises Unauthenticated.

    The account has to be as good as for a sign-in; where it is not, its sessions end. A session that was opened by
    one factor ends where a role asks for two by now (``second_factor_required``).
    """
    limits, ending = sessions.limits_of(runtime.settings), None
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        renewal = await sessions.renew(tx, runtime.outbox, limits, refresh_token, attempt, client)
        opened = renewal.opened
        if opened is not None:
            session = opened.session
            ending = await _must_end(runtime, tx, session)
            if ending is not None:
                only = session.id if ending is Ending.FACTOR_NEEDED else None
                await sessions.end(tx, runtime.outbox, limits, session.subject, ending, client, only=only)
    if ending is Ending.FACTOR_NEEDED:
        raise _factor_needed_by_now()
    if opened is None or ending is not None:
        raise refused_token()
    return token_of(runtime, opened)


def _factor_needed_by_now() -> Unauthenticated:
    return Unauthenticated(
        "second_factor_required",
        "本账号的角色现需二次验证: 请重新登录, 未启用的请在登录后启用",
        "A role of this account needs a second factor by now: sign in again, and enrol one where none is in force",
    )


async def _must_end(runtime: Runtime, tx: Transaction, session: Session) -> Ending | None:
    """Say why a session is not to be renewed; None where its account is as good as for a sign-in."""
    if session.kind == "person":
        return None if await accounts.is_open(tx, session.subject) else Ending.ACCOUNT_CHANGED
    account = await repository.credentials_of_id(tx, session.subject)
    if account is None or not account.active or account.must_change_password:
        return Ending.ACCOUNT_CHANGED
    if not session.two_factors and await _needs_factor(runtime, tx, session.subject):
        return Ending.FACTOR_NEEDED
    return None


async def change_password(
    runtime: Runtime, client: Client, staff_id: UUID, session: UUID | None, current: str, new: str
) -> None:
    """Set the password the holder chose; their other sessions end, ``session`` goes on.

    Raises Unauthenticated where the current one is wrong (counted as a failed sign-in), InvalidInput where
    the new one breaks the rules.
    """
    async with _ATTEMPTS_AT_ONCE:
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            account = await repository.credentials_of_id(tx, staff_id, lock=True)
            proven = await _proves(tx, account, current, client)
            if proven and account is not None:
                await _forget_failures(tx, account)
        if account is None or not proven or not account.active:
            raise _refused()
        check_new_password(new, account.username, "/new")
        if new == current:
            raise InvalidInput.field(
                "/new", "password_unchanged", "新密码不能与原密码相同", "the new password is the current one"
            )
        password_hash = await hash_password(new)
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            now = await repository.credentials_of_id(tx, staff_id, lock=True)
            if now is None or not now.active or now.password_hash != account.password_hash:
                raise _refused()  # an administrator has come between
            await repository.set_password(tx, account.id, password_hash)
            named = Account("staff", account.id, account.username)
            await sign_in_events.note(tx, Outcome.PASSWORD_SET, named, client, session_id=session)
            await sessions.end(
                tx,
                runtime.outbox,
                sessions.limits_of(runtime.settings),
                account.id,
                Ending.PASSWORD_CHANGED,
                client,
                but=session,
            )
