"""A small world to verify in: a hub's anchor, two districts with keys, one status list each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import orjson

from renkou_migrant.credentials import sdjwt
from renkou_migrant.credentials.groups import CertificateFacts, Group
from renkou_migrant.credentials.holder import ReplayMemory
from renkou_migrant.credentials.jws import SigningKey, encode_base64url
from renkou_migrant.credentials.status_list import StatusList
from renkou_migrant.credentials.trust import TrustList, describe_district, key_entry
from renkou_migrant.credentials.verifier import OfflineVerifier, VerificationResult

HOME, OTHER = "340103", "310115"
KEYS_FROM = datetime(2025, 1, 1, tzinfo=UTC)
KEYS_TO = datetime(2027, 1, 1, tzinfo=UTC)
ISSUED = datetime(2026, 3, 1, tzinfo=UTC)
EXPIRES = datetime(2029, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
NAMES = {HOME: ("合肥市庐阳区", "Luyang, Hefei"), OTHER: ("上海市浦东新区", "Pudong, Shanghai")}
REVOKED_INDEX = 99
FACTS = CertificateFacts(
    name="欧阳娜娜",
    sex=2,
    birth_date=date(1996, 5, 3),
    id_number="34010319960503124X",
    area_code=HOME,
    area_name="安徽省合肥市庐阳区",
    marital_status="21",
    children_count=2,
    children_birth_dates=(date(2018, 1, 2), date(2022, 3, 4)),
)
X25519 = {
    "kty": "OKP",
    "crv": "X25519",
    "x": encode_base64url(bytes(range(32))),
    "kid": "enc-1",
    "use": "enc",
}


@dataclass
class World:
    """Everything a verifier is given, and the private keys to make good and bad certificates with."""

    anchor: SigningKey
    keys: Mapping[str, SigningKey]
    exchange: Mapping[str, SigningKey]
    trust_token: str
    trust_list: TrustList
    status_tokens: Mapping[str, str]
    status_lists: list[StatusList] = field(default_factory=list)
    now: datetime = NOW

    def issue(self, *, facts: CertificateFacts = FACTS, **changes: Any) -> str:
        """A full certificate of the home district; ``changes`` replace arguments of ``sdjwt.issue``."""
        arguments: dict[str, Any] = {
            "district": HOME,
            "issued_at": ISSUED,
            "expires_at": EXPIRES,
            "status_index": 7,
            "key": self.keys[HOME],
        }
        return sdjwt.issue(facts.to_groups(), **(arguments | changes))

    def minimal(self, **changes: Any) -> str:
        """The same with only the person shown."""
        return sdjwt.present(self.issue(**changes), [Group.PERSON])

    def resign(
        self,
        presentation: str,
        *,
        header: Mapping[str, Any] | None = None,
        key: SigningKey | None = None,
        **claims: Any,
    ) -> str:
        """Sign changed claims anew, as a careless or hostile issuer could; a claim of None is left out."""
        _, disclosures = sdjwt.split(presentation)
        signer = key or self.keys[HOME]
        payload = dict(sdjwt.parse(presentation).claims) | claims
        members = {"alg": signer.algorithm, "kid": signer.kid, "typ": sdjwt.MEDIA_TYPE} | dict(header or {})
        parts = [members, {name: value for name, value in payload.items() if value is not None}]
        signing_input = ".".join(encode_base64url(orjson.dumps(part)) for part in parts)
        signature = encode_base64url(signer.sign(signing_input.encode()))
        return sdjwt.join(f"{signing_input}.{signature}", disclosures)

    def verifier(
        self,
        *,
        trust_list: TrustList | None = None,
        status_lists: Iterable[StatusList] | None = None,
        now: datetime | None = None,
        memory: ReplayMemory | None = None,
    ) -> OfflineVerifier:
        return OfflineVerifier(
            self.trust_list if trust_list is None else trust_list,
            self.status_lists if status_lists is None else status_lists,
            now or self.now,
            memory=memory,
        )

    def verify(self, presentation: str, **changes: Any) -> VerificationResult:
        return self.verifier(**changes).verify(presentation)


def describe(code: str, certificate_key: SigningKey, exchange_key: SigningKey) -> dict[str, Any]:
    zh, en = NAMES[code]
    return describe_district(
        code=code,
        name_zh=zh,
        name_en=en,
        certificate_keys=[key_entry(certificate_key.public.to_jwk(), KEYS_FROM, KEYS_TO)],
        exchange_signing_keys=[key_entry(exchange_key.public.to_jwk(), KEYS_FROM)],
        exchange_encryption_keys=[key_entry(X25519, KEYS_FROM)],
    )
