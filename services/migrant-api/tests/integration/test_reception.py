"""What arrives from a partner in the wrong order, twice, late, forged, altered, or without a right to come.

There is no hub here: the test hands the sealed bytes over itself.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jwe
from joserfc.jwk import OKPKey

from renkou_common.scope import AreaScope
from renkou_migrant.agreements import lifecycle
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.lifecycle import Person
from renkou_migrant.credentials.jws import SigningKey, decode_base64url
from renkou_migrant.exchange.carried import Answer
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.wire import Envelope, ExchangeKeys, seal
from renkou_migrant.partners.service import trust_list

from ..districts import Districts
from ..support import arrival_notice

HOME, RESIDENCE = "340103", "310115"
EVERYTHING = AreaScope.everything()


async def sealed_by(
    pair: Districts, *, keys: ExchangeKeys | None = None, **changes: Any
) -> tuple[UUID, bytes]:
    """Seal any message to the home district as the residence does, with whatever is wrong about it."""
    residence = pair.residence.runtime
    async with residence.database.transaction(EVERYTHING) as tx:
        trust = await trust_list(tx, residence)
    assert trust
    agreement = (await pair.home.rows("SELECT id FROM agreement") or [{"id": None}])[0]["id"]
    now = residence.clock.now()
    payload = {
        "subject": {"name": "王小雨", "resident_id": None, "home_area": "340103002003"},
        "arrived_on": "2026-01-01",
        "present_area": "310115005001",
    }
    envelope = Envelope(
        id=uuid4(),
        kind="arrival_notice",
        version=1,
        sender=RESIDENCE,
        receiver=HOME,
        pair_seq=1,
        thread=uuid4(),
        in_reply_to=None,
        created_at=now,
        expires_at=now + timedelta(days=1),
        agreement=agreement,
        payload=payload,
    )
    envelope = replace(envelope, **changes)
    return envelope.id, seal(envelope, keys or residence.exchange_keys, trust.districts[HOME], now).data


async def test_messages_out_of_order_are_held_until_the_gap_is_filled(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    ids = [await residence.service_notice() for _ in range(3)]
    sealed = await residence.sealed()
    await home.take(residence, sealed[ids[2]])
    await home.take(residence, sealed[ids[1]])
    assert [await home.state(one) for one in ids] == [None, "delivered", "delivered"]
    await residence.take(home, *await home.receipts())
    assert [await residence.state(one) for one in ids] == ["drafted", "delivered", "delivered"]
    await home.take(residence, sealed[ids[0]])
    assert [await home.state(one) for one in ids] == ["read"] * 3
    await residence.take(home, *await home.receipts())
    assert [await residence.state(one) for one in ids] == ["read"] * 3
    assert await residence.sealed() == {}


async def test_a_message_that_comes_again_only_gets_its_receipt_again(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    message_id = await residence.service_notice()
    sealed = (await residence.sealed())[message_id]
    await home.take(residence, sealed, sealed)
    await home.receipts()  # lost on the way
    await home.take(residence, sealed)
    assert len(await home.rows("SELECT FROM message")) == 1
    await residence.take(home, *await home.receipts())
    assert await residence.state(message_id) == "read"
    assert await home.dead_letters() == []


async def test_a_confirmation_that_comes_again_changes_nothing(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    message_id = await residence.service_notice()
    await pair.hand_over()
    clerk = await home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    await clerk.act(f"/notices/{message_id}/confirmation", version=version)
    (confirmation,) = (await home.sealed()).values()
    for _ in range(3):
        await residence.take(home, confirmation)
    assert await residence.state(message_id) == "confirmed"
    assert (await residence.counted())["notice_confirmed"] == 1


async def test_a_receipt_that_comes_late_takes_nothing_back(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    first, second = [await residence.service_notice() for _ in range(2)]
    sealed = await residence.sealed()
    await home.take(residence, sealed[second])
    held = await home.receipts()
    await home.take(residence, sealed[first])
    await residence.take(home, *await home.receipts())
    await residence.take(home, *held)
    assert [await residence.state(one) for one in (first, second)] == ["read", "read"]


async def test_a_sender_who_signs_for_another_is_not_believed(pair: Districts) -> None:
    _, sealed = await sealed_by(pair)
    await pair.home.take("440305", sealed)
    assert await pair.home.dead_letters() == ["wrong_sender"]
    assert await pair.home.rows("SELECT FROM message") == []
    assert await pair.home.receipts() == []


async def test_a_signature_of_another_key_is_not_believed(pair: Districts) -> None:
    own = pair.residence.runtime.exchange_keys
    forged = ExchangeKeys((SigningKey.generate(own.signer.kid, "EdDSA"),), own.encryption)
    unknown = ExchangeKeys((SigningKey.generate("310115-sig-9", "EdDSA"),), own.encryption)
    await pair.home.take(RESIDENCE, (await sealed_by(pair, keys=forged))[1])
    await pair.home.take(RESIDENCE, (await sealed_by(pair, keys=unknown))[1])
    assert await pair.home.dead_letters() == ["bad_signature", "unknown_key"]


async def test_altered_truncated_and_foreign_bytes_are_kept_as_dead_letters(pair: Districts) -> None:
    _, sealed = await sealed_by(pair)
    altered = sealed[:-30] + bytes([sealed[-30] ^ 1]) + sealed[-29:]
    for data in (altered, sealed[:200], b"", b"\xff\xfe", b"a.b.c.d.e", b"x" * 1_000_001):
        await pair.home.take(RESIDENCE, data)
    codes = await pair.home.dead_letters()
    assert len(codes) == 6
    assert set(codes) == {"undecryptable", "too_large"}
    clerk = await pair.home.clerk("administrator")
    shown = (await clerk.get("/exchange/dead-letters", limit=5))["items"]
    assert {one["sender"] for one in shown} == {RESIDENCE}


async def test_a_message_that_would_inflate_is_not_decompressed(pair: Districts) -> None:
    (key,) = pair.home.runtime.exchange_keys.encryption.values()
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key.kid, "zip": "DEF"}
    allowed = ["ECDH-ES", "A256GCM", "DEF"]
    bomb = jwe.encrypt_compact(header, b"0" * 50_000_000, key, algorithms=allowed)
    assert len(bomb) < 100_000
    await pair.home.take(RESIDENCE, bomb.encode())
    assert await pair.home.dead_letters() == ["undecryptable"]


async def test_a_draft_that_cannot_be_read_any_more_holds_up_nothing(pair: Districts) -> None:
    residence = pair.residence
    damaged, following = [await residence.service_notice() for _ in range(2)]
    await residence.rows("UPDATE message SET content = 'x'::bytea WHERE id = $1", damaged)
    await pair.hand_over()
    assert await residence.state(damaged) == "dead: content_unreadable"
    assert await residence.state(following) == "read"
    rows = await residence.rows("SELECT pair_seq FROM message ORDER BY position")
    assert [row["pair_seq"] for row in rows] == [None, 1]


async def test_the_same_forgery_again_is_counted_not_kept_twice(pair: Districts) -> None:
    _, sealed = await sealed_by(pair)
    for _ in range(5):
        await pair.home.take("440305", sealed)
    rows = await pair.home.rows("SELECT times FROM dead_letter")
    assert [row["times"] for row in rows] == [5]


async def test_a_message_to_somebody_else_or_from_the_future_is_not_taken(pair: Districts) -> None:
    residence = pair.residence.runtime
    ahead = residence.clock.now() + timedelta(days=2)
    await pair.home.take(RESIDENCE, (await sealed_by(pair, receiver="440305"))[1])
    await pair.home.take(RESIDENCE, (await sealed_by(pair, created_at=ahead))[1])
    assert await pair.home.dead_letters() == ["wrong_receiver", "from_the_future"]


async def test_a_clock_that_is_a_day_ahead_is_put_up_with(pair: Districts) -> None:
    ahead = pair.residence.runtime.clock.now() + timedelta(hours=23)
    message_id, sealed = await sealed_by(pair, created_at=ahead, expires_at=ahead + timedelta(days=1))
    await pair.home.take(RESIDENCE, sealed)
    assert await pair.home.state(message_id) == "read"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "contraception_notice"}, "unknown_kind"),
        ({"version": 2}, "unsupported_version"),
        ({"agreement": None}, "no_agreement"),
        ({"agreement": uuid4()}, "no_agreement"),
        ({"payload": {}}, "bad_content"),
        ({"kind": "answer", "payload": {"known": True, "note": None}}, "bad_content"),
        (
            {"kind": "answer", "in_reply_to": uuid4(), "payload": {"known": True, "note": None}},
            "reply_not_expected",
        ),
    ],
)
async def test_what_may_not_come_is_refused_by_a_signed_receipt(
    pair: Districts, changes: dict[str, Any], code: str
) -> None:
    message_id, sealed = await sealed_by(pair, **changes)
    await pair.home.take(RESIDENCE, sealed)
    rows = await pair.home.rows("SELECT state, code, content FROM message WHERE id = $1", message_id)
    assert [(row["state"], row["code"], row["content"]) for row in rows] == [("dead", code, None)]
    (receipt,) = await pair.home.receipts()
    await pair.residence.take(HOME, receipt)
    logged = await pair.residence.rows("SELECT kind, outcome FROM message_log")
    assert ("receipt", "received") in [(row["kind"], row["outcome"]) for row in logged]


async def test_a_member_beyond_the_contract_is_refused(pair: Districts) -> None:
    payload = {
        "subject": {"name": "王小雨", "resident_id": None, "home_area": "340103002003"},
        "arrived_on": "2026-01-01",
        "present_area": "310115005001",
        "contraceptive_method": "IUD",
    }
    message_id, sealed = await sealed_by(pair, payload=payload)
    await pair.home.take(RESIDENCE, sealed)
    assert await pair.home.state(message_id) == "dead: bad_content"


async def test_a_refused_message_is_dead_at_its_sender_and_the_next_ones_go_on(strangers: Districts) -> None:
    residence = strangers.residence
    await residence.agree(HOME, kinds=frozenset({MessageKind.SERVICE_NOTICE}))
    refused = await residence.service_notice()
    await strangers.agree()
    taken = await residence.arrival_notice()
    await strangers.hand_over()
    assert await residence.state(refused) == "dead: no_agreement"
    assert await residence.state(taken) == "read"


async def test_without_an_agreement_nothing_is_drafted(strangers: Districts) -> None:
    residence = strangers.residence
    assert await residence.raise_notice(arrival_notice(residence.runtime.clock.today())) is None
    assert await residence.rows("SELECT FROM message") == []
    assert await residence.counted() == {}


async def test_an_agreement_that_ended_meanwhile_keeps_a_draft_from_leaving(pair: Districts) -> None:
    residence = pair.residence
    message_id = await residence.arrival_notice()
    async with residence.runtime.database.transaction(EVERYTHING) as tx:
        (row,) = await tx.fetch("SELECT id FROM agreement")
        version = (await agreements.get(tx, row["id"])).revision
        await lifecycle.end(tx, residence.runtime, row["id"], Person(uuid4(), version), None)
    assert await residence.sealed() == {}
    assert await residence.state(message_id) == "dead: agreement_not_in_force"
    assert await residence.counted() == {"notice_due": 1}


async def test_a_message_that_arrives_too_late_is_expired_at_its_sender(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    late = await residence.arrival_notice()
    sealed = (await residence.sealed())[late]
    await pair.pass_days(91)
    await home.take(residence, sealed)
    assert await home.state(late) == "dead: expired"
    await residence.take(home, *await home.receipts())
    assert await residence.state(late) == "expired: expired"
    following = await residence.arrival_notice()
    await pair.hand_over()
    assert await residence.state(following) == "read"


async def test_a_number_used_for_two_contents_is_an_incident(pair: Districts) -> None:
    first, sealed = await sealed_by(pair)
    second, other = await sealed_by(pair)
    await pair.home.take(RESIDENCE, sealed)
    await pair.home.take(RESIDENCE, other)
    assert await pair.home.state(first) == "read"
    assert await pair.home.state(second) is None
    assert await pair.home.dead_letters() == ["sequence_conflict"]


async def test_an_id_used_for_two_messages_is_refused(pair: Districts) -> None:
    message_id, sealed = await sealed_by(pair)
    payload = {
        "subject": {"name": "李小明", "resident_id": None, "home_area": "340103002003"},
        "arrived_on": "2026-01-01",
        "present_area": "310115005001",
    }
    _, other = await sealed_by(pair, id=message_id, pair_seq=2, payload=payload)
    _, third = await sealed_by(pair, pair_seq=3)
    await pair.home.take(RESIDENCE, sealed, other, third)
    rows = await pair.home.rows("SELECT state, code FROM message ORDER BY pair_seq")
    assert [(row["state"], row["code"]) for row in rows] == [
        ("read", None),
        ("dead", "id_conflict"),
        ("read", None),
    ]


async def test_a_message_that_comes_again_under_another_number_has_no_second_effect(pair: Districts) -> None:
    message_id, sealed = await sealed_by(pair)
    _, again = await sealed_by(pair, id=message_id, pair_seq=2)
    await pair.home.take(RESIDENCE, sealed, again)
    rows = await pair.home.rows("SELECT state, code, sent_as FROM message ORDER BY pair_seq")
    assert [(row["state"], row["code"], row["sent_as"]) for row in rows] == [
        ("read", None, None),
        ("dead", "repeated", message_id),
    ]


async def test_numbers_far_ahead_are_left_to_be_sent_again(pair: Districts) -> None:
    _, sealed = await sealed_by(pair, pair_seq=50_000)
    await pair.home.take(RESIDENCE, sealed)
    assert await pair.home.rows("SELECT FROM message") == []
    assert await pair.home.dead_letters() == ["too_far_ahead"]
    assert await pair.home.receipts() == []


async def test_an_answer_to_anothers_message_closes_nothing(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    ours = await home.raise_notice(Answer(known=True), kind=MessageKind.ANSWER, home_district=RESIDENCE)
    assert ours is None  # no agreement lists answers: they exist only as replies
    message_id = await residence.arrival_notice()
    await pair.hand_over()
    _, sealed = await sealed_by(
        pair, kind="answer", pair_seq=2, in_reply_to=message_id, payload={"known": False, "note": None}
    )
    await home.take(residence, sealed)
    assert await home.state(message_id) == "read"


async def test_what_waits_goes_to_a_new_key_and_old_mail_is_still_opened(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    before = await residence.arrival_notice()
    sealed = (await residence.sealed())[before]
    fresh = OKPKey.generate_key("X25519", {"kid": "340103-enc-2", "use": "enc"}, private=True)
    keys = home.runtime.exchange_keys
    rotated = replace(
        home.runtime, exchange_keys=ExchangeKeys(keys.signing, {**keys.encryption, "340103-enc-2": fresh})
    )
    home.runtime = home.receiver._runtime = home.sender._runtime = rotated
    await pair.trust_again(2)
    after = await residence.arrival_notice()
    newer = (await residence.sealed())[after]
    assert json.loads(_header(newer))["kid"] == "340103-enc-2"
    await home.take(residence, sealed, newer)
    assert [await home.state(one) for one in (before, after)] == ["read", "read"]


def _header(sealed: bytes) -> bytes:
    return decode_base64url(sealed.split(b".")[0].decode())


async def test_the_figures_follow_a_notice_to_its_confirmation(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    message_id = await residence.service_notice()
    assert await residence.counted() == {"notice_due": 1}
    await pair.hand_over()
    assert await residence.counted() == {"notice_due": 1, "notice_sent": 1, "notice_confirmable": 1}
    clerk = await home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    await clerk.act(f"/notices/{message_id}/confirmation", version=version)
    await pair.hand_over()
    assert (await residence.counted())["notice_confirmed"] == 1
    assert await home.counted() == {"reply_due": 1, "reply_on_time": 1}
