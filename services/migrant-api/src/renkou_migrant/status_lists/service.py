"""Indexes, bits and signatures of this district's lists, and the lists of partners."""

import secrets
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Unavailable
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.sdjwt import issuer_of
from renkou_migrant.credentials.status_list import DEFAULT_SIZE, build_status_list, verify_status_list
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import repository
from renkou_migrant.status_lists.domain import (
    FIRST_LIST,
    SignedList,
    needs_signing,
    number_of,
    uri_of,
    validity,
)

_ATTEMPTS = 64


def signing_key(runtime: Runtime) -> SigningKey:
    """Return the key that signs now: the first ES256 key of the certificate keys."""
    for key in runtime.certificate_keys:
        if key.algorithm == "ES256":
            return key
    raise ValueError("the certificate key set holds no ES256 key")


async def allocate(tx: Transaction, certificate_id: UUID) -> tuple[int, int]:
    """Give a certificate a random index that was never given before; returns list number and index."""
    await repository.ensure(tx, FIRST_LIST)
    for _ in range(_ATTEMPTS):
        index = secrets.randbelow(DEFAULT_SIZE)
        if await repository.take_index(tx, FIRST_LIST, index, certificate_id):
            return FIRST_LIST, index
    raise Unavailable("status_list_full", "状态名单已满", "The status list has no free index left")


async def set_ended(tx: Transaction, number: int, index: int, ended: bool) -> None:
    """Say that a certificate no longer stands, or stands after all; the worker signs the list anew."""
    await repository.set_ended(tx, number, index, ended)


async def sign_due(tx: Transaction, runtime: Runtime) -> list[SignedList]:
    """Sign every own list that has to be; returns all own lists as they are signed now."""
    await repository.ensure(tx, FIRST_LIST)
    now = runtime.clock.now()
    for known in await repository.own_lists(tx):
        if not needs_signing(known, now):
            continue
        locked = await repository.lock(tx, known.number)
        issued_at, expires_at = validity(now, runtime.settings.status_list_days)
        token = build_status_list(
            await repository.ended_indexes(tx, locked.number),
            district=str(runtime.district),
            sequence=locked.sequence + 1,
            issued_at=issued_at,
            expires_at=expires_at,
            key=signing_key(runtime),
            number=locked.number,
        )
        await repository.store_signed(tx, locked, token, issued_at, expires_at)
    return await repository.own_lists(tx)


async def mark_published(tx: Transaction, number: int, sequence: int) -> None:
    """Note that the hub has a list."""
    await repository.mark_published(tx, number, sequence)


async def keep_partner_list(
    tx: Transaction, runtime: Runtime, trust: TrustList, district: str, token: str
) -> bool:
    """Verify a list that ``district`` published and keep it if it is newer; returns whether it was kept.

    Raises ``CredentialError`` as ``verify_status_list`` does, ValueError where it is another district's.
    """
    verified = verify_status_list(token, trust)
    if verified.issuer != issuer_of(district):
        raise ValueError(f"{district} published a list of {verified.issuer}")
    number = number_of(verified.uri)
    return await repository.keep_partner_list(tx, district, number, verified, token, runtime.clock.now())


async def token_by_uri(tx: Transaction, runtime: Runtime, uri: str) -> str | None:
    """Return the newest list known under a URI (``renkou:340103/status-lists/1``)."""
    own = f"{issuer_of(str(runtime.district))}/status-lists/"
    if not uri.startswith(own):
        return await repository.partner_token(tx, uri)
    number = uri.removeprefix(own)
    return await repository.own_token(tx, int(number)) if number.isdecimal() and len(number) < 7 else None


async def token_by_name(tx: Transaction, runtime: Runtime, name: str) -> str | None:
    """Return the newest list under its name in a path: ``1`` or ``340103-1``."""
    uri = uri_of(name, str(runtime.district))
    return None if uri is None else await token_by_uri(tx, runtime, uri)


async def verification_material(tx: Transaction, runtime: Runtime) -> tuple[str | None, list[str]]:
    """Return the trust list and every status list known here, as signed."""
    return await partners.trust_list_token(tx), await repository.all_tokens(tx)
