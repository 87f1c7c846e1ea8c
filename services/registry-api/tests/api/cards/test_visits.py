"""Visits are offers: they follow what was told, are declined without consequence, and fill worklists."""

import asyncio
from base64 import urlsafe_b64decode
from datetime import date, timedelta

import pytest

from renkou_common.messaging.envelope import parse_body
from renkou_common.scope import AreaScope
from renkou_registry.cards.jobs import pass_day
from renkou_registry.life_events.calendar import add_months

from ...support import Caller, Json, Registry
from .women import AWAY, ELSEWHERE, HERE, NEXT_DOOR, Women


async def measures(registry: Registry, visit: Json) -> dict[str, int]:
    """What the events about a visit add up to."""
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        rows = await tx.fetch("SELECT body FROM outbox WHERE subject = $1 ORDER BY position", visit["id"])
    total: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        for line in parse_body(row["body"], number).data["lines"]:
            total[line["measure"]] = total.get(line["measure"], 0) + line["value"]
    return {measure: value for measure, value in total.items() if value}


async def test_a_visit_is_offered_a_month_ahead_for_supplies_and_a_quarter_for_long_acting_methods(
    women: Women,
) -> None:
    for method, months in (("supplies", 1), ("iud", 3), ("implant", 3), ("sterilisation", 3)):
        card = await women.tell(await women.open(), method)
        visit = await women.open_visit(card)
        assert (visit["state"], visit["due_on"]) == ("offered", str(add_months(women.today, months)))
    for method in ("other", "none"):
        assert await women.visits(await women.tell(await women.open(), method)) == []


async def test_a_kept_visit_is_recorded_and_the_next_one_offered(women: Women) -> None:
    card, visit = await women.offered()
    accepted = await women.do(visit, "acceptance")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    kept = await women.do(
        accepted.json(), "outcome", result="kept", effect="good", problem="advice_wanted", still_used=True
    )
    assert kept.status_code == 200, kept.text
    answer = kept.json()
    assert (answer["state"], answer["outcome"], answer["effect"]) == ("kept", "told", None)
    following = await women.open_visit(card)
    assert following["due_on"] == answer["next_due_on"] > visit["due_on"]
    clear = (await women.caller.get(f"/visits/{visit['id']}", params={"purpose": "visit"})).json()
    assert (clear["effect_label"], clear["problem_label"]) == ("良好", "需要咨询")
    counted = await measures(women.registry, visit)
    assert counted == {"visit_offered": 1, "visit_accepted": 1, "visit_kept": 1}


@pytest.mark.parametrize("result", ["declined", "missed"])
async def test_a_declined_or_missed_visit_just_becomes_the_next_offer(women: Women, result: str) -> None:
    card, visit = await women.offered()
    answer = await women.do(visit, "outcome", result=result)
    assert answer.status_code == 200, answer.text
    following = await women.open_visit(card)
    assert following["due_on"] == str(add_months(women.today, 2))
    assert await measures(women.registry, visit) == {"visit_offered": 1}
    unchanged = await women.read(card)
    assert (unchanged["state"], unchanged["contraception"]) == ("open", "told")


async def test_a_corrected_outcome_reverses_what_was_counted(women: Women) -> None:
    card, visit = await women.offered()
    kept = (await women.do(visit, "outcome", result="kept", effect="fair")).json()
    following = await women.open_visit(card)
    corrected = await women.do(kept, "outcome", result="missed")
    assert corrected.status_code == 200, corrected.text
    assert await measures(women.registry, visit) == {"visit_offered": 1}
    assert corrected.json()["outcome"] == "not_told"
    assert (await women.open_visit(card))["id"] == following["id"]


async def test_who_declines_all_visits_is_offered_none_until_she_says_otherwise(women: Women) -> None:
    card, visit = await women.offered()
    card = await women.read(card)
    declined = await women.on_card(card, "visit-refusal", told_on=str(women.today))
    assert declined["visits_declined_on"] == str(women.today)
    assert [each["state"] for each in await women.visits(card)] == ["withdrawn"]
    assert await measures(women.registry, visit) == {}
    told_again = await women.tell(declined, "iud")
    assert [each["state"] for each in await women.visits(card)] == ["withdrawn"]
    assert (told_again["state"], told_again["contraception"]) == ("open", "told")
    resumed = await women.on_card(told_again, "visit-acceptance")
    assert resumed["visits_declined_on"] is None
    assert (await women.open_visit(card))["due_on"] == str(add_months(women.today, 3))


async def test_declining_one_visit_may_decline_all(women: Women) -> None:
    card, visit = await women.offered()
    answer = await women.do(visit, "outcome", result="declined", all_visits=True)
    assert (answer.status_code, answer.json()["next_due_on"]) == (200, None)
    assert [each["state"] for each in await women.visits(card)] == ["declined"]
    assert (await women.read(card))["visits_declined_on"] == str(women.today)


async def test_another_method_replaces_the_open_offer(women: Women) -> None:
    card, visit = await women.offered()
    await women.tell(await women.read(card), "implant")
    states = {each["id"]: each["state"] for each in await women.visits(card)}
    assert states.pop(visit["id"]) == "withdrawn"
    assert list(states.values()) == ["offered"]


