"""Packing a presentation for paper: ``RK1:`` and the base45 of a CBOR array, and the QR image of it.

Packing writes down only what differs from one certificate to the next; everything else is the fixed
dictionary below. Unpacking rebuilds the presentation byte for byte, which ``pack`` proves before it
returns. The specification for other implementations is in ``docs/certificate.md``, "Packing for paper".
"""

import io
from typing import Any

import base45
import cbor2
import orjson
import segno

from renkou_migrant.credentials import cbor, sdjwt
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.jws import SIGNATURE_BYTES, decode_base64url, encode_base64url
from renkou_migrant.credentials.reasons import CredentialError, Reason

PREFIX = "RK1:"
MAX_TEXT = 4296
"""Characters of the largest QR code (version 40-L, alphanumeric)."""
ERROR_CORRECTION = "m"
QUIET_ZONE = 4

_ALGORITHMS = {"ES256": 1, "EdDSA": 2}
_ALGORITHM_NAMES = {number: name for name, number in _ALGORITHMS.items()}
_GROUP_NUMBERS = {group: number for number, group in enumerate(Group)}
_GROUPS = dict(enumerate(Group))
_DIGEST_BYTES = 32


def pack(presentation: str) -> str:
    """The text for a QR code, characters of its alphanumeric mode only.

    Raises ``CredentialError``: those of ``sdjwt.parse``, and ``NOT_PACKABLE`` where the presentation isn't
    written in the one form this issuer writes. The signature isn't verified.
    """
    try:
        data = cbor2.dumps(_to_array(presentation))
        text: str = PREFIX + base45.b45encode(data).decode("ascii")
        rebuilt = unpack(text)
    except (CredentialError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, CredentialError) and error.reason is Reason.TOO_LARGE:
            raise
        raise CredentialError(Reason.NOT_PACKABLE, str(error)) from error
    if rebuilt != presentation:
        raise CredentialError(Reason.NOT_PACKABLE, "it would not unpack to the same bytes")
    return text


def unpack(text: str) -> str:
    """The presentation that was packed, byte for byte. The result is as untrusted as the text.

    There is no decompression; what a text of ``MAX_TEXT`` characters can grow to is below
    ``sdjwt.MAX_PRESENTATION``, and a larger result is refused.
    Raises ``CredentialError``: ``MALFORMED`` or ``TOO_LARGE``.
    """
    if len(text) > MAX_TEXT:
        raise CredentialError(Reason.TOO_LARGE)
    if not text.startswith(PREFIX):
        raise CredentialError(Reason.MALFORMED, f"a packed certificate starts with {PREFIX}")
    packed = _decode_cbor(_decode_base45(text[len(PREFIX) :]))
    try:
        presentation = _from_array(packed)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CredentialError(Reason.MALFORMED, "not a packed certificate") from error
    if len(presentation) > sdjwt.MAX_PRESENTATION:
        raise CredentialError(Reason.TOO_LARGE)
    return presentation


def qr_png(text: str, *, pixels_per_module: int = 6) -> bytes:
    """The QR image of a packed text as PNG, error correction M, quiet zone of 4 modules."""
    out = io.BytesIO()
    make_qr(text).save(out, kind="png", scale=pixels_per_module, border=QUIET_ZONE)
    return out.getvalue()


def make_qr(text: str) -> segno.QRCode:
    """The QR code, alphanumeric mode, exactly level M. Raises ``CredentialError(TOO_LARGE)``."""
    try:
        return segno.make_qr(text, error=ERROR_CORRECTION, mode="alphanumeric", boost_error=False)
    except segno.DataOverflowError as error:
        raise CredentialError(Reason.TOO_LARGE) from error


def _to_array(presentation: str) -> list[Any]:
    parsed = sdjwt.parse(presentation)
    claims, header = parsed.claims, parsed.jws.header
    reference = claims["status"]["status_list"]
    return [
        _ALGORITHMS[header.algorithm],
        header.kid,
        int(claims["iss"].removeprefix("renkou:")),
        claims["iat"],
        claims["exp"],
        int(reference["uri"].rpartition("/")[2]),
        reference["idx"],
        b"".join(decode_base64url(digest) for digest in claims["_sd"]),
        parsed.jws.signature,
        [_pack_disclosure(disclosure) for disclosure in parsed.disclosures],
    ]


def _from_array(packed: Any) -> str:
    algorithm, kid, district_number, issued_at, expires_at, number, index, digests, signature, shown = packed
    if not isinstance(kid, str) or not 0 <= district_number <= 999_999:
        raise ValueError("kid or district")
    if not isinstance(signature, bytes) or len(signature) != SIGNATURE_BYTES:
        raise ValueError("signature")
    if not isinstance(digests, bytes) or len(digests) != _DIGEST_BYTES * sdjwt.DIGEST_COUNT:
        raise ValueError("digests")
    if any(type(value) is not int for value in (district_number, issued_at, expires_at, number, index)):
        raise TypeError("a number is expected")
    district = f"{district_number:06d}"
    header = orjson.dumps({"alg": _ALGORITHM_NAMES[algorithm], "kid": kid, "typ": sdjwt.MEDIA_TYPE})
    payload = sdjwt.encode_claims(
        issuer=sdjwt.issuer_of(district),
        issued_at=issued_at,
        expires_at=expires_at,
        status_uri=sdjwt.status_list_uri(district, number),
        status_index=index,
        digests=[
            encode_base64url(digests[start : start + _DIGEST_BYTES])
            for start in range(0, len(digests), _DIGEST_BYTES)
        ],
    )
    token = ".".join(encode_base64url(part) for part in (header, payload, signature))
    return sdjwt.join(token, [_unpack_disclosure(disclosure) for disclosure in shown])


def _pack_disclosure(disclosure: str) -> list[Any]:
    salt_text, group, value = sdjwt.decode_disclosure(disclosure)
    salt = decode_base64url(salt_text)
    if group is Group.PERSON:
        value = [value["name"], value["sex"], int(value["birth_date"].replace("-", ""))]
    return [_GROUP_NUMBERS[group], salt, value]


def _unpack_disclosure(packed: Any) -> str:
    number, salt, value = packed
    group = _GROUPS[number]
    if not isinstance(salt, bytes) or len(salt) != sdjwt.SALT_BYTES:
        raise ValueError("salt")
    if group is Group.PERSON:
        name, sex, day = value
        if type(day) is not int or not 0 <= day <= 99_999_999:
            raise ValueError("birth date")
        digits = f"{day:08d}"
        value = {"name": name, "sex": sex, "birth_date": f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"}
    return sdjwt.encode_disclosure(salt, group, value)


def _decode_base45(text: str) -> bytes:
    try:
        data: bytes = base45.b45decode(text.encode("ascii"))
    except ValueError as error:
        raise CredentialError(Reason.MALFORMED, "not base45") from error
    return data


def _decode_cbor(data: bytes) -> Any:
    try:
        return cbor.decode(data)
    except ValueError as error:
        raise CredentialError(Reason.MALFORMED, f"not the CBOR of a certificate: {error}") from error
