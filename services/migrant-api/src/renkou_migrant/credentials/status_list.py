"""Token Status List, one bit per certificate: 0 stands, 1 is revoked or replaced (状态名单).

Pinned to draft-ietf-oauth-status-list-17, plus ``sequence`` so that an older list can be refused. A list is
short-lived: past ``exp`` it says nothing any more, and a verifier answers "unknown".
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from renkou_migrant.credentials.jws import (
    SigningKey,
    decode_base64url,
    encode_base64url,
    parse_compact,
    parse_json_object,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError, Reason
from renkou_migrant.credentials.sdjwt import issuer_of, status_list_uri
from renkou_migrant.credentials.trust import TrustList

MEDIA_TYPE = "statuslist+jwt"
DEFAULT_SIZE = 2**20
"""Entries. Indexes are drawn at random from all of them, so that an index tells no order of issue."""
MAX_BYTES = 2**21
"""Largest list accepted after inflating: 16.8 million entries."""
MAX_TOKEN = 4 * 2**20


@dataclass(frozen=True, slots=True)
class StatusList:
    """A verified status list. ``bits`` has the entry ``i`` at bit ``i % 8`` of byte ``i // 8``."""

    uri: str
    issuer: str
    sequence: int
    issued_at: datetime
    expires_at: datetime
    bits: bytes
    digest: str

    @property
    def size(self) -> int:
        """Number of entries."""
        return len(self.bits) * 8

    def is_revoked(self, index: int) -> bool:
        """Raises ``CredentialError(STATUS_INDEX_OUT_OF_RANGE)``."""
        if not 0 <= index < self.size:
            raise CredentialError(Reason.STATUS_INDEX_OUT_OF_RANGE)
        return bool(self.bits[index >> 3] >> (index & 7) & 1)

    def is_stale(self, now: datetime) -> bool:
        """True from ``expires_at`` on."""
        return now >= self.expires_at


def build_status_list(
    revoked: Iterable[int],
    *,
    district: str,
    sequence: int,
    issued_at: datetime,
    expires_at: datetime,
    key: SigningKey,
    number: int = 1,
    size: int = DEFAULT_SIZE,
) -> str:
    """Sign a list in which the indexes ``revoked`` are set. ``size`` is a multiple of 8.

    ``sequence`` grows with every list of the same ``number``. Raises ``ValueError`` for an index outside.
    """
    if size <= 0 or size % 8:
        raise ValueError("size must be a positive multiple of 8")
    bits = bytearray(size // 8)
    for index in revoked:
        if not 0 <= index < size:
            raise ValueError(f"index {index} is outside a list of {size}")
        bits[index >> 3] |= 1 << (index & 7)
    payload = {
        "iss": issuer_of(district),
        "sub": status_list_uri(district, number),
        "iat": int(issued_at.timestamp()),
        "exp": int(expires_at.timestamp()),
        "ttl": max(1, int((expires_at - issued_at).total_seconds()) // 2),
        "sequence": sequence,
        "status_list": {"bits": 1, "lst": encode_base64url(zlib.compress(bits, level=9))},
    }
    return sign_compact(orjson.dumps(payload), key=key, type=MEDIA_TYPE)


def verify_status_list(token: str, trust_list: TrustList, *, minimum_sequence: int = 0) -> StatusList:
    """Verify a list with the keys of the district that it names, and inflate it.

    A list past its ``exp`` is returned all the same: staleness is for the verifier to weigh.
    Raises ``CredentialError``: those of ``parse_compact``, ``TOO_LARGE``, ``UNKNOWN_ISSUER``,
    ``UNKNOWN_KEY``, ``KEY_OUTSIDE_WINDOW``, ``ALGORITHM_NOT_OF_KEY``, ``BAD_SIGNATURE``,
    ``STATUS_LIST_FOREIGN`` (named after another district) and ``LIST_ROLLED_BACK``.
    """
    if len(token) > MAX_TOKEN:
        raise CredentialError(Reason.TOO_LARGE)
    jws = parse_compact(token, type=MEDIA_TYPE)
    claims = parse_json_object(jws.payload)
    issuer, issued_at = claims.get("iss"), _instant(claims, "iat")
    key = trust_list.certificate_key(issuer, jws.header.kid, issued_at)
    jws.verify(key)
    uri, sequence = claims.get("sub"), claims.get("sequence")
    if not isinstance(uri, str) or type(sequence) is not int:
        raise CredentialError(Reason.MALFORMED, "sub or sequence")
    if not uri.startswith(f"{issuer}/status-lists/"):
        raise CredentialError(Reason.STATUS_LIST_FOREIGN)
    if sequence < minimum_sequence:
        raise CredentialError(Reason.LIST_ROLLED_BACK)
    return StatusList(
        uri=uri,
        issuer=str(issuer),
        sequence=sequence,
        issued_at=issued_at,
        expires_at=_instant(claims, "exp"),
        bits=_inflate(claims.get("status_list")),
        digest=sha256(token.encode("ascii")).hexdigest(),
    )


def _inflate(status_list: object) -> bytes:
    if not isinstance(status_list, dict) or status_list.get("bits") != 1:
        raise CredentialError(Reason.MALFORMED, "only lists of one bit are supported")
    compressed = status_list.get("lst")
    if not isinstance(compressed, str):
        raise CredentialError(Reason.MALFORMED, "lst is missing")
    decompressor = zlib.decompressobj()
    try:
        bits = decompressor.decompress(decode_base64url(compressed), MAX_BYTES)
    except zlib.error as error:
        raise CredentialError(Reason.MALFORMED, "lst doesn't inflate") from error
    if decompressor.unconsumed_tail:
        raise CredentialError(Reason.TOO_LARGE, "the list inflates beyond the limit")
    if not decompressor.eof or decompressor.unused_data:
        raise CredentialError(Reason.MALFORMED, "lst is cut short or has a tail")
    return bits


def _instant(claims: dict[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 2**35:
        raise CredentialError(Reason.MALFORMED, f"{name} is not a time")
    return datetime.fromtimestamp(value, UTC)