async def test_an_offer_moves_with_her_and_ends_where_she_leaves_the_district(women: Women) -> None:
    card, visit = await women.offered()
    moved = {"person_id": card["person_id"], "happened_on": str(women.today)}
    await women.people.record("moves", to_area=NEXT_DOOR, **moved)
    there = await women.open_visit(card)
    assert (there["id"], there["place"]) == (visit["id"], NEXT_DOOR)
    await women.people.record("moves", to_area=AWAY, **moved)
    assert [each["state"] for each in await women.visits(card)] == ["withdrawn"]
    assert (await women.read(card))["state"] == "open"  # registered here still


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"result": "kept", "on": "2099-01-01"}, "/on"),
        ({"result": "refused"}, "/result"),
        ({"result": "kept", "effect": "wonderful"}, "/effect"),
        ({"result": "missed", "effect": "good"}, "/effect"),
        ({"result": "kept", "all_visits": True}, "/all_visits"),
        ({"result": "kept", "note": "电话 13912345678"}, "/note"),
        ({"result": "kept", "pregnant": True}, "/pregnant"),
    ],
)
async def test_wrong_outcomes_are_named(women: Women, body: Json, pointer: str) -> None:
    _, visit = await women.offered()
    answer = await women.do(visit, "outcome", **body)
    assert answer.status_code == 422, answer.text
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert (await women.do(visit, "outcome", result="missed")).status_code == 200


async def test_two_workers_settle_the_same_visit_one_wins_the_other_is_told(
    women: Women, registry: Registry
) -> None:
    _, visit = await women.offered()
    other = Women(registry, await registry.staff("service_station", "340103"))
    answers = await asyncio.gather(
        women.do(visit, "outcome", result="kept"), other.do(visit, "outcome", result="missed")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    lost = next(answer for answer in answers if answer.status_code == 412)
    assert lost.headers["ETag"] == '"2"'
    assert "2" in lost.json()["detail"]


async def test_a_withdrawn_or_settled_offer_cannot_be_accepted(women: Women) -> None:
    _, visit = await women.offered()
    settled = (await women.do(visit, "outcome", result="missed")).json()
    answer = await women.do(settled, "acceptance")
    assert (answer.status_code, answer.json()["code"]) == (409, "visit_not_open")


@pytest.fixture
async def street(registry: Registry) -> Women:
    """A worker with an area of their own, where nobody else works."""
    area = "340103006"
    return Women(registry, await registry.staff("community_worker", area))


async def test_a_worklist_holds_the_days_visits_by_place_and_day_and_nothing_about_health(
    street: Women,
) -> None:
    women, place = street, "340103006001"
    home = {"registered_area": place, "present_area": place, "phone": "13900001111"}
    _, late = await women.offered(present_street="三里街 9 号", **home)
    _, early = await women.offered(present_street="一里街 2 号", **home)
    due = early["due_on"]
    day = str(date.fromisoformat(due) + timedelta(days=1))
    put_off = await women.caller.patch(f"/visits/{late['id']}", version=1, json={"planned_on": day})
    assert put_off.status_code == 200, put_off.text
    before = str(add_months(women.today, 1) - timedelta(days=1))
    assert (await women.caller.get("/worklists", params={"area": place, "on": before})).json()["items"] == []
    answer = await women.caller.get("/worklists", params={"area": place, "on": day, "worker": "me"})
    listed = answer.json()
    assert [each["id"] for each in listed["items"]] == [early["id"], late["id"]]
    assert {each["phone"] for each in listed["items"]} == {"139****1111"}
    for word in ("supplies", "method", "effect", "contraception"):
        assert word not in answer.text
    first = await women.caller.get("/worklists", params={"area": place, "on": day, "limit": 1})
    cursor = first.json()["next"]
    assert "一里街" not in urlsafe_b64decode(cursor + "==").decode()  # it stands in a URL
    second = await women.caller.get(
        "/worklists", params={"area": place, "on": day, "limit": 1, "after": cursor}
    )
    assert [page.json()["items"][0]["id"] for page in (first, second)] == [early["id"], late["id"]]
    assert second.json()["next"] is None


async def test_a_visit_is_given_to_a_worker_or_another_day_with_the_version_seen(
    women: Women, registry: Registry
) -> None:
    _, visit = await women.offered()
    colleague = await registry.staff("community_worker", HERE)
    path, due = f"/visits/{visit['id']}", visit["due_on"]
    day = str(women.today + timedelta(days=3))
    given = await women.caller.patch(path, version=1, json={"worker": str(colleague.id), "planned_on": day})
    assert given.status_code == 200, given.text
    assert (given.json()["worker_id"], given.json()["planned_on"]) == (str(colleague.id), day)

    async def sees(caller: Caller) -> bool:
        params = {"area": HERE, "on": due, "worker": "me", "limit": "200"}
        items = (await caller.get("/worklists", params=params)).json()["items"]
        return visit["id"] in {each["id"] for each in items}

    assert (await sees(colleague), await sees(women.caller)) == (True, False)
    stale = await women.caller.patch(path, version=1, json={"worker": "me"})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    stranger = await registry.staff("community_worker", ELSEWHERE)
    foreign = await women.caller.patch(path, version=2, json={"worker": str(stranger.id)})
    assert (foreign.status_code, foreign.json()["errors"][0]["pointer"]) == (422, "/worker")
    past = str(women.today - timedelta(days=1))
    early = await women.caller.patch(path, version=2, json={"planned_on": past})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "/planned_on")


async def test_an_offer_nobody_came_to_ends_as_missed_and_becomes_the_next_offer(
    fresh_registry: Registry,
) -> None:
    registry = fresh_registry
    women = Women(registry, await registry.staff("community_worker", "340103001"))
    card, visit = await women.offered()
    due = add_months(women.today, 1)
    registry.set_today(due + timedelta(days=30))
    await pass_day(registry.runtime)
    assert (await women.open_visit(card))["id"] == visit["id"]
    registry.set_today(due + timedelta(days=31))
    await asyncio.gather(pass_day(registry.runtime), pass_day(registry.runtime))
    states = [each["state"] for each in await women.visits(card)]
    assert states == ["offered", "missed"]
    assert await measures(registry, visit) == {"visit_offered": 1}
    assert (await women.open_visit(card))["due_on"] >= str(women.today)
