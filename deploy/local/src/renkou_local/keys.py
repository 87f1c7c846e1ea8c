"""Keys of a node as JWKs (RFC 7517), in the form in which the services read them."""

import json

from joserfc.jwk import ECKey, OKPKey

JWK = dict[str, object]


def _export(key: ECKey | OKPKey, use: str | None, *, private: bool) -> JWK:
    """The key with its RFC 7638 thumbprint as `kid`."""
    jwk: JWK = dict(key.as_dict(private=private))
    jwk["kid"] = key.thumbprint()
    if use:
        jwk["use"] = use
    return jwk


def ed25519(use: str = "sig") -> JWK:
    """A new private Ed25519 key."""
    return _export(OKPKey.generate_key("Ed25519", private=True, auto_kid=False), use, private=True)


def x25519(use: str = "enc") -> JWK:
    """A new private X25519 key."""
    return _export(OKPKey.generate_key("X25519", private=True, auto_kid=False), use, private=True)


def p256(use: str = "sig") -> JWK:
    """A new private P-256 key for ES256."""
    return _export(ECKey.generate_key("P-256", private=True, auto_kid=False), use, private=True) | {
        "alg": "ES256"
    }


def public(jwk: JWK) -> JWK:
    """The public part of a private EC or OKP key."""
    return {name: value for name, value in jwk.items() if name != "d"}


def token_key() -> str:
    """Key that signs the node's bearer tokens: one Ed25519 JWK."""
    return _text(ed25519())


def audit_key() -> str:
    """Key that signs the roots of a service's audit log: one Ed25519 JWK."""
    return _text(ed25519())


def certificate_keys() -> str:
    """Keys that sign certificates and status lists: a JWK set with one P-256 key."""
    return _text({"keys": [p256()]})


def exchange_keys() -> str:
    """Keys of the exchange: a JWK set, Ed25519 to sign and X25519 to receive."""
    return _text({"keys": [ed25519(), x25519()]})


def figure_key() -> str:
    """Key that signs the district's published figures: one Ed25519 JWK."""
    return _text(ed25519())


def trust_anchor() -> str:
    """Key that signs the trust list of all partners: one Ed25519 JWK."""
    return _text(ed25519())


def public_text(private_text: str) -> str:
    """The public JWK of a private JWK, both as JSON text."""
    return _text(public(json.loads(private_text)))


def _text(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
