"""The trust list: which districts take part, and which keys are theirs (信任名单).

One JWS (``typ`` ``trust-list+jwt``), signed by the anchor of the hub's operator and numbered. A node and an
offline verifier accept a list only from the anchor they were given, and never one with a lower number.

A district describes itself with the same members that the list carries for it::

    {"code": "340103", "name": {"zh": "合肥市庐阳区", "en": "Luyang, Hefei"},
     "certificate_keys": [{"kid": "340103-1", "jwk": {…}, "valid_from": "2025-01-01T00:00:00+08:00",
                           "valid_to": null}],
     "exchange_signing_keys": […], "exchange_encryption_keys": […],
     "kinds": {"inquiry": [1, 2], …}}

``valid_from`` and ``valid_to`` (exclusive, null = open) bound when a key may *sign or be encrypted to*. What
a certificate key signed in its time stays verifiable as long as the key is listed; a compromised key is
taken off the list. Windows of two keys may overlap, which is how keys are rotated.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from renkou_migrant.credentials.jws import (
    SigningKey,
    VerifyingKey,
    decode_base64url,
    parse_compact,
    parse_json_object,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason

MEDIA_TYPE = "trust-list+jwt"
MAX_TOKEN = 32 * 2**20
"""Characters; 3,000 districts with two keys of each kind take about 6 million."""
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_DISTRICT = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key with the time in which it may be used. ``jwk`` is public; ``valid_to`` is exclusive."""

    kid: str
    jwk: Mapping[str, str]
    valid_from: datetime
    valid_to: datetime | None
    verifying: VerifyingKey | None = field(repr=False, compare=False)
    """Parsed once, for signing keys; None for encryption keys."""

    def covers(self, instant: datetime) -> bool:
        """Whether the key may be used at ``instant``."""
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)


