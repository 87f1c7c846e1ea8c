"""Packing a presentation for paper: ``RK1:`` and the base45 of a CBOR array (纸质二维码的编码).

Packing writes down only what differs from one certificate to the next and can't be computed; everything else
is fixed by the version in the prefix. Unpacking rebuilds the presentation byte for byte, which ``pack`` proves
before it returns. The specification for other implementations is ``docs/certificate-packing.md``.
"""

from typing import Any

import cbor2
import orjson

from renkou_migrant.credentials import base45, cbor, sdjwt
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.jws import SIGNATURE_BYTES, decode_base64url, encode_base64url
from renkou_migrant.credentials.packed_values import pack_value, unpack_value
from renkou_migrant.credentials.reasons import CredentialError, Reason

PREFIX = "RK1:"
MAX_TEXT = 4296
"""Characters of the largest QR code (version 40-L, alphanumeric)."""

_ALGORITHMS = {"ES256": 1, "EdDSA": 2}
_ALGORITHM_NAMES = {number: name for name, number in _ALGORITHMS.items()}
_GROUP_NUMBERS = {group: number for number, group in enumerate(Group)}
_GROUPS = dict(enumerate(Group))
_DIGEST_BYTES = 32
_LONGEST_NUMBER = 9


def pack(presentation: str) -> str:
    """The text for a QR code, characters of its alphanumeric mode only.

    Raises ``CredentialError``: those of ``sdjwt.parse``, and ``NOT_PACKABLE`` where the presentation isn't
    written in the one form this issuer writes, or is bound to a holder's key. The signature isn't verified.
    """
    try:
        text = PREFIX + base45.encode(cbor2.dumps(_to_array(presentation)))
        rebuilt = unpack(text)
    except (CredentialError, KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, CredentialError) and error.reason is Reason.TOO_LARGE:
            raise
        raise CredentialError(Reason.NOT_PACKABLE, str(error)) from error
    if rebuilt != presentation:
        raise CredentialError(Reason.NOT_PACKABLE, "it would not unpack to the same bytes")
    return text


def unpack(text: str) -> str:
    """The presentation that was packed, byte for byte. The result is as untrusted as the text.

    There is no decompression; what a text of ``MAX_TEXT`` characters can grow to is bounded, and a result
    above ``sdjwt.MAX_PRESENTATION`` is refused. Of every presentation there is one packed text: another
    that would unpack to it is refused. Raises ``CredentialError``: ``MALFORMED`` or ``TOO_LARGE``.
    """
    if len(text) > MAX_TEXT:
        raise CredentialError(Reason.TOO_LARGE)
    if not text.startswith(PREFIX):
        raise CredentialError(Reason.MALFORMED, f"a packed certificate starts with {PREFIX}")
    try:
        presentation = _from_array(cbor.decode(base45.decode(text[len(PREFIX) :])))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CredentialError(Reason.MALFORMED, f"not a packed certificate: {error}") from error
    if len(presentation) > sdjwt.MAX_PRESENTATION:
        raise CredentialError(Reason.TOO_LARGE)
    return presentation


def _to_array(presentation: str) -> list[Any]:
    parsed = sdjwt.parse(presentation)
    claims, header = parsed.claims, parsed.jws.header
    reference = claims["status"]["status_list"]
    district = claims["iss"].removeprefix("renkou:")
    shown = {sdjwt.digest(disclosure) for disclosure in parsed.disclosures}
    hidden = [digest for digest in claims["_sd"] if digest not in shown]
    return [
        _ALGORITHMS[header.algorithm],
        _pack_kid(header.kid, district),
        int(district),
        claims["iat"],
        claims["exp"],
        int(reference["uri"].rpartition("/")[2]),
        reference["idx"],
        b"".join(map(decode_base64url, hidden)),
        parsed.jws.signature,
        [_pack_disclosure(disclosure) for disclosure in parsed.disclosures],
    ]


def _from_array(packed: Any) -> str:
    algorithm, kid, district_number, issued_at, expires_at, number, index, hidden, signature, shown = packed
    if any(type(value) is not int for value in (district_number, issued_at, expires_at, number, index)):
        raise TypeError("a number is expected")
    if district_number > 999_999 or type(shown) is not list or len(shown) > sdjwt.DIGEST_COUNT:
        raise ValueError("district or disclosures")
    if type(signature) is not bytes or len(signature) != SIGNATURE_BYTES:
        raise ValueError("signature")
    if type(hidden) is not bytes or len(hidden) != _DIGEST_BYTES * (sdjwt.DIGEST_COUNT - len(shown)):
        raise ValueError("digests")
    district = f"{district_number:06d}"
    disclosures = [_unpack_disclosure(disclosure) for disclosure in shown]
    digests = [
        encode_base64url(hidden[start : start + _DIGEST_BYTES])
        for start in range(0, len(hidden), _DIGEST_BYTES)
    ]
    if digests != sorted(digests):
        raise ValueError("digests are not in order")
    header = orjson.dumps(
        {"alg": _ALGORITHM_NAMES[algorithm], "kid": _unpack_kid(kid, district), "typ": sdjwt.MEDIA_TYPE}
    )
    payload = sdjwt.encode_claims(
        issuer=sdjwt.issuer_of(district),
        issued_at=issued_at,
        expires_at=expires_at,
        status_uri=sdjwt.status_list_uri(district, number),
        status_index=index,
        digests=sorted(digests + [sdjwt.digest(disclosure) for disclosure in disclosures]),
    )
    token = ".".join(encode_base64url(part) for part in (header, payload, signature))
    return sdjwt.join(token, disclosures)


def _pack_kid(kid: str, district: str) -> int | str:
    """A key named after its district (``340103-2``) as its number."""
    number = kid.removeprefix(f"{district}-")
    if number == kid or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
        return kid
    return int(number) if str(int(number)) == number else kid


def _unpack_kid(packed: Any, district: str) -> str:
    kid = f"{district}-{packed}" if type(packed) is int else packed
    if not isinstance(kid, str) or _pack_kid(kid, district) != packed:
        raise ValueError("kid")
    return kid


def _pack_disclosure(disclosure: str) -> list[Any]:
    salt, group, value = sdjwt.decode_disclosure(disclosure)
    return [_GROUP_NUMBERS[group], decode_base64url(salt), pack_value(group, value)]


def _unpack_disclosure(packed: Any) -> str:
    number, salt, value = packed
    if type(salt) is not bytes or len(salt) != sdjwt.SALT_BYTES:
        raise ValueError("salt")
    group = _GROUPS[number]
    return sdjwt.encode_disclosure(salt, group, unpack_value(group, value))
