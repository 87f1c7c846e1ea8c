"""Certificates of ours, good and bad, with what everybody should say of them."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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
NOW = datetime.fromtimestamp(int(time.time()), UTC)
ISSUED, EXPIRES = NOW - timedelta(days=100), NOW + timedelta(days=900)
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
    """A presentation; ``reason`` is what we say. ``passed_over``: the npm package reads on without a word."""

    name: str
    presentation: str
    reason: Reason = Reason.VALID
    shown: tuple[Group, ...] = ()
    nonce: str | None = None
    audience: str = AUDIENCE
    passed_over: bool = False

    @property
    def challenge(self) -> holder.Challenge:
        """What the verifier asks the holder for."""
        return holder.Challenge(self.audience, self.nonce)


def _trust_token() -> str:
    anchor = ANCHOR
    exchange = SigningKey.generate("x", "EdDSA")
    since = NOW - timedelta(days=900)
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
    until = NOW + timedelta(days=9)
    return sign_trust_list(described, sequence=1, issued_at=NOW, expires_at=until, anchor=anchor)


ANCHOR = SigningKey.generate("hub-1", "EdDSA")
TRUST = verify_trust_list(_trust_token(), ANCHOR.public)
LISTS = {
    sdjwt.status_list_uri(code): build_status_list(
        [REVOKED],
        district=code,
        sequence=1,
        issued_at=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(days=1),
        key=key,
        size=1024,
    )
    for code, key in KEYS.items()
}


def verifier() -> OfflineVerifier:
    """Our own verifier on this world."""
    return OfflineVerifier(TRUST, [verify_status_list(token, TRUST) for token in LISTS.values()], NOW)


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
    arguments: dict[str, Any] = {"key": HOLDER, "audience": AUDIENCE, "nonce": NONCE, "now": NOW}
    return holder.prove(_bound(), **(arguments | changes))


def good_cases() -> list[Case]:
    """What every verifier accepts, reading the same groups."""
    full = issue()
    shown = [(), (Group.PERSON,), (Group.MARITAL_STATUS, Group.CHILDREN_BIRTH_DATES), tuple(Group)]
    cases = [Case(f"shows {len(some)}", sdjwt.present(full, some), shown=some) for some in shown]
    cases.append(Case("EdDSA", issue(OTHER), shown=tuple(Group)))
    cases.append(Case("bound to a holder", _proved(), shown=(Group.PERSON,), nonce=NONCE))
    return cases


def bad_cases() -> list[Case]:
    """What every verifier refuses."""
    full = issue()
    minimal = sdjwt.present(full, [Group.PERSON])
    token, (person,) = sdjwt.split(minimal)
    head, _, signature = token.split(".")
    salt, group, value = sdjwt.decode_disclosure(person)
    altered = sdjwt.encode_disclosure(salt.encode()[:16], group, value | {"name": "别人"})
    foreign = sdjwt.split(issue())[1][0]
    forged = encode_base64url(orjson.dumps(dict(sdjwt.parse(full).claims) | {"exp": 2**33}))
    none = encode_base64url(orjson.dumps({"alg": "none", "kid": f"{HOME}-1", "typ": sdjwt.MEDIA_TYPE}))
    _, payload, _ = token.split(".")
    impostor = SigningKey.generate(f"{HOME}-1")
    other_status = {"status_list": {"idx": 7, "uri": sdjwt.status_list_uri(OTHER)}}
    return [
        Case("forged claims", sdjwt.join(f"{head}.{forged}.{signature}", [person]), Reason.BAD_SIGNATURE),
        Case("no algorithm", sdjwt.join(f"{none}.{payload}.", [person]), Reason.ALGORITHM_NOT_OF_KEY),
        Case("wrong key", issue(key=impostor), Reason.BAD_SIGNATURE),
        Case("unknown key", issue(key=SigningKey.generate("340103-9")), Reason.UNKNOWN_KEY),
        Case(
            "algorithm not the key's",
            resigned(minimal, {"alg": "EdDSA"}),
            Reason.ALGORITHM_NOT_OF_KEY,
        ),
        Case(
            "altered disclosure",
            sdjwt.join(token, [altered]),
            Reason.DISCLOSURE_UNREFERENCED,
            passed_over=True,
        ),
        Case("foreign disclosure", f"{minimal}{foreign}~", Reason.DISCLOSURE_UNREFERENCED, passed_over=True),
        Case(
            "repeated disclosure",
            sdjwt.join(token, [person] * 2),
            Reason.DISCLOSURE_REPEATED,
            passed_over=True,
        ),
        Case("another typ", resigned(minimal, {"typ": "jwt"}), Reason.WRONG_TYPE),
        Case("another vct", resigned(minimal, vct="urn:other:1"), Reason.WRONG_CERTIFICATE_TYPE),
        Case(
            "crit",
            resigned(minimal, {"crit": ["b64"], "b64": False}),
            Reason.CRITICAL_HEADER,
            passed_over=True,
        ),
        Case("expired", issue(expires_at=NOW - timedelta(hours=2)), Reason.EXPIRED),
        Case("of tomorrow", issue(issued_at=NOW + timedelta(days=1)), Reason.NOT_YET_VALID),
        Case("revoked", issue(status_index=REVOKED), Reason.REVOKED),
        Case("index out of range", issue(status_index=1024), Reason.STATUS_INDEX_OUT_OF_RANGE),
        Case(
            "another issuer's status list",
            resigned(minimal, status=other_status),
            Reason.STATUS_LIST_FOREIGN,
        ),
        Case("proof stripped", _bound(), Reason.HOLDER_PROOF_MISSING, nonce=NONCE),
        Case("proof for another nonce", _proved(nonce="x" * 20), Reason.HOLDER_PROOF_NONCE, nonce=NONCE),
        Case("proof for another audience", _proved(audience="x"), Reason.HOLDER_PROOF_AUDIENCE, nonce=NONCE),
        Case(
            "proof by another key",
            _proved(key=SigningKey.generate("thief")),
            Reason.HOLDER_PROOF_INVALID,
            nonce=NONCE,
        ),
        Case(
            "proof over another presentation",
            _bound() + str(sdjwt.separate_proof(_proved())[1]),
            Reason.HOLDER_PROOF_INVALID,
            nonce=NONCE,
        ),
    ]
