"""A district's signed description of itself: what a partner needs to know to exchange messages. No I/O.

A compact JWS (``typ`` ``district-description+jwt``) of the district's exchange key. Beside what the trust list
carries for a district (code, names, keys with the time of their use) it says where messages to it go on the
hub, which kinds and versions it understands, whom to call, and how long the description is good for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from renkou_migrant.credentials.jws import SigningKey, parse_compact, parse_json_object, sign_compact
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.trust import TrustedDistrict, TrustedKey, TrustList, parse_district

DESCRIPTION_TYPE = "district-description+jwt"
MAX_DESCRIPTION = 60_000


@dataclass(frozen=True, slots=True)
class Description:
    """A description whose signature was verified with one of the keys that it names itself.

    Whether these are the district's keys is for the reader to settle: by the trust list or the fingerprint.
    """

    token: str
    district: TrustedDistrict
    kid: str
    issued_at: datetime
    valid_until: datetime
    subject: str
    durable: str
    kinds: Mapping[str, frozenset[int]]
    office: str
    contact: str

    @property
    def fingerprint(self) -> str:
        """What two people compare over the telephone: SHA-256 of the token, in groups of four."""
        return fingerprint(self.token)


def fingerprint(token: str) -> str:
    """Return the SHA-256 of a signed description, hexadecimal in groups of four."""
    digits = sha256(token.encode("ascii")).hexdigest()
    return " ".join(digits[start : start + 4] for start in range(0, 64, 4))


def same_fingerprint(one: str, other: str) -> bool:
    """Whether two fingerprints say the same, however they were typed."""
    plain = ["".join(text.split()).lower() for text in (one, other)]
    return plain[0] == plain[1]


def describe(
    base: Mapping[str, Any],
    *,
    kinds: Mapping[str, frozenset[int]],
    office: str,
    contact: str,
    issued_at: datetime,
    valid_until: datetime,
    key: SigningKey,
) -> str:
    """Sign the description of a district; ``base`` is what the trust list carries for it."""
    code = base["code"]
    members = {
        **base,
        "hub": {"subject": f"in.{code}.*", "durable": f"in-{code}"},
        "kinds": {kind: sorted(versions) for kind, versions in sorted(kinds.items())},
        "contact": {"office": office, "details": contact},
        "issued_at": issued_at.isoformat(),
        "valid_until": valid_until.isoformat(),
    }
    return sign_compact(orjson.dumps(members), key=key, type=DESCRIPTION_TYPE)


def read(token: str) -> Description:
    """Take a description apart and verify it with its own key; raises CredentialError."""
    if len(token) > MAX_DESCRIPTION:
        raise CredentialError(Reason.TOO_LARGE)
    jws = parse_compact(token, type=DESCRIPTION_TYPE)
    members = parse_json_object(jws.payload)
    district = parse_district(members)
    try:
        found = Description(
            token=token,
            district=district,
            kid=jws.header.kid,
            issued_at=_instant(members["issued_at"]),
            valid_until=_instant(members["valid_until"]),
            subject=str(members["hub"]["subject"]),
            durable=str(members["hub"]["durable"]),
            kinds={str(kind)[:60]: frozenset(map(int, some)) for kind, some in members["kinds"].items()},
            office=str(members["contact"]["office"])[:200],
            contact=str(members["contact"]["details"])[:200],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CredentialError(Reason.MALFORMED, f"description: {error!r}") from error
    key = district.exchange_signing_keys.get(jws.header.kid)
    if key is None or key.verifying is None:
        raise CredentialError(Reason.UNKNOWN_KEY, jws.header.kid)
    if not key.covers(found.issued_at):
        raise CredentialError(Reason.KEY_OUTSIDE_WINDOW, jws.header.kid)
    jws.verify(key.verifying)
    return found


def signed_by(description: Description, known: TrustedDistrict) -> bool:
    """Whether a key that is known as the district's, and may be used, signed a description."""
    key = known.exchange_signing_keys.get(description.kid)
    if key is None or key.verifying is None or not key.covers(description.issued_at):
        return False
    return key.verifying == description.district.exchange_signing_keys[description.kid].verifying


def with_newer_keys(listed: TrustList, descriptions: Iterable[Description]) -> TrustList:
    """Return a list with the exchange keys of descriptions that listed keys signed after it was made.

    ``descriptions`` holds the newest of each district at most once.
    """
    districts = dict(listed.districts)
    for one in descriptions:
        known = districts.get(one.district.code)
        if known is None or one.issued_at <= listed.issued_at or not signed_by(one, known):
            continue
        districts[known.code] = changed(
            known,
            exchange_signing_keys=_newer(known.exchange_signing_keys, one.district.exchange_signing_keys),
            exchange_encryption_keys=_newer(
                known.exchange_encryption_keys, one.district.exchange_encryption_keys
            ),
        )
    return changed(listed, districts=districts)


def _newer(known: Mapping[str, TrustedKey], told: Mapping[str, TrustedKey]) -> dict[str, TrustedKey]:
    """A told key is added, or says how long a known one is used; never is another key put under a known name."""
    fitting = {kid: key for kid, key in told.items() if kid not in known or known[kid].jwk == key.jwk}
    return {**known, **fitting}


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant without offset")
    return moment
