"""Services: offered, accepted or declined, booked, given, cancelled, corrected, listed, printed."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from ..people.people import HERE, People
from .desk import BORN, Desk, change, done, pdf_text, refusal

KINDS = ("registry.service.given.v1", "registry.service.changed.v1")


async def offered(caller: Caller, person: Json, kind: str = "examination", on: str = "2025-03-01") -> Json:
    path = f"/persons/{person['id']}/service-offers"
    return await done(await caller.post(path, json={"kind": kind, "offered_on": on}))


async def test_an_offer_is_accepted_for_a_day_and_given(
    worker: Caller, station: Caller, woman: Json, desk: Desk, registry: Registry
) -> None:
    service = await offered(worker, woman)
    assert (service["state"], service["state_label"], service["given_on"]) == ("offered", "已告知", None)
    day = str(registry.runtime.clock.today() + timedelta(days=3))
    path = f"/services/{service['id']}"
    service = await done(await change(worker, f"{path}/acceptance", service, {"booked_for": day}))
    assert (service["state"], service["booked_for"], service["booked_by"]) == ("accepted", day, "worker")
    given = {"given_on": "2025-03-18", "share_with_home": True}
    service = await done(await change(station, f"{path}/giving", service, given))
    assert (service["state"], service["given_on"], service["version"]) == ("given", "2025-03-18", 3)
    (event,) = await desk.events(woman["ref"], "registry.service.given.v1")
    assert event.data["share_with_home"] is True
    assert await desk.sums(woman["ref"], KINDS) == {
        ("registered", "2025-03-01", f"{what}_{how}"): 1
        for what in ("service", "examination")
        for how in ("entitled", "accepted", "received")
    }
    listed = await done(await station.get(f"/persons/{woman['id']}/services"))
    assert [each["id"] for each in listed["items"]] == [service["id"]]


async def test_who_declines_counts_as_entitled_only_and_may_accept_later(
    worker: Caller, man: Json, desk: Desk
) -> None:
    service = await offered(worker, man, "counselling")
    path = f"/services/{service['id']}"
    service = await done(await change(worker, f"{path}/decline", service))
    assert service["state"] == "declined"
    assert await desk.sums(man["ref"], KINDS) == {("migrant_in", "2025-03-01", "service_entitled"): 1}
    assert refusal(await change(worker, f"{path}/giving", service, {"given_on": "2025-03-02"})) == (
        409,
        "service_state",
    )
    service = await done(await change(worker, f"{path}/acceptance", service))
    assert (service["state"], service["booked_for"]) == ("accepted", None)
    assert sum((await desk.sums(man["ref"], KINDS)).values()) == 2


async def test_no_list_shows_who_declined_or_had_a_contraceptive_procedure(
    worker: Caller, woman: Json
) -> None:
    declined = await offered(worker, woman, "counselling", "2025-05-05")
    await done(await change(worker, f"/services/{declined['id']}/decline", declined))
    procedure = {"kind": "contraceptive_procedure", "given_on": "2025-05-05"}
    done_one = await done(await worker.post(f"/persons/{woman['id']}/services", json=procedure))
    shown = await offered(worker, woman, "examination", "2025-05-05")
    query = {"area": HERE, "from": "2025-05-05", "to": "2025-05-05", "limit": 200}
    ids = {each["id"] for each in (await done(await worker.get("/services", params=query)))["items"]}
    assert shown["id"] in ids
    assert not {declined["id"], done_one["id"]} & ids
    for asked, pointer in (({"state": "declined"}, "state"), ({"kind": procedure["kind"]}, "kind")):
        answer = await worker.get("/services", params=query | asked)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (f"/query/{pointer}", "not_listed")
    own = await done(await worker.get(f"/persons/{woman['id']}/service-offers"))
    assert {declined["id"], done_one["id"]} <= {each["id"] for each in own["items"]}


async def test_an_areas_services_are_paged_and_filtered(registry: Registry) -> None:
    area = "340103006001"
    clerk = await registry.staff("subdistrict_clerk", "340103006")
    person = await People(clerk, registry.runtime).enter(
        registered_area=area, present_area=area, birth_date=BORN
    )
    for day in ("2025-03-03", "2025-03-01", "2025-03-02"):
        await offered(clerk, person, on=day)
    given = {"kind": "newborn_visit", "given_on": "2025-03-02"}
    await done(await clerk.post(f"/persons/{person['id']}/services", json=given))

    async def days(**query: Any) -> list[str]:
        found, after = [], None
        while True:
            params = {"area": "340103006", "limit": 1} | query | ({"after": after} if after else {})
            page = await done(await clerk.get("/services", params=params))
            found += [each["given_on"] or each["offered_on"] for each in page["items"]]
            after = page["next"]
            if after is None:
                return found

    assert await days() == ["2025-03-01", "2025-03-02", "2025-03-02", "2025-03-03"]
    assert await days(state="offered") == ["2025-03-01", "2025-03-02", "2025-03-03"]
    assert await days(state="given") == await days(kind="newborn_visit") == ["2025-03-02"]
    assert await days(**{"from": "2025-03-02", "to": "2025-03-02"}) == ["2025-03-02"] * 2
    assert (await clerk.get("/services", params={"area": "340103"})).status_code == 404
    foreign = await clerk.get("/services", params={"area": "340103006", "after": "W10"})
    assert foreign.status_code == 422


async def test_a_booking_is_for_a_day_of_the_next_year(worker: Caller, woman: Json) -> None:
    body = {"person_id": woman["id"], "kind": "antenatal_visit", "booked_for": "2000-01-01"}
    refused = await worker.post("/services/bookings", json=body)
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/booked_for", "booked_for")


async def test_a_booking_sent_twice_is_one_and_is_cancelled_by_the_person_or_the_provider(
    worker: Caller, man: Json, desk: Desk, registry: Registry
) -> None:
    today = registry.runtime.clock.today()
    body = {"person_id": man["id"], "kind": "gynaecological_check", "booked_for": str(today)}
    key = str(uuid4())
    first = await done(await worker.post("/services/bookings", json=body, key=key))
    assert await done(await worker.post("/services/bookings", json=body, key=key)) == first
    cancelled = await done(
        await change(worker, f"/services/{first['id']}/cancellation", first, {"reason": "by_provider"})
    )
    assert (cancelled["state"], cancelled["cancelled_because"]) == ("cancelled", "by_provider")
    assert set(await desk.sums(man["ref"], KINDS)) == {
        ("migrant_in", str(today), f"{what}_{how}")
        for what in ("service", "examination")
        for how in ("entitled", "accepted")
    }
    second = await done(await worker.post("/services/bookings", json=body))
    await done(await change(worker, f"/services/{second['id']}/cancellation", second, {"reason": "error"}))
    assert sum((await desk.sums(man["ref"], KINDS)).values()) == 4


async def test_a_correction_reverses_exactly_what_was_counted(
    worker: Caller, woman: Json, desk: Desk
) -> None:
    body = {"kind": "examination", "given_on": "2025-06-02"}
    service = await done(await worker.post(f"/persons/{woman['id']}/services", json=body))
    path = f"/services/{service['id']}/corrections"
    changes = {"kind": "counselling", "given_on": "2025-06-03"}
    service = await done(await change(worker, path, service, {"changes": changes, "reason": "录错"}))
    assert (service["kind_label"], service["given_on"], service["version"]) == ("咨询", "2025-06-03", 2)
    assert await desk.sums(woman["ref"], KINDS) == {
        ("registered", "2025-06-03", f"service_{how}"): 1 for how in ("entitled", "accepted", "received")
    }
    refused = await change(worker, path, service, {"changes": {"given_on": None}, "reason": "录错"})
    assert refused.status_code == 422
    nothing = await change(worker, path, service, {"changes": changes, "reason": "录错"})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "no_change")
    early = await change(worker, path, service, {"changes": {"offered_on": "2025-01-01"}, "reason": "录错"})
    assert refusal(early) == (409, "not_offered")
    gone = await done(
        await change(worker, f"/services/{service['id']}/cancellation", service, {"reason": "error"})
    )
    assert gone["state"] == "cancelled"
    assert await desk.sums(woman["ref"], KINDS) == {}
    *_, corrected, cancelled = await desk.events(woman["ref"], "registry.service.changed.v1")
    assert (corrected.data["kind"], corrected.data["given_on"]) == ("counselling", "2025-06-03")
    assert cancelled.data["given_on"] is None


async def test_what_does_not_fit_is_refused(worker: Caller, woman: Json, people: People) -> None:
    service = await offered(worker, woman, on="2025-03-10")
    path = f"/services/{service['id']}"
    assert refusal(await change(worker, f"{path}/giving", service, {"given_on": "2025-03-09"})) == (
        409,
        "before_offer",
    )
    future = await change(worker, f"{path}/giving", service, {"given_on": "2999-01-01"})
    assert (future.status_code, future.json()["errors"][0]["code"]) == (422, "in_future")
    given = await done(await change(worker, f"{path}/giving", service, {"given_on": "2025-03-11"}))
    for reason in ("by_person", "by_provider"):
        answer = await change(worker, f"{path}/cancellation", given, {"reason": reason})
        assert refusal(answer) == (409, "service_given")
    assert refusal(await change(worker, f"{path}/decline", given)) == (409, "service_state")
    without = await worker.post(f"{path}/decline", json={})
    assert without.status_code == 428
    stale = await change(worker, f"{path}/decline", service)
    assert stale.status_code == 412
    assert "2" in stale.json()["detail"]
    absent = await people.enter(present_area="310115", birth_date=BORN)
    away = await worker.post(
        f"/persons/{absent['id']}/service-offers", json={"kind": "counselling", "offered_on": "2025-03-01"}
    )
    assert refusal(away) == (409, "not_present")


async def test_of_two_changes_at_once_one_wins(worker: Caller, woman: Json) -> None:
    service = await offered(worker, woman)
    path = f"/services/{service['id']}"
    answers = await asyncio.gather(
        change(worker, f"{path}/decline", service), change(worker, f"{path}/acceptance", service)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_a_result_is_sealed_and_read_for_a_purpose_with_a_trace(
    worker: Caller, station: Caller, woman: Json, desk: Desk, registry: Registry
) -> None:
    body = {"kind": "gynaecological_check", "given_on": "2025-06-02"}
    service = await done(await worker.post(f"/persons/{woman['id']}/services", json=body))
    path = f"/services/{service['id']}/result"
    assert (await change(worker, path, service, {"result": "normal"})).status_code == 403
    sealed = await done(await change(station, path, service, {"result": "follow_up"}))
    assert sealed["has_result"] is True
    assert "follow_up" not in str(sealed)
    assert (await worker.get(path, params={"purpose": "next_offer"})).status_code == 403
    assert (await station.get(path)).status_code == 422
    read = await done(await station.get(path, params={"purpose": "next_offer"}))
    assert (read["result"], read["result_label"]) == ("follow_up", "建议复查")
    assert await desk.readings(woman["id"]) == [(["service_result"], "next_offer")]
    talk = await done(
        await worker.post(
            f"/persons/{woman['id']}/services", json={"kind": "counselling", "given_on": "2025-06-02"}
        )
    )
    refused = await change(station, f"/services/{talk['id']}/result", talk, {"result": "normal"})
    assert refusal(refused) == (409, "result_without_purpose")
    nothing = await station.get(f"/services/{talk['id']}/result", params={"purpose": "next_offer"})
    assert nothing.status_code == 404


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("corrections", {"changes": {"kind": "counselling"}, "reason": "项目录错"}),
        ("cancellation", {"reason": "error"}),
    ],
)
async def test_a_result_that_has_no_purpose_any_more_is_destroyed(
    station: Caller, worker: Caller, woman: Json, registry: Registry, action: str, body: Json
) -> None:
    given = {"kind": "examination", "given_on": "2025-06-02"}
    service = await done(await worker.post(f"/persons/{woman['id']}/services", json=given))
    path = f"/services/{service['id']}"
    service = await done(await change(station, f"{path}/result", service, {"result": "normal"}))
    changed = await done(await change(station, f"{path}/{action}", service, body))
    assert changed["has_result"] is False
    assert (await station.get(f"{path}/result", params={"purpose": "next_offer"})).status_code == 404
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        sealed = await tx.fetchval("SELECT result_sealed FROM service_given WHERE id = $1", service["id"])
    assert sealed is None


async def test_the_proof_says_what_was_given_and_nothing_more(
    worker: Caller, station: Caller, woman: Json
) -> None:
    service = await offered(worker, woman)
    path = f"/services/{service['id']}"
    assert refusal(await worker.get(f"{path}/proof.pdf")) == (409, "not_given")
    service = await done(await change(station, f"{path}/giving", service, {"given_on": "2025-03-18"}))
    await done(await change(station, f"{path}/result", service, {"result": "referred"}))
    first = await worker.get(f"{path}/proof.pdf")
    text = pdf_text(first)
    for said in (
        "免费服务凭证",
        "欧阳·",
        "健康检查 examination",
        "2025-03-18",
        "庐阳区",
        "3401**********",
        "FW-",
    ):
        assert said in text
    assert "转诊" not in text
    assert (await worker.get(f"{path}/proof.pdf")).content == first.content


async def test_another_area_finds_nothing(
    worker: Caller, stranger: Caller, woman: Json, registry: Registry
) -> None:
    today = str(registry.runtime.clock.today())
    service = await offered(worker, woman)
    path = f"/services/{service['id']}"
    asked = [
        await stranger.get(path),
        await stranger.get(f"{path}/proof.pdf"),
        await stranger.get(f"{path}/result", params={"purpose": "next_offer"}),
        await change(stranger, f"{path}/decline", service),
        await change(stranger, f"{path}/result", service, {"result": "normal"}),
        await stranger.get("/services", params={"area": HERE}),
        await stranger.get(f"/persons/{woman['id']}/service-offers"),
        await stranger.post(
            f"/persons/{woman['id']}/service-offers",
            json={"kind": "counselling", "offered_on": "2025-03-01"},
        ),
        await stranger.post(
            "/services/bookings",
            json={"person_id": woman["id"], "kind": "counselling", "booked_for": today},
        ),
    ]
    assert {refusal(answer) for answer in asked} == {(404, "not_found")}


@pytest.mark.parametrize("path", ["/services?area=340103", "/services/bookings", f"/services/{UUID(int=7)}"])
async def test_without_a_token_there_is_nothing(registry: Registry, path: str) -> None:
    method = "POST" if path.endswith("bookings") else "GET"
    assert (await registry.client.request(method, path)).status_code == 401
