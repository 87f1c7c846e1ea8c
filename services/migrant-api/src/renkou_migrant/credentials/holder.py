"""The holder's key and the proof that the shower has it: key binding of RFC 9901, section 4.3 (持有人绑定).

A holder who wants a certificate that nobody else can show gives a public key when applying. It is signed into
the certificate as ``cnf``, and from then on every showing ends with a proof: a JWT signed with that key over
this presentation, for this verifier, at this time. A certificate without ``cnf`` needs none.

    <issuer-signed JWT>~<disclosure>~…~<disclosure>~<proof>
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from renkou_migrant.credentials.jws import (
    SigningKey,
    UnverifiedJws,
    VerifyingKey,
    encode_base64url,
    parse_compact,
    parse_json_object,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.sdjwt import digest, separate_proof

PROOF_TYPE = "kb+jwt"
SHORTEST_NONCE, LONGEST_NONCE = 16, 200
_FUTURE = timedelta(minutes=1)
"""How far the holder's clock may be ahead."""
_CLAIMS = frozenset({"iat", "aud", "nonce", "sd_hash"})
_KEY_MEMBERS = {"OKP": ("kty", "crv", "x"), "EC": ("kty", "crv", "x", "y")}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a verifier expects of a proof.

    ``audience`` is the verifier's own name as the holder was told it. ``nonce`` is what the verifier asked
    the holder to sign; None where it can't ask: then any of 16 to 200 characters counts, once.
    ``window`` is how old a proof may be.
    """

    audience: str
    nonce: str | None = None
    window: timedelta = timedelta(minutes=5)


class ReplayMemory(Protocol):
    """Remembers proofs for as long as they would pass."""

    def first_use(self, proof: str, until: float, now: float) -> bool:
        """Remember ``proof`` (a digest) until ``until``; False where it is remembered already.

        Both times are seconds since 1970.
        """
        ...


class RecentProofs:
    """A ``ReplayMemory`` of one process. Thread-safe; holds what was shown within the window."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()
        self._next_sweep = float("-inf")

    def first_use(self, proof: str, until: float, now: float) -> bool:
        """See ``ReplayMemory``."""
        with self._lock:
            if now >= self._next_sweep:
                self._until = {known: end for known, end in self._until.items() if end > now}
                self._next_sweep = now + 60
            if self._until.get(proof, now) > now:
                return False
            self._until[proof] = until
            return True


def confirmation(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The claim ``cnf`` of a holder's public key: P-256 or Ed25519, no other member than the key's own.

    Raises ``CredentialError(MALFORMED)`` for another key.
    """
    public = VerifyingKey.from_jwk(jwk, kid="holder").to_jwk()
    return {"jwk": {name: public[name] for name in _KEY_MEMBERS[public["kty"]]}}


def holder_key(cnf: object) -> VerifyingKey:
    """The key in a claim ``cnf`` of the form that ``confirmation`` writes; raises ``CredentialError``."""
    jwk = cnf.get("jwk") if isinstance(cnf, dict) and len(cnf) == 1 else None
    if not isinstance(jwk, dict) or jwk.keys() != set(_KEY_MEMBERS.get(str(jwk.get("kty")), ())):
        raise CredentialError(Reason.MALFORMED, "cnf holds one public jwk")
    return VerifyingKey.from_jwk(jwk, kid="holder")


def prove(presentation: str, *, key: SigningKey, audience: str, nonce: str, now: datetime) -> str:
    """Append the holder's proof to a presentation that ends with ``~`` (what a holder's wallet does)."""
    header = orjson.dumps({"alg": key.algorithm, "typ": PROOF_TYPE})
    claims = {"iat": int(now.timestamp()), "aud": audience, "nonce": nonce, "sd_hash": digest(presentation)}
    signing_input = f"{encode_base64url(header)}.{encode_base64url(orjson.dumps(claims))}"
    return f"{presentation}{signing_input}.{encode_base64url(key.sign(signing_input.encode('ascii')))}"


def check_proof(
    presentation: str, cnf: object | None, challenge: Challenge | None, memory: ReplayMemory, now: datetime
) -> None:
    """Check the proof at the end of ``presentation`` against the certificate's ``cnf`` (None: not bound).

    Call it last, when everything else held: a proof is used up by it. Without a challenge no proof is for
    this verifier. Raises ``CredentialError``: ``HOLDER_PROOF_MISSING``, ``_INVALID`` (also a proof that no
    key was signed for), ``_AUDIENCE``, ``_NONCE``, ``_TIME`` or ``_REPLAYED``.
    """
    shown, proof = separate_proof(presentation)
    if cnf is None and proof is None:
        return
    if proof is None:
        raise CredentialError(Reason.HOLDER_PROOF_MISSING)
    if cnf is None:
        raise CredentialError(Reason.HOLDER_PROOF_INVALID, "the certificate names no holder's key")
    claims = _authentic(shown, proof, holder_key(cnf))
    if challenge is None or claims["aud"] != challenge.audience:
        raise CredentialError(Reason.HOLDER_PROOF_AUDIENCE)
    if challenge.nonce is not None and claims["nonce"] != challenge.nonce:
        raise CredentialError(Reason.HOLDER_PROOF_NONCE)
    seconds, made = now.timestamp(), claims["iat"]
    until = made + challenge.window.total_seconds()
    if seconds >= until or made > seconds + _FUTURE.total_seconds():
        raise CredentialError(Reason.HOLDER_PROOF_TIME)
    if not memory.first_use(digest(proof.rpartition(".")[0]), until, seconds):
        raise CredentialError(Reason.HOLDER_PROOF_REPLAYED)


def _authentic(shown: str, proof: str, key: VerifyingKey) -> Mapping[str, Any]:
    """The claims of a proof that ``key`` signed over ``shown``."""
    try:
        jws: UnverifiedJws = parse_compact(proof, type=PROOF_TYPE, names_key=False)
        jws.verify(key)
        claims = parse_json_object(jws.payload)
    except CredentialError as error:
        raise CredentialError(Reason.HOLDER_PROOF_INVALID, error.reason) from error
    nonce = claims.get("nonce")
    if not claims.keys() >= _CLAIMS or type(claims["iat"]) is not int:
        raise CredentialError(Reason.HOLDER_PROOF_INVALID, "iat, aud, nonce and sd_hash are needed")
    if not isinstance(nonce, str) or not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:
        raise CredentialError(Reason.HOLDER_PROOF_INVALID, "a nonce has 16 to 200 characters")
    if claims["sd_hash"] != digest(shown):
        raise CredentialError(Reason.HOLDER_PROOF_INVALID, "it is over another presentation")
    return claims
