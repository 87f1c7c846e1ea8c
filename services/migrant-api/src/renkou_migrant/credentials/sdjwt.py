"""The certificate as an SD-JWT VC (RFC 9901; VC profile pinned to draft-ietf-oauth-sd-jwt-vc-15).

    <issuer-signed JWT>~<disclosure>~<disclosure>~[<proof of the holder, see ``holder``>]

``iss``, ``iat``, ``exp``, ``vct`` and ``status`` are always in the clear. Each disclosure group is one
salted digest in ``_sd``. Groups a certificate doesn't have are made up for by decoys, so that every
certificate carries the same number of digests and the number tells nothing.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from renkou_migrant.credentials.groups import Group, JsonValue, check_group
from renkou_migrant.credentials.jws import (
    SigningKey,
    UnverifiedJws,
    decode_base64url,
    encode_base64url,
    parse_compact,
    parse_json,
    parse_json_object,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason

CERTIFICATE_TYPE = "urn:renkou:marriage-and-childbearing-certificate:1"
MEDIA_TYPE = "dc+sd-jwt"
DIGEST_COUNT = len(Group)
"""Digests in every certificate, whatever groups it holds: the number tells nothing."""
SALT_BYTES = 16
MAX_PRESENTATION = 8192
"""Characters; the full form of a real certificate stays under 2,000."""

_CLAIMS = frozenset({"iss", "iat", "exp", "vct", "status", "_sd"})
_KNOWN_CLAIMS = _CLAIMS | {"nbf", "_sd_alg", "cnf"}
_GROUPS = {group.value: group for group in Group}


def issuer_of(district: str) -> str:
    """The ``iss`` of a district: ``renkou:340103``."""
    return f"renkou:{district}"


def status_list_uri(district: str, number: int = 1) -> str:
    """The name of a district's status list: ``renkou:340103/status-lists/1``."""
    return f"{issuer_of(district)}/status-lists/{number}"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a presentation says: the claims in the clear and the groups the holder chose to show.

    ``groups`` keeps the order of ``Group``. Times are seconds since 1970 (JWT NumericDate). ``cnf`` names the
    holder's key; None where the certificate is bound to none.
    """

    issuer: str
    issued_at: int
    expires_at: int
    not_before: int | None
    status_uri: str
    status_index: int
    groups: Mapping[Group, Any]
    cnf: Mapping[str, Any] | None = None

    @property
    def district(self) -> str:
        """The issuing district's code, as in ``iss``."""
        return self.issuer.removeprefix("renkou:")


@dataclass(frozen=True, slots=True)
class Presentation:
    """A presentation taken apart; ``disclosures`` are the encoded texts. Nothing is verified yet."""

    jws: UnverifiedJws
    claims: Mapping[str, Any]
    disclosures: tuple[str, ...]


def issue(
    groups: Mapping[Group, JsonValue],
    *,
    district: str,
    issued_at: datetime,
    expires_at: datetime,
    status_index: int,
    key: SigningKey,
    status_list_number: int = 1,
    cnf: Mapping[str, Any] | None = None,
) -> str:
    """Sign a certificate and return its full form, every group disclosed.

    ``groups`` comes from ``CertificateFacts.to_groups()``. ``expires_at`` is the first instant at which
    the certificate is no longer valid. ``status_index`` is drawn at random by the caller, never used twice.
    ``cnf`` is ``holder.confirmation`` of the holder's key: nobody without that key can show it then.
    Times must be aware. Raises ``CredentialError(MALFORMED)`` for a group of another form.
    """
    disclosures = []
    salts = secrets.token_bytes(SALT_BYTES * len(groups))
    for position, group in enumerate(group for group in Group if group in groups):
        check_group(group, groups[group])
        salt = salts[position * SALT_BYTES : (position + 1) * SALT_BYTES]
        disclosures.append(encode_disclosure(salt, group, groups[group]))
    digests = [digest(disclosure) for disclosure in disclosures]
    digests += [digest(secrets.token_urlsafe(32)) for _ in range(DIGEST_COUNT - len(digests))]
    payload = encode_claims(
        issuer=issuer_of(district),
        issued_at=_seconds(issued_at),
        expires_at=_seconds(expires_at),
        status_uri=status_list_uri(district, status_list_number),
        status_index=status_index,
        digests=sorted(digests),
        cnf=cnf,
    )
    token = sign_compact(payload, key=key, type=MEDIA_TYPE)
    return join(token, disclosures)


