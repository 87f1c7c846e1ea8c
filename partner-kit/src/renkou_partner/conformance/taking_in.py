"""Checks IN: good messages in any order and number (SPEC.md, 5 to 8)."""

import json
from functools import partial
from uuid import uuid4

from renkou_partner.conformance.peer import Failed, Sealed
from renkou_partner.conformance.registry import check
from renkou_partner.conformance.stage import NotApplicable, Scene
from renkou_partner.contract import KINDS, LIMITS, Json, sample


async def _every_content(scene: Scene, kind: str) -> None:
    said: list[Sealed] = []
    for version in KINDS[kind]["versions"]:
        for size in ("least", "most"):
            changes: Json = {"payload": sample(kind, version, size), "version": version}
            if "of" in changes["payload"]:
                said.append(base := await scene.peer.say())
                changes["payload"]["of"] = base.id
                changes |= {"in_reply_to": base.id, "thread": base.envelope["thread"]}
                if "content" in changes["payload"]:
                    changes["payload"]["content"] = base.envelope["payload"]
            said.append(await scene.peer.say(kind, **changes))
    for one in said:
        await scene.peer.receipted(one)
    await scene.read(*(one.id for one in said))


def _checks_of_kinds() -> None:
    for kind, about in KINDS.items():
        if about["numbered"] and not about["reply"]:
            title = f"{kind}: every understood version, with the least and the most it may carry, is read"
            check(f"IN-{kind.replace('_', '-')}", "5", title)(partial(_every_content, kind=kind))


_checks_of_kinds()


@check("IN-test-message", "14", "a test message needs no agreement and is answered by itself")
async def _(scene: Scene) -> None:
    if "ping" not in KINDS:
        raise NotApplicable("there are no test messages")
    said = await scene.peer.say("ping", agreement=None, payload=sample("ping") | {"nonce": uuid4().hex})
    await scene.peer.receipted(said)
    answer = await scene.peer.wait_for(
        "a pong", lambda all_: next((one for one in all_ if one.envelope.get("kind") == "pong"), None)
    )
    if answer.problem:
        raise Failed(answer.problem)
    told = answer.envelope["payload"]
    if (answer.envelope["in_reply_to"], told["nonce"]) != (said.id, said.envelope["payload"]["nonce"]):
        raise Failed("it is not the answer to this one")
    if told["kinds"].get("arrival_notice") is None:
        raise Failed("it does not say which versions it understands")


@check("IN-duplicate", "7.2", "a message that comes again gets its receipt again and is taken in once")
async def _(scene: Scene) -> None:
    peer = scene.peer
    first = await peer.say()
    await peer.receipted(first)
    await peer.publish(first)
    await peer.publish(first)
    await peer.receipted(first, times=2)
    await scene.goes_on(first.id)


@check("IN-id-again", "7.3", "the same message under another number is read, and has no effect")
async def _(scene: Scene) -> None:
    first = await scene.peer.say()
    await scene.peer.receipted(first)
    again = await scene.peer.say(id=first.id, thread=first.envelope["thread"])
    await scene.peer.receipted(again, times=2)
    await scene.goes_on(first.id)


@check("IN-reordered", "7.1", "what comes early is held with a receipt 'delivered' and read in its turn")
async def _(scene: Scene) -> None:
    peer = scene.peer
    first, second = peer.seal(peer.envelope()), peer.seal(peer.envelope())
    await peer.publish(second)
    await peer.receipted(second, "delivered")
    await scene.read()
    await peer.publish(first)
    await peer.receipted(first)
    await peer.receipted(second)
    await scene.goes_on(first.id, second.id)


@check(
    "IN-held-back", "7.1", "ten messages wait for one, and come again meanwhile; then all are read in order"
)
async def _(scene: Scene) -> None:
    peer = scene.peer
    sealed = [peer.seal(peer.envelope()) for _ in range(11)]
    for one in [*reversed(sealed[1:]), *sealed[5:7]]:
        await peer.publish(one)
    for one in sealed[1:]:
        await peer.receipted(one, "delivered")
    await scene.read()
    await peer.publish(sealed[0])
    for one in sealed:
        await peer.receipted(one)
    await scene.read(*(one.id for one in sealed))


@check("IN-many", "7.1", "a hundred messages at once are read in order")
async def _(scene: Scene) -> None:
    peer = scene.peer
    sealed = [peer.seal(peer.envelope()) for _ in range(100)]
    for one in sealed:
        await peer.publish(one)
    await peer.receipted(sealed[-1])
    await scene.read(*(one.id for one in sealed))


@check("IN-second-key", "11", "a message signed with the other of two keys that overlap is read")
async def _(scene: Scene) -> None:
    other = scene.peer.seal(scene.peer.envelope(), key=scene.peer.keys.overlapping)
    await scene.peer.publish(other)
    await scene.peer.receipted(other)
    await scene.goes_on(other.id)


@check("IN-any-json", "3.1", "spaces, escapes and another order of members in the signed text change nothing")
async def _(scene: Scene) -> None:
    envelope = scene.peer.envelope()
    members = ", ".join(f"{_escaped(name)} : {_escaped(value)}" for name, value in reversed(envelope.items()))
    spelled = scene.peer.seal(envelope, text=f"{{ {members} }}\n".encode())
    await scene.peer.publish(spelled)
    await scene.peer.receipted(spelled)
    await scene.goes_on(spelled.id)


@check("IN-large", "3.3", "a message of nearly the largest size is read")
async def _(scene: Scene) -> None:
    envelope = scene.peer.envelope()
    room = LIMITS["sealed_bytes"] * 9 // 16 - 4000  # base64url twice
    text = json.dumps(envelope).encode() + b" " * room
    large = scene.peer.seal(envelope, text=text)
    if len(large.data) > LIMITS["sealed_bytes"]:
        raise NotApplicable(f"the suite made {len(large.data)} bytes")
    await scene.peer.publish(large)
    await scene.peer.receipted(large)
    await scene.goes_on(large.id)


def _escaped(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, indent=1)


@check("IN-receipt-silence", "8.3", "a receipt is not acknowledged, whatever it speaks of")
async def _(scene: Scene) -> None:
    peer = scene.peer
    receipt = peer.seal(peer.receipt(str(uuid4()), "0" * 64, "read"))
    await peer.publish(receipt)
    good = await peer.say()
    await peer.receipted(good)
    if any(item["id"] != good.id for item in peer.all_items()):
        raise Failed("a receipt was receipted")
    await scene.read(good.id)


@check("IN-receipts-are-specified", "8.1", "a receipt is signed, encrypted, numbered 0 and names the digest")
async def _(scene: Scene) -> None:
    good = await scene.peer.say()
    await scene.peer.receipted(good)
    for one in scene.peer.arrivals:
        if one.problem:
            raise Failed(one.problem)
        envelope = one.envelope
        if envelope["kind"] == "digest":  # told at any time
            continue
        if (envelope["kind"], envelope["pair_seq"], envelope["agreement"]) != ("receipt", 0, None):
            raise Failed(f"not a receipt without number and agreement: {envelope}")
