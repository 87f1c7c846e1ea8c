"""Certificates of ours, good and bad, with what everybody should say of them.

A holder's proof is good for minutes, so presentations are made when a test first asks for them; whatever is
dated from the import of this module is good for an hour at least.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from renkou_migrant.credentials import holder, sdjwt
from renkou_migrant.credentials.groups import CertificateFacts, Group
from renkou_migrant.credentials.jws import SigningKey, encode_base64url
from renkou_migrant.credentials.reasons import Reason
from renkou_migrant.credentials.status_list import build_status_list, verify_status_list
from renkou_migrant.credentials.trust import describe_district, key_entry, sign_trust_list, verify_trust_list
from renkou_migrant.credentials.verifier import OfflineVerifier

HOME, OTHER = "340103", "310115"
TODAY = datetime.now(UTC).replace(microsecond=0)
ISSUED, EXPIRES = TODAY - timedelta(days=100), TODAY + timedelta(days=900)
REVOKED = 99
AUDIENCE, NONCE = "renkou:310115/counter", "k3J9-pZ4m2QxT8vB7sLw"
KEYS = {HOME: SigningKey.generate(f"{HOME}-1"), OTHER: SigningKey.generate(f"{OTHER}-1", "EdDSA")}
HOLDER = SigningKey.generate("holder")
FACTS = CertificateFacts(
    name="欧阳𠮷娜",
    sex=2,
    birth_date=date(1996, 5, 3),
    id_number="34010319960503124X",
    area_code=HOME,
    area_name="安徽省合肥市庐阳区",
    marital_status="21",
    children_count=2,
    children_birth_dates=(date(2018, 1, 2), date(2022, 3, 4)),
)
_X25519 = {"kty": "OKP", "crv": "X25519", "x": encode_base64url(bytes(range(32))), "kid": "enc"}
_NAMES = {HOME: ("庐阳", "Luyang"), OTHER: ("浦东", "Pudong")}


@dataclass(frozen=True)
class Case:
    """How to make a presentation; ``reason`` is what we say of it.

    ``passed_over``: the npm package reads on without a word.
    """

    name: str
    make: Callable[[], str]
    reason: Reason = Reason.VALID
    shown: tuple[Group, ...] = ()
    nonce: str | None = None
    audience: str = AUDIENCE
    passed_over: bool = False

    @cached_property
    def presentation(self) -> str:
        """The same one for everybody."""
        return self.make()

    @property
    def challenge(self) -> holder.Challenge:
        """What the verifier asks the holder for."""
        return holder.Challenge(self.audience, self.nonce)


def _trust_token() -> str:
    anchor = ANCHOR
    exchange = SigningKey.generate("x", "EdDSA")
    since = TODAY - timedelta(days=900)
    described = [
        describe_district(
            code=code,
            name_zh=_NAMES[code][0],
            name_en=_NAMES[code][1],
            certificate_keys=[key_entry(key.public.to_jwk(), since)],
            exchange_signing_keys=[key_entry(exchange.public.to_jwk(), since)],
            exchange_encryption_keys=[key_entry(_X25519, since)],
        )
        for code, key in KEYS.items()
    ]
    until = TODAY + timedelta(days=9)
    return sign_trust_list(described, sequence=1, issued_at=TODAY, expires_at=until, anchor=anchor)


ANCHOR = SigningKey.generate("hub-1", "EdDSA")
TRUST = verify_trust_list(_trust_token(), ANCHOR.public)
LISTS = {
    sdjwt.status_list_uri(code): build_status_list(
        [REVOKED],
        district=code,
        sequence=1,
        issued_at=TODAY - timedelta(hours=1),
        expires_at=TODAY + timedelta(days=1),
        key=key,
        size=1024,
    )
    for code, key in KEYS.items()
}


def verifier() -> OfflineVerifier:
    """Our own verifier on this world, now."""
    return OfflineVerifier(
        TRUST, [verify_status_list(token, TRUST) for token in LISTS.values()], datetime.now(UTC)
    )


def issue(code: str = HOME, **changes: Any) -> str:
    """A full certificate of ours."""
    arguments: dict[str, Any] = {
        "district": code,
        "issued_at": ISSUED,
        "expires_at": EXPIRES,
        "status_index": 7,
        "key": KEYS[code],
    }
    return sdjwt.issue(FACTS.to_groups(), **(arguments | changes))


def resigned(presentation: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Signed anew with other claims, None leaves one out."""
    _, disclosures = sdjwt.split(presentation)
    key = KEYS[HOME]
    payload = dict(sdjwt.parse(presentation).claims) | claims
    members = {"alg": key.algorithm, "kid": key.kid, "typ": sdjwt.MEDIA_TYPE} | (header or {})
    kept = {name: value for name, value in payload.items() if value is not None}
    signing_input = ".".join(encode_base64url(orjson.dumps(part)) for part in (members, kept))
    signature = encode_base64url(key.sign(signing_input.encode()))
    return sdjwt.join(f"{signing_input}.{signature}", disclosures)


def _bound() -> str:
    return sdjwt.present(issue(cnf=holder.confirmation(HOLDER.public.to_jwk())), [Group.PERSON])


def _proved(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "key": HOLDER,
        "audience": AUDIENCE,
        "nonce": NONCE,
        "now": datetime.now(UTC),
    }
    return holder.prove(_bound(), **(arguments | changes))


