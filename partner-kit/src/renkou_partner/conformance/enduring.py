"""Checks ALL: what concerns everybody, one after the other, after all the rest."""

from renkou_partner.conformance.peer import Failed
from renkou_partner.conformance.registry import check
from renkou_partner.conformance.stage import NotApplicable, Scene


@check("ALL-hub-lost", "6.3", "a hub that loses everything loses no message, either way", alone=True)
async def _(scene: Scene) -> None:
    message_id = await scene.implementation.send(scene.peer.district, scene.kind)
    await scene.stage.hub.lose_everything()
    so_far = len(scene.peer.copies(message_id))
    await scene.peer.message(message_id, times=so_far + 1)
    if len({one.data for one in scene.peer.copies(message_id)}) != 1:
        raise Failed("the bytes differ after the loss")
    await scene.goes_on()


@check(
    "ALL-restart",
    "6.2",
    "over a restart numbers go on, bytes stay, and what was taken in is known",
    alone=True,
)
async def _(scene: Scene) -> None:
    if not scene.implementation.about.get("restarts"):
        raise NotApplicable("its driver says that it cannot be started again on the same folder")
    peer = scene.peer
    said = await peer.say()
    await peer.receipted(said)
    before = await peer.message(await scene.implementation.send(peer.district, scene.kind))
    await scene.stage.restart()
    so_far = len(peer.copies(before.envelope["id"]))
    again = await peer.message(before.envelope["id"], times=so_far + 1)
    if again.data != before.data:
        raise Failed("other bytes after the restart")
    following = await peer.message(await scene.implementation.send(peer.district, scene.kind))
    if following.envelope["pair_seq"] != before.envelope["pair_seq"] + 1:
        raise Failed(f"number {following.envelope['pair_seq']} follows {before.envelope['pair_seq']}")
    await peer.publish(said)
    await peer.receipted(said, times=2)
    await scene.goes_on(said.id)


@check(
    "ALL-genuine",
    "4",
    "everything that it has sent in this run could be opened and met its schema",
    alone=True,
)
async def _(scene: Scene) -> None:
    scenes = scene.stage.scenes.values()
    arrivals = [one for each in scenes for peer in (each.peer, *each.others) for one in peer.arrivals]
    problems = sorted({one.problem for one in arrivals if one.problem})
    if problems:
        raise Failed("; ".join(problems[:3]))
    if not arrivals:
        raise Failed("it has sent nothing at all")