@dataclass(frozen=True, slots=True)
class TrustedDistrict:
    """A district with its keys by ``kid``."""

    code: str
    name_zh: str
    name_en: str
    certificate_keys: Mapping[str, TrustedKey]
    exchange_signing_keys: Mapping[str, TrustedKey]
    exchange_encryption_keys: Mapping[str, TrustedKey]
    kinds: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Versions of messages it understands, by kind; empty where the description names none."""

    def encryption_key(self, now: datetime) -> TrustedKey:
        """The key to encrypt to: of those usable ``now`` the one that began last.

        Raises ``CredentialError(KEY_OUTSIDE_WINDOW)`` if there is none.
        """
        usable = [key for key in self.exchange_encryption_keys.values() if key.covers(now)]
        if not usable:
            raise CredentialError(Reason.KEY_OUTSIDE_WINDOW, f"{self.code} has no encryption key now")
        return max(usable, key=lambda key: (key.valid_from, key.kid))


@dataclass(frozen=True, slots=True)
class TrustList:
    """A verified trust list. ``digest`` is the SHA-256 of the token in hex; store it with ``sequence``."""

    sequence: int
    issued_at: datetime
    expires_at: datetime
    districts: Mapping[str, TrustedDistrict]
    digest: str

    def is_stale(self, now: datetime) -> bool:
        """True from ``expires_at`` on."""
        return now >= self.expires_at

    def certificate_key(self, issuer: object, kid: str, issued_at: datetime) -> VerifyingKey:
        """The key ``kid`` of ``issuer`` (``renkou:340103``), for something signed at ``issued_at``.

        Raises ``CredentialError``: ``UNKNOWN_ISSUER``, ``UNKNOWN_KEY``, ``KEY_OUTSIDE_WINDOW``.
        """
        district = self._district_of(issuer)
        return _signing_key(district.certificate_keys, kid, issued_at)

    def exchange_key(self, district: str, kid: str, signed_at: datetime) -> VerifyingKey:
        """The key with which ``district`` (code) signs messages; raises as ``certificate_key`` does."""
        trusted = self.districts.get(district)
        if trusted is None:
            raise CredentialError(Reason.UNKNOWN_ISSUER, district)
        return _signing_key(trusted.exchange_signing_keys, kid, signed_at)

    def without(self, district: str, kids: Collection[str]) -> "TrustList":
        """The list without certificate keys of ``district`` that nothing is to be believed of any more."""
        trusted = self.districts.get(district)
        if trusted is None or not any(kid in trusted.certificate_keys for kid in kids):
            return self
        kept = {kid: key for kid, key in trusted.certificate_keys.items() if kid not in kids}
        return replace(self, districts={**self.districts, district: replace(trusted, certificate_keys=kept)})

    def _district_of(self, issuer: object) -> TrustedDistrict:
        if isinstance(issuer, str) and issuer.startswith("renkou:"):
            district = self.districts.get(issuer.removeprefix("renkou:"))
            if district is not None:
                return district
        raise CredentialError(Reason.UNKNOWN_ISSUER)


def key_entry(
    jwk: Mapping[str, str], valid_from: datetime, valid_to: datetime | None = None
) -> dict[str, Any]:
    """One entry of a key list in a description; private members of ``jwk`` are left out."""
    return {
        "kid": jwk["kid"],
        "jwk": {name: value for name, value in jwk.items() if name not in _PRIVATE_MEMBERS},
        "valid_from": valid_from.isoformat(),
        "valid_to": None if valid_to is None else valid_to.isoformat(),
    }


def describe_district(
    *,
    code: str,
    name_zh: str,
    name_en: str,
    certificate_keys: Iterable[Mapping[str, Any]],
    exchange_signing_keys: Iterable[Mapping[str, Any]],
    exchange_encryption_keys: Iterable[Mapping[str, Any]],
    kinds: Mapping[str, Iterable[int]] | None = None,
) -> dict[str, Any]:
    """A district's description of itself, out of ``key_entry`` results; checked before it is returned.

    ``kinds`` are the versions of messages that it understands. Raises ``CredentialError(MALFORMED)``.
    """
    description: dict[str, Any] = {
        "code": code,
        "name": {"zh": name_zh, "en": name_en},
        "certificate_keys": list(certificate_keys),
        "exchange_signing_keys": list(exchange_signing_keys),
        "exchange_encryption_keys": list(exchange_encryption_keys),
    }
    if kinds is not None:
        description["kinds"] = {kind: sorted(versions) for kind, versions in sorted(kinds.items())}
    parse_district(description)
    return description


def sign_trust_list(
    descriptions: Iterable[Mapping[str, Any]],
    *,
    sequence: int,
    issued_at: datetime,
    expires_at: datetime,
    anchor: SigningKey,
) -> str:
    """Check every description and sign them as list number ``sequence`` (1 and up), ordered by code.

    Raises ``CredentialError(MALFORMED)`` for a wrong description or two of one district.
    """
    districts = sorted((dict(description) for description in descriptions), key=lambda one: str(one["code"]))
    parsed = [parse_district(district) for district in districts]
    if len({district.code for district in parsed}) != len(parsed):
        raise CredentialError(Reason.MALFORMED, "two descriptions of one district")
    if sequence < 1 or expires_at <= issued_at:
        raise CredentialError(Reason.MALFORMED, "sequence or validity of the list")
    payload = {
        "sequence": sequence,
        "iat": int(issued_at.timestamp()),
        "exp": int(expires_at.timestamp()),
        "districts": districts,
    }
    return sign_compact(orjson.dumps(payload), key=anchor, type=MEDIA_TYPE)


def verify_trust_list(
    token: str,
    anchor: VerifyingKey,
    *,
    accepted_sequence: int = 0,
    accepted_digest: str | None = None,
) -> TrustList:
    """Verify a list against the anchor and against the last list accepted here.

    ``accepted_sequence`` and ``accepted_digest`` are the stored ``TrustList.sequence`` and ``digest``. A
    stale list is returned all the same: staleness is for the verifier to weigh.
    Raises ``CredentialError``: those of ``parse_compact``, ``TOO_LARGE``, ``UNKNOWN_KEY`` (another anchor),
    ``ALGORITHM_NOT_OF_KEY``, ``BAD_SIGNATURE``, ``MALFORMED``, ``LIST_ROLLED_BACK`` (lower number),
    ``LIST_CONFLICT`` (same number, another content).
    """
    if len(token) > MAX_TOKEN:
        raise CredentialError(Reason.TOO_LARGE)
    jws = parse_compact(token, type=MEDIA_TYPE)
    if jws.header.kid != anchor.kid:
        raise CredentialError(Reason.UNKNOWN_KEY, "not signed by this anchor")
    jws.verify(anchor)
    claims = parse_json_object(jws.payload)
    sequence, districts = claims.get("sequence"), claims.get("districts")
    if type(sequence) is not int or sequence < 1 or not isinstance(districts, list):
        raise CredentialError(Reason.MALFORMED, "sequence or districts")
    digest = sha256(token.encode("ascii")).hexdigest()
    if sequence < accepted_sequence:
        raise CredentialError(Reason.LIST_ROLLED_BACK, f"{sequence} after {accepted_sequence}")
    if sequence == accepted_sequence and accepted_digest not in (None, digest):
        raise CredentialError(Reason.LIST_CONFLICT, f"sequence {sequence}")
    return TrustList(
        sequence=sequence,
        issued_at=_instant(claims, "iat"),
        expires_at=_instant(claims, "exp"),
        districts={district.code: district for district in map(parse_district, districts)},
        digest=digest,
    )


def parse_district(description: object) -> TrustedDistrict:
    """Read one district's description. Raises ``CredentialError(MALFORMED)``."""
    if not isinstance(description, Mapping):
        raise CredentialError(Reason.MALFORMED, "a description is an object")
    code, name = description.get("code"), description.get("name")
    if not isinstance(code, str) or not _DISTRICT.fullmatch(code):
        raise CredentialError(Reason.MALFORMED, "code has six digits")
    if not isinstance(name, Mapping) or not all(isinstance(name.get(part), str) for part in ("zh", "en")):
        raise CredentialError(Reason.MALFORMED, f"name of {code} needs zh and en")
    return TrustedDistrict(
        code=code,
        name_zh=name["zh"],
        name_en=name["en"],
        certificate_keys=_keys(description, "certificate_keys", signing=True),
        exchange_signing_keys=_keys(description, "exchange_signing_keys", signing=True),
        exchange_encryption_keys=_keys(description, "exchange_encryption_keys", signing=False),
        kinds=_kinds(description.get("kinds", {})),
    )


