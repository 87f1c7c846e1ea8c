"""Makes bad certificates out of good ones, as somebody might try."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def forged(presentation: str) -> str:
    """Sign the same content with a key of one's own under the district's key id."""
    token, _, rest = presentation.partition("~")
    head, payload, _ = token.split(".")
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.sign(f"{head}.{payload}".encode(), ec.ECDSA(SHA256()))
    r, s = utils.decode_dss_signature(der)
    return f"{head}.{payload}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}~{rest}"


def altered(presentation: str) -> str:
    """Change the first disclosed content, here into somebody else's name."""
    token, *disclosures = presentation.split("~")
    salt, name, content = json.loads(_decode(disclosures[0]))
    if isinstance(content, dict) and "name" in content:
        content["name"] = "赵某某"
    else:
        content = "altered"
    disclosures[0] = _encode(json.dumps([salt, name, content], ensure_ascii=False).encode())
    return "~".join([token, *disclosures])
