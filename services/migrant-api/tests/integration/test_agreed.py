"""What agreements do to messages between two districts: drafting, sealing, arriving, waiting, going on."""

from typing import Any
from uuid import UUID, uuid4

from renkou_migrant.agreements import lifecycle
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import Grant, Terms
from renkou_migrant.agreements.lifecycle import Person

from ..agreements import DRAFTED_AT, agree, terms_between
from ..districts import Districts
from ..support import EVERYTHING, HOME, RESIDENCE, Node, arrival_notice
from .test_reception import sealed_by

FEWER = frozenset({"subject.name", "subject.home_area", "arrived_on", "present_area"})


def narrow(terms: Terms) -> Terms:
    """The same terms, without ID numbers in arrival notices."""
    grants = tuple(
        Grant(one.sender, one.kind, one.purpose, one.legal_basis, FEWER, frozenset({"known"}))
        if one.kind == "arrival_notice"
        else one
        for one in terms.grants
    )
    return Terms(**{**{name: getattr(terms, name) for name in Terms.__slots__}, "grants": grants})


async def narrowly(pair: Districts, **changes: Any) -> UUID:
    """Agree about everything, of arrivals without ID numbers."""
    terms = narrow(terms_between(HOME, RESIDENCE, pair.home.runtime.clock.today(), **changes))
    return await agree(pair.residence.runtime, pair.home.runtime, terms)


async def step(node: Node, act: Any, agreement_id: UUID, *more: Any) -> None:
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        version = (await agreements.get(tx, agreement_id)).revision
        await act(tx, node.runtime, agreement_id, Person(uuid4(), version), *more)


async def resumed(node: Node, agreement_id: UUID) -> None:
    """Lift a suspension as the administrator does."""
    clerk = await node.clerk("administrator")
    version = (await clerk.get(f"/agreements/{agreement_id}"))["version"]
    answer = await clerk.act(f"/agreements/{agreement_id}/resumption", {"reason": "已恢复"}, version=version)
    assert answer.status_code == 200, answer.text


async def tell(teller: Node, told: Node, agreement_id: UUID) -> None:
    """Carry the last statement about an agreement over."""
    ours, theirs = await teller.clerk("administrator"), await told.clerk("administrator")
    statement = await ours.get(f"/agreements/{agreement_id}/statement")
    answer = await theirs.request("POST", "/agreements/statements", json=statement)
    assert answer.status_code == 200, answer.text


async def content(node: Node, message_id: UUID) -> dict[str, Any]:
    clerk = await node.clerk()
    return dict((await clerk.get(f"/notices/{message_id}"))["content"])


async def test_members_that_are_not_agreed_are_left_out_before_the_message_is_written(
    strangers: Districts,
) -> None:
    await narrowly(strangers)
    message_id = await strangers.residence.arrival_notice()
    await strangers.hand_over()
    assert await strangers.home.state(message_id) == "read"
    for node in (strangers.residence, strangers.home):
        subject = (await content(node, message_id))["subject"]
        assert (subject["name"], subject.get("resident_id")) == ("王小雨", None)


async def test_a_member_that_is_not_agreed_is_refused_where_it_arrives_with_its_path(
    strangers: Districts,
) -> None:
    agreement_id = await narrowly(strangers)
    payload = {
        "subject": {"name": "王小雨", "resident_id": "340103199001011234", "home_area": "340103002003"},
        "arrived_on": "2026-01-01",
        "present_area": "310115005001",
    }
    message_id, sealed = await sealed_by(strangers, agreement=agreement_id, payload=payload)
    await strangers.home.take(RESIDENCE, sealed)
    assert await strangers.home.state(message_id) == "dead: field_not_agreed:subject.resident_id"
    rows = await strangers.home.rows("SELECT content, occurred_on FROM message")
    assert [(row["content"], row["occurred_on"]) for row in rows] == [(None, None)]


async def test_a_kind_or_direction_that_is_not_agreed_is_neither_drafted_nor_taken(
    strangers: Districts,
) -> None:
    terms = terms_between(HOME, RESIDENCE, strangers.home.runtime.clock.today())
    members = {name: getattr(terms, name) for name in Terms.__slots__}
    from_home = tuple(one for one in terms.grants if one.sender == HOME)
    agreement_id = await agree(
        strangers.home.runtime, strangers.residence.runtime, Terms(**{**members, "grants": from_home})
    )
    residence = strangers.residence
    assert await residence.raise_notice(arrival_notice(residence.runtime.clock.today())) is None
    message_id, sealed = await sealed_by(strangers, agreement=agreement_id)
    await strangers.home.take(RESIDENCE, sealed)
    assert await strangers.home.state(message_id) == "dead: not_agreed"


async def test_an_answer_may_say_only_what_was_agreed_to_come_back(strangers: Districts) -> None:
    await narrowly(strangers)
    message_id = await strangers.residence.arrival_notice()
    await strangers.hand_over()
    clerk = await strangers.home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    path = f"/notices/{message_id}/answer"
    refused = await clerk.act(path, {"known": True, "note": "已婚"}, version=version)
    assert (refused.status_code, refused.json()["code"]) == (422, "field_not_agreed")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/note"]
    assert (await clerk.act(path, {"known": True}, version=version)).status_code == 200
    await strangers.hand_over()
    assert await strangers.residence.state(message_id) == "answered"


