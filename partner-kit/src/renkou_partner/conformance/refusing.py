"""Checks NO: genuine messages that may not be taken are refused by a signed receipt, and take their number."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from renkou_partner.conformance.peer import Failed
from renkou_partner.conformance.registry import check
from renkou_partner.conformance.stage import Scene
from renkou_partner.contract import AGREED, KINDS, LIMITS, newest, sample


async def _refused(scene: Scene, code: str, kind: str = "arrival_notice", **changes: Any) -> None:
    """The message is refused with the code, nothing of it is taken in, and the next one is read."""
    bad = await scene.peer.say(kind, **changes)
    item = await scene.peer.receipted(bad, "refused")
    if item["code"] != code:
        raise Failed(f"refused with the code {item['code']}, not {code}")
    await scene.goes_on()


@check("NO-unknown-kind", "9", "an unknown kind is refused: unknown_kind")
async def _(scene: Scene) -> None:
    await _refused(
        scene, "unknown_kind", kind="contraception_notice", version=1, payload=sample("arrival_notice")
    )


@check("NO-unknown-version", "9", "an unknown version of a known kind is refused: unsupported_version")
async def _(scene: Scene) -> None:
    await _refused(scene, "unsupported_version", version=99)


@check("NO-expired", "9", "what has expired is refused: expired")
async def _(scene: Scene) -> None:
    ago = datetime.now(UTC) - timedelta(hours=1)
    created = (ago - timedelta(hours=20)).isoformat()
    await _refused(scene, "expired", created_at=created, expires_at=ago.isoformat())


@check("NO-agreement-missing", "10", "without an agreement a notice is refused: no_agreement")
async def _(scene: Scene) -> None:
    await _refused(scene, "no_agreement", agreement=None)


@check("NO-agreement-unknown", "10", "with an agreement that nobody knows a notice is refused: no_agreement")
async def _(scene: Scene) -> None:
    await _refused(scene, "no_agreement", agreement=str(uuid4()))


@check(
    "NO-agreement-of-others", "10", "with another district's agreement it is refused: no_agreement", peers=2
)
async def _(scene: Scene) -> None:
    await _refused(scene, "no_agreement", agreement=scene.others[0].agreements["wide"])


@check(
    "NO-kind-not-agreed",
    "10",
    "a kind outside the agreement is refused: not_agreed",
    agreements=("wide", "narrow"),
)
async def _(scene: Scene) -> None:
    kind = next(kind for kind in AGREED if kind != AGREED[0])
    await _refused(scene, "not_agreed", kind=kind, agreement=scene.peer.agreements["narrow"])


@check("NO-agreement-before", "10", "signed before the first day of its agreement: agreement_not_in_force")
async def _(scene: Scene) -> None:
    before = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    await _refused(scene, "agreement_not_in_force", created_at=before)


@check(
    "NO-agreement-future",
    "10",
    "under an agreement that has not begun it is refused: agreement_not_in_force",
    agreements=("wide", "future"),
)
async def _(scene: Scene) -> None:
    await _refused(scene, "agreement_not_in_force", agreement=scene.peer.agreements["future"])


@check(
    "NO-field-not-agreed",
    "10",
    "a member that the agreement does not list is refused by its path: field_not_agreed:subject.resident_id",
    agreements=("wide", "narrow"),
)
async def _(scene: Scene) -> None:
    payload = sample(AGREED[0])
    payload["subject"]["resident_id"] = "340103199001011233"
    changes = {"payload": payload, "agreement": scene.peer.agreements["narrow"]}
    await _refused(scene, "field_not_agreed:subject.resident_id", kind=AGREED[0], **changes)


@check("NO-member-too-many", "5", "one member beyond the contract and it is refused: bad_content")
async def _(scene: Scene) -> None:
    await _refused(scene, "bad_content", payload=sample("arrival_notice") | {"contraceptive_method": "none"})


@check("NO-member-missing", "5", "without a required member it is refused: bad_content")
async def _(scene: Scene) -> None:
    payload = sample("arrival_notice")
    del payload["subject"]
    await _refused(scene, "bad_content", payload=payload)


@check("NO-value-outside", "5", "a value outside the schema is refused: bad_content")
async def _(scene: Scene) -> None:
    payload = sample("arrival_notice") | {"arrived_on": "2026-02-30"}
    await _refused(scene, "bad_content", payload=payload)


@check("NO-reply-to-nothing", "14", "a reply that names no message is refused: bad_content")
async def _(scene: Scene) -> None:
    await _refused(scene, "bad_content", kind="answer")


@check("NO-reply-unexpected", "14", "a reply to what was never sent is refused: reply_not_expected")
async def _(scene: Scene) -> None:
    await _refused(scene, "reply_not_expected", kind="answer", in_reply_to=str(uuid4()))


async def _amendment(scene: Scene, kind: str) -> None:
    of = str(uuid4())
    payload = sample(kind) | {"of": of}
    if "content" in payload:
        payload["content"] = sample("arrival_notice")
    await _refused(scene, "amendment_not_expected", kind=kind, payload=payload, in_reply_to=of)


def _checks_of_amendments() -> None:
    for kind, about in KINDS.items():
        if "of" in about["samples"][str(newest(kind))]["least"]:
            title = f"a {kind} of what never came is refused: amendment_not_expected"
            check(f"NO-{kind}-of-nothing", "14", title)(partial(_amendment, kind=kind))


_checks_of_amendments()


def _with_attachments() -> list[str]:
    return [kind for kind in AGREED if "attachments" in sample(kind, size="most")]


async def _false_attachment(scene: Scene, kind: str) -> None:
    payload = sample(kind, size="most")
    payload["attachments"][0]["sha256"] = "0" * 64
    await _refused(scene, "bad_content", kind=kind, payload=payload)


for _kind in _with_attachments():
    _title = f"{_kind}: an attachment whose digest is not that of its data is refused: bad_content"
    check(f"NO-attachment-in-{_kind}", "5.2", _title)(partial(_false_attachment, kind=_kind))


@check("NO-number-twice", "7.3", "another content under a known number is refused: sequence_conflict")
async def _(scene: Scene) -> None:
    good = await scene.peer.say()
    await scene.peer.receipted(good)
    other = await scene.peer.say(pair_seq=good.envelope["pair_seq"])
    item = await scene.peer.receipted(other, "refused")
    if item["code"] != "sequence_conflict":
        raise Failed(f"refused with the code {item['code']}, not sequence_conflict")
    await scene.goes_on(good.id)


@check("NO-id-twice", "7.3", "another content under a known id is refused: id_conflict")
async def _(scene: Scene) -> None:
    good = await scene.peer.say()
    await scene.peer.receipted(good)
    payload = good.envelope["payload"] | {"arrived_on": "2026-01-04"}
    other = await scene.peer.say(id=good.id, payload=payload)
    item = await scene.peer.receipted(other, "refused")
    if item["code"] != "id_conflict":
        raise Failed(f"refused with the code {item['code']}, not id_conflict")
    await scene.goes_on(good.id)


@check("NO-too-far", "7.4", "a number beyond the window is neither kept nor refused: it will be sent again")
async def _(scene: Scene) -> None:
    far = await scene.peer.say(pair_seq=LIMITS["window"] + 500)
    await scene.goes_on()
    if scene.peer.items(far.id):
        raise Failed(f"receipted as {scene.peer.items(far.id)[0]['state']}")


@check(
    "NO-held-and-refused", "9", "what comes early and may not be taken is refused, and its number is passed"
)
async def _(scene: Scene) -> None:
    peer = scene.peer
    first = peer.seal(peer.envelope())
    bad = peer.seal(peer.envelope("unheard_of", version=1, payload={"any": 1}))
    third = peer.seal(peer.envelope())
    for one in (bad, third, first):
        await peer.publish(one)
    await peer.receipted(bad, "refused")
    await peer.receipted(third)
    await scene.goes_on(first.id, third.id)