def present(full: str, groups: Iterable[Group | str]) -> str:
    """The presentation of ``full`` that shows only ``groups``; groups it doesn't hold are left out.

    Raises ``ValueError`` for a name that is no group, ``CredentialError(MALFORMED)`` for a broken input.
    """
    wanted = {Group(group) for group in groups}
    token, disclosures = split(full)
    return join(token, [text for text in disclosures if decode_disclosure(text)[1] in wanted])


def parse(presentation: str) -> Presentation:
    """Take a presentation apart and check type and form of the token, not the signature.

    A holder's proof at its end is left aside: see ``holder.check_proof``.

    Raises ``CredentialError``: ``MALFORMED``, ``TOO_LARGE``, ``WRONG_TYPE``, ``CRITICAL_HEADER``.
    """
    token, disclosures = split(separate_proof(presentation)[0])
    jws = parse_compact(token, type=MEDIA_TYPE)
    return Presentation(jws=jws, claims=parse_json_object(jws.payload), disclosures=tuple(disclosures))


def read(presentation: Presentation) -> Certificate:
    """Check the claims and the disclosures against the digests, and return what is shown.

    Call it after the signature was verified. Raises ``CredentialError``: ``WRONG_CERTIFICATE_TYPE``,
    ``MISSING_CLAIM``, ``STATUS_MISSING``, ``DISCLOSURE_REPEATED``, ``DISCLOSURE_UNREFERENCED``,
    ``MALFORMED``.
    """
    claims = presentation.claims
    _check_claims(claims)
    uri, index = _status_reference(claims["status"])
    return Certificate(
        issuer=claims["iss"],
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        not_before=claims.get("nbf"),
        status_uri=uri,
        status_index=index,
        groups=_disclosed_groups(_digests(claims["_sd"]), presentation.disclosures),
        cnf=claims.get("cnf"),
    )


def separate_proof(presentation: str) -> tuple[str, str | None]:
    """The presentation up to its last ``~``, and the holder's proof behind it or None."""
    end = presentation.rfind("~") + 1
    if end == len(presentation) or not end:
        return presentation, None
    return presentation[:end], presentation[end:]


def split(presentation: str) -> tuple[str, list[str]]:
    """The issuer-signed token and the encoded disclosures.

    A holder's proof at the end is refused here: take it off with ``separate_proof``.
    Raises ``CredentialError``: ``TOO_LARGE`` or ``MALFORMED``.
    """
    if len(presentation) > MAX_PRESENTATION:
        raise CredentialError(Reason.TOO_LARGE)
    if not presentation.isascii():
        raise CredentialError(Reason.MALFORMED, "a presentation is ASCII")
    token, *disclosures = presentation.split("~")
    if not disclosures or disclosures.pop() != "":
        raise CredentialError(Reason.MALFORMED, "a presentation ends with ~")
    return token, disclosures


def join(token: str, disclosures: Iterable[str]) -> str:
    """The inverse of ``split``."""
    return "~".join([token, *disclosures, ""])


def digest(disclosure: str) -> str:
    """The digest of an encoded disclosure (RFC 9901, 4.2.3), SHA-256."""
    return encode_base64url(sha256(disclosure.encode("ascii")).digest())


def encode_disclosure(salt: bytes, group: Group, value: JsonValue) -> str:
    """Base64url of the JSON array ``[salt, name, value]`` (RFC 9901, 4.2.1), UTF-8, without spaces."""
    return encode_base64url(orjson.dumps([encode_base64url(salt), group.value, value]))


