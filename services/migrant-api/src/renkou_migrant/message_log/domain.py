"""The chain: each entry's hash covers its content and the hash before it. No I/O.

The hashed text of an entry is its position and members joined by line feeds, in the order of :class:`Entry`,
instants in UTC with microseconds, backslash and line feed inside a member escaped by a backslash (``\\\\``,
``\\n``). ``hash = SHA-256(previous hash | text)``; the first previous is 32 zeros.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from renkou_common.audit.chain import GENESIS, instant_text, joined

__all__ = ["GENESIS", "Entry", "Link", "append", "entry_hash", "instant_text", "kind_of_message"]

TRUST_LIST = "trust_list"
DESCRIPTION = "description"
AUDIT_ROOT = "audit_root"
OF_TRUST = frozenset({TRUST_LIST, DESCRIPTION, AUDIT_ROOT})
"""Kinds of entries that say whose keys are whose, or what the register's audit log had come to: partners who witness
this log witness that too. No message is logged under them."""


def kind_of_message(kind: str) -> str:
    """Return the kind under which a message is logged, whatever kind its sender gave it."""
    return f"unknown:{kind}" if kind in OF_TRUST else kind


@dataclass(frozen=True, slots=True)
class Entry:
    """A message or receipt that was sent or taken in. ``digest`` is the signed text's SHA-256 in hex.

    ``text`` is that signed text where it is at hand; the hash covers it through ``digest``.
    """

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
    text: str = ""


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
        str(position),
        instant_text(entry.at),
        entry.direction,
        entry.partner,
        str(entry.message_id),
        entry.kind,
        str(entry.pair_seq),
        entry.outcome,
        entry.digest,
        entry.kid,
        entry.signature,
    )
    return sha256(previous + joined(members).encode()).digest()


def append(position: int, previous: bytes, entries: Iterable[Entry]) -> list[Link]:
    """Return the links that follow the one at ``position`` with hash ``previous``."""
    links: list[Link] = []
    for entry in entries:
        position += 1
        link = Link(position, entry, previous, entry_hash(previous, position, entry))
        links.append(link)
        previous = link.hash
    return links
