"""The person books, answers, registers and withdraws without an office, and nobody else's record is found."""

import pytest_asyncio

from ...support import Caller, Json, Registry
from ..me.test_own_account import person as with_account
from .desk import BORN, change, done, pdf_text, refusal
from .test_prepregnancy import assessed


@pytest_asyncio.fixture(loop_scope="session")
async def myself(registry: Registry) -> tuple[Json, Caller]:
    """A woman of HERE, signed in."""
    return await with_account(registry, birth_date=BORN)


async def test_a_person_books_calls_off_and_answers_an_offer(
    registry: Registry, worker: Caller, myself: tuple[Json, Caller]
) -> None:
    person, me = myself
    today = str(registry.runtime.clock.today())
    body = {"kind": "counselling", "booked_for": today}
    booked = await done(await me.post("/me/services/bookings", json=body, key="my only booking"))
    assert await done(await me.post("/me/services/bookings", json=body, key="my only booking")) == booked
    assert (booked["state"], booked["booked_by"]) == ("accepted", "person")
    called_off = await done(await change(me, f"/me/services/{booked['id']}/cancellation", booked))
    assert (called_off["state"], called_off["cancelled_because"]) == ("cancelled", "by_person")
    offer = {"kind": "examination", "offered_on": "2025-03-01"}
    offered = await done(await worker.post(f"/persons/{person['id']}/service-offers", json=offer))
    declined = await done(await change(me, f"/me/services/{offered['id']}/decline", offered))
    accepted = await done(await change(me, f"/me/services/{offered['id']}/acceptance", declined))
    given = {"given_on": "2025-03-02"}
    await done(await change(worker, f"/services/{offered['id']}/giving", accepted, given))
    assert "健康检查" in pdf_text(await me.get(f"/me/services/{offered['id']}/proof.pdf"))
    listed = (await done(await me.get("/me/services")))["items"]
    assert {each["id"]: each["state"] for each in listed} == {
        booked["id"]: "cancelled",
        offered["id"]: "given",
    }


async def test_a_person_registers_a_childbirth_and_takes_it_back(myself: tuple[Json, Caller]) -> None:
    _, me = myself
    path = "/me/childbirth-registrations"
    registration = await done(await me.post(path, json={"address": "present", "child_ordinal": 4}))
    assert registration["state"] == "recorded"
    own = f"{path}/{registration['id']}"
    assert registration["number"] in pdf_text(await me.get(f"{own}/proof.pdf"))
    assert (await done(await change(me, f"{own}/withdrawal", registration)))["state"] == "withdrawn"
    assert len((await done(await me.get(path)))["items"]) == 1


async def test_a_person_withdraws_from_a_check(
    station: Caller, myself: tuple[Json, Caller], man: Json
) -> None:
    woman, me = myself
    check = await assessed(station, woman, man)
    listed = (await done(await me.get("/me/prepregnancy-checks")))["items"]
    assert [each["id"] for each in listed] == [check["id"]]
    path = f"/me/prepregnancy-checks/{check['id']}/withdrawal"
    assert (await done(await change(me, path, check)))["steps"] == []


async def test_a_person_sees_who_read_what_was_recorded(
    worker: Caller, station: Caller, man: Json, myself: tuple[Json, Caller]
) -> None:
    woman, me = myself
    check = await assessed(station, woman, man)
    await done(await station.get(f"/prepregnancy-checks/{check['id']}"))
    await done(await station.get(f"/prepregnancy-checks/{check['id']}/findings?purpose=advice"))
    await done(await worker.get(f"/persons/{woman['id']}/services"))
    await done(await worker.get(f"/persons/{woman['id']}/childbirth-registrations"))
    await done(await worker.get(f"/persons/{woman['id']}/honour-certificates"))
    read = [
        (each["what_label"], each["purpose"]) for each in (await done(await me.get("/me/readings")))["items"]
    ]
    assert {"孕前检查", "服务记录", "生育登记", "光荣证"} <= {label for label, _ in read}
    assert "advice" in {purpose for _, purpose in read}


async def test_nobody_elses_record_is_found_and_staff_have_no_me(
    worker: Caller, station: Caller, woman: Json, man: Json, myself: tuple[Json, Caller]
) -> None:
    _, me = myself
    offer = {"kind": "examination", "offered_on": "2025-03-01"}
    offered = await done(await worker.post(f"/persons/{woman['id']}/service-offers", json=offer))
    body = {"person_id": woman["id"], "address": "present"}
    registration = await done(await worker.post("/childbirth-registrations", json=body))
    check = await assessed(station, woman, man)
    for answer in (
        await change(me, f"/me/services/{offered['id']}/decline", offered),
        await me.get(f"/me/services/{offered['id']}/proof.pdf"),
        await change(me, f"/me/childbirth-registrations/{registration['id']}/withdrawal", registration),
        await me.get(f"/me/childbirth-registrations/{registration['id']}/proof.pdf"),
        await change(me, f"/me/prepregnancy-checks/{check['id']}/withdrawal", check),
    ):
        assert refusal(answer) == (404, "not_found")
    assert (await worker.get("/me/services")).status_code == 403
    assert (await me.get(f"/services/{offered['id']}")).status_code == 403
