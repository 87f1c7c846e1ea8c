"""Keys, descriptions and the trust list (SPEC.md, 11)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc.jwk import ECKey, KeyParameters, OKPKey

from renkou_partner import jws
from renkou_partner.contract import Json

LIST_TYPE = "trust-list+jwt"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Untrusted(Exception):
    """A key or list that is not to be relied on; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with the time in which it may be used; ``valid_to`` is exclusive."""

    key: OKPKey
    valid_from: datetime
    valid_to: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Whether it may be used at a moment."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


@dataclass(frozen=True, slots=True)
class District:
    """A district of the trust list with the keys of the exchange."""

    code: str
    signing: Mapping[str, Key]
    encryption: Mapping[str, Key]

    def encryption_key(self, now: datetime) -> OKPKey:
        """Of the keys usable now the one that began last; raises Untrusted."""
        usable = [(one.valid_from, kid, one.key) for kid, one in self.encryption.items() if one.covers(now)]
        if not usable:
            raise Untrusted("key_outside_window")
        return max(usable, key=lambda one: one[:2])[2]


@dataclass(frozen=True, slots=True)
class TrustList:
    """A verified list."""

    sequence: int
    districts: Mapping[str, District]

    def signing_key(self, district: str, kid: str, signed_at: datetime) -> OKPKey:
        """The key with which a district may have signed at a moment; raises Untrusted."""
        known = self.districts.get(district)
        if known is None:
            raise Untrusted("unknown_issuer")
        found = known.signing.get(kid)
        if found is None:
            raise Untrusted("unknown_key")
        if not found.covers(signed_at):
            raise Untrusted("key_outside_window")
        return found.key


def new_keys(district: str) -> Json:
    """New private keys of a district as a JWK set: one to sign (Ed25519), one to be encrypted to (X25519)."""
    return {"keys": [new_key(f"{district}-sig-1"), new_key(f"{district}-enc-1", "enc")]}


def new_key(kid: str, use: str = "sig") -> Json:
    """A new private JWK."""
    options: KeyParameters = {"kid": kid, "use": "sig" if use == "sig" else "enc"}
    if use == "sig":
        key = OKPKey.generate_key("Ed25519", options, private=True)
    else:
        key = OKPKey.generate_key("X25519", options, private=True)
    return dict(key.as_dict(private=True))


def public(jwk: Json) -> Json:
    """The public part of a private JWK."""
    return {name: value for name, value in jwk.items() if name not in ("d", "alg")}


def entry(jwk: Json, valid_from: datetime = _LONG_AGO, valid_to: datetime | None = None) -> Json:
    """A key as it stands in a description."""
    return {
        "kid": jwk["kid"],
        "jwk": public(jwk),
        "valid_from": valid_from.isoformat(),
        "valid_to": None if valid_to is None else valid_to.isoformat(),
    }


def description(district: str, entries: Iterable[tuple[str, Json]], certificate: Json | None = None) -> Json:
    """What a district tells of itself: its code, name and keys; ``entries`` are (use, key entry)."""
    by_use: dict[str, list[Json]] = {"sig": [], "enc": []}
    for use, one in entries:
        by_use[use].append(one)
    own = certificate or certificate_entry(district)
    return {
        "code": district,
        "name": {"zh": district, "en": district},
        "certificate_keys": [own],
        "exchange_signing_keys": by_use["sig"],
        "exchange_encryption_keys": by_use["enc"],
    }


def certificate_entry(district: str) -> Json:
    """A throw-away key for certificates: a description has at least one, the exchange does not use it."""
    key = ECKey.generate_key("P-256", {"kid": f"{district}-1", "use": "sig"}, private=False)
    return entry(dict(key.as_dict(private=False)))


def sign_list(descriptions: Iterable[Json], anchor: Json, *, sequence: int, days: int = 30) -> str:
    """Sign a list as the operator of the hub does."""
    now = datetime.now(UTC)
    payload = {
        "sequence": sequence,
        "iat": int((now - timedelta(days=1)).timestamp()),
        "exp": int((now + timedelta(days=days)).timestamp()),
        "districts": sorted(descriptions, key=lambda one: str(one["code"])),
    }
    return jws.sign(json.dumps(payload).encode(), OKPKey.import_key(anchor), LIST_TYPE)


def verify_list(token: str, anchor: Json, *, accepted: int = 0) -> TrustList:
    """Verify a list against the anchor's public key; raises Untrusted, also for one before ``accepted``."""
    try:
        _, members = jws.parse(token, LIST_TYPE)
        jws.verify(token, OKPKey.import_key(anchor))
        districts = [_district(one) for one in members["districts"]]
        sequence = int(members["sequence"])
    except jws.BadToken as error:
        raise Untrusted(error.code) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Untrusted("malformed") from error
    if sequence < accepted:
        raise Untrusted("list_rolled_back")
    return TrustList(sequence, {one.code: one for one in districts})


def _district(members: Json) -> District:
    return District(
        members["code"],
        {one["kid"]: _key(one) for one in members["exchange_signing_keys"]},
        {one["kid"]: _key(one) for one in members["exchange_encryption_keys"]},
    )


def _key(members: Json) -> Key:
    key = OKPKey.import_key({**members["jwk"], "kid": members["kid"]})
    until = members["valid_to"]
    return Key(
        key,
        datetime.fromisoformat(members["valid_from"]),
        None if until is None else datetime.fromisoformat(until),
    )
