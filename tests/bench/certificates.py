"""Issuing and verifying a certificate beside the bare signature operation, on one core, without servers.

The notes give, beside the rates, the median and the 99th percentile of single operations, by the clock and
by the processor: on a machine that does other work too, the clock also counts what it did meanwhile.
"""

import random
import time
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from renkou_migrant.credentials import packing, sdjwt
from renkou_migrant.credentials.groups import CertificateFacts, Group
from renkou_migrant.credentials.jws import SigningKey, encode_base64url, parse_compact
from renkou_migrant.credentials.status_list import DEFAULT_SIZE, build_status_list, verify_status_list
from renkou_migrant.credentials.trust import describe_district, key_entry, sign_trust_list, verify_trust_list
from renkou_migrant.credentials.verifier import OfflineVerifier
from tests.bench.report import Line
from tests.bench.turns import Setting, in_turns, rate

DISTRICT = "340103"
NOW = datetime.now(UTC).replace(microsecond=0)
CERTIFICATES = 500
SINGLE = 2000
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


def latency(work: Callable[[int], object]) -> str:
    """Single operations in milliseconds: median and 99th percentile, by the clock and by the processor."""
    clock, processor = [], []
    for number in range(SINGLE):
        wall, cpu = time.perf_counter(), time.thread_time()
        work(number)
        processor.append(time.thread_time() - cpu)
        clock.append(time.perf_counter() - wall)
    texts = [
        f"{name} p50 {sorted(found)[SINGLE // 2] * 1000:.3f} p99 {sorted(found)[SINGLE * 99 // 100] * 1000:.3f} ms"
        for name, found in (("clock", clock), ("processor", processor))
    ]
    return ", ".join(texts)


def _bare(key: SigningKey) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """The private key and the bytes that a full certificate's signature is over."""
    private = key.private
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    token, _ = sdjwt.split(_issue(0, key))
    return private, parse_compact(token, type=sdjwt.MEDIA_TYPE).signing_input


async def issuing(setting: Setting) -> Line:
    """Full certificates with six groups, against bare ES256 signatures over the same bytes."""
    key = SigningKey.generate(f"{DISTRICT}-1")
    private, signed = _bare(key)

    async def ours() -> float:
        return rate(lambda number: _issue(number, key), setting.seconds)

    async def limit() -> float:
        return rate(lambda _: private.sign(signed, _ECDSA), setting.seconds)

    def note() -> str:
        single = latency(lambda number: _issue(number, key))
        return f"SD-JWT with six groups; limit: bare ES256 signature over the same bytes; one core; {single}"

    return await in_turns("certificate issue", ours, limit, setting.turns, "certificates/s", note)


async def verifying(setting: Setting) -> Line:
    """Offline verification with keys, disclosures, time and status, against the bare signature check."""
    key = SigningKey.generate(f"{DISTRICT}-1")
    shown = [_issue(number, key) for number in range(CERTIFICATES)]
    return await _verifying("certificate verify", "all six groups shown", setting, key, shown)


async def scanning(setting: Setting) -> Line:
    """The same from the text of a paper's QR code: unpacked, then verified."""
    key = SigningKey.generate(f"{DISTRICT}-1")
    shown = [
        packing.pack(sdjwt.present(_issue(number, key), [Group.PERSON])) for number in range(CERTIFICATES)
    ]
    return await _verifying(
        "certificate scan", "text of the QR code of the minimal form", setting, key, shown
    )


async def _verifying(name: str, what: str, setting: Setting, key: SigningKey, shown: list[str]) -> Line:
    verifier = _verifier(key)
    outcomes = [verifier.verify_text(text) for text in shown]
    if not all(outcome.valid for outcome in outcomes):
        raise RuntimeError(f"a good certificate was refused: {outcomes[0]}")
    private, signed = _bare(key)
    public, signature = private.public_key(), private.sign(signed, _ECDSA)

    def verify(number: int) -> None:
        verifier.verify_text(shown[number % CERTIFICATES])

    async def ours() -> float:
        return rate(verify, setting.seconds)

    async def limit() -> float:
        return rate(lambda _: public.verify(signature, signed, _ECDSA), setting.seconds)

    def note() -> str:
        return (
            f"{what}, offline; limit: bare ES256 check of a certificate's bytes; one core; {latency(verify)}"
        )

    return await in_turns(name, ours, limit, setting.turns, "certificates/s", note)


async def loading(setting: Setting) -> Line:
    """A status list of 2**20 entries, 1 % revoked, loaded and verified, against inflating alone."""
    key = SigningKey.generate(f"{DISTRICT}-1")
    trusted = _verifier(key).trust_list
    revoked = random.Random(1).sample(range(DEFAULT_SIZE), DEFAULT_SIZE // 100)
    token = build_status_list(
        revoked, district=DISTRICT, sequence=1, issued_at=NOW, expires_at=NOW + timedelta(days=1), key=key
    )
    bits = bytearray(DEFAULT_SIZE // 8)
    for index in revoked:
        bits[index >> 3] |= 1 << (index & 7)
    compressed = zlib.compress(bits, level=9)

    async def ours() -> float:
        return rate(lambda _: verify_status_list(token, trusted), setting.seconds)

    async def limit() -> float:
        return rate(lambda _: zlib.decompress(compressed), setting.seconds)

    def note() -> str:
        single = latency(lambda _: verify_status_list(token, trusted))
        return f"{len(token):,} bytes, {DEFAULT_SIZE:,} entries; limit: inflating the bits alone; {single}"

    return await in_turns("status list load", ours, limit, setting.turns, "lists/s", note)
