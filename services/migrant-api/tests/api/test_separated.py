"""People separated from registration within one district: two offices, one database, no hub."""

from typing import Any

from renkou_common.scope import AreaScope
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.service import raise_wanted_notice

from .offices import Office, Staff

LIVES, REGISTERED = "340103002003", "340103009001"
LIVES_OFFICE, REGISTERED_OFFICE = "340103002", "340103009"


async def separated(clerk: Staff, office: Staff) -> dict[str, Any]:
    """A stay of somebody registered in another subdistrict, recorded by the office of residence."""
    person = await clerk.person(REGISTERED, present_area=LIVES, name="欧阳青")
    return await office.made("/arrivals/separated", {"person_id": person["id"]})


async def test_residence_tells_registration_answers_and_each_sees_its_own_end(
    home: Office, clerk: Staff
) -> None:
    here = await home.staff(area=LIVES_OFFICE)
    there = await home.staff(area=REGISTERED_OFFICE)
    stay = await separated(clerk, here)
    assert stay["check_due_on"] is None
    (sent,) = (await here.get("/notices", arrival_id=stay["id"])).json()["items"]
    assert (sent["partner"], sent["state"], sent["direction"]) == (REGISTERED_OFFICE, "read", "out")
    (received,) = (await there.get("/notices", partner=LIVES_OFFICE, kind="arrival_notice")).json()["items"]
    assert (received["state"], received["area"]) == ("read", REGISTERED)
    assert received["due_on"] == sent["due_on"] is not None
    assert (await there.get(f"/notices/{sent['id']}")).status_code == 404
    assert (await here.get(f"/notices/{received['id']}")).status_code == 404
    answer = await there.change(f"/notices/{received['id']}/answer", {"known": True}, received["version"])
    assert (answer.status_code, answer.json()["state"]) == (200, "answered"), answer.text
    seen = (await here.get(f"/notices/{sent['id']}")).json()
    assert (seen["state"], seen["replies"][0]["content"]["known"]) == ("answered", True)


async def test_an_inquiry_within_the_district_keeps_its_clock_and_is_one_conversation(
    home: Office, clerk: Staff
) -> None:
    here = await home.staff(area=LIVES_OFFICE)
    there = await home.staff(area=REGISTERED_OFFICE)
    stay = await separated(clerk, here)
    body = {"questions": ["registration"], "urgent": True}
    asked = await here.made(f"/arrivals/{stay['id']}/inquiries", body)
    assert (asked["state"], asked["partner"], asked["agreement_id"]) == ("read", REGISTERED_OFFICE, None)
    thread = (await there.get(f"/threads/{stay['id']}")).json()["items"]
    assert [(one["kind"], one["direction"]) for one in thread] == [
        ("arrival_notice", "in"),
        ("inquiry", "in"),
    ]
    received = thread[1]
    done = await there.change(f"/notices/{received['id']}/answer", {"known": True}, received["version"])
    (reply,) = done.json()["replies"]
    back = await there.change(f"/notices/{reply['id']}/withdrawal", {"reason": "settled"}, reply["version"])
    assert back.status_code == 200, back.text
    again = (await here.get(f"/notices/{asked['id']}")).json()
    assert (again["state"], again["replies"][0]["withdrawn_because"]) == ("read", "settled")
    whole = (await clerk.get(f"/threads/{stay['id']}")).json()["items"]
    assert [one["kind"] for one in whole] == ["arrival_notice", "inquiry", "answer", "withdrawal"]


async def test_what_the_worker_completes_is_handed_over_at_once(home: Office, clerk: Staff) -> None:
    here = await home.staff(area=LIVES_OFFICE)
    there = await home.staff(area=REGISTERED_OFFICE)
    stay = await separated(clerk, here)
    runtime = home.runtime
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        ref = await tx.fetchval("SELECT person_ref FROM arrival WHERE id = $1", stay["id"])
        await raise_wanted_notice(
            tx,
            runtime,
            kind=MessageKind.SERVICE_NOTICE,
            home_district=REGISTERED_OFFICE,
            person_ref=ref,
            arrival_id=stay["id"],
            area=int(LIVES),
            occurred_on=runtime.clock.today(),
            wanted={
                "person": str(ref),
                "service": "examination",
                "given_on": runtime.clock.today().isoformat(),
                "home_area": REGISTERED,
            },
        )
    await home.complete()
    thread = (await there.get(f"/threads/{stay['id']}")).json()["items"]
    service = next(one for one in thread if one["kind"] == "service_notice")
    assert (service["state"], service["content"]["subject"]["name"]) == ("read", "欧阳青")
    done = await there.change(f"/notices/{service['id']}/confirmation", {}, service["version"])
    assert done.json()["state"] == "confirmed"
    counted = [line["measure"] for one in await home.events() for line in one["data"]["lines"]]
    assert "notice_due" not in counted  # nobody is a migrant within a district
    assert "reply_on_time" in counted


async def test_only_people_separated_within_the_district_and_of_the_own_area(
    home: Office, clerk: Staff, neighbour: Staff
) -> None:
    at_home = await clerk.person(LIVES)
    answer = await clerk.post("/arrivals/separated", {"person_id": at_home["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_separated")
    person = await clerk.person(REGISTERED, present_area=LIVES)
    answer = await neighbour.post("/arrivals/separated", {"person_id": person["id"]})
    assert answer.status_code == 404
    here = await home.staff(area=LIVES_OFFICE)
    await here.made("/arrivals/separated", {"person_id": person["id"]})
    twice = await here.post("/arrivals/separated", {"person_id": person["id"]})
    assert (twice.status_code, twice.json()["code"]) == (409, "arrival_exists")
