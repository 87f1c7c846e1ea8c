"""Verifying what an arrival shows with stored lists only, and keeping what came of it."""

from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from renkou_common.contracts.migrant import CertificateChecked, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.arrivals.notices import tell_check
from renkou_migrant.checks import repository
from renkou_migrant.checks.domain import (
    CheckResult,
    FirstLook,
    of_verification,
    replayed,
    trust_list_missing,
)
from renkou_migrant.checks.repository import StoredCheck
from renkou_migrant.credentials.holder import Challenge
from renkou_migrant.credentials.jws import decode_base64url
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.sdjwt import issuer_of
from renkou_migrant.credentials.status_list import StatusList, verify_status_list
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.credentials.verifier import OfflineVerifier
from renkou_migrant.partners import service as partners
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service as status_lists

COMPARISON_PURPOSE = "certificate_check"


async def verify(runtime: Runtime, text: str, nonce: str | None = None) -> CheckResult:
    """Verify a presentation or the text of a QR code with the lists stored here; no network.

    ``nonce`` is what the holder of a certificate bound to a key was asked to sign. A result with a ``proof``
    counts only once ``verify_once`` or ``record`` has taken that proof. The lists are those of the last second.
    """
    trust = await trust_list(runtime)
    if trust is None:
        return trust_list_missing()
    challenge, first_look = Challenge(issuer_of(str(runtime.district)), nonce), FirstLook()
    lists = [one for one in runtime.verification.lists.values() if one is not None]
    verifier = OfflineVerifier(trust, lists, runtime.clock.now(), memory=first_look)
    found = verifier.verify_text(text, challenge=challenge)
    if found.reason is Reason.STATUS_LIST_MISSING and found.certificate is not None:
        named = await _read_status_list(runtime, trust, found.certificate.status_uri)
        if named is not None:
            verifier = OfflineVerifier(trust, [named], runtime.clock.now(), memory=first_look)
            found = verifier.verify_text(text, challenge=challenge)
    return of_verification(found, first_look.proof if found.valid else None)


async def verify_once(runtime: Runtime, text: str, nonce: str | None = None) -> CheckResult:
    """Verify as ``verify`` does, and use up the holder's proof that makes it valid."""
    found = await verify(runtime, text, nonce)
    if found.proof is None:
        return found
    async with runtime.database.transaction(AreaScope.nothing()) as tx:
        return await _count_once(tx, found)


async def trust_list(runtime: Runtime) -> TrustList | None:
    """Return the trust list to verify certificates with, None before the first."""
    held = runtime.verification
    if held.due:
        async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
            held.begin(await partners.certificate_trust(tx, runtime))
    return held.trust


async def _read_status_list(runtime: Runtime, trust: TrustList, uri: str) -> StatusList | None:
    """Return the list that an authentic certificate names if it is here and good under the trust list."""
    held = runtime.verification
    if uri in held.lists or "\0" in uri:
        return None
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        token = await status_lists.token_by_uri(tx, runtime, uri)
    found = held.verified(uri, token, trust) if token else None
    if token is not None and found is None:
        with suppress(CredentialError):
            found = verify_status_list(token, trust)
    held.keep(uri, token, found, trust)
    return found


async def _count_once(tx: Transaction, found: CheckResult) -> CheckResult:
    """Take the proof that a result rests on; the result for one used before where it was taken already."""
    if found.proof is None:
        return found
    until = datetime.fromtimestamp(found.proof.until, UTC)
    taken = await repository.take_proof(tx, decode_base64url(found.proof.digest), until)
    return found if taken else replayed(found)


async def forget_proofs(tx: Transaction, runtime: Runtime) -> None:
    """Forget the holders' proofs that would no longer count."""
    await repository.forget_proofs(tx, runtime.clock.now())


async def record(
    tx: Transaction,
    runtime: Runtime,
    access: Access,
    text: str,
    found: CheckResult,
    arrival_id: UUID,
    facts: PersonFacts,
) -> UUID:
    """Keep what a check came to; tells the home district of a valid certificate of an arrival."""
    now, found = runtime.clock.now(), await _count_once(tx, found)
    check = StoredCheck(
        id=new_id(),
        arrival_id=arrival_id,
        result=found.result,
        code=found.code,
        issuer=found.certificate.district if found.certificate else None,
        presentation_hash=sha256(text.strip().encode()).digest(),
        checked_on=now.date(),
        checked_at=now,
        checked_by=access.subject,
    )
    await repository.insert(tx, check)
    arrival, lines = await arrivals.check_made(tx, access.areas, arrival_id, check.checked_on)
    event = CertificateChecked(
        check_id=check.id,
        arrival_id=arrival_id,
        result=check.result,
        code=check.code,
        checked_on=check.checked_on,
        lines=lines,
    )
    await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_CHECKED, arrival.person_ref, event)
    await tell_check(tx, runtime, arrival, facts, check.checked_on, check.result, check.code)
    return check.id


async def get(tx: Transaction, check_id: UUID, checked_by: UUID) -> StoredCheck:
    """Return a check that an account made; raises NotFound."""
    found = await repository.find(tx, check_id, checked_by)
    if found is None:
        raise NotFound.of("查验记录", "check")
    return found
