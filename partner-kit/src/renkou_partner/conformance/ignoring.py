"""Checks BAD: what cannot be attributed, or is not meant for the receiver, is not answered and stops nothing."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc.jwk import OKPKey

from renkou_partner import trust, wire
from renkou_partner.conformance.peer import Failed, Peer, Sealed
from renkou_partner.conformance.registry import check
from renkou_partner.conformance.stage import Scene
from renkou_partner.contract import LIMITS, MESSAGE_TYPE
from renkou_partner.jws import encode, sign

type Make = Callable[[Peer], Sealed | bytes]


MAKERS: dict[str, tuple[str, Make]] = {}
"""What is to be ignored, by name: what it is, and how it is made."""


async def _ignored(scene: Scene, *made: Sealed | bytes) -> None:
    """Nothing is answered, nothing is taken in, and a good message with the same number is read."""
    for one in made:
        await scene.peer.publish(one)
    await scene.goes_on()
    bad = {one.id for one in made if isinstance(one, Sealed)}
    answered = [item["state"] for item in scene.peer.all_items() if item["id"] in bad]
    if answered:
        raise Failed(f"answered with a receipt '{answered[0]}'")


def _bad(name: str, section: str, title: str) -> Callable[[Make], Make]:
    """Register a check for one thing that is to be ignored; it is made with number 1, which stays free."""

    def keep(make: Make) -> Make:
        def run(scene: Scene) -> Awaitable[None]:
            return _ignored(scene, make(scene.peer))

        check(f"BAD-{name}", section, title)(run)
        MAKERS[name] = (title, make)
        return make

    return keep


def _one(peer: Peer, **changes: Any) -> dict[str, Any]:
    return peer.envelope(pair_seq=1, **changes)


@_bad("truncated", "4", "half a message")
def _(peer: Peer) -> bytes:
    data = peer.seal(_one(peer)).data
    return data[: len(data) // 2]


@_bad("altered", "4", "one altered character of the encrypted text")
def _(peer: Peer) -> bytes:
    data = bytearray(peer.seal(_one(peer)).data)
    data[-60] = ord("A") if data[-60] != ord("A") else ord("B")
    return bytes(data)


@_bad("empty", "4", "no byte at all")
def _(peer: Peer) -> bytes:
    return b""


@_bad("noise", "4", "bytes that are no text")
def _(peer: Peer) -> bytes:
    return bytes(range(256)) * 4


@_bad("oversized", "4", "more bytes than the largest message")
def _(peer: Peer) -> bytes:
    # A little more, which the hub still carries; base64url twice makes 16 bytes out of 9.
    room = (LIMITS["sealed_bytes"] + 10_000) * 9 // 16
    envelope = _one(peer)
    return peer.seal(envelope, text=json.dumps(envelope).encode() + b" " * room).data


@_bad("compressed", "3.2", "a message compressed inside the encryption")
def _(peer: Peer) -> Sealed:
    return peer.seal(_one(peer), jwe={"zip": "DEF"})


@_bad("unencrypted-to-us", "4", "encrypted to a key that is not the receiver's")
def _(peer: Peer) -> bytes:
    envelope = _one(peer)
    key = wire.KeyRing.from_jwk_set({"keys": [peer.keys.encryption]}).encryption[0]
    return wire.encrypt(sign(json.dumps(envelope).encode(), _signing(peer.keys.now), MESSAGE_TYPE), key)


@_bad("unsigned", "4", "an envelope that nobody signed")
def _(peer: Peer) -> Sealed:
    envelope = _one(peer)
    parts = [
        json.dumps(one).encode()
        for one in ({"alg": "none", "typ": MESSAGE_TYPE, "kid": peer.keys.now["kid"]}, envelope)
    ]
    return peer.encrypt(envelope, ".".join([*map(encode, parts), ""]))


@_bad("forged", "4", "signed by another key under the district's key id")
def _(peer: Peer) -> Sealed:
    return peer.seal(_one(peer), key=trust.new_key(peer.keys.now["kid"]))


@_bad("unknown-key", "4", "signed by a key that the trust list does not name")
def _(peer: Peer) -> Sealed:
    return peer.seal(_one(peer), key=trust.new_key(f"{peer.district}-sig-99"))


@_bad("key-of-the-past", "11", "signed now by a key whose time is over")
def _(peer: Peer) -> Sealed:
    return peer.seal(_one(peer), key=peer.keys.past)


@_bad("other-type", "4", "a signed text of another type")
def _(peer: Peer) -> Sealed:
    return peer.seal(_one(peer), jws={"typ": "JWT"})


@_bad("critical", "4", "a critical header that nobody knows")
def _(peer: Peer) -> Sealed:
    header = {"alg": "EdDSA", "kid": peer.keys.now["kid"], "typ": MESSAGE_TYPE, "crit": ["x"], "x": 1}
    envelope = _one(peer)
    parts = ".".join(encode(json.dumps(one).encode()) for one in (header, envelope))
    signature = _signing(peer.keys.now).private_key.sign(parts.encode())
    return peer.encrypt(envelope, f"{parts}.{encode(signature)}")


@_bad("member-missing", "3.1", "a signed text without one of its members")
def _(peer: Peer) -> Sealed:
    envelope = _one(peer)
    return peer.seal(envelope, text=json.dumps({k: v for k, v in envelope.items() if k != "thread"}).encode())


@_bad("member-too-many", "3.1", "a signed text with a member more")
def _(peer: Peer) -> Sealed:
    return peer.seal(_one(peer, priority="high"))


@_bad("wrong-receiver", "4", "genuine, but addressed to another district")
def _(peer: Peer) -> Sealed:
    return peer.seal(_one(peer, to="440305"))


@_bad("from-the-future", "12", "signed by a clock that is two days ahead")
def _(peer: Peer) -> Sealed:
    then = datetime.now(UTC) + timedelta(days=2)
    return peer.seal(
        _one(peer, created_at=then.isoformat(), expires_at=(then + timedelta(days=9)).isoformat())
    )


@check(
    "BAD-wrong-sender", "4", "genuine, but published by another district than the one that signed", peers=2
)
async def _(scene: Scene) -> None:
    stolen = scene.others[0].seal(scene.others[0].envelope())
    await _ignored(scene, stolen)
    if scene.others[0].items(stolen.id) or await scene.implementation.received(scene.others[0].district):
        raise Failed("it was taken for a message of the district that had signed it")


@check("BAD-many", "4", "fifty forged messages, and one good one in their midst")
async def _(scene: Scene) -> None:
    peer = scene.peer
    forger = trust.new_key(peer.keys.now["kid"])
    await _ignored(scene, *(peer.seal(_one(peer), key=forger) for _ in range(50)))


@check("IN-clock-ahead", "12", "a clock that is 23 hours ahead is put up with")
async def _(scene: Scene) -> None:
    then = datetime.now(UTC) + timedelta(hours=23)
    ahead = await scene.peer.say(
        created_at=then.isoformat(), expires_at=(then + timedelta(days=9)).isoformat()
    )
    await scene.peer.receipted(ahead)
    await scene.goes_on(ahead.id)


def _signing(jwk: dict[str, Any]) -> Any:
    return OKPKey.import_key(jwk)