def decode_disclosure(disclosure: str) -> tuple[str, Group, Any]:
    """Salt text, group and value. Raises ``CredentialError(MALFORMED)``."""
    parts = parse_json(decode_base64url(disclosure))
    if not isinstance(parts, list) or len(parts) != 3:
        raise CredentialError(Reason.MALFORMED, "a disclosure is an array of salt, name and value")
    salt, name, value = parts
    group = _GROUPS.get(name) if isinstance(name, str) else None
    if group is None or not isinstance(salt, str):
        raise CredentialError(Reason.MALFORMED, "a disclosure is none of the six groups")
    return salt, group, value


def encode_claims(
    *,
    issuer: str,
    issued_at: int,
    expires_at: int,
    status_uri: str,
    status_index: int,
    digests: list[str],
    cnf: Mapping[str, Any] | None = None,
) -> bytes:
    """The payload in the one form this issuer writes: members in this order, no spaces, UTF-8."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "iat": issued_at,
        "exp": expires_at,
        "vct": CERTIFICATE_TYPE,
        "status": {"status_list": {"idx": status_index, "uri": status_uri}},
        "_sd": digests,
    }
    if cnf is not None:
        claims["cnf"] = cnf
    return orjson.dumps(claims)


def _check_claims(claims: Mapping[str, Any]) -> None:
    if "vct" in claims and claims["vct"] != CERTIFICATE_TYPE:
        raise CredentialError(Reason.WRONG_CERTIFICATE_TYPE)
    if "status" not in claims:
        raise CredentialError(Reason.STATUS_MISSING)
    names = claims.keys()
    if names != _CLAIMS:
        if missing := _CLAIMS - names:
            raise CredentialError(Reason.MISSING_CLAIM, ", ".join(sorted(missing)))
        if unknown := names - _KNOWN_CLAIMS:
            raise CredentialError(Reason.MALFORMED, f"claims not known: {', '.join(sorted(unknown))}")
    if not isinstance(claims["iss"], str) or claims.get("_sd_alg", "sha-256") != "sha-256":
        raise CredentialError(Reason.MALFORMED, "iss or _sd_alg")
    if not type(claims["iat"]) is type(claims["exp"]) is type(claims.get("nbf", 0)) is int:
        raise CredentialError(Reason.MALFORMED, "times are whole seconds")
    if "cnf" in claims and not isinstance(claims["cnf"], dict):
        raise CredentialError(Reason.MALFORMED, "cnf is an object")


def _status_reference(status: object) -> tuple[str, int]:
    reference = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(reference, dict):
        raise CredentialError(Reason.STATUS_MISSING)
    uri, index = reference.get("uri"), reference.get("idx")
    if not isinstance(uri, str) or type(index) is not int:
        raise CredentialError(Reason.STATUS_MISSING)
    return uri, index


def _digests(digests: object) -> set[str]:
    if not isinstance(digests, list) or not {str}.issuperset(map(type, digests)):
        raise CredentialError(Reason.MALFORMED, "_sd is not a list of digests")
    unique = set(digests)
    if len(unique) != len(digests):
        raise CredentialError(Reason.DISCLOSURE_REPEATED, "a digest occurs twice")
    if len(unique) != DIGEST_COUNT:
        raise CredentialError(Reason.MALFORMED, f"_sd has {DIGEST_COUNT} digests")
    return unique


def _disclosed_groups(digests: set[str], disclosures: Iterable[str]) -> dict[Group, Any]:
    found: dict[Group, Any] = {}
    seen: set[str] = set()
    for text in disclosures:
        if text in seen:
            raise CredentialError(Reason.DISCLOSURE_REPEATED)
        if digest(text) not in digests:
            raise CredentialError(Reason.DISCLOSURE_UNREFERENCED)
        seen.add(text)
        _, group, value = decode_disclosure(text)
        if group in found:
            raise CredentialError(Reason.DISCLOSURE_REPEATED, group)
        check_group(group, value)
        found[group] = value
    return {group: found[group] for group in _GROUPS.values() if group in found}


def _seconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("an instant must be aware of its time zone")
    return int(instant.timestamp())
