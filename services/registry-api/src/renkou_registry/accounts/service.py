"""Persons' accounts: opened by a worker, activated and used by the person.

Real time throughout, as for staff: the domain's clock may be moved, throttling and codes not. Signing in
looks past the areas (there is no caller yet), everything else goes by the worker's area.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound, Unauthenticated
from renkou_common.http.caller import Client
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.accounts import repository
from renkou_registry.accounts.domain import CODE_VALID, new_account_number, new_code, normalise_code
from renkou_registry.accounts.repository import Account
from renkou_registry.auth.domain import check_new_password, lock_after
from renkou_registry.auth.passwords import hash_password, verify_password
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.runtime import Runtime
from renkou_registry.sessions import service as sessions
from renkou_registry.sessions.domain import Ending
from renkou_registry.sessions.service import Opened as SessionOpened
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account as SignInAccount
from renkou_registry.sign_in_events.domain import Outcome

_ATTEMPTS_AT_ONCE = asyncio.Semaphore(1)
"""An attempt holds a database connection while the secret is checked. Apart from those of staff, whom strangers that
guess at accounts do not hold up; both together leave a connection to others where a process has four, as shipped."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What the worker hands to the person, on paper; the code is not kept."""

    account: Account
    code: str


def _refused() -> Unauthenticated:
    return Unauthenticated(
        "sign_in_failed",
        "账号、验证码或密码不正确, 或因连续失败暂时锁定",
        "The account, code or password is wrong, or the account is locked for a while after failures",
    )


async def open_for(runtime: Runtime, tx: Transaction, access: Access, person_id: UUID) -> Opened:
    """Open the person's account, or give a new one-time code for it; raises NotFound, Conflict.

    The person stands before the worker and has shown a document. A code given before ends.
    """
    row = await persons.find(tx, person_id, access.areas)
    if not row["alive"]:
        raise Conflict("not_alive", "已登记死亡, 不能开通账号", "an account is not opened after death")
    code = new_code()
    await repository.open_account(
        tx,
        new_id(),
        person_id,
        new_account_number(),
        await hash_password(code),
        CODE_VALID,
        runtime.clock.now(),
        access.subject,
    )
    account = await repository.of_person(tx, person_id)
    assert account is not None
    return Opened(account, code)


async def of_person(tx: Transaction, access: Access, person_id: UUID) -> Account:
    """Return a person's account; raises NotFound."""
    await persons.find(tx, person_id, access.areas)
    account = await repository.of_person(tx, person_id)
    if account is None:
        raise NotFound.of("居民账号", "account of the person")
    return account


async def close(runtime: Runtime, tx: Transaction, access: Access, person_id: UUID) -> None:
    """Close a person's account, at the person's wish; raises NotFound."""
    account = await of_person(tx, access, person_id)
    await repository.close(tx, account.id)
    await _end_sessions(runtime, tx, account, Ending.ACCOUNT_CHANGED)


async def activate(runtime: Runtime, client: Client, number: str, code: str, password: str) -> None:
    """Set the password the person chose; raises Unauthenticated, InvalidInput for a weak password."""
    check_new_password(password, number, "/password")
    async with _ATTEMPTS_AT_ONCE, runtime.database.transaction(AreaScope.everything()) as tx:
        found = await repository.by_number(tx, number)
        stored = found.code_hash if found and not found.code_expired else None
        good = await _proves(tx, found, stored, normalise_code(code), client)
        if good and found is not None:
            await repository.set_password(tx, found.id, await hash_password(password))
            named = SignInAccount("person", found.id, found.account)
            await sign_in_events.note(tx, Outcome.PASSWORD_SET, named, client)
            await _end_sessions(runtime, tx, found, Ending.PASSWORD_CHANGED)
    if not good:
        raise _refused()


async def sign_in(runtime: Runtime, client: Client, number: str, password: str) -> SessionOpened:
    """Open a session for a person; raises Unauthenticated, the same for every reason."""
    opened: SessionOpened | None = None
    async with _ATTEMPTS_AT_ONCE, runtime.database.transaction(AreaScope.everything()) as tx:
        found = await repository.by_number(tx, number)
        if await _proves(tx, found, found.password_hash if found else None, password, client) and found:
            named = SignInAccount("person", found.id, found.account)
            limits = sessions.limits_of(runtime.settings)
            opened = await sessions.open_session(tx, limits, named, client)
    if opened is None:
        raise _refused()
    return opened


async def _proves(
    tx: Transaction, found: Account | None, stored: str | None, given: str, client: Client
) -> bool:
    """Check a secret, count and note the failure; a locked or closed account never proves."""
    good = await verify_password(stored, given)
    if found is None:
        await sign_in_events.note(tx, Outcome.FAILED, SignInAccount("person"), client)
        return False
    named = SignInAccount("person", found.id, found.account)
    if found.locked or not found.active:
        await sign_in_events.note(tx, Outcome.REFUSED, named, client)
        return False
    if not good:
        locked_for = lock_after(found.failed_attempts + 1)
        await repository.note_failure(tx, found.id, locked_for)
        await sign_in_events.note(tx, Outcome.LOCKED if locked_for else Outcome.FAILED, named, client)
        return False
    await repository.note_success(tx, found.id)
    return True


async def is_open(tx: Transaction, account_id: UUID) -> bool:
    """Say whether a person may go on with this account."""
    found = await repository.by_id(tx, account_id)
    return found is not None and found.active and found.password_hash is not None


async def _end_sessions(runtime: Runtime, tx: Transaction, account: Account, why: Ending) -> None:
    await sessions.end(tx, runtime.outbox, sessions.limits_of(runtime.settings), account.id, why)


async def person_of(tx: Transaction, account_id: UUID) -> UUID:
    """Return the person of an account in force; raises Unauthenticated."""
    found = await repository.by_id(tx, account_id)
    if found is None or not found.active or found.password_hash is None:
        raise Unauthenticated("account_closed", "账号已停用", "The account is closed")
    return found.person_id
