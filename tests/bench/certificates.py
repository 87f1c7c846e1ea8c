"""Issuing and verifying a certificate beside the bare signature operation, on one core, without servers."""

from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from renkou_migrant.credentials import sdjwt
from renkou_migrant.credentials.groups import CertificateFacts, Group
from renkou_migrant.credentials.jws import SigningKey, encode_base64url, parse_compact
from renkou_migrant.credentials.status_list import build_status_list, verify_status_list
from renkou_migrant.credentials.trust import describe_district, key_entry, sign_trust_list, verify_trust_list
from renkou_migrant.credentials.verifier import OfflineVerifier
from tests.bench.report import Line
from tests.bench.turns import Setting, in_turns, rate

DISTRICT = "340103"
NOW = datetime.now(UTC).replace(microsecond=0)
SHOWN = (Group.PERSON, Group.REGISTERED_AREA, Group.MARITAL_STATUS)
CERTIFICATES = 500
_ECDSA = ec.ECDSA(SHA256())


def _facts(number: int) -> CertificateFacts:
    return CertificateFacts(
        name="欧阳娜娜",
        sex=2,
        birth_date=date(1996, 5, 3) + timedelta(days=number % 300),
        id_number="34010319960503124X",
        area_code=DISTRICT,
        area_name="安徽省合肥市庐阳区",
        marital_status="21",
        children_count=2,
        children_birth_dates=(date(2018, 1, 2), date(2022, 3, 4)),
    )


def _issue(number: int, key: SigningKey) -> str:
    return sdjwt.issue(
        _facts(number).to_groups(),
        district=DISTRICT,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=3 * 365),
        status_index=number % 1000,
        key=key,
    )


def _verifier(key: SigningKey) -> OfflineVerifier:
    """A verifier with a trust list and a status list, as an office has them at hand."""
    exchange = SigningKey.generate("exchange-1", "EdDSA")
    encryption = {"kty": "OKP", "crv": "X25519", "x": encode_base64url(bytes(range(32))), "kid": "enc-1"}
    since = NOW - timedelta(days=1)
    description = describe_district(
        code=DISTRICT,
        name_zh="合肥市庐阳区",
        name_en="Luyang, Hefei",
        certificate_keys=[key_entry(key.public.to_jwk(), since)],
        exchange_signing_keys=[key_entry(exchange.public.to_jwk(), since)],
        exchange_encryption_keys=[key_entry(encryption, since)],
    )
    anchor = SigningKey.generate("anchor-1", "EdDSA")
    until = NOW + timedelta(days=1)
    signed = sign_trust_list([description], sequence=1, issued_at=NOW, expires_at=until, anchor=anchor)
    trusted = verify_trust_list(signed, anchor.public)
    statuses = build_status_list(
        [1001], district=DISTRICT, sequence=1, issued_at=NOW, expires_at=until, key=key, size=4096
    )
    return OfflineVerifier(trusted, [verify_status_list(statuses, trusted)], NOW)


async def issuing(setting: Setting) -> Line:
    """Full certificates with six groups, against bare ES256 signatures over the same bytes."""
    key = SigningKey.generate(f"{DISTRICT}-1")
    private = key.private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    token, _ = sdjwt.split(_issue(0, key))
    signed = parse_compact(token, type=sdjwt.MEDIA_TYPE).signing_input

    async def ours() -> float:
        return rate(lambda number: _issue(number, key), setting.seconds)

    async def limit() -> float:
        return rate(lambda _: private.sign(signed, _ECDSA), setting.seconds)

    def note() -> str:
        return "SD-JWT with six groups; limit: bare ES256 signature over the same bytes; one core"

    return await in_turns("certificate issue", ours, limit, setting.turns, "certificates/s", note)


async def verifying(setting: Setting) -> Line:
    """Offline verification with keys, disclosures, time and status, against the bare signature check."""
    key = SigningKey.generate(f"{DISTRICT}-1")
    verifier = _verifier(key)
    shown = [sdjwt.present(_issue(number, key), SHOWN) for number in range(CERTIFICATES)]
    outcomes = [verifier.verify(text) for text in shown]
    if not all(outcome.valid for outcome in outcomes):
        raise RuntimeError(f"a good certificate was refused: {outcomes[0]}")
    private = key.private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    public = private.public_key()
    token, _ = sdjwt.split(shown[0])
    signed = parse_compact(token, type=sdjwt.MEDIA_TYPE).signing_input
    signature = private.sign(signed, _ECDSA)

    async def ours() -> float:
        return rate(lambda number: verifier.verify(shown[number % CERTIFICATES]), setting.seconds)

    async def limit() -> float:
        return rate(lambda _: public.verify(signature, signed, _ECDSA), setting.seconds)

    def note() -> str:
        return "three groups shown, offline; limit: bare ES256 check of the same bytes; one core"

    return await in_turns("certificate verify", ours, limit, setting.turns, "certificates/s", note)
