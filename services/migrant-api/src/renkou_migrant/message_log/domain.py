"""The chain: each entry's hash covers its content and the hash before it. No I/O, standard library only.

The hashed text of an entry is its position and members joined by line feeds, in the order of :class:`Entry`,
instants in UTC with microseconds. ``hash = SHA-256(previous hash | text)``; the first previous is 32 zeros.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message or receipt that was sent or taken in. ``digest`` is the signed message's SHA-256 in hex."""

    at: datetime
    direction: str
    partner: str
    message_id: UUID
    kind: str
    pair_seq: int
    outcome: str
    digest: str
    kid: str
    signature: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place."""

    position: int
    entry: Entry
    previous: bytes
    hash: bytes


def entry_hash(previous: bytes, position: int, entry: Entry) -> bytes:
    """Return the hash of an entry at a position."""
    members = (
        position,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.direction,
        entry.partner,
        entry.message_id,
        entry.kind,
        entry.pair_seq,
        entry.outcome,
        entry.digest,
        entry.kid,
        entry.signature,
    )
    return sha256(previous + "\n".join(map(str, members)).encode()).digest()


def append(position: int, previous: bytes, entries: Iterable[Entry]) -> list[Link]:
    """Return the links that follow the one at ``position`` with hash ``previous``."""
    links: list[Link] = []
    for entry in entries:
        position += 1
        link = Link(position, entry, previous, entry_hash(previous, position, entry))
        links.append(link)
        previous = link.hash
    return links


def first_fault(links: Iterable[Link], position: int = 0, previous: bytes = GENESIS) -> str | None:
    """Return what is wrong with a chain that begins after ``position``, None where nothing is."""
    for link in links:
        position += 1
        if link.position != position:
            return f"entry {position} is missing: the next one is {link.position}"
        if link.previous != previous:
            return f"entry {position} does not follow the one before it"
        if link.hash != entry_hash(previous, position, link.entry):
            return f"entry {position} was altered"
        previous = link.hash
    return None
