"""Checks DIG: digests, by which both ends find what one of them has lost (SPEC.md, 13)."""

from uuid import uuid4

from renkou_partner.conformance.peer import Arrival, Failed, Peer
from renkou_partner.conformance.registry import check
from renkou_partner.conformance.stage import Scene
from renkou_partner.contract import Json
from renkou_partner.digests import chain


async def _exchanged(scene: Scene) -> tuple[list[str], list[Arrival]]:
    """Two messages each way, all read; returns the digests of the peer's and the implementation's messages."""
    said = [await scene.peer.say() for _ in range(2)]
    for one in said:
        await scene.peer.receipted(one)
    arrivals = []
    for _ in range(2):
        message_id = await scene.implementation.send(scene.peer.district, scene.kind)
        arrivals.append(await scene.peer.message(message_id))
        await _receipt(scene.peer, arrivals[-1])
    await scene.silence(arrivals[-1].envelope["id"])
    return [one.digest for one in said], arrivals


async def _receipt(peer: Peer, arrival: Arrival) -> None:
    assert arrival.opened is not None
    await peer.publish(peer.seal(peer.receipt(arrival.envelope["id"], arrival.opened.digest, "read")))


async def _tell(peer: Peer, own: list[str], taken: list[str], asks: str) -> None:
    content: Json = {
        "sent": {"upto": len(own), "hash": chain(own), "first": 1},
        "taken": {"upto": len(taken), "hash": chain(taken), "highest": len(taken), "gone": 0},
        "asks": asks,
        "answers": None,
        "seen": None,
    }
    await peer.publish(peer.seal(peer.envelope("digest", pair_seq=0, agreement=None, payload=content)))


def _digests(arrivals: list[Arrival]) -> list[str]:
    return [one.opened.digest for one in arrivals if one.opened is not None]


@check("DIG-answer", "13", "a digest that asks is answered with counts and hashes of both directions")
async def _(scene: Scene) -> None:
    own, arrivals = await _exchanged(scene)
    token = uuid4().hex
    await _tell(scene.peer, own, _digests(arrivals), token)
    told = await scene.peer.wait_for(
        "an answer to the digest",
        lambda all_: next((one for one in all_ if _is_answer(one, token)), None),
    )
    if told.problem:
        raise Failed(told.problem)
    payload = told.envelope["payload"]
    for name, messages in (("sent", _digests(arrivals)), ("taken", own)):
        if (payload[name]["upto"], payload[name]["hash"]) != (len(messages), chain(messages)):
            raise Failed(f"{name}: {payload[name]}, expected {len(messages)} and {chain(messages)}")
    if payload["seen"] != len(arrivals):
        raise Failed(f"seen is {payload['seen']}, not {len(arrivals)}")


def _is_answer(arrival: Arrival, token: str) -> bool:
    return arrival.envelope.get("kind") == "digest" and arrival.envelope["payload"].get("answers") == token


@check("DIG-replay", "13", "what a digest shows to be lost is sent again, the same bytes")
async def _(scene: Scene) -> None:
    own, arrivals = await _exchanged(scene)
    second = arrivals[1].envelope["id"]
    so_far = len(scene.peer.copies(second))
    await _tell(scene.peer, own, _digests(arrivals[:1]), uuid4().hex)
    again = await scene.peer.message(second, times=so_far + 1)
    if again.data != arrivals[1].data:
        raise Failed("other bytes than the first time")
    await _receipt(scene.peer, again)
    await scene.silence(second)
