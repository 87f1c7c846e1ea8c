"""Entries of the log as JSON, in exports and in bundles alike; each has one spelling only.

Hashes and ids in lower-case hexadecimal, instants in UTC with microseconds and ``+00:00``.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from renkou_migrant.message_log.domain import Entry, Link, instant_text
from renkou_migrant.message_log.proof.flaws import Flaw, ProofError

_TEXTS = ("direction", "partner", "kind", "outcome", "digest", "kid", "signature")
_MEMBERS = {field.name for field in fields(Entry)} - {"text"} | {"position", "previous", "hash"}


def entry_members(link: Link) -> dict[str, Any]:
    """Return a link as JSON members, without its text."""
    entry = link.entry
    return {
        "position": link.position,
        "at": instant_text(entry.at),
        "direction": entry.direction,
        "partner": entry.partner,
        "message_id": str(entry.message_id),
        "kind": entry.kind,
        "pair_seq": entry.pair_seq,
        "outcome": entry.outcome,
        "digest": entry.digest,
        "kid": entry.kid,
        "signature": entry.signature,
        "previous": link.previous.hex(),
        "hash": link.hash.hex(),
    }


def read_entry(members: Mapping[str, Any], text: str = "") -> Link:
    """Return the link of JSON members; raises ProofError for anything else than exactly an entry."""
    try:
        if members.keys() != _MEMBERS or not all(isinstance(members[name], str) for name in _TEXTS):
            raise ValueError("not the members of an entry")
        position, pair_seq = members["position"], members["pair_seq"]
        at = datetime.fromisoformat(members["at"])
        if type(position) is not int or type(pair_seq) is not int or at.tzinfo is None:
            raise ValueError("position, pair_seq or at")
        if members["direction"] not in ("in", "out"):
            raise ValueError("direction")
        entry = Entry(
            at=at,
            message_id=UUID(members["message_id"]),
            pair_seq=pair_seq,
            text=text,
            **{name: members[name] for name in _TEXTS},
        )
        link = Link(position, entry, bytes.fromhex(members["previous"]), bytes.fromhex(members["hash"]))
        if entry_members(link) != members:
            raise ValueError("not in its one spelling")
        return link
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ProofError(Flaw.MALFORMED, f"entry: {error!r}") from error
