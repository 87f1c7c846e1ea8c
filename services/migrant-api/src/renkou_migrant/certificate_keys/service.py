"""Which certificate keys are compromised, and declaring one so."""

from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_migrant.certificate_keys import repository
from renkou_migrant.certificate_keys.repository import Compromise
from renkou_migrant.runtime import Runtime


async def compromised(tx: Transaction) -> frozenset[str]:
    """Return the names of keys that never sign again and that nothing is believed of."""
    return frozenset(one.kid for one in await repository.compromises(tx))


async def compromises(tx: Transaction) -> dict[str, Compromise]:
    """Return the declarations by the keys' names."""
    return {one.kid: one for one in await repository.compromises(tx)}


async def declare(tx: Transaction, runtime: Runtime, kid: str, reason: str, by: UUID) -> None:
    """Declare a key of this district compromised, for good.

    The caller ends what it signed (``status_lists.service.end_signed_with``) in the same transaction. Raises
    NotFound for a key that is not this district's, Conflict where it was declared before.
    """
    if kid not in {key.kid for key in runtime.certificate_keys}:
        raise NotFound.of("签发密钥", "certificate key")
    if not await repository.declare(tx, Compromise(kid, reason, runtime.clock.now(), by)):
        raise Conflict(
            "key_compromised", "该密钥已宣布泄露", "This key has been declared compromised already"
        )
    runtime.verification.forget()
