"""The exchange between two districts over a real hub."""

from datetime import timedelta
from random import Random
from uuid import uuid4

from renkou_migrant.exchange import pair_repository

from ..districts import Districts
from ..support import EVERYTHING, HOME, Until


async def test_a_notice_is_sent_read_and_answered(districts: Districts) -> None:
    home, residence = districts.home, districts.residence
    message_id = await residence.arrival_notice()
    await districts.start()
    await residence.reaches(message_id, "read")
    await home.reaches(message_id, "read")
    clerk = await home.clerk()
    notice = (await clerk.get("/notices", direction="in"))["items"][0]
    assert (notice["id"], notice["state"], notice["kind"]) == (str(message_id), "read", "arrival_notice")
    due_on = residence.runtime.clock.today() + timedelta(days=30)
    assert notice["due_on"] == due_on.isoformat()
    answer = await clerk.act(f"/notices/{message_id}/answer", {"known": True}, version=notice["version"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "answered"
    await residence.reaches(message_id, "answered")
    seen = await (await residence.clerk()).get(f"/notices/{message_id}")
    assert seen["due_on"] == notice["due_on"]
    assert seen["replies"][0]["content"] == {"known": True, "note": None}
    assert seen["content"]["subject"]["resident_id"] == "3401**********1234"


async def test_a_service_notice_is_confirmed_and_nothing_is_left_to_send(
    districts: Districts, until: Until
) -> None:
    home, residence = districts.home, districts.residence
    message_id = await residence.service_notice()
    await districts.start()
    await home.reaches(message_id, "read")
    clerk = await home.clerk()
    version = (await clerk.get(f"/notices/{message_id}"))["version"]
    answer = await clerk.act(f"/notices/{message_id}/confirmation", version=version)
    assert answer.status_code == 200, answer.text
    await residence.reaches(message_id, "confirmed")

    async def all_settled() -> bool:
        waiting = "SELECT FROM message WHERE next_attempt_at IS NOT NULL"
        return not await home.rows(waiting) and not await residence.rows(waiting)

    await until(all_settled)


async def test_a_hub_that_lost_everything_loses_no_notice(districts: Districts, until: Until) -> None:
    home, residence = districts.home, districts.residence
    await districts.start()
    first = await residence.arrival_notice()
    await home.reaches(first, "read")
    await home.stop("receiver")
    lost = [await residence.arrival_notice() for _ in range(3)]
    for message_id in lost:
        await residence.reaches(message_id, "sent")
    assert districts.hub
    await districts.hub.stop()
    districts.hub.wipe()
    unsent = await residence.arrival_notice()
    await districts.hub.start()
    home.start("receiver")
    for message_id in (*lost, unsent):
        await home.reaches(message_id, "read", seconds=40)
        await residence.reaches(message_id, "read", seconds=40)
    numbers = await home.rows("SELECT pair_seq FROM message WHERE direction = 'in' ORDER BY position")
    assert [row["pair_seq"] for row in numbers] == [1, 2, 3, 4, 5]


async def test_what_is_sent_again_at_once_holds_nothing_up(districts: Districts) -> None:
    home, residence = districts.home, districts.residence
    await districts.start()
    first = await residence.arrival_notice()
    await residence.reaches(first, "read")
    async with residence.runtime.database.transaction(EVERYTHING) as tx:
        assert await pair_repository.replay(tx, HOME, 0) == 1
    second = await residence.arrival_notice()
    await residence.reaches(second, "read")
    assert len(await home.rows("SELECT FROM message WHERE direction = 'in'")) == 2


async def test_a_partner_that_was_down_gets_everything_in_order(districts: Districts) -> None:
    home, residence = districts.home, districts.residence
    residence.start()
    await residence.connected()
    sent = [await residence.service_notice() for _ in range(30)]
    await residence.reaches(sent[-1], "sent")
    home.start()
    await home.reaches(sent[-1], "read")
    rows = await home.rows("SELECT id FROM message WHERE direction = 'in' ORDER BY pair_seq")
    assert [row["id"] for row in rows] == sent
    assert await residence.counted() == {"notice_due": 30, "notice_sent": 30, "notice_confirmable": 30}


async def test_what_is_due_and_not_answered_is_overdue_at_both_ends(districts: Districts) -> None:
    home, residence = districts.home, districts.residence
    message_id = await residence.service_notice()
    await districts.start()
    await residence.reaches(message_id, "read")
    clerks = [await home.clerk(), await residence.clerk()]
    await districts.pass_days(30)
    for clerk in clerks:
        assert (await clerk.get("/notices", overdue=True))["items"] == []
    await districts.pass_days(31)
    for clerk in clerks:
        overdue = (await clerk.get("/notices", overdue=True))["items"]
        assert [(one["id"], one["overdue"]) for one in overdue] == [(str(message_id), True)]


async def test_a_node_works_while_its_hub_is_down(districts: Districts) -> None:
    home, residence = districts.home, districts.residence
    assert districts.hub
    await districts.hub.stop()
    residence.start()
    message_id = await residence.arrival_notice()
    clerk = await residence.clerk()
    assert (await clerk.get("/notices", state="drafted"))["items"][0]["id"] == str(message_id)
    await districts.hub.start()
    home.start()
    await residence.reaches(message_id, "read", seconds=40)


async def test_tasks_that_are_ended_anywhere_and_started_again_lose_and_double_nothing(
    districts: Districts, until: Until
) -> None:
    home, residence = districts.home, districts.residence
    await districts.start()
    chance = Random(20)
    expected = []
    for step in range(1, 7):
        expected += [await residence.service_notice() for _ in range(15)]

        enough = 15 * step - chance.randrange(15)

        async def some_have_come(least: int = enough) -> bool:
            (row,) = await home.rows("SELECT count(*) FROM message WHERE direction = 'in'")
            return bool(row["count"] >= least)

        await until(some_have_come)
        for one in (home, residence):
            names = chance.sample(["sender", "receiver"], chance.randint(1, 2))
            await one.stop(*names)
            one.start(*names)
    for message_id in expected:
        await residence.reaches(message_id, "read", seconds=40)
    rows = await home.rows("SELECT id, state FROM message WHERE direction = 'in' ORDER BY pair_seq")
    assert [row["id"] for row in rows] == expected
    assert {row["state"] for row in rows} == {"read"}
    assert (await residence.counted())["notice_sent"] == len(expected)
    assert await home.dead_letters() == []


async def test_a_partner_is_checked_over_the_hub(districts: Districts, until: Until) -> None:
    await districts.start()
    clerk = await districts.residence.clerk("administrator")
    key = {"Idempotency-Key": str(uuid4())}
    started = (await clerk.request("POST", f"/partners/{HOME}/checks", headers=key)).json()

    async def decided() -> bool:
        found = await clerk.get(f"/partners/{HOME}/checks/{started['id']}")
        return bool(found["verdict"] != "waiting")

    await until(decided)
    found = await clerk.get(f"/partners/{HOME}/checks/{started['id']}")
    assert found["verdict"] == "passed", found
