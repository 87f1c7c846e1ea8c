"""Cards: opened when due, following the record; what was told is sealed, shown for a purpose, taken back."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from renkou_common.messaging.envelope import Event, parse_body
from renkou_common.scope import AreaScope
from renkou_registry.cards.jobs import pass_day
from renkou_registry.cards.openings import work_off
from renkou_registry.life_events import service as life_events
from renkou_registry.life_events.calendar import add_months
from renkou_registry.life_events.recording import Desk

from ...support import Caller, Json, Registry
from ..people.people import People
from ..people.revising import carried_out
from .women import AWAY, ELSEWHERE, HERE, NEXT_DOOR, Women


async def refs_events(women: Women, card: Json) -> list[Event]:
    person = await women.people.read(card["person_id"])
    found = await women.people.events(person["ref"])
    return [event for event in found if event.type == "registry.card.changed.v1"]


async def all_events(registry: Registry, kind: str) -> list[Event]:
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        rows = await tx.fetch("SELECT body FROM outbox ORDER BY position")
    return [e for n, row in enumerate(rows, 1) if (e := parse_body(row["body"], n)).type == kind]


def opened(event: Event) -> list[tuple[str, str, int]]:
    return [(line["measure"], line["area"], line["value"]) for line in event.data["lines"]]


async def test_a_card_takes_identity_marriage_addresses_and_children_from_the_record(women: Women) -> None:
    card = await women.open(name="李小花", children_count=1, present_street="安庆路 5 号")
    assert card["number"].startswith("340103-")
    assert (card["name"], card["state"], card["state_label"]) == ("李小花", "open", "在册")
    assert (card["marital_status_label"], card["children_count"]) == ("已婚", 1)
    assert (card["area"], card["present_street"]) == (HERE, "安庆路 5 号")
    assert (card["contraception"], card["expected_delivery"], card["facts"]) == ("not_told", "not_told", [])
    same = await women.caller.get(f"/persons/{card['person_id']}/card")
    assert same.json() == card
    (event,) = await refs_events(women, card)
    assert opened(event) == [("card_open", HERE, 1), ("card_open", HERE, -1)]
    assert event.data["lines"][1]["on"] == "2040-03-01"  # the month of her birthday, not the day


async def test_the_same_opening_sent_twice_makes_one_card_and_a_second_opening_is_refused(
    women: Women,
) -> None:
    person = await women.people.enter()
    key, body = str(uuid4()), {"person_id": person["id"]}
    answers = await asyncio.gather(
        *(women.caller.post("/cards", json=body, key=key) for _ in range(3)),
        *(women.caller.post("/cards", json=body) for _ in range(3)),
    )
    created = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(created) == 1
    refused = [answer.json()["code"] for answer in answers if answer.status_code != 201]
    assert set(refused) <= {"card_exists"}


@pytest.mark.parametrize(
    ("person", "hint"),
    [
        ({"sex": 1}, "15-49"),
        ({"birth_date": "1970-01-01"}, "15-49"),
        ({"birth_date": "2020-05-06"}, "2035-05-06"),
    ],
)
async def test_a_card_that_is_not_due_is_refused_and_the_day_named(
    women: Women, person: Json, hint: str
) -> None:
    entered = await women.people.enter(**person)
    answer = await women.caller.post("/cards", json={"person_id": entered["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "card_not_due")
    assert hint in answer.json()["detail"]


async def test_a_migrant_gets_a_card_after_three_months(women: Women) -> None:
    two_months = add_months(women.today, -2)
    newcomer = await women.people.enter(
        registered_area=AWAY, region=AWAY, entry={"kind": "arrival", "on": str(two_months)}
    )
    early = await women.caller.post("/cards", json={"person_id": newcomer["id"]})
    assert early.status_code == 409
    assert str(add_months(two_months, 3)) in early.json()["detail"]
    settled = await women.open(
        registered_area=AWAY, region=AWAY, entry={"kind": "arrival", "on": str(add_months(women.today, -3))}
    )
    assert settled["population"] == "migrant_in"


async def test_what_is_told_is_sealed_masked_in_answers_and_read_only_for_a_purpose(
    women: Women, registry: Registry
) -> None:
    card = await women.open()
    due = women.today + timedelta(days=100)
    body = {
        "method": {"method": "iud", "started_on": "2024-02-01", "told_on": "2025-01-05", "consent": True},
        "expected_delivery": {"expected_on": str(due), "told_on": str(women.today), "consent": True},
    }
    answer = await women.caller.patch(f"/cards/{card['id']}", version=1, json=body)
    assert answer.status_code == 200, answer.text
    masked = answer.json()
    assert (masked["contraception"], masked["expected_delivery"]) == ("told", "told")
    assert {fact["method"] for fact in masked["facts"]} == {fact["expected_on"] for fact in masked["facts"]}
    assert "iud" not in answer.text
    clear = await women.read(card, "visit")
    told = {fact["kind"]: fact for fact in clear["facts"]}
    assert (told["method"]["method"], told["method"]["method_label"]) == ("iud", "宫内节育器")
    assert told["method"]["started_on"] == "2024-02-01"
    assert told["expected_delivery"]["expected_on"] == str(due)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch("SELECT sealed FROM card_fact WHERE card_id = $1", card["id"])
        log = await tx.fetch(
            "SELECT fields, purpose, actor_id FROM audit_entry WHERE action = 'unmask' AND $1 = ANY(person_ids)",
            card["person_id"],
        )
    assert all(b"iud" not in row["sealed"] and str(due).encode() not in row["sealed"] for row in rows)
    assert [(row["fields"], row["purpose"], row["actor_id"]) for row in log] == [
        (["card_method", "card_expected_delivery"], "visit", women.caller.id)
    ]


async def test_a_list_never_tells_what_was_told_nor_filters_by_it(women: Women) -> None:
    await women.tell(await women.open(), "implant")
    page = await women.caller.get("/cards", params={"area": "340103001", "state": "open", "limit": 200})
    assert "implant" not in page.text
    assert {each["contraception"] for each in page.json()["items"]} <= {"told", "not_told", "not_asked"}
    for purpose in ("other", "", "checking"):
        answer = await women.caller.get(f"/cards/{uuid4()}", params={"purpose": purpose})
        assert answer.status_code == 422


async def test_an_unmarried_woman_is_not_asked_but_may_tell_of_her_own_accord(women: Women) -> None:
    card = await women.open(marital_status="10")
    assert card["contraception"] == "not_asked"
    told = {"method": "supplies", "told_on": str(women.today), "consent": True}
    refused = await women.caller.patch(f"/cards/{card['id']}", version=1, json={"method": told})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/method/volunteered")
    assert (await women.tell(card, volunteered=True))["contraception"] == "told"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"method": {"method": "iud", "told_on": "2025-01-01", "consent": False}}, "/method/consent"),
        ({"method": {"method": "iud", "told_on": "2025-01-01"}}, "/method/consent"),
        ({"method": {"method": "prayer", "told_on": "2025-01-01", "consent": True}}, "/method/method"),
        ({"method": {"method": "iud", "told_on": "2099-01-01", "consent": True}}, "/method/told_on"),
        ({"method": {"method": "iud", "told_on": "1950-01-01", "consent": True}}, "/method/told_on"),
        (
            {
                "method": {
                    "method": "iud",
                    "told_on": "2025-01-01",
                    "started_on": "1950-01-01",
                    "consent": True,
                }
            },
            "/method/started_on",
        ),
        (
            {
                "method": {
                    "method": "iud",
                    "told_on": "2025-01-01",
                    "started_on": "2025-01-01",
                    "ended_on": "2024-01-01",
                    "consent": True,
                }
            },
            "/method/ended_on",
        ),
        (
            {"expected_delivery": {"expected_on": "2027-12-31", "told_on": "2025-01-01", "consent": True}},
            "/expected_delivery/expected_on",
        ),
        ({"method": None, "pregnant": True}, "/pregnant"),
    ],
)
async def test_wrong_facts_are_named_in_both_languages(women: Women, body: Json, pointer: str) -> None:
    card = await women.open()
    for language in ("zh-CN", "en"):
        answer = await women.caller.request(
            "PATCH",
            f"/cards/{card['id']}",
            json=body,
            headers={"If-Match": '"1"', "Accept-Language": language},
        )
        assert answer.status_code == 422, answer.text
        assert pointer in {error["pointer"] for error in answer.json()["errors"]}


async def test_she_may_take_back_what_she_told_and_its_content_is_destroyed(
    women: Women, registry: Registry
) -> None:
    card = await women.tell(await women.open())
    (fact,) = card["facts"]
    visit = await women.open_visit(card)
    card = await women.on_card(card, f"facts/{fact['id']}/withdrawal")
    assert (card["contraception"], card["facts"]) == ("not_told", [])
    (kept,) = (
        await women.caller.get(f"/cards/{card['id']}/methods", params={"purpose": "correction"})
    ).json()["items"]
    assert (kept["taken_back"], kept["method"]) == (True, None)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        assert await tx.fetchval("SELECT sealed FROM card_fact WHERE card_id = $1", card["id"]) is None
    (withdrawn,) = await women.visits(card)
    assert (withdrawn["id"], withdrawn["state"]) == (visit["id"], "withdrawn")


async def test_methods_keep_their_history(women: Women) -> None:
    card = await women.tell(await women.open(), "supplies", started_on="2025-01-01")
    card = await women.tell(card, "iud", started_on="2025-06-01")
    items = (await women.caller.get(f"/cards/{card['id']}/methods", params={"purpose": "service"})).json()[
        "items"
    ]
    assert [(each["method"], each["current"]) for each in items] == [("iud", True), ("supplies", False)]
    masked = (await women.caller.get(f"/cards/{card['id']}/methods")).json()["items"]
    assert {each["method"] for each in masked} == {None}


async def test_of_two_changes_at_once_one_wins_and_the_other_is_told_the_version(women: Women) -> None:
    card = await women.open()
    told = [
        {"method": {"method": method, "told_on": str(women.today), "consent": True}}
        for method in ("iud", "supplies")
    ]
    answers = await asyncio.gather(
        *(women.caller.patch(f"/cards/{card['id']}", version=1, json=body) for body in told)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    lost = next(answer for answer in answers if answer.status_code == 412)
    assert lost.headers["ETag"] == '"2"'
    missing = await women.caller.patch(f"/cards/{card['id']}", version=None, json=told[0])
    assert missing.status_code == 428


async def test_a_card_follows_moving_out_returning_and_dying(women: Women) -> None:
    card = await women.tell(await women.open())
    person, today = card["person_id"], women.today
    out = today - timedelta(days=20)
    await women.people.record(
        "moves", person_id=person, happened_on=str(out), to_area=AWAY, transfer_registration=True
    )
    gone = await women.caller.get("/cards", params={"area": HERE, "state": "closed"})
    assert card["id"] in {each["id"] for each in gone.json()["items"]}  # to put a wrong transfer right
    async with women.registry.runtime.database.transaction(AreaScope.everything()) as tx:
        row = await tx.fetchrow("SELECT * FROM card WHERE id = $1", card["id"])
        visit = await tx.fetchval("SELECT state FROM visit WHERE card_id = $1", card["id"])
    assert row is not None
    assert (row["state"], row["closed_reason"], row["closed_on"]) == ("closed", "moved_out", today)
    assert visit == "withdrawn"
    runtime = women.registry.runtime
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        desk = Desk(runtime, tx, AreaScope.everything(), women.caller.id)
        back = today - timedelta(days=10)
        await life_events.record_move(
            desk, UUID(person), back, int(NEXT_DOOR), None, transfer_registration=True
        )
    again = await women.read(card)
    assert (again["state"], again["area"], again["number"]) == ("open", NEXT_DOOR, card["number"])
    assert (await women.open_visit(card))["place"] == NEXT_DOOR
    await women.people.record("deaths", person_id=person, happened_on=str(today))
    dead = await women.read(card)
    assert (dead["state"], dead["closed_reason_label"], dead["closed_on"]) == ("closed", "死亡", str(today))
    total: dict[str, int] = {}
    for event in await refs_events(women, card):
        for line in event.data["lines"]:
            if line["on"] <= str(today):
                total[line["area"]] = total.get(line["area"], 0) + line["value"]
    assert set(total.values()) == {0}


async def test_a_retracted_entry_closes_the_card_and_reverses_its_lines(
    registry: Registry, women: Women
) -> None:
    card = await women.open()
    clerk = await registry.staff("subdistrict_clerk", "340103001")
    events = (await clerk.get(f"/persons/{card['person_id']}/events")).json()["items"]
    person = await women.people.read(card["person_id"])
    await carried_out(women.caller, clerk, event_id=events[0]["id"], retract=True, reason="登记错误")
    found = [e for e in await women.people.events(person["ref"]) if e.type == "registry.card.changed.v1"]
    assert found[-1].data["closing"] == "not_due"
    assert sum(line["value"] for event in found for line in event.data["lines"] if line["on"] < "2030") == 0
    assert (await women.caller.get(f"/cards/{card['id']}")).status_code == 404


async def test_time_closes_a_card_at_fifty_once_and_nothing_is_published_twice(
    fresh_registry: Registry,
) -> None:
    registry = fresh_registry
    women = Women(registry, await registry.staff("community_worker", "340103001"))
    birthday = add_months(women.today, 1)
    card = await women.open(birth_date=str(add_months(birthday, -600)))
    registry.set_today(birthday - timedelta(days=1))
    await pass_day(registry.runtime)
    assert (await women.read(card))["state"] == "open"
    registry.set_today(birthday)
    await asyncio.gather(*(pass_day(registry.runtime) for _ in range(3)))
    await pass_day(registry.runtime)
    closed = await women.read(card)
    assert (closed["state"], closed["closed_reason"], closed["closed_on"]) == (
        "closed",
        "aged",
        str(birthday),
    )
    found = await all_events(registry, "registry.card.changed.v1")
    assert [(e.data["state"], len(e.data["lines"])) for e in found] == [("open", 2), ("closed", 0)]


async def test_an_areas_cards_are_opened_in_portions_that_go_on_where_they_stopped(
    fresh_registry: Registry,
) -> None:
    registry = fresh_registry
    worker = await registry.staff("community_worker", "340103001")
    people = People(worker, registry.runtime)
    for number in range(5):
        await people.enter(name=f"女{number}")
    await people.enter(name="男", sex=1)
    await people.enter(name="大妈", birth_date="1960-01-01")
    await people.enter(
        name="流入", registered_area=AWAY, region=AWAY, entry={"kind": "arrival", "on": "2025-01-10"}
    )
    asked = await worker.post("/card-openings", json={"area": "340103001"})
    assert asked.status_code == 202, asked.text
    assert await work_off(registry.runtime, portion=2)
    halfway = (await worker.get(asked.headers["Location"])).json()
    assert (halfway["state"], halfway["opened"]) == ("running", 2)
    while await work_off(registry.runtime, portion=2):
        pass
    done = (await worker.get(asked.headers["Location"])).json()
    assert (done["state"], done["opened"]) == ("done", 6)
    found = (await worker.get("/cards", params={"area": HERE})).json()["items"]
    assert {each["name"] for each in found} == {*(f"女{n}" for n in range(5)), "流入"}
    foreign = await worker.post("/card-openings", json={"area": "340103002"})
    assert foreign.status_code == 404


async def test_methods_leave_only_as_counts_of_an_area(fresh_registry: Registry) -> None:
    registry = fresh_registry
    women = Women(registry, await registry.staff("community_worker", "340103001"))
    cards = [await women.tell(await women.open(), method) for method in ("iud", "iud", "supplies", "none")]
    single = await women.tell(await women.open(marital_status="10"), volunteered=True)
    refs = [(await women.people.read(card["person_id"]))["ref"] for card in [*cards, single]]
    await pass_day(registry.runtime)
    await pass_day(registry.runtime)
    (counted,) = await all_events(registry, "registry.method-use.counted.v1")
    assert {(line["measure"], line["value"]) for line in counted.data["lines"]} == {
        ("married_women", 4),
        ("method_iud", 2),
        ("method_supplies", 2),
        ("method_users_married", 3),
    }
    assert {(line["sex"], line["birth_month"]) for line in counted.data["lines"]} == {(0, None)}
    assert not any(ref in counted.body for ref in refs)
    for kind in ("registry.card.changed.v1", "registry.visit.changed.v1"):
        for event in await all_events(registry, kind):
            assert not any(word in event.body for word in ("iud", "supplies", "method"))
    for event in await all_events(registry, "registry.visit.changed.v1"):
        assert not any(ref in event.body for ref in refs)
    (fact,) = (await women.read(cards[0]))["facts"]
    await women.on_card(cards[0], f"facts/{fact['id']}/withdrawal")
    registry.set_today(women.today + timedelta(days=1))
    await pass_day(registry.runtime)
    last = (await all_events(registry, "registry.method-use.counted.v1"))[-1]
    assert {(line["measure"], line["value"]) for line in last.data["lines"]} == {
        ("method_iud", -1),
        ("method_users_married", -1),
    }


async def test_a_method_told_late_restates_the_months_it_speaks_of(fresh_registry: Registry) -> None:
    registry = fresh_registry
    women = Women(registry, await registry.staff("community_worker", "340103001"))
    card = await women.tell(await women.open(), "iud")
    await pass_day(registry.runtime)
    opened = women.today
    registry.set_today(opened + timedelta(days=70))
    await pass_day(registry.runtime)
    worker = Women(registry, await registry.staff("community_worker", "340103001"))
    await worker.tell(await worker.read(card), "implant", started_on=str(opened))
    registry.set_today(opened + timedelta(days=71))
    await pass_day(registry.runtime)
    last = (await all_events(registry, "registry.method-use.counted.v1"))[-1]
    month = str(opened.replace(day=1))
    assert {(line["on"], line["measure"], line["value"]) for line in last.data["lines"]} == {
        (month, "method_iud", -1),
        (month, "method_implant", 1),
    }


async def test_pages_of_cards_hold_each_card_once(women: Women) -> None:
    made = {(await women.open(present_area=NEXT_DOOR, registered_area=NEXT_DOOR))["id"] for _ in range(4)}
    for by in ("area", "place"):
        seen: list[str] = []
        params: dict[str, Any] = {"area": NEXT_DOOR, "limit": 3, "by": by, "state": "open"}
        while True:
            page = (await women.caller.get("/cards", params=params)).json()
            seen += [each["id"] for each in page["items"]]
            if page["next"] is None:
                break
            params["after"] = page["next"]
        assert len(seen) == len(set(seen))
        assert made <= set(seen)


async def test_another_areas_worker_finds_no_card_of_ours(registry: Registry, women: Women) -> None:
    card = await women.tell(await women.open())
    visit = await women.open_visit(card)
    (fact,) = card["facts"]
    stranger: Caller = await registry.staff("community_worker", ELSEWHERE[:9])
    match, on = {"If-Match": '"1"'}, {"on": str(women.today)}
    told = {"method": {"method": "iud", "told_on": str(women.today), "consent": True}}
    path, visit_path = f"/cards/{card['id']}", f"/visits/{visit['id']}"
    asked = [
        await stranger.get(path),
        await stranger.get(path, params={"purpose": "visit"}),
        await stranger.get(f"{path}/methods"),
        await stranger.get(f"{path}/expected-deliveries"),
        await stranger.get(f"{path}/visits"),
        await stranger.get(f"/persons/{card['person_id']}/card"),
        await stranger.get("/cards", params={"area": HERE}),
        await stranger.patch(path, version=2, json=told),
        await stranger.post(f"{path}/facts/{fact['id']}/withdrawal", headers=match),
        await stranger.post(f"{path}/visit-refusal", headers=match, json={"told_on": str(women.today)}),
        await stranger.post(f"{path}/visit-acceptance", headers=match),
        await stranger.post("/cards", json={"person_id": card["person_id"]}),
        await stranger.get(visit_path),
        await stranger.patch(visit_path, version=1, json={"worker": "me"}),
        await stranger.post(f"{visit_path}/acceptance", headers=match, json=on),
        await stranger.post(f"{visit_path}/outcome", headers=match, json=on | {"result": "missed"}),
        await stranger.get("/worklists", params={"area": HERE}),
        await stranger.get("/worklists/download", params={"area": HERE}),
    ]
    assert [a.status_code for a in asked] == [404] * len(asked), [
        (a.request.url.path, a.status_code) for a in asked if a.status_code != 404
    ]
    narrow = AreaScope.of([(340103_002000, 340103_002999)])
    for scope, visible in ((narrow, False), (AreaScope.nothing(), False), (AreaScope.everything(), True)):
        async with registry.runtime.database.transaction(scope, read_only=True) as tx:
            for table in ("card", "card_fact", "visit"):
                found = await tx.fetchval(
                    f"SELECT count(*) FROM {table} WHERE person_id = $1", card["person_id"]
                )
                assert bool(found) is visible, (table, scope)