async def test_an_answer_beyond_what_was_agreed_is_refused_where_it_arrives(strangers: Districts) -> None:
    agreement_id = await narrowly(strangers)
    message_id = await strangers.home.arrival_notice(home_district=RESIDENCE, area=340103002003)
    await strangers.hand_over()
    answer_id, sealed = await sealed_by(
        strangers,
        kind="answer",
        agreement=agreement_id,
        in_reply_to=message_id,
        payload={"known": True, "note": "x"},
    )
    await strangers.home.take(RESIDENCE, sealed)
    assert await strangers.home.state(answer_id) == "dead: field_not_agreed:note"
    assert await strangers.home.state(message_id) == "read"


async def test_what_is_drafted_while_suspended_waits_and_goes_afterwards(pair: Districts) -> None:
    residence = pair.residence
    (row,) = await residence.rows("SELECT id FROM agreement")
    await step(residence, lifecycle.suspend, row["id"], "密钥更换")
    waiting = await residence.arrival_notice()
    await pair.hand_over()
    assert await residence.state(waiting) == "drafted"
    assert await residence.counted() == {"notice_due": 1}
    await resumed(residence, row["id"])
    await pair.hand_over()
    assert await residence.state(waiting) == "read"


async def test_drafts_that_wait_hold_up_no_others(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    noted = await home.service_notice(home_district=RESIDENCE, area=340103002003)
    await pair.hand_over()
    (row,) = await residence.rows("SELECT id FROM agreement")
    await step(residence, lifecycle.suspend, row["id"], "密钥更换")
    for _ in range(120):
        await residence.arrival_notice()
    clerk = await residence.clerk()
    version = (await clerk.get(f"/notices/{noted}"))["version"]
    confirmed = await clerk.act(f"/notices/{noted}/confirmation", version=version)
    assert confirmed.status_code == 200, confirmed.text
    await pair.hand_over()
    assert await home.state(noted) == "confirmed"


async def test_what_waited_when_the_agreement_ended_never_leaves(pair: Districts) -> None:
    residence = pair.residence
    (row,) = await residence.rows("SELECT id FROM agreement")
    await step(residence, lifecycle.suspend, row["id"], "密钥更换")
    waiting = await residence.arrival_notice()
    await step(residence, lifecycle.end, row["id"], "机构合并")
    await pair.hand_over()
    assert await residence.state(waiting) == "dead: agreement_not_in_force"
    assert await pair.home.rows("SELECT FROM message") == []


async def test_a_partner_that_has_suspended_refuses_what_is_under_way_and_gets_it_again(
    pair: Districts,
) -> None:
    home, residence = pair.home, pair.residence
    (row,) = await home.rows("SELECT id FROM agreement")
    under_way = await residence.arrival_notice()
    (sealed,) = (await residence.sealed()).values()
    await step(home, lifecycle.suspend, row["id"], "数据核对")
    await home.take(residence, sealed)
    assert await home.state(under_way) == "dead: agreement_suspended"
    await residence.take(home, *await home.receipts())
    assert await residence.state(under_way) == "dead: agreement_suspended"

    held_back = await residence.arrival_notice()
    await pair.hand_over()
    assert await residence.state(held_back) == "drafted", "the receipt has told of the suspension"

    await resumed(home, row["id"])
    await tell(home, residence, row["id"])
    await pair.hand_over()
    assert await residence.state(held_back) == "read"
    assert await residence.state(under_way) == "dead: agreement_suspended"
    taken = await home.rows("SELECT id FROM message WHERE state = 'read'")
    assert len(taken) == 2
    assert await residence.counted() == {"notice_due": 2, "notice_sent": 2}


async def test_a_draft_relies_on_the_version_in_force_when_it_leaves(strangers: Districts) -> None:
    residence, home = strangers.residence, strangers.home
    first = await strangers.agree()
    drafted = await residence.arrival_notice()
    terms = narrow(
        terms_between(HOME, RESIDENCE, home.runtime.clock.today(), replaces=first, drafted_at=DRAFTED_AT)
    )
    second = await agree(residence.runtime, home.runtime, terms)
    await strangers.hand_over()
    assert await home.state(drafted) == "read"
    for node in (residence, home):
        (row,) = await node.rows("SELECT agreement_id FROM message")
        assert row["agreement_id"] == second
        assert (await content(node, drafted))["subject"].get("resident_id") is None


async def test_a_message_signed_before_the_end_is_taken_after_it(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    (row,) = await home.rows("SELECT id FROM agreement")
    message_id = await residence.arrival_notice()
    (sealed,) = (await residence.sealed()).values()
    await pair.pass_days(1)
    await step(home, lifecycle.end, row["id"], "协议终止")
    await home.take(residence, sealed)
    assert await home.state(message_id) == "read"
