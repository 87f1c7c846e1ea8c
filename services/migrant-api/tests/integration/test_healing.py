"""Digests find what one end has lost, and heal what can be healed. The test hands messages over itself."""

from typing import Any
from uuid import UUID

from ..districts import Districts
from ..support import Node


async def pairs(node: Node) -> dict[str, Any]:
    """How far the exchange has come, as an administrator reads it."""
    (found,) = (await (await node.clerk("administrator")).get("/exchange/pairs"))["items"]
    return dict(found)


async def findings(node: Node) -> list[tuple[str, str, int, int]]:
    """What comparing has shown, as an administrator reads it, oldest first."""
    shown = (await (await node.clerk("administrator")).get("/exchange/findings"))["items"]
    assert all(one["code_label"] and one["code_label_en"] for one in shown)
    return [
        (one["code"], one["direction"], one["first_number"], one["last_number"]) for one in reversed(shown)
    ]


async def exchanged(districts: Districts, number: int) -> list[UUID]:
    """Notices that were sent and read."""
    sent = [await districts.residence.service_notice() for _ in range(number)]
    await districts.hand_over()
    return sent


async def read_at(node: Node, ids: list[UUID]) -> list[str | None]:
    """States of messages at one end."""
    return [await node.state(one) for one in ids]


async def lose_received(node: Node, after: int) -> None:
    """Go back to a backup in which the partner's later messages have not come yet."""
    await node.rows("DELETE FROM message WHERE direction = 'in' AND pair_seq > $1", after)
    await node.rows("UPDATE pair_counter SET next_in = $1::bigint + 1, highest_in = $1", after)


async def lose_sent(node: Node, after: int) -> None:
    """Go back to a backup in which our later messages were not written yet."""
    await node.rows("DELETE FROM message WHERE direction = 'out' AND pair_seq > $1", after)
    await node.rows("UPDATE pair_counter SET last_out = $1", after)


async def test_both_ends_agree_every_day_on_what_was_sent(pair: Districts) -> None:
    await exchanged(pair, 3)
    await pair.compare()
    there, here = await pairs(pair.residence), await pairs(pair.home)
    assert (there["sent"], there["sent_agreed"], here["taken"], here["taken_agreed"]) == (3, 3, 3, 3)
    await exchanged(pair, 2)
    await pair.pass_days(1)
    await pair.compare()
    there, here = await pairs(pair.residence), await pairs(pair.home)
    assert (there["sent_agreed"], here["taken_agreed"]) == (5, 5)
    assert await findings(pair.home) == await findings(pair.residence) == []


async def test_a_receiver_restored_from_yesterday_gets_again_what_it_lost(pair: Districts) -> None:
    sent = await exchanged(pair, 5)
    await lose_received(pair.home, 2)
    await pair.compare()
    assert await read_at(pair.home, sent) == ["read"] * 5
    assert await read_at(pair.residence, sent) == ["read"] * 5
    rows = await pair.home.rows("SELECT id FROM message ORDER BY pair_seq")
    assert [row["id"] for row in rows] == sent
    await pair.pass_days(1)
    await pair.compare()
    assert (await pairs(pair.home))["taken_agreed"] == 5
    assert await findings(pair.home) == []


