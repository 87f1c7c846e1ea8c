"""Whom this district knows, and how it describes itself to be known.

Whose keys are whose is settled by the trust list. A partner that is in it may bring newer keys for the
exchange itself, in a description that one of its listed keys signed after the list was made; taking that key
off the list takes those keys away as well. Certificates are verified with the listed keys alone, as others do.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.ids import new_id
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.credentials.jws import VerifyingKey, sign_compact
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.trust import (
    TrustedDistrict,
    TrustList,
    describe_district,
    key_entry,
    verify_trust_list,
)
from renkou_migrant.exchange.contracts import VERSIONS
from renkou_migrant.message_log import service as message_log
from renkou_migrant.partners import description, repository
from renkou_migrant.partners.description import DESCRIPTION_TYPE, Description
from renkou_migrant.partners.repository import StoredDescription, StoredTrustList
from renkou_migrant.runtime import Runtime

_LONG_AGO = datetime(2000, 1, 1, tzinfo=SHANGHAI)


async def trust_list(tx: Transaction, runtime: Runtime) -> TrustList | None:
    """Return the trust list accepted last with newer keys of partners, None before the first list.

    Verified again when list or descriptions are new.
    """
    accepted = await repository.accepted_now(tx)
    if accepted is None:
        return None
    stored, described = accepted
    cached = runtime.trust.current
    known = (stored.sequence, stored.digest)
    if cached is None or (cached.sequence, cached.digest) != known or runtime.trust.described != described:
        token = await repository.token(tx)
        if token is None:
            return None
        listed = verify_trust_list(token, runtime.anchor)
        newer = await repository.newest_descriptions(tx) if described else []
        runtime.trust.current = cached = description.with_newer_keys(
            listed, [description.read(one.token) for one in newer]
        )
        runtime.trust.described = described
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
    await message_log.note_trust_list(tx, runtime.cipher, token, runtime.clock.now())
    runtime.verification.forget()
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
        kinds={kind.value: versions for kind, versions in runtime.understood.items()},
    )
    return description, sign_compact(orjson.dumps(description), key=keys.signer, type=DESCRIPTION_TYPE)


def signed_description(runtime: Runtime) -> Description:
    """Return this district's description for partners, made now."""
    settings, now = runtime.settings, runtime.clock.now().replace(microsecond=0)
    token = description.describe(
        own_description(runtime)[0],
        kinds={kind.value: versions for kind, versions in VERSIONS.items()},
        office=settings.contact_office,
        contact=settings.contact_details,
        issued_at=now,
        valid_until=now + timedelta(days=settings.description_days),
        key=runtime.exchange_keys.signer,
    )
    return description.read(token)


async def accept_description(
    tx: Transaction, runtime: Runtime, token: str, fingerprint: str | None, by: UUID
) -> tuple[Description, StoredDescription]:
    """Take a partner's description in; raises InvalidInput or Conflict.

    Believed if a key of the trust list, or of a description accepted before, signed it; otherwise only with
    the fingerprint that the partner's office was asked for by other means.
    """
    try:
        found = description.read(token)
    except CredentialError as error:
        raise InvalidInput.field(
            "/description", error.reason.value, error.reason.zh, error.reason.en
        ) from error
    code, now = found.district.code, runtime.clock.now()
    if code == runtime.settings.district:
        raise InvalidInput.field(
            "/description", "partner_self", "这是本区的说明", "this is the own district's"
        )
    if found.valid_until <= now:
        raise InvalidInput.field("/description", "expired", "说明已过有效期", "the description has expired")
    before = await repository.newest_description(tx, code)
    if before is not None and before.token == token:
        return found, before
    if before is not None and before.issued_at >= found.issued_at:
        raise Conflict(
            "description_older", "已有更新的说明", "A newer description of this district was accepted before"
        )
    ground = await _ground(tx, runtime, found, before, fingerprint)
    stored = StoredDescription(new_id(), code, found.issued_at, token, ground, now)
    await repository.insert_description(tx, stored, by)
    await message_log.note_description(tx, runtime.cipher, code, token, now)
    return found, stored


async def _ground(
    tx: Transaction,
    runtime: Runtime,
    found: Description,
    before: StoredDescription | None,
    fingerprint: str | None,
) -> str:
    """Return why a description is believed; raises Conflict where nothing speaks for it."""
    trust = await trust_list(tx, runtime)
    listed = trust.districts.get(found.district.code) if trust else None
    if listed is not None:
        if description.signed_by(found, listed):
            return "trust_list"
        raise Conflict(
            "not_the_listed_key",
            "签名密钥不是信任名单中该区的密钥",
            "It is not signed by a key that the trust list names for this district",
        )
    if before is not None and description.signed_by(found, description.read(before.token).district):
        return "description"
    if fingerprint is None:
        raise Conflict(
            "fingerprint_needed",
            "该区不在信任名单中: 请另行(如电话)向对方核对指纹后填入 fingerprint",
            "The district is not in the trust list: ask its office for the fingerprint by other means and send it",
        )
    if not description.same_fingerprint(fingerprint, found.fingerprint):
        raise Conflict("fingerprint_differs", "指纹不符", "The fingerprint is not that of this description")
    return "fingerprint"


async def newest_descriptions(tx: Transaction) -> dict[str, str]:
    """Return the signed descriptions of partners that count, by district."""
    return {one.partner: one.token for one in await repository.newest_descriptions(tx)}


async def described(tx: Transaction, partner: str) -> tuple[Description, StoredDescription] | None:
    """Return a partner's description that counts, None where it handed none over."""
    stored = await repository.newest_description(tx, partner)
    return None if stored is None else (description.read(stored.token), stored)


async def known_district(tx: Transaction, runtime: Runtime, partner: str) -> TrustedDistrict:
    """Return what is known of a partner, by the trust list or its description; raises NotFound."""
    trust = await trust_list(tx, runtime)
    if trust is not None and partner in trust.districts:
        return trust.districts[partner]
    handed_over = await described(tx, partner)
    if handed_over is None:
        raise NotFound.of("协作地区", "partner district")
    return handed_over[0].district


async def names(tx: Transaction, runtime: Runtime) -> dict[str, tuple[str, str]]:
    """Return the names of this district and of all that are known, in Chinese and English, by code."""
    trust = await trust_list(tx, runtime)
    known = [description.read(one.token).district for one in await repository.newest_descriptions(tx)]
    known += trust.districts.values() if trust else []
    found = {one.code: (one.name_zh, one.name_en) for one in known}
    settings = runtime.settings
    own = (settings.district_name_zh or settings.district, settings.district_name_en or settings.district)
    return found | {settings.district: own}


async def signing_keys(tx: Transaction, runtime: Runtime, partner: str) -> dict[str, VerifyingKey]:
    """Return the keys with which a partner may sign now, by ``kid``; raises NotFound for an unknown one."""
    district, now = await known_district(tx, runtime, partner), runtime.clock.now()
    keys = district.exchange_signing_keys
    return {kid: key.verifying for kid, key in keys.items() if key.verifying and key.covers(now)}


def _entry(jwk: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: value for name, value in jwk.items() if isinstance(value, str)}
    return key_entry(texts, _LONG_AGO)


def _refused(error: CredentialError) -> InvalidInput | Conflict:
    if error.reason in (Reason.LIST_ROLLED_BACK, Reason.LIST_CONFLICT):
        return Conflict(error.reason.value, error.reason.zh, error.reason.en)
    return InvalidInput.field("/trust_list", error.reason.value, error.reason.zh, error.reason.en)
