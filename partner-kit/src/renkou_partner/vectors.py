"""Test vectors: sealed messages with throw-away keys, and what comes of opening each (SPEC.md, 15).

    python -m renkou_partner.vectors partner-kit/vectors.json

Keys and random parts are new each time: the file is kept, not compared. Tests of every implementation read it.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from renkou_partner import trust, wire
from renkou_partner.conformance.ignoring import MAKERS
from renkou_partner.conformance.peer import Peer, PeerKeys, Sealed
from renkou_partner.conformance.stage import IMPLEMENTATION
from renkou_partner.contract import KINDS, MESSAGE_TYPE, Json, sample
from renkou_partner.hub import HubAccess

SENDER = "310115"


def vectors() -> Json:
    """Return keys, trust list and messages, good and bad, as of now."""
    keys, anchor = trust.new_keys(IMPLEMENTATION), trust.new_key("anchor-1")
    peer = _peer()
    own = trust.description(IMPLEMENTATION, [(str(jwk["use"]), trust.entry(jwk)) for jwk in keys["keys"]])
    theirs = trust.description(SENDER, peer.keys.entries())
    token = trust.sign_list([own, theirs], anchor, sequence=1)
    peer.trusted = trust.verify_list(token, trust.public(anchor))
    ring = wire.KeyRing.from_jwk_set(keys)
    now = datetime.now(UTC)

    def about(name: str, title: str, made: Sealed | bytes) -> Json:
        data = made.data if isinstance(made, Sealed) else made
        return {
            "name": name,
            "title": title,
            "sealed": data.decode("latin-1"),
            **_outcome(data, ring, peer, now),
        }

    good = [
        about(f"{kind}.v{version}", "a good message", _good(peer, kind, version))
        for kind, of_kind in KINDS.items()
        for version in of_kind["versions"]
    ]
    bad = [about(name, title, make(peer)) for name, (title, make) in MAKERS.items() if name != "oversized"]
    return {
        "about": "Bytes in `sealed` are ISO 8859-1. `sender` is the last token of the subject.",
        "now": now.isoformat(),
        "district": IMPLEMENTATION,
        "sender": SENDER,
        "keys": keys,
        "anchor": trust.public(anchor),
        "trust_list": token,
        "vectors": good + bad,
    }


def _peer() -> Peer:
    access = HubAccess("", "", "", "", "", "")
    peer = Peer(SENDER, PeerKeys.new(SENDER), access, implementation=IMPLEMENTATION, patience=0)
    peer.agreements["wide"] = "0197a1f0-0000-7000-8000-00000000000a"
    return peer


def _good(peer: Peer, kind: str, version: int) -> Sealed:
    if not KINDS[kind]["numbered"]:
        return peer.seal(
            peer.envelope(kind, pair_seq=0, agreement=None, version=version, payload=sample(kind, version))
        )
    return peer.seal(peer.envelope(kind, version=version, payload=sample(kind, version, "most")))


def _outcome(data: bytes, ring: wire.KeyRing, peer: Peer, now: datetime) -> Json:
    assert peer.trusted is not None
    try:
        opened = wire.open_sealed(
            data, keys=ring, trust=peer.trusted, own=IMPLEMENTATION, sender=SENDER, now=now
        )
    except wire.Unattributable as error:
        return {"outcome": error.code}
    signed = {"signed": opened.signed, "digest": opened.digest, "envelope": opened.envelope}
    return {"outcome": "genuine", "type": MESSAGE_TYPE, **signed}


def main(file: str) -> None:
    """Write the vectors."""
    Path(file).write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