def _kinds(named: object) -> dict[str, frozenset[int]]:
    if not isinstance(named, Mapping):
        raise CredentialError(Reason.MALFORMED, "kinds is an object")
    try:
        return {str(kind): frozenset(map(int, versions)) for kind, versions in named.items()}
    except (TypeError, ValueError) as error:
        raise CredentialError(Reason.MALFORMED, "kinds name their versions") from error


def _keys(description: Mapping[str, Any], member: str, *, signing: bool) -> dict[str, TrustedKey]:
    entries = description.get(member)
    if not isinstance(entries, list) or not entries:
        raise CredentialError(Reason.MALFORMED, f"{member} is missing or empty")
    keys = [_key(entry, signing=signing) for entry in entries]
    if len({key.kid for key in keys}) != len(keys):
        raise CredentialError(Reason.MALFORMED, f"{member}: two keys of one kid")
    return {key.kid: key for key in keys}


def _key(entry: object, *, signing: bool) -> TrustedKey:
    jwk = entry.get("jwk") if isinstance(entry, Mapping) else None
    if (
        not isinstance(entry, Mapping)
        or not isinstance(jwk, Mapping)
        or not isinstance(entry.get("kid"), str)
    ):
        raise CredentialError(Reason.MALFORMED, "a key has kid and jwk")
    if _PRIVATE_MEMBERS & jwk.keys():
        raise CredentialError(Reason.MALFORMED, "a private key was put where a public one belongs")
    valid_from, valid_to = _moment(entry.get("valid_from")), entry.get("valid_to")
    if not signing:
        _check_encryption_jwk(jwk)
    return TrustedKey(
        kid=entry["kid"],
        jwk=dict(jwk),
        valid_from=valid_from,
        valid_to=None if valid_to is None else _moment(valid_to),
        verifying=VerifyingKey.from_jwk(jwk, kid=entry["kid"]) if signing else None,
    )


def _check_encryption_jwk(jwk: Mapping[str, Any]) -> None:
    x = jwk.get("x")
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "X25519") or not isinstance(x, str):
        raise CredentialError(Reason.MALFORMED, "an encryption key is OKP X25519")
    if len(decode_base64url(x)) != 32:
        raise CredentialError(Reason.MALFORMED, "an X25519 key has 32 bytes")


def _signing_key(keys: Mapping[str, TrustedKey], kid: str, signed_at: datetime) -> VerifyingKey:
    key = keys.get(kid)
    if key is None or key.verifying is None:
        raise CredentialError(Reason.UNKNOWN_KEY, kid)
    if not key.covers(signed_at):
        raise CredentialError(Reason.KEY_OUTSIDE_WINDOW, kid)
    return key.verifying


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CredentialError(Reason.MALFORMED, "valid_from and valid_to are RFC 3339 with an offset")
    return moment


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 2**35:
        raise CredentialError(Reason.MALFORMED, f"{name} is not a time")
    return datetime.fromtimestamp(value, UTC)