async def test_a_sender_restored_from_yesterday_goes_on_beyond_the_numbers_in_use(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    await exchanged(pair, 5)
    await lose_sent(residence, 3)
    administrator = await residence.clerk("administrator")
    answer = await administrator.request("POST", "/exchange/restoration")
    assert answer.json() == {"comparing": 1}
    new = [await residence.service_notice() for _ in range(2)]
    assert await residence.sealed() == {}, "nothing is numbered before the partner has told what it holds"
    await pair.compare()
    assert await read_at(home, new) == ["read", "read"]
    assert await read_at(residence, new) == ["read", "read"]
    assert await findings(residence) == [("lost", "out", 4, 5)]
    assert [code for code, *_ in await findings(home)] == ["gone"]
    for day in (1, 2):
        await pair.pass_days(day)
        await pair.compare()
    there, here = await pairs(residence), await pairs(home)
    assert there["sent"] == there["sent_agreed"] == here["taken"] == here["taken_agreed"]
    assert not there["comparing"]


async def test_a_sender_that_does_not_know_it_was_restored_loses_no_notice(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    await exchanged(pair, 5)
    await lose_sent(residence, 3)
    new = [await residence.service_notice() for _ in range(3)]
    await pair.hand_over()
    assert await read_at(home, new) == ["read"] * 3
    assert await read_at(residence, new) == ["read"] * 3
    rows = await home.rows("SELECT pair_seq FROM message WHERE id = ANY($1)", new)
    assert min(row["pair_seq"] for row in rows) > 5
    for day in (1, 2):
        await pair.pass_days(day)
        await pair.compare()
    there, here = await pairs(residence), await pairs(home)
    assert there["sent"] == there["sent_agreed"] == here["taken"] == here["taken_agreed"]


async def test_a_sender_that_lost_a_thousand_numbers_without_knowing_goes_on_beyond_them_at_once(
    pair: Districts,
) -> None:
    home, residence = pair.home, pair.residence
    await exchanged(pair, 5)
    await lose_sent(residence, 3)
    await (await residence.clerk("administrator")).request("POST", "/exchange/restoration")
    await pair.compare()
    assert (await pairs(home))["taken"] > 1_000
    await residence.rows("UPDATE pair_counter SET last_out = 3")
    new = [await residence.service_notice() for _ in range(2)]
    await pair.hand_over()
    assert await read_at(home, new) == ["read"] * 2
    assert await read_at(residence, new) == ["read"] * 2
    refused = await home.rows("SELECT sum(times) AS times FROM dead_letter")
    assert refused[0]["times"] <= 4, "each is refused once or twice, not once for each number"


async def test_both_ends_agree_again_after_a_receiver_that_had_passed_over_numbers_was_restored(
    pair: Districts,
) -> None:
    home, residence = pair.home, pair.residence
    await exchanged(pair, 4)
    await residence.rows("UPDATE message SET sealed = NULL WHERE pair_seq <= 3")
    await residence.rows("UPDATE pair_counter SET first_out = 4")
    day = 0
    for kept in (1, 0):  # passes over 2 and 3; then, of an older backup, over 1 to 3
        await lose_received(home, kept)
        await home.rows(
            "UPDATE pair_counter SET in_upto = 0, in_hash = decode(repeat('00', 32), 'hex'), in_gone = 0"
        )
        for _ in range(2):
            day += 40
            await pair.pass_days(day)
            await pair.compare()
        assert (await pairs(residence))["sent_agreed"] == 4
    assert await findings(residence) == []
    assert [code for code, *_ in await findings(home)] == ["gone", "gone"]


async def test_what_can_no_longer_be_sent_again_is_passed_over_and_told(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    await exchanged(pair, 4)
    await lose_received(home, 1)
    await pair.pass_days(40)
    await residence.rows("UPDATE message SET sealed = NULL WHERE pair_seq <= 3")
    await residence.rows("UPDATE pair_counter SET first_out = 4")
    await pair.compare()
    rows = await home.rows("SELECT pair_seq, state FROM message ORDER BY pair_seq")
    assert [(row["pair_seq"], row["state"]) for row in rows] == [(1, "read"), (4, "read")]
    assert await findings(home) == [("gone", "in", 2, 3)]


async def test_a_missing_message_is_asked_for_when_it_does_not_come(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    await exchanged(pair, 2)
    await lose_received(home, 1)
    later = await residence.service_notice()
    sealed = (await residence.sealed())[later]
    await home.take(residence, sealed)
    await home.rows("UPDATE pair_counter SET gap_since = now() - interval '1 hour'")
    await home.sender.compare()
    await pair.hand_over()
    rows = await home.rows("SELECT state FROM message ORDER BY pair_seq")
    assert [row["state"] for row in rows] == ["read"] * 3


async def test_a_digest_that_comes_late_or_again_changes_nothing(pair: Districts) -> None:
    home, residence = pair.home, pair.residence
    await exchanged(pair, 2)
    await home.sender.compare()
    (old,) = await home.receipts()
    await exchanged(pair, 2)
    await pair.pass_days(1)
    await pair.compare()
    before = await pairs(residence)
    for _ in range(2):
        await residence.take(home, old)
    assert await pairs(residence) == before
    assert await residence.sealed() == {}
