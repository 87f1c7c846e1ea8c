"""Indexes, bits and signatures of this district's lists, and the lists of partners."""

import secrets
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Unavailable
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.own_keys import choose
from renkou_migrant.credentials.sdjwt import issuer_of
from renkou_migrant.credentials.status_list import build_status_list, verify_status_list
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

_DRAWN = 32
_ATTEMPTS = 4


async def listed_keys(tx: Transaction, runtime: Runtime) -> frozenset[str]:
    """Return the names of this district's certificate keys in the trust list accepted last."""
    trust = await partners.trust_list(tx, runtime)
    own = trust.districts.get(str(runtime.district)) if trust else None
    return frozenset(own.certificate_keys) if own else frozenset()


async def current_key(tx: Transaction, runtime: Runtime) -> SigningKey | None:
    """Return the key that signs now, None where no key may (see ``own_keys.choose``)."""
    return choose(
        runtime.certificate_keys,
        runtime.clock.now(),
        listed=await listed_keys(tx, runtime),
        compromised=await certificate_keys.compromised(tx),
    )


async def signing_key(tx: Transaction, runtime: Runtime) -> SigningKey:
    """Return the key that signs now; raises Unavailable where no key may."""
    key = await current_key(tx, runtime)
    if key is None:
        raise Unavailable(
            "certificate_key_missing", "没有可用的签发密钥", "There is no certificate key that may sign now"
        )
    return key


async def allocate(tx: Transaction, runtime: Runtime, certificate_id: UUID, kid: str) -> tuple[int, int]:
    """Give a certificate a random index that was never given before; returns list number and index.

    A list is left for the next one when 32 drawings in a row were given already, which happens when some
    three quarters of a million are (its indexes stay random to the last).
    """
    await repository.ensure(tx, FIRST_LIST, runtime.settings.status_list_entries)
    for _ in range(_ATTEMPTS):
        newest = await repository.newest(tx)
        assert newest is not None
        number, size = newest
        drawn = [secrets.randbelow(size) for _ in range(_DRAWN)]
        index = await repository.take_index(tx, number, drawn, certificate_id, kid)
        if index is not None:
            return number, index
        await repository.ensure(tx, number + 1, runtime.settings.status_list_entries)
    raise Unavailable("status_list_busy", "状态名单繁忙, 请重试", "The status lists are busy; try again")


async def end_signed_with(tx: Transaction, kid: str) -> int:
    """End every entry of certificates that a key signed; returns how many stood. All lists are signed anew."""
    return await repository.end_signed_with(tx, kid)


async def set_ended(tx: Transaction, number: int, index: int, ended: bool) -> None:
    """Say that a certificate no longer stands, or stands after all; the worker signs the list anew."""
    await repository.set_ended(tx, number, index, ended)


async def sign_due(tx: Transaction, runtime: Runtime) -> list[SignedList]:
    """Sign every own list that has to be; returns all own lists as they are signed now."""
    await repository.ensure(tx, FIRST_LIST, runtime.settings.status_list_entries)
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
            key=await signing_key(tx, runtime),
            number=locked.number,
            size=locked.size,
        )
        await repository.store_signed(tx, locked, token, issued_at, expires_at)
        runtime.verification.forget()
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
    runtime.verification.forget()
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
