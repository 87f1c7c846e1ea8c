"""Checks OUT: what the implementation sends, and when it stops (SPEC.md, 6, 8 and 14)."""

from functools import partial
from uuid import UUID

from renkou_partner import trust
from renkou_partner.conformance.peer import Arrival, Failed, Peer
from renkou_partner.conformance.registry import check
from renkou_partner.conformance.stage import NotApplicable, Scene
from renkou_partner.contract import KINDS, Json, newest


async def _sent(scene: Scene, kind: str = "") -> Arrival:
    """Have a message sent and wait for its first arrival."""
    message_id = await scene.implementation.send(scene.peer.district, kind or scene.kind)
    return await scene.peer.message(message_id)


async def _answer(peer: Peer, arrival: Arrival, state: str, **changes: str) -> None:
    """Receipt a message of the implementation, with a wrong digest where ``digest`` is given."""
    assert arrival.opened is not None
    digest = changes.pop("digest", arrival.opened.digest)
    await peer.publish(peer.seal(peer.receipt(arrival.envelope["id"], digest, state, **changes)))


async def _comes_again(scene: Scene, arrival: Arrival) -> Arrival:
    """Wait for two more copies: one may have been on its way already."""
    so_far = len(scene.peer.copies(arrival.envelope["id"]))
    return await scene.peer.message(arrival.envelope["id"], times=so_far + 2)


@check("OUT-numbers", "6.1", "three messages carry the numbers 1, 2 and 3")
async def _(scene: Scene) -> None:
    numbers = [(await _sent(scene)).envelope["pair_seq"] for _ in range(3)]
    if numbers != [1, 2, 3]:
        raise Failed(f"numbered {numbers}")


@check("OUT-envelope", "3.1", "every kind that it sends meets the schema and names the agreement")
async def _(scene: Scene) -> None:
    for kind in scene.implementation.about["sends"]:
        arrival = await _sent(scene, kind)
        if arrival.problem:
            raise Failed(arrival.problem)
        envelope = arrival.envelope
        expected: Json = {"kind": kind, "to": scene.peer.district, "in_reply_to": None}
        expected |= {"agreement": scene.peer.agreements["wide"], "version": newest(kind)}
        wrong = {name: envelope[name] for name, value in expected.items() if envelope[name] != value}
        if wrong:
            raise Failed(f"{kind}: {wrong}")
        UUID(envelope["id"])
        await _answer(scene.peer, arrival, "read")


@check("OUT-resent", "6.3", "without a receipt the same bytes come again, under another id at the hub")
async def _(scene: Scene) -> None:
    first = await _sent(scene)
    await _comes_again(scene, first)
    copies = scene.peer.copies(first.envelope["id"])
    if len({one.data for one in copies}) != 1:
        raise Failed("the bytes differ from sending to sending")
    if len({one.hub_id for one in copies}) != len(copies):
        raise Failed("the same Nats-Msg-Id twice: within its window the hub drops the second sending")


@check("OUT-silent-when-read", "6.3", "after a receipt 'read' it is not sent again, and shown as read")
async def _(scene: Scene) -> None:
    arrival = await _sent(scene)
    await _answer(scene.peer, arrival, "read")
    await scene.silence(arrival.envelope["id"])
    await _state_is(scene, arrival, "read")


@check("OUT-resent-when-held", "6.3", "after a receipt 'delivered' it is still sent again")
async def _(scene: Scene) -> None:
    arrival = await _sent(scene)
    await _answer(scene.peer, arrival, "delivered")
    await _comes_again(scene, arrival)
    await _state_is(scene, arrival, "delivered")


@check("OUT-refused", "6.3", "after a receipt 'refused' it is not sent again, and the next number follows")
async def _(scene: Scene) -> None:
    arrival = await _sent(scene)
    await _answer(scene.peer, arrival, "refused", code="bad_content")
    await scene.silence(arrival.envelope["id"])
    await _state_is(scene, arrival, "refused")
    following = await _sent(scene)
    if following.envelope["pair_seq"] != arrival.envelope["pair_seq"] + 1:
        raise Failed(f"number {following.envelope['pair_seq']} follows {arrival.envelope['pair_seq']}")


