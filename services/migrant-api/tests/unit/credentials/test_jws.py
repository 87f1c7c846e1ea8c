"""Signing and verifying compact tokens, checked against another implementation in both directions."""

from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as other
from joserfc.jwk import ECKey, OKPKey

from renkou_migrant.credentials.jws import (
    Algorithm,
    SigningKey,
    VerifyingKey,
    decode_base64url,
    encode_base64url,
    parse_compact,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason

ALGORITHMS: list[Algorithm] = ["ES256", "EdDSA"]
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")


def as_other_key(jwk: dict[str, str]) -> OKPKey | ECKey:
    members: dict[str, str | list[str]] = {**jwk}
    return OKPKey.import_key(members) if jwk["kty"] == "OKP" else ECKey.import_key(members)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_signed_here_verifies_elsewhere(algorithm: Algorithm) -> None:
    key = SigningKey.generate("k", algorithm)
    token = sign_compact(b'{"a":1}', key=key, type="t")
    read = other.deserialize_compact(token, as_other_key(key.public.to_jwk()), algorithms=[algorithm])
    assert read.payload == b'{"a":1}'
    assert read.headers() == {"alg": algorithm, "kid": "k", "typ": "t"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_signed_elsewhere_verifies_here(algorithm: Algorithm) -> None:
    key = SigningKey.generate("k", algorithm)
    header = {"typ": "t", "alg": algorithm, "kid": "k"}
    token = other.serialize_compact(header, b"{}", as_other_key(key.to_jwk()), algorithms=[algorithm])
    parse_compact(token, type="t").verify(key.public)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_survive_their_jwk(algorithm: Algorithm) -> None:
    key = SigningKey.generate("k", algorithm)
    again = SigningKey.from_jwk(orjson.loads(orjson.dumps(key.to_jwk())))
    assert again.to_jwk() == key.to_jwk()
    public = VerifyingKey.from_jwk(key.public.to_jwk(), kid="renamed")
    assert (public.kid, public.algorithm) == ("renamed", algorithm)
    assert "d" not in key.public.to_jwk()
    public.verify(again.sign(b"x"), b"x")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_signatures_of_another_form_are_bad(algorithm: Algorithm, signature: bytes) -> None:
    key = SigningKey.generate("k", algorithm).public
    with pytest.raises(CredentialError) as caught:
        key.verify(signature, b"x")
    assert caught.value.reason is Reason.BAD_SIGNATURE


def test_a_key_refuses_a_token_of_another_algorithm_before_verifying() -> None:
    key = SigningKey.generate("k", "ES256")
    token = sign_compact(b"{}", key=SigningKey.generate("k", "EdDSA"), type="t")
    with pytest.raises(CredentialError) as caught:
        parse_compact(token, type="t").verify(key.public)
    assert caught.value.reason is Reason.ALGORITHM_NOT_OF_KEY


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "RSA", "n": "AQ", "e": "AQAB", "x": "AA", "kid": "k"},
        {"kty": "oct", "k": "AA", "kid": "k", "x": "AA"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "k"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "k"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "k"},
        {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "alg": "ES256", "kid": "k"},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "kid": "k"},
    ],
)
def test_other_keys_are_refused(jwk: dict[str, str]) -> None:
    with pytest.raises(CredentialError) as caught:
        VerifyingKey.from_jwk(jwk)
    assert caught.value.reason is Reason.MALFORMED


def test_a_private_key_whose_halves_differ_is_refused() -> None:
    mixed = SigningKey.generate("k").to_jwk() | {"d": SigningKey.generate("k").to_jwk()["d"]}
    with pytest.raises(CredentialError):
        SigningKey.from_jwk(mixed)


@given(st.binary(max_size=100))
def test_base64url_round_trip(data: bytes) -> None:
    assert decode_base64url(encode_base64url(data)) == data


@given(st.text(alphabet="ABab01-_+/=\n é", max_size=12))
def test_every_text_that_decodes_is_the_only_one_of_its_bytes(text: str) -> None:
    with suppress(CredentialError):
        assert encode_base64url(decode_base64url(text)) == text
