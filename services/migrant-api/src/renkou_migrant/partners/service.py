"""Whom this district knows, and how it describes itself to be known."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.credentials.jws import sign_compact
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.trust import TrustList, describe_district, key_entry, verify_trust_list
from renkou_migrant.partners import repository
from renkou_migrant.partners.repository import StoredTrustList
from renkou_migrant.runtime import Runtime

DESCRIPTION_TYPE = "district-description+jwt"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=SHANGHAI)


async def trust_list(tx: Transaction, runtime: Runtime) -> TrustList | None:
    """Return the trust list accepted last, None before the first; verified again when it is a new one."""
    stored = await repository.accepted(tx)
    if stored is None:
        return None
    cached = runtime.trust.current
    if cached is None or (cached.sequence, cached.digest) != (stored.sequence, stored.digest):
        token = await repository.token(tx)
        if token is None:
            return None
        runtime.trust.current = cached = verify_trust_list(token, runtime.anchor)
    return cached


async def certificate_trust(tx: Transaction, runtime: Runtime) -> TrustList | None:
    """Return the trust list to verify certificates with: own keys declared compromised are taken out of it,
    whether or not it still names them."""
    found = await trust_list(tx, runtime)
    return found and found.without(str(runtime.district), await certificate_keys.compromised(tx))


async def trust_list_token(tx: Transaction) -> str | None:
    """Return the trust list accepted last as it was signed."""
    return await repository.token(tx)


async def accept_trust_list(tx: Transaction, runtime: Runtime, token: str, by: UUID) -> TrustList:
    """Verify a list with the anchor and keep it; raises InvalidInput or, for an older one, Conflict."""
    stored = await repository.accepted(tx, lock=True)
    try:
        found = verify_trust_list(
            token,
            runtime.anchor,
            accepted_sequence=stored.sequence if stored else 0,
            accepted_digest=stored.digest if stored else None,
        )
    except CredentialError as error:
        raise _refused(error) from error
    written = await repository.accept(
        tx, StoredTrustList(found.sequence, found.digest), token, runtime.clock.now(), by
    )
    if not written:
        raise _refused(CredentialError(Reason.LIST_ROLLED_BACK))
    return found


def own_description(
    runtime: Runtime, compromised: Collection[str] = frozenset()
) -> tuple[dict[str, Any], str]:
    """Return this district's description for the trust list, and the same signed by its exchange key.

    It leaves out compromised keys; raises Conflict where no certificate key remains.
    """
    own = [key.entry() for key in runtime.certificate_keys if key.kid not in compromised]
    if not own:
        raise Conflict(
            "certificate_key_missing", "没有可用的签发密钥", "There is no certificate key that may be used"
        )
    settings, keys = runtime.settings, runtime.exchange_keys
    description = describe_district(
        code=settings.district,
        name_zh=settings.district_name_zh or settings.district,
        name_en=settings.district_name_en or settings.district,
        certificate_keys=own,
        exchange_signing_keys=[_entry(key.public.to_jwk()) for key in keys.signing],
        exchange_encryption_keys=[
            _entry({**key.as_dict(private=False), "kid": kid, "use": "enc"})
            for kid, key in keys.encryption.items()
        ],
    )
    return description, sign_compact(orjson.dumps(description), key=keys.signer, type=DESCRIPTION_TYPE)


def _entry(jwk: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: value for name, value in jwk.items() if isinstance(value, str)}
    return key_entry(texts, _LONG_AGO)


def _refused(error: CredentialError) -> InvalidInput | Conflict:
    if error.reason in (Reason.LIST_ROLLED_BACK, Reason.LIST_CONFLICT):
        return Conflict(error.reason.value, error.reason.zh, error.reason.en)
    return InvalidInput.field("/trust_list", error.reason.value, error.reason.zh, error.reason.en)
