"""What cannot be sent, read or taken in ends with its code, and holds nothing else up."""

from dataclasses import replace
from uuid import uuid4

import pytest

from renkou_migrant.exchange.wire import Envelope, seal
from renkou_migrant.partners.service import trust_list

from ..districts import Districts
from ..stays import born, retracted, somebody_stays
from ..support import EVERYTHING, HOME, RESIDENCE, Json
from .test_reception import sealed_by


async def test_a_notice_whose_facts_are_incomplete_is_not_sent(pair: Districts) -> None:
    residence = pair.residence
    mother, _ = await somebody_stays(residence)
    child = await born(residence, mother)
    residence.register.registers(child, name="王" * 101)
    await residence.completion.complete()
    rows = await residence.rows("SELECT state, code FROM message")
    assert [(row["state"], row["code"]) for row in rows] == [("dead", "facts_unusable")]


async def test_what_was_taken_back_before_it_was_sent_says_so(pair: Districts) -> None:
    residence = pair.residence
    mother, _ = await somebody_stays(residence)
    await retracted(residence, await born(residence, mother))
    await pair.hand_over()
    (row,) = await residence.rows("SELECT id FROM message")
    assert await residence.state(row["id"]) == "dead: withdrawn_before_sending"
    assert await pair.home.rows("SELECT FROM message") == []


async def test_what_is_encrypted_to_a_key_that_is_not_ours_cannot_be_read(pair: Districts) -> None:
    residence = pair.residence.runtime
    async with residence.database.transaction(EVERYTHING) as tx:
        trust = await trust_list(tx, residence)
    assert trust
    now = residence.clock.now()
    envelope = Envelope(
        uuid4(), "ping", 1, RESIDENCE, HOME, 1, uuid4(), None, now, now.replace(year=now.year + 1), None, {}
    )
    own = replace(trust.districts[RESIDENCE], code=HOME)
    await pair.home.take(RESIDENCE, seal(envelope, residence.exchange_keys, own, now).data)
    assert await pair.home.dead_letters() == ["unknown_encryption_key"]


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        ("receipt", {"items": []}, "bad_receipt"),
        ("digest", {"sent": {}}, "bad_digest"),
        ("\0", {}, "malformed"),
    ],
)
async def test_a_receipt_or_digest_without_its_members_is_put_aside(
    pair: Districts, kind: str, payload: Json, code: str
) -> None:
    _, sealed = await sealed_by(pair, kind=kind, pair_seq=0, agreement=None, payload=payload)
    await pair.home.take(RESIDENCE, sealed)
    assert await pair.home.dead_letters() == [code]
    message_id = await pair.residence.arrival_notice()
    await pair.hand_over()
    assert await pair.home.state(message_id) == "read"


async def test_what_the_database_does_not_take_is_put_aside_by_itself(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    message_id = await home.service_notice(home_district=RESIDENCE, area=340103002003)
    await home.sealed()
    (row,) = await home.rows("SELECT digest FROM message")
    item = {"id": str(message_id), "digest": row["digest"].hex(), "state": "refused", "code": "\0"}
    _, bad = await sealed_by(pair, kind="receipt", pair_seq=0, agreement=None, payload={"items": [item]})
    good_id, good = await sealed_by(pair)
    await home.take(residence, bad, good)
    assert await home.dead_letters() == ["internal"]
    assert await home.state(good_id) == "read"
