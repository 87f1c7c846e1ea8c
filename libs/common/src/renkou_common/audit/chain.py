"""The chain: one hash over an entry's content, one that ties it to its place. No I/O, standard library only.

The hashed text of an entry is its members joined by line feeds, backslash and line feed inside a member escaped by
a backslash (``\\\\``, ``\\n``), a missing one ``\\N``. ``hash = SHA-256(text)``;
``chain = SHA-256(previous chain | place in 8 bytes | hash)``; the first previous is 32 zeros.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry's hash in its place; places count from 1 without gaps."""

    seq: int
    hash: bytes
    chain: bytes


def instant_text(at: datetime) -> str:
    """Return an instant as it is hashed and exported: in UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def joined(members: Sequence[str]) -> str:
    """Return members as one text that no other members have."""
    text = "\n".join(members)
    if "\\" in text or text.count("\n") >= len(members):
        text = "\n".join(each.replace("\\", "\\\\").replace("\n", "\\n") for each in members)
    return text


def content_hash(members: Sequence[str | None]) -> bytes:
    """Return the hash of an entry's content."""
    escaped = ["\\N" if each is None else each.replace("\\", "\\\\").replace("\n", "\\n") for each in members]
    return sha256("\n".join(escaped).encode()).digest()


def chain_hash(previous: bytes, seq: int, content: bytes) -> bytes:
    """Return what ties an entry to its place behind the one before."""
    return sha256(previous + seq.to_bytes(8, "big") + content).digest()


def follow(seq: int, previous: bytes, hashes: Iterable[bytes]) -> list[Link]:
    """Return the links that follow the one at ``seq`` with the chain hash ``previous``."""
    links: list[Link] = []
    for each in hashes:
        seq += 1
        previous = chain_hash(previous, seq, each)
        links.append(Link(seq, each, previous))
    return links
