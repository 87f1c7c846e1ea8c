"""Verifying what an arrival shows with stored lists only, and keeping what came of it."""

from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from renkou_common.contracts.migrant import CertificateChecked, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.arrivals.notices import tell_check
from renkou_migrant.checks import repository
from renkou_migrant.checks.domain import CheckResult, of_verification, trust_list_missing
from renkou_migrant.checks.repository import StoredCheck
from renkou_migrant.credentials import qr, sdjwt
from renkou_migrant.credentials.holder import Challenge
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.sdjwt import issuer_of
from renkou_migrant.credentials.status_list import StatusList, verify_status_list
from renkou_migrant.credentials.trust import TrustList
from renkou_migrant.credentials.verifier import OfflineVerifier
from renkou_migrant.partners import service as partners
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service as status_lists

COMPARISON_PURPOSE = "certificate_check"


async def verify(tx: Transaction, runtime: Runtime, text: str, nonce: str | None = None) -> CheckResult:
    """Verify a presentation or the text of a QR code with the lists stored here; no network.

    ``nonce`` is what the holder of a certificate bound to a key was asked to sign.
    """
    trust = await partners.certificate_trust(tx, runtime)
    if trust is None:
        return trust_list_missing()
    lists = await _lists_for(tx, runtime, trust, text)
    verifier = OfflineVerifier(trust, lists, runtime.clock.now(), memory=runtime.holder_proofs)
    challenge = Challenge(issuer_of(str(runtime.district)), nonce)
    return of_verification(verifier.verify_text(text, challenge=challenge))


async def _lists_for(tx: Transaction, runtime: Runtime, trust: TrustList, text: str) -> list[StatusList]:
    """Return the list that the certificate names, if it is stored here and good under the trust list."""
    uri = _status_uri(text)
    token = await status_lists.token_by_uri(tx, runtime, uri) if uri else None
    if uri is None or token is None:
        return []
    known = runtime.status_lists.get(uri, token, trust.digest)
    if known is None:
        try:
            known = verify_status_list(token, trust)
        except CredentialError:
            return []
        runtime.status_lists.put(uri, token, trust.digest, known)
    return [known]


def _status_uri(text: str) -> str | None:
    """Return the list that something unverified names; it only decides which list is looked up."""
    stripped = text.strip()
    try:
        shown = qr.unpack(stripped) if stripped.startswith(qr.PREFIX) else stripped
        status = sdjwt.parse(shown).claims.get("status")
    except CredentialError:
        return None
    reference = status.get("status_list") if isinstance(status, Mapping) else None
    uri = reference.get("uri") if isinstance(reference, Mapping) else None
    return uri if isinstance(uri, str) and len(uri) < 100 and "\0" not in uri else None


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
    now = runtime.clock.now()
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
