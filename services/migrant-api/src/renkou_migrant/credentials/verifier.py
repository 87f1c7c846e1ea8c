"""Verifying a certificate with nothing but cached lists: valid, refused or unknown (离线核验).

The order of the checks is part of the contract, as the first that fails gives the reason: form and header,
issuer and key, algorithm and signature, claims, disclosures, time, status, holder's proof. Nothing signed is
looked into for its meaning before its signature holds, except ``iss`` and ``iat``, which choose the key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from renkou_migrant.credentials import packing, sdjwt
from renkou_migrant.credentials.holder import Challenge, RecentProofs, ReplayMemory, check_proof
from renkou_migrant.credentials.reasons import UNKNOWN_REASONS, CredentialError, Reason
from renkou_migrant.credentials.sdjwt import Certificate
from renkou_migrant.credentials.status_list import StatusList
from renkou_migrant.credentials.trust import TrustList

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the issuer's clock may be ahead of the verifier's before "not yet valid"."""


class Outcome(StrEnum):
    """``unknown`` means: check again with current lists; never take it for valid, nor for forged."""

    VALID = "valid"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a check came to.

    ``reason`` holds the stable code (``reason.value``) and its texts (``reason.zh``, ``reason.en``);
    ``detail`` adds where, in English, and may be empty. ``certificate`` is set as soon as the signature and
    the disclosures held, so also for an expired, revoked or unknown one; None means that nothing shown
    can be believed.
    """

    outcome: Outcome
    reason: Reason
    detail: str = ""
    certificate: Certificate | None = None

    @property
    def valid(self) -> bool:
        """True for the one outcome under which the certificate may be relied on."""
        return self.outcome is Outcome.VALID

    @property
    def code(self) -> str:
        """The stable code: ``valid`` or why not."""
        return self.reason.value


class OfflineVerifier:
    """Verifies presentations against a trust list and the status lists at hand. Thread-safe, no I/O."""

    def __init__(
        self,
        trust_list: TrustList,
        status_lists: Iterable[StatusList] | Mapping[str, StatusList],
        now: datetime,
        *,
        memory: ReplayMemory | None = None,
    ) -> None:
        """``status_lists`` by uri or in any order; of two with one uri the higher sequence counts.

        ``now`` is aware and is used for every check; pass another to ``verify`` in a long-lived process.
        ``memory`` remembers the holders' proofs; one of this object's own where none is given.
        """
        self._memory = RecentProofs() if memory is None else memory
        self.trust_list = trust_list
        self._now = now
        self._status_lists: dict[str, StatusList] = {}
        lists = status_lists.values() if isinstance(status_lists, Mapping) else status_lists
        for status_list in lists:
            held = self._status_lists.get(status_list.uri)
            if held is None or held.sequence < status_list.sequence:
                self._status_lists[status_list.uri] = status_list

    def verify_text(
        self, text: str, *, now: datetime | None = None, challenge: Challenge | None = None
    ) -> VerificationResult:
        """Verify what a person or a scanner handed in: a presentation or the text of a QR code."""
        stripped = text.strip()
        if not stripped.startswith(packing.PREFIX):
            return self.verify(stripped, now=now, challenge=challenge)
        try:
            presentation = packing.unpack(stripped)
        except CredentialError as error:
            return _refused(error)
        return self.verify(presentation, now=now, challenge=challenge)

    def verify(
        self, presentation: str, *, now: datetime | None = None, challenge: Challenge | None = None
    ) -> VerificationResult:
        """Verify a presentation. Never raises for anything that ``presentation`` may contain.

        ``challenge``: what the holder's proof has to answer, for certificates bound to a key.
        """
        moment = self._now if now is None else now
        try:
            certificate = self._authentic(presentation)
        except CredentialError as error:
            return _refused(error)
        try:
            self._check_current(certificate, moment)
            check_proof(presentation, certificate.cnf, challenge, self._memory, moment)
        except CredentialError as error:
            return _refused(error, certificate)
        return VerificationResult(Outcome.VALID, Reason.VALID, certificate=certificate)

    def _authentic(self, presentation: str) -> Certificate:
        parsed = sdjwt.parse(presentation)
        claims = parsed.claims
        for name in ("iss", "iat"):
            if name not in claims:
                raise CredentialError(Reason.MISSING_CLAIM, name)
        key = self.trust_list.certificate_key(claims["iss"], parsed.jws.header.kid, _issued_at(claims))
        parsed.jws.verify(key)
        return sdjwt.read(parsed)

    def _check_current(self, certificate: Certificate, now: datetime) -> None:
        seconds = now.timestamp()
        begins = max(certificate.issued_at, certificate.not_before or 0)
        if begins > seconds + CLOCK_TOLERANCE.total_seconds():
            raise CredentialError(Reason.NOT_YET_VALID)
        if seconds >= certificate.expires_at:
            raise CredentialError(Reason.EXPIRED)
        self._check_status(certificate, now)
        if self.trust_list.is_stale(now):
            raise CredentialError(Reason.TRUST_LIST_STALE)

    def _check_status(self, certificate: Certificate, now: datetime) -> None:
        if not certificate.status_uri.startswith(f"{certificate.issuer}/status-lists/"):
            raise CredentialError(Reason.STATUS_LIST_FOREIGN)
        status_list = self._status_lists.get(certificate.status_uri)
        if status_list is None:
            raise CredentialError(Reason.STATUS_LIST_MISSING)
        if status_list.issuer != certificate.issuer:
            raise CredentialError(Reason.STATUS_LIST_FOREIGN)
        if status_list.is_revoked(certificate.status_index):
            raise CredentialError(Reason.REVOKED)
        if status_list.is_stale(now):
            raise CredentialError(Reason.STATUS_LIST_STALE)


def _issued_at(claims: Mapping[str, Any]) -> datetime:
    value = claims["iat"]
    if type(value) is not int or not 0 <= value < 2**35:
        raise CredentialError(Reason.MALFORMED, "iat is not a time")
    return datetime.fromtimestamp(value, UTC)


def _refused(error: CredentialError, certificate: Certificate | None = None) -> VerificationResult:
    outcome = Outcome.UNKNOWN if error.reason in UNKNOWN_REASONS else Outcome.REFUSED
    return VerificationResult(outcome, error.reason, error.detail, certificate)