def _minimal() -> str:
    return sdjwt.present(issue(), [Group.PERSON])


def _with_forged_claims() -> str:
    minimal = _minimal()
    token, disclosures = sdjwt.split(minimal)
    head, _, signature = token.split(".")
    forged = encode_base64url(orjson.dumps(dict(sdjwt.parse(minimal).claims) | {"exp": 2**33}))
    return sdjwt.join(f"{head}.{forged}.{signature}", disclosures)


def _without_algorithm() -> str:
    token, disclosures = sdjwt.split(_minimal())
    none = encode_base64url(orjson.dumps({"alg": "none", "kid": f"{HOME}-1", "typ": sdjwt.MEDIA_TYPE}))
    return sdjwt.join(f"{none}.{token.split('.')[1]}.", disclosures)


def _with_altered_disclosure() -> str:
    token, (person,) = sdjwt.split(_minimal())
    salt, group, value = sdjwt.decode_disclosure(person)
    altered = sdjwt.encode_disclosure(salt.encode()[:16], group, value | {"name": "别人"})
    return sdjwt.join(token, [altered])


def _with_foreign_disclosure() -> str:
    return f"{_minimal()}{sdjwt.split(issue())[1][0]}~"


def _with_repeated_disclosure() -> str:
    token, disclosures = sdjwt.split(_minimal())
    return sdjwt.join(token, [*disclosures] * 2)


def _with_status(issuer: str) -> str:
    return resigned(_minimal(), status={"status_list": {"idx": 7, "uri": sdjwt.status_list_uri(issuer)}})


def good_cases() -> list[Case]:
    """What every verifier accepts, reading the same groups."""

    def showing(*groups: Group) -> Case:
        return Case(f"shows {len(groups)}", lambda: sdjwt.present(issue(), groups), shown=groups)

    return [
        showing(),
        showing(Group.PERSON),
        showing(Group.MARITAL_STATUS, Group.CHILDREN_BIRTH_DATES),
        showing(*Group),
        Case("EdDSA", lambda: issue(OTHER), shown=tuple(Group)),
        Case("bound to a holder", _proved, shown=(Group.PERSON,), nonce=NONCE),
    ]


def bad_cases() -> list[Case]:
    """What every verifier refuses."""
    return [
        Case("forged claims", _with_forged_claims, Reason.BAD_SIGNATURE),
        Case("no algorithm", _without_algorithm, Reason.ALGORITHM_NOT_OF_KEY),
        Case("wrong key", lambda: issue(key=SigningKey.generate(f"{HOME}-1")), Reason.BAD_SIGNATURE),
        Case("unknown key", lambda: issue(key=SigningKey.generate("340103-9")), Reason.UNKNOWN_KEY),
        Case(
            "algorithm not the key's",
            lambda: resigned(_minimal(), {"alg": "EdDSA"}),
            Reason.ALGORITHM_NOT_OF_KEY,
        ),
        Case(
            "altered disclosure",
            _with_altered_disclosure,
            Reason.DISCLOSURE_UNREFERENCED,
            passed_over=True,
        ),
        Case(
            "foreign disclosure",
            _with_foreign_disclosure,
            Reason.DISCLOSURE_UNREFERENCED,
            passed_over=True,
        ),
        Case("repeated disclosure", _with_repeated_disclosure, Reason.DISCLOSURE_REPEATED, passed_over=True),
        Case("another typ", lambda: resigned(_minimal(), {"typ": "jwt"}), Reason.WRONG_TYPE),
        Case("another vct", lambda: resigned(_minimal(), vct="urn:other:1"), Reason.WRONG_CERTIFICATE_TYPE),
        Case(
            "crit",
            lambda: resigned(_minimal(), {"crit": ["b64"], "b64": False}),
            Reason.CRITICAL_HEADER,
            passed_over=True,
        ),
        Case("expired", lambda: issue(expires_at=TODAY - timedelta(hours=2)), Reason.EXPIRED),
        Case("of tomorrow", lambda: issue(issued_at=TODAY + timedelta(days=1)), Reason.NOT_YET_VALID),
        Case("revoked", lambda: issue(status_index=REVOKED), Reason.REVOKED),
        Case("index out of range", lambda: issue(status_index=1024), Reason.STATUS_INDEX_OUT_OF_RANGE),
        Case("another issuer's status list", lambda: _with_status(OTHER), Reason.STATUS_LIST_FOREIGN),
        Case("proof stripped", _bound, Reason.HOLDER_PROOF_MISSING, nonce=NONCE),
        Case(
            "proof for another nonce",
            lambda: _proved(nonce="x" * 20),
            Reason.HOLDER_PROOF_NONCE,
            nonce=NONCE,
        ),
        Case(
            "proof for another audience",
            lambda: _proved(audience="x"),
            Reason.HOLDER_PROOF_AUDIENCE,
            nonce=NONCE,
        ),
        Case(
            "proof by another key",
            lambda: _proved(key=SigningKey.generate("thief")),
            Reason.HOLDER_PROOF_INVALID,
            nonce=NONCE,
        ),
        Case(
            "proof over another presentation",
            lambda: _bound() + str(sdjwt.separate_proof(_proved())[1]),
            Reason.HOLDER_PROOF_INVALID,
            nonce=NONCE,
        ),
    ]
