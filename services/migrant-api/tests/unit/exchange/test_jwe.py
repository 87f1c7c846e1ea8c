"""Our encryption against an independent library, both ways, and against what may not be opened."""

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe as other
from joserfc.jwk import OKPKey

from renkou_migrant.credentials.jws import decode_base64url, encode_base64url, parse_json_object
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.exchange import jwe

KEY = OKPKey.generate_key("X25519", private=True)
ALLOWED = ["ECDH-ES", "A256GCM", "DEF"]


def private() -> X25519PrivateKey:
    key = KEY.private_key
    assert isinstance(key, X25519PrivateKey)
    return key


def sealed(text: bytes = b"text") -> str:
    return jwe.encrypt_compact(text, kid="k", content_type="c", key=private().public_key())


@given(st.binary(max_size=3_000))
def test_an_independent_library_opens_ours(text: bytes) -> None:
    assert other.decrypt_compact(sealed(text), KEY, algorithms=ALLOWED).plaintext == text


@given(st.binary(max_size=3_000))
def test_we_open_an_independent_librarys(text: bytes) -> None:
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "k"}
    token = jwe.parse_compact(other.encrypt_compact(header, text, KEY, algorithms=ALLOWED).encode())
    assert (token.kid, token.open(private())) == ("k", text)


@given(st.data())
def test_a_changed_character_is_noticed(data: st.DataObject) -> None:
    token = sealed()
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    with pytest.raises(CredentialError):
        jwe.parse_compact(changed.encode()).open(private())


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ECDH-ES", "enc": "A256GCM", "zip": "DEF"},
        {"alg": "ECDH-ES", "enc": "A256GCM", "apu": "AA"},
        {"alg": "ECDH-ES", "enc": "A256GCM", "crit": ["b64"]},
        {"alg": "ECDH-ES", "enc": "A128GCM"},
    ],
)
def test_what_a_message_may_not_choose_is_refused_before_any_key_is_used(header: dict[str, object]) -> None:
    first, rest = sealed().split(".", 1)
    members = parse_json_object(decode_base64url(first))
    forged = encode_base64url(orjson.dumps({**members, **header}))
    with pytest.raises(CredentialError, match=r"header member|another algorithm"):
        jwe.parse_compact(f"{forged}.{rest}".encode())


@pytest.mark.parametrize("token", [b"", b"a.b.c", b"\xff", b"....", b"a.b.c.d.e"])
def test_what_is_no_token_is_refused(token: bytes) -> None:
    with pytest.raises(CredentialError):
        jwe.parse_compact(token)