@check("OUT-late-receipt", "8.2", "a receipt 'delivered' after one 'read' takes nothing back")
async def _(scene: Scene) -> None:
    arrival = await _sent(scene)
    await _answer(scene.peer, arrival, "read")
    await _answer(scene.peer, arrival, "delivered")
    await scene.silence(arrival.envelope["id"])
    await _state_is(scene, arrival, "read")


@check("OUT-receipt-of-another", "8.2", "a receipt of another district does not count", peers=2)
async def _(scene: Scene) -> None:
    arrival = await _sent(scene)
    await _answer(scene.others[0], arrival, "read")
    await _comes_again(scene, arrival)


@check("OUT-receipt-forged", "8.2", "a receipt signed by a key that is not the partner's does not count")
async def _(scene: Scene) -> None:
    peer, arrival = scene.peer, await _sent(scene)
    assert arrival.opened is not None
    receipt = peer.receipt(arrival.envelope["id"], arrival.opened.digest, "read")
    await peer.publish(peer.seal(receipt, key=trust.new_key(peer.keys.now["kid"])))
    await _comes_again(scene, arrival)


@check("OUT-receipt-of-another-text", "8.2", "a receipt with another digest does not count")
async def _(scene: Scene) -> None:
    arrival = await _sent(scene)
    await _answer(scene.peer, arrival, "read", digest="0" * 64)
    await _comes_again(scene, arrival)


async def _reply(scene: Scene, kind: str) -> None:
    if kind not in scene.implementation.about["replies"]:
        raise NotApplicable("it says that it sends no such reply")
    said = await scene.peer.say(_replied_with(scene, kind))
    await scene.peer.receipted(said)
    arrival = await scene.peer.message(await scene.implementation.reply(said.id, kind))
    if arrival.problem:
        raise Failed(arrival.problem)
    expected = {"kind": kind, "in_reply_to": said.id, "pair_seq": 1}
    expected |= {name: said.envelope[name] for name in ("thread", "agreement")}
    wrong = {
        name: arrival.envelope[name] for name, value in expected.items() if arrival.envelope[name] != value
    }
    if wrong:
        raise Failed(f"{wrong}, expected { ({name: expected[name] for name in wrong}) }")
    await _answer(scene.peer, arrival, "read")
    await scene.silence(arrival.envelope["id"])


def _replied_with(scene: Scene, reply: str) -> str:
    """A kind to which such a reply fits; the driver may say which it prefers."""
    preferred: Json = scene.implementation.about.get("replies_to", {})
    fitting = [kind for kind, about in KINDS.items() if reply in about["replied_by"] and about["agreed"]]
    return str(preferred.get(reply, fitting[0]))


async def _replied(scene: Scene, reply: str) -> None:
    kinds = [kind for kind in scene.implementation.about["sends"] if reply in KINDS[kind]["replied_by"]]
    if not kinds:
        raise NotApplicable("it sends nothing that is replied to in this way")
    arrival = await _sent(scene, kinds[0])
    await _answer(scene.peer, arrival, "read")
    members: Json = {"in_reply_to": arrival.envelope["id"], "thread": arrival.envelope["thread"]}
    first = await scene.peer.say(reply, **members)
    await scene.peer.receipted(first)
    await _state_is(
        scene, arrival, {"answer": "answered", "confirmation": "confirmed"}.get(reply, "disputed")
    )
    again = await scene.peer.say(reply, **members)
    item = await scene.peer.receipted(again, "refused")
    if item["code"] != "reply_not_expected":
        raise Failed(f"a second reply is refused with {item['code']}, not reply_not_expected")


def _checks_of_replies() -> None:
    for kind, about in KINDS.items():
        if about["reply"]:
            title = f"{kind}: names what it replies to, its thread and its agreement"
            check(f"OUT-{kind}", "14", title)(partial(_reply, kind=kind))
            title = f"{kind}: closes what it replies to; a second one is refused"
            check(f"IN-{kind}", "14", title)(partial(_replied, reply=kind))


_checks_of_replies()


async def _state_is(scene: Scene, arrival: Arrival, expected: str) -> None:
    state = await scene.sent_state(arrival.envelope["id"])
    if state != expected:
        raise Failed(f"shown as {state}, not {expected}")
