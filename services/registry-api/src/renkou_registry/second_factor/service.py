"""The second factor: enrolled, proved, taken away. The caller owns the transaction and has locked the account."""

import time
from base64 import b32encode
from dataclasses import dataclass
from uuid import UUID

import segno

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.caller import Client
from renkou_registry.runtime import Runtime
from renkou_registry.second_factor import repository
from renkou_registry.second_factor.domain import (
    RECOVERY_CODES,
    SEALED_AS,
    matching_step,
    new_recovery_code,
    new_secret,
    recovery_hash,
    uri_of,
)
from renkou_registry.second_factor.repository import Stored
from renkou_registry.sessions import service as sessions
from renkou_registry.sessions.domain import Ending
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account, Outcome


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the holder enters into the authenticator; shown once."""

    secret: str
    uri: str
    picture: str


async def find(tx: Transaction, staff_id: UUID) -> Stored | None:
    """Return an account's factor, in force or not yet."""
    return await repository.find(tx, staff_id)


async def in_force(tx: Transaction, staff_id: UUID) -> bool:
    """Say whether an account has a factor that was confirmed."""
    found = await repository.find(tx, staff_id)
    return found is not None and found.confirmed_at is not None


async def begin(
    tx: Transaction, cipher: FieldCipher, staff_id: UUID, username: str, issuer: str
) -> Enrolment:
    """Give an account a new secret, which counts once a code confirms it; raises Conflict where one counts."""
    secret = new_secret()
    if not await repository.put(tx, staff_id, cipher.seal(secret, SEALED_AS)):
        raise Conflict(
            "second_factor_in_force",
            "已启用二次验证, 更换请先停用",
            "A second factor is in force; take it away before enrolling another",
        )
    uri = uri_of(secret, username, issuer)
    picture = segno.make_qr(uri, error="m").svg_data_uri(scale=4)
    return Enrolment(b32encode(secret).decode(), uri, picture)


async def confirm(tx: Transaction, cipher: FieldCipher, staff_id: UUID, code: str) -> list[str] | None:
    """Put an enrolment in force by its first code; return the recovery codes, None for a wrong code."""
    found = await repository.find(tx, staff_id, lock=True)
    if found is None or found.confirmed_at is not None:
        raise Conflict("no_enrolment", "没有待确认的二次验证", "There is no enrolment to confirm")
    if not await _takes(tx, cipher, staff_id, found, code):
        return None
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    await repository.replace_recovery_codes(tx, staff_id, map(recovery_hash, codes))
    return codes


async def proves(tx: Transaction, cipher: FieldCipher, staff_id: UUID, code: str) -> bool:
    """Say whether a code is one of the authenticator that was not taken before, or an unused recovery code."""
    found = await repository.find(tx, staff_id, lock=True)
    if found is None or found.confirmed_at is None:
        return False
    if await _takes(tx, cipher, staff_id, found, code):
        return True
    return await repository.use_recovery_code(tx, staff_id, recovery_hash(code))


async def _takes(tx: Transaction, cipher: FieldCipher, staff_id: UUID, found: Stored, code: str) -> bool:
    secret = cipher.unseal(found.secret_sealed, SEALED_AS)
    step = matching_step(secret, code.strip(), time.time(), found.last_step)
    if step is None:
        return False
    await repository.take_step(tx, staff_id, step)
    return True


async def take_away(tx: Transaction, staff_id: UUID) -> bool:
    """Take an account's factor away; False where there is none."""
    return await repository.delete(tx, staff_id)


async def lift(
    tx: Transaction, runtime: Runtime, staff_id: UUID, username: str, by: UUID, client: Client | None = None
) -> None:
    """Take a factor away that its holder has lost, and end the account's sessions; raises NotFound."""
    if not await take_away(tx, staff_id):
        raise NotFound.of("二次验证", "second factor of the account")
    named, limits = Account("staff", staff_id, username), sessions.limits_of(runtime.settings)
    await sign_in_events.note(tx, Outcome.FACTOR_RESET, named, client, done_by=by)
    why = Ending.ACCOUNT_CHANGED
    for session_id in await sessions.end(tx, runtime.outbox, limits, staff_id, why, client, done_by=by):
        runtime.sessions.forget(session_id)
