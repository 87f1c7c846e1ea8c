"""Checkpoints (检查点): the district's signature under how long its log is and what it says.

A compact JWS, ``typ`` ``renkou-log-checkpoint+jwt``, signed with the district's exchange key::

    {"district": "310115", "number": 3, "first": 201, "last": 260, "head": "<hash of entry 260>",
     "root": "<tree over the hashes of entries 201 to 260>", "previous": "<SHA-256 of checkpoint 2>",
     "at": "2026-03-01T12:00:00+08:00"}

Numbers count from 1 without gaps; ``first`` follows the ``last`` of the one before, whose hash ``previous`` is
(null for the first). Whoever keeps one checkpoint can tell later that nothing before it was changed or removed.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from renkou_migrant.credentials.jws import (
    SigningKey,
    UnverifiedJws,
    parse_compact,
    parse_json_object,
    sign_compact,
)
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError

CHECKPOINT_TYPE = "renkou-log-checkpoint+jwt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states. ``first`` and ``last`` are positions; hashes are of 32 bytes."""

    district: str
    number: int
    first: int
    last: int
    head: bytes
    root: bytes
    previous: bytes | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with its token; not verified yet where it was parsed."""

    content: Checkpoint
    token: str
    jws: UnverifiedJws

    @property
    def digest(self) -> bytes:
        """What the next checkpoint names as ``previous``."""
        return sha256(self.token.encode()).digest()


def sign_checkpoint(content: Checkpoint, key: SigningKey) -> str:
    """Return the signed token."""
    members = {
        "district": content.district,
        "number": content.number,
        "first": content.first,
        "last": content.last,
        "head": content.head.hex(),
        "root": content.root.hex(),
        "previous": content.previous.hex() if content.previous else None,
        "at": content.at.isoformat(),
    }
    return sign_compact(orjson.dumps(members), key=key, type=CHECKPOINT_TYPE)


def parse_checkpoint(token: str) -> SignedCheckpoint:
    """Read a token without verifying its signature; raises ProofError."""
    try:
        jws = parse_compact(token, type=CHECKPOINT_TYPE)
        members = parse_json_object(jws.payload)
        content = Checkpoint(
            district=str(members["district"]),
            number=_count(members["number"]),
            first=_count(members["first"]),
            last=_count(members["last"]),
            head=_hash(members["head"]),
            root=_hash(members["root"]),
            previous=None if members["previous"] is None else _hash(members["previous"]),
            at=datetime.fromisoformat(members["at"]),
        )
    except (CredentialError, KeyError, ValueError, TypeError) as error:
        raise ProofError(Flaw.MALFORMED, f"checkpoint: {error}") from error
    if content.at.tzinfo is None or content.last < content.first:
        raise ProofError(Flaw.MALFORMED, "checkpoint: at or last")
    return SignedCheckpoint(content, token, jws)


def check_follows(one: SignedCheckpoint, before: SignedCheckpoint | None) -> None:
    """Raise ProofError unless a checkpoint is the next one after ``before`` (None: the first)."""
    number, last = (before.content.number, before.content.last) if before else (0, 0)
    if one.content.number != number + 1 or one.content.first != last + 1:
        raise ProofError(Flaw.CHECKPOINT_MISSING, f"number {one.content.number} after {number}")
    if one.content.previous != (before.digest if before else None):
        raise ProofError(Flaw.CHECKPOINT_DIFFERS, f"number {one.content.number} names another one before it")


def _count(value: Any) -> int:
    if type(value) is not int or not 1 <= value < 2**62:
        raise ValueError("not a number from 1 on")
    return value


def _hash(value: Any) -> bytes:
    data = bytes.fromhex(value)
    if len(data) != 32 or data.hex() != value:
        raise ValueError("not a SHA-256")
    return data
