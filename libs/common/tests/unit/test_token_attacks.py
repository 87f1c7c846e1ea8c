"""What is tried with tokens. Each trick gets the same answer as the next: nobody learns which check it failed."""

import base64
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc import jwt
from joserfc.jwk import OKPKey, RSAKey

from renkou_common.errors import Unauthenticated
from renkou_common.identity.tokens import TokenIssuer, TokenVerifier

KEY = OKPKey.generate_key("Ed25519", {"kid": "k1"}, private=True)
OTHER = OKPKey.generate_key("Ed25519", {"kid": "k1"}, private=True)
PUBLIC = {name: value for name, value in KEY.as_dict(private=False).items() if name != "key_ops"}
ISSUER = TokenIssuer(KEY, "renkou:340103")
NOW = int(time.time())


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def claims(**changes: Any) -> dict[str, Any]:
    good = {"iss": "renkou:340103", "aud": "renkou", "sub": str(uuid4()), "kind": "staff", "name": "clerk"}
    return good | {"iat": NOW, "exp": NOW + 86_400} | changes


def signed(
    content: dict[str, Any] | None = None, key: OKPKey = KEY, *, without: str = "", **header: Any
) -> str:
    """A token as its holder would forge it: signed for once with the right key, whatever its header says."""
    told = {"alg": "Ed25519", "typ": "at+jwt", "kid": "k1"} | header
    said = {name: value for name, value in (content or claims()).items() if name != without}
    first = f"{encoded(told)}.{encoded(said)}"
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    return f"{first}.{base64.urlsafe_b64encode(private.sign(first.encode())).decode().rstrip('=')}"


def unsigned(algorithm: str) -> str:
    return f"{encoded({'alg': algorithm, 'typ': 'at+jwt', 'kid': 'k1'})}.{encoded(claims())}."


def confused(secret: bytes) -> str:
    """HS256 with the public key, which everybody has, as the secret."""
    first = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'k1'})}.{encoded(claims())}"
    return f"{first}.{base64.urlsafe_b64encode(hmac.digest(secret, first.encode(), 'sha256')).decode().rstrip('=')}"


def another_algorithm() -> str:
    key = RSAKey.generate_key(2048, {"kid": "k1"}, private=True)
    return jwt.encode({"alg": "RS256", "typ": "at+jwt", "kid": "k1"}, claims(), key, algorithms=["RS256"])


PUBLIC_PEM = KEY.as_pem(private=False)
PUBLIC_RAW = load_pem_public_key(PUBLIC_PEM).public_bytes(Encoding.Raw, PublicFormat.Raw)
GOOD = signed()
TRICKS = {
    "nothing": "",
    "rubbish": "x.y.z",
    "two parts": "a.b",
    "five parts, as if encrypted": "a.b.c.d.e",
    "a list for a header": f"{base64.urlsafe_b64encode(b'[]').decode()}.{encoded(claims())}.x",
    "a header that nests without end": f"{base64.urlsafe_b64encode(b'[' * 3000).decode()}.{encoded(claims())}.x",
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "alg empty": unsigned(""),
    "alg missing": f"{encoded({'typ': 'at+jwt', 'kid': 'k1'})}.{encoded(claims())}.",
    "alg a list": signed(alg=["Ed25519"]),
    "HS256 with the public key as PEM": confused(PUBLIC_PEM),
    "HS256 with the public key's bytes": confused(PUBLIC_RAW),
    "HS256 with the public JWK": confused(json.dumps(PUBLIC).encode()),
    "RS256": another_algorithm(),
    "EdDSA under its other name": signed(alg="EdDSA"),
    "kid a path": signed(kid="../../../../dev/null"),
    "kid a URL": signed(kid="https://attacker.example/jwks.json"),
    "kid SQL": signed(kid="k1' UNION SELECT 'secret"),
    "kid with a line break": signed(kid="k1\r\nX: y"),
    "kid a number": signed(kid=1),
    "kid an object": signed(kid={"$ne": ""}),
    "kid null": signed(kid=None),
    "jku": signed(key=OTHER, jku="https://attacker.example/jwks.json"),
    "x5u": signed(key=OTHER, x5u="https://attacker.example/chain.pem"),
    "x5c": signed(key=OTHER, x5c=["MIIB"]),
    "jwk": signed(key=OTHER, jwk=OTHER.as_dict(private=False)),
    "jku with the right key": signed(jku="http://127.0.0.1/jwks.json"),
    "crit": signed(crit=["exp"]),
    "b64": signed(b64=False),
    "zip": signed(zip="DEF"),
    "typ JWT": signed(typ="JWT"),
    "typ missing": f"{encoded({'alg': 'Ed25519', 'kid': 'k1'})}.{GOOD.split('.', 1)[1]}",
    "typ of an identity token": signed(typ="id+jwt"),
    "another key of the same name": signed(key=OTHER),
    "signature cut": GOOD[:-8],
    "signature altered": GOOD[:-4] + ("AAAA" if not GOOD.endswith("AAAA") else "BBBB"),
    "claims altered": f"{GOOD.split('.')[0]}.{encoded(claims(name='administrator'))}.{GOOD.split('.')[2]}",
    "foreign issuer": signed(claims(iss="renkou:310115")),
    "issuer a list": signed(claims(iss=["renkou:340103"])),
    "no issuer": signed(without="iss"),
    "another audience": signed(claims(aud="elsewhere")),
    "audience within a text": signed(claims(aud="renkou renkou-2")),
    "no audience": signed(without="aud"),
    "expired": signed(claims(exp=NOW - 60)),
    "expires as a text": signed(claims(exp="9999999999")),
    "expires true": signed(claims(exp=True)),
    "expires never": signed(without="exp"),
    "expires at infinity": signed(claims(exp=float("inf"))),
    "not yet": signed(claims(nbf=NOW + 3600)),
    "not yet, as a text": signed(claims(nbf="0")),
    "subject SQL": signed(claims(sub="' OR 1=1 --")),
    "subject a list": signed(claims(sub=[str(uuid4())])),
    "no subject": signed(without="sub"),
    "no kind": signed(without="kind"),
    "session rubbish": signed(claims(sid="everyone's")),
    "oversize": signed(claims(padding="x" * 10_000)),
    "not ASCII": GOOD[:-1] + "\u00e9",
    "null byte": GOOD + "\x00",
}


async def published() -> dict[str, Any]:
    return ISSUER.public_keys()


async def test_the_same_token_without_a_trick_is_good() -> None:
    found = await TokenVerifier("renkou:340103", published).verify(GOOD)
    assert (found.kind, found.name, found.session) == ("staff", "clerk", None)


@pytest.mark.parametrize("token", TRICKS.values(), ids=TRICKS.keys())
async def test_a_trick_is_refused_like_any_other(token: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await TokenVerifier("renkou:340103", published).verify(token)
    assert caught.value.code == "token_invalid"
    assert caught.value.detail.en == "The token is not valid or has ended; sign in again"
