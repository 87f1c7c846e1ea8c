"""Signing in and setting a password. Real time throughout; the domain's clock may be moved, this one not."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput, Unauthenticated
from renkou_common.scope import AreaScope
from renkou_registry.auth import repository
from renkou_registry.auth.domain import check_new_password, lock_after
from renkou_registry.auth.passwords import hash_password, verify_password
from renkou_registry.auth.repository import Credentials
from renkou_registry.runtime import Runtime

_ATTEMPTS_AT_ONCE = asyncio.Semaphore(3)
"""An attempt holds a database connection while the password is checked; the rest of the pool stays free."""


@dataclass(frozen=True, slots=True)
class Token:
    """A new access token."""

    text: str
    password_change_required: bool


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "sign_in_failed",
        "用户名或密码不正确, 或因连续失败暂时锁定",
        "The name or the secret is wrong, or the account is locked for a while after failures",
    )


async def sign_in(runtime: Runtime, username: str, password: str) -> Token:
    """Return a token for a member of staff; raises Unauthenticated, the same for every reason."""
    account: Credentials | None = None
    async with _ATTEMPTS_AT_ONCE, runtime.database.transaction(AreaScope.nothing()) as tx:
        found = await repository.credentials_of_username(tx, username)
        if await _proves(tx, found, password) and found is not None and found.active:
            account = found
    if account is None:
        raise _refused()
    kind = "setup" if account.must_change_password else "staff"
    text = runtime.issuer.issue(account.id, kind, account.username)
    return Token(text, account.must_change_password)


async def _proves(tx: Transaction, account: Credentials | None, password: str) -> bool:
    """Check a password under the account's row lock and count the failure; a locked account never proves."""
    good = await verify_password(account.password_hash if account else None, password)
    if account is None or account.locked:
        return False
    if not good:
        await repository.note_failure(tx, account.id, lock_after(account.failed_attempts + 1))
        return False
    await repository.note_success(tx, account.id)
    return True


async def sign_in_service(runtime: Runtime, client_id: str, secret: str) -> Token:
    """Return a token for a service of this node; raises Unauthenticated."""
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        client = await repository.service_client(tx, client_id)
    if not await verify_password(client[1] if client else None, secret) or client is None:
        raise _refused()
    return Token(runtime.issuer.issue(client[0], "service", client_id), False)


async def change_password(runtime: Runtime, staff_id: UUID, current: str, new: str) -> None:
    """Set the password the holder chose.

    Raises Unauthenticated where the current one is wrong (counted as a failed sign-in), InvalidInput where
    the new one breaks the rules.
    """
    async with _ATTEMPTS_AT_ONCE:
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            account = await repository.credentials_of_id(tx, staff_id, lock=True)
            proven = await _proves(tx, account, current)
        if account is None or not proven or not account.active:
            raise _refused()
        check_new_password(new, account.username, "/new")
        if new == current:
            raise InvalidInput.field(
                "/new", "password_unchanged", "新密码不能与原密码相同", "the new password is the current one"
            )
        password_hash = await hash_password(new)
        async with runtime.database.transaction(AreaScope.nothing()) as tx:
            await repository.set_password(tx, account.id, password_hash)
