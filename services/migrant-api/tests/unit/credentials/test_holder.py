"""A certificate bound to its holder's key: nobody else can show it, and no showing can be used again."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from renkou_migrant.credentials import holder, sdjwt
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.holder import Challenge, RecentProofs, confirmation, prove
from renkou_migrant.credentials.jws import (
    Algorithm,
    SigningKey,
    decode_base64url,
    encode_base64url,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.verifier import Outcome, VerificationResult

from .world import NOW, World

COUNTER = "renkou:310115/counter"
NONCE = "k3J9-pZ4m2QxT8vB7sLw"
ASKED = Challenge(COUNTER, NONCE)
KEY = SigningKey.generate("holder")


def bound(world: World, key: SigningKey = KEY) -> str:
    full = world.issue(cnf=confirmation(key.public.to_jwk()))
    return sdjwt.present(full, [Group.PERSON])


def proved(world: World, **changes: Any) -> str:
    arguments: dict[str, Any] = {"key": KEY, "audience": COUNTER, "nonce": NONCE, "now": NOW}
    return prove(bound(world), **(arguments | changes))


def verify(world: World, presentation: str, challenge: Challenge | None = ASKED) -> VerificationResult:
    return world.verifier().verify(presentation, challenge=challenge)


def with_claims(world: World, type: str = holder.PROOF_TYPE, **changes: Any) -> str:
    """A proof that the holder signed over other claims than the right ones."""
    shown = bound(world)
    claims = {"iat": int(NOW.timestamp()), "aud": COUNTER, "nonce": NONCE, "sd_hash": sdjwt.digest(shown)}
    members = {name: value for name, value in (claims | changes).items() if value is not None}
    return shown + sign_compact(orjson.dumps(members), key=KEY, type=type)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_the_holder_proves_to_have_the_key(world: World, algorithm: Algorithm) -> None:
    key = SigningKey.generate("any name", algorithm)
    shown = prove(bound(world, key), key=key, audience=COUNTER, nonce=NONCE, now=NOW)
    result = verify(world, shown)
    assert result.valid
    assert result.certificate
    assert list(result.certificate.groups) == [Group.PERSON]


def test_a_certificate_without_a_holders_key_needs_no_proof(world: World) -> None:
    assert verify(world, world.minimal()).valid
    assert verify(world, world.minimal(), None).valid


def test_a_proof_of_the_key_says_nothing_about_its_holder(world: World) -> None:
    claims = sdjwt.parse(bound(world)).claims
    assert set(claims["cnf"]["jwk"]) == {"kty", "crv", "x", "y"}


@pytest.mark.parametrize("challenge", [ASKED, None])
def test_a_stripped_proof_is_refused(world: World, challenge: Challenge | None) -> None:
    result = verify(world, bound(world), challenge)
    assert (result.outcome, result.reason) == (Outcome.REFUSED, Reason.HOLDER_PROOF_MISSING)


def test_a_proof_for_another_audience_is_refused(world: World) -> None:
    assert verify(world, proved(world, audience="another")).reason is Reason.HOLDER_PROOF_AUDIENCE
    assert verify(world, proved(world), None).reason is Reason.HOLDER_PROOF_AUDIENCE
    assert verify(world, with_claims(world, aud=[COUNTER])).reason is Reason.HOLDER_PROOF_AUDIENCE


def test_a_proof_that_answers_another_nonce_is_refused(world: World) -> None:
    assert verify(world, proved(world, nonce="x" * 20)).reason is Reason.HOLDER_PROOF_NONCE


@pytest.mark.parametrize(
    ("seconds", "valid"), [(0, True), (299, True), (300, False), (-60, True), (-61, False), (86_400, False)]
)
def test_a_proof_counts_five_minutes_and_not_from_the_future(world: World, seconds: int, valid: bool) -> None:
    result = verify(world, proved(world, now=NOW - timedelta(seconds=seconds)))
    assert result.reason is (Reason.VALID if valid else Reason.HOLDER_PROOF_TIME)


def test_a_replayed_proof_is_refused(world: World) -> None:
    verifier, shown = world.verifier(), proved(world)
    assert verifier.verify(shown, challenge=ASKED).valid
    again = verifier.verify(shown, challenge=ASKED, now=NOW + timedelta(minutes=4))
    assert (again.outcome, again.reason) == (Outcome.REFUSED, Reason.HOLDER_PROOF_REPLAYED)
    later = verifier.verify(shown, challenge=ASKED, now=NOW + timedelta(minutes=6))
    assert later.reason is Reason.HOLDER_PROOF_TIME


def test_a_verifier_that_cannot_ask_takes_any_nonce_once(world: World) -> None:
    verifier, unasked = world.verifier(), Challenge(COUNTER)
    assert verifier.verify(proved(world, nonce="a" * 16), challenge=unasked).valid
    shown = proved(world, nonce="b" * 16)
    assert verifier.verify(shown, challenge=unasked).valid
    assert verifier.verify(shown, challenge=unasked).reason is Reason.HOLDER_PROOF_REPLAYED


def test_a_refused_presentation_does_not_use_up_its_proof(world: World) -> None:
    memory, shown = RecentProofs(), proved(world)
    late = world.verifier(memory=memory, status_lists=[])
    assert late.verify(shown, challenge=ASKED).outcome is Outcome.UNKNOWN
    assert world.verifier(memory=memory).verify(shown, challenge=ASKED).valid


def test_a_proof_by_another_key_is_refused(world: World) -> None:
    shown = proved(world, key=SigningKey.generate("thief"))
    assert verify(world, shown).reason is Reason.HOLDER_PROOF_INVALID


def test_a_proof_over_another_presentation_is_refused(world: World) -> None:
    proof = sdjwt.separate_proof(proved(world))[1]
    assert verify(world, f"{bound(world)}{proof}").reason is Reason.HOLDER_PROOF_INVALID
    shown, proof = sdjwt.separate_proof(proved(world))
    narrowed = sdjwt.present(shown, [])
    assert verify(world, f"{narrowed}{proof}").reason is Reason.HOLDER_PROOF_INVALID


def test_a_proof_that_no_key_was_signed_for_is_refused(world: World) -> None:
    shown = prove(world.minimal(), key=KEY, audience=COUNTER, nonce=NONCE, now=NOW)
    assert verify(world, shown).reason is Reason.HOLDER_PROOF_INVALID


def test_a_token_of_another_type_is_no_proof(world: World) -> None:
    assert verify(world, with_claims(world, type="jwt")).reason is Reason.HOLDER_PROOF_INVALID


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": None}, {"iat": "now"}, {"aud": None}, {"nonce": None}, {"nonce": 7}, {"nonce": "short"},
        {"nonce": "x" * 201}, {"sd_hash": None}, {"sd_hash": "x"},
    ],
)  # fmt: skip
def test_a_proof_of_another_form_is_refused(world: World, claims: dict[str, Any]) -> None:
    assert verify(world, with_claims(world, **claims)).reason is Reason.HOLDER_PROOF_INVALID


def test_an_algorithm_that_is_not_the_holder_keys_is_refused(world: World) -> None:
    shown, proof = sdjwt.separate_proof(proved(world))
    assert proof
    header, claims, signature = proof.split(".")
    other = encode_base64url(orjson.dumps({"alg": "EdDSA", "typ": holder.PROOF_TYPE}))
    assert decode_base64url(header) != decode_base64url(other)
    result = verify(world, f"{shown}{other}.{claims}.{signature}")
    assert (result.reason, result.detail) == (Reason.HOLDER_PROOF_INVALID, "algorithm_not_of_key")


@pytest.mark.parametrize(
    "cnf",
    [
        {}, {"jkt": "x"}, {"jwk": {}}, {"jwk": {"kty": "RSA"}}, {"jwk": KEY.to_jwk()}, {"jwk": "x"},
        {"jwk": KEY.public.to_jwk()},
    ],
)  # fmt: skip
def test_a_holders_key_of_another_form_is_malformed(world: World, cnf: dict[str, Any]) -> None:
    shown = prove(world.issue(cnf=cnf), key=KEY, audience=COUNTER, nonce=NONCE, now=NOW)
    assert verify(world, shown).reason is Reason.MALFORMED


def test_a_private_or_foreign_key_is_never_put_into_a_certificate() -> None:
    assert "d" not in confirmation(KEY.to_jwk())["jwk"]
    with pytest.raises(CredentialError):
        confirmation({"kty": "RSA", "n": "AQ", "e": "AQAB", "x": "AA"})


def test_proofs_are_forgotten_once_they_no_longer_count() -> None:
    memory = RecentProofs()
    assert all(memory.first_use(str(number), until=100.0, now=0.0) for number in range(1000))
    assert not memory.first_use("7", until=100.0, now=99.0)
    assert memory.first_use("7", until=260.0, now=160.0)
    assert len(memory._until) == 1
