"""Devices that were offline: batches are taken once, item by item, conflicts show both sides."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from renkou_common.scope import AreaScope

from ...support import Json, Registry
from .women import ELSEWHERE, HERE, Women


def batch(*items: Json, name: str = "1", device: str = "") -> Json:
    return {"device_id": device or f"tablet-{uuid4().hex[:8]}", "batch_id": name, "items": list(items)}


def item(women: Women, visit: Json, name: str = "a1", **done: Any) -> Json:
    base = {"client_id": name, "visit_id": visit["id"], "base_version": visit["version"]}
    return base | (done or {"outcome": {"result": "kept", "on": str(women.today), "effect": "good"}})


async def test_what_was_done_offline_is_applied_and_the_same_batch_again_gets_the_same_answer(
    women: Women,
) -> None:
    card, visit = await women.offered()
    sent = batch(item(women, visit))
    answers = await asyncio.gather(*(women.caller.post("/visit-batches", json=sent) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    assert len({answer.text for answer in answers}) == 1
    (one,) = answers[0].json()["items"]
    assert (one["state"], one["version"]) == ("applied", 2)
    assert [each["state"] for each in await women.visits(card)] == ["offered", "kept"]
    again = await women.caller.get(answers[0].headers["Location"])
    assert again.text == answers[0].text
    other = await women.caller.post("/visit-batches", json=sent | {"items": [item(women, visit, "b")]})
    assert (other.status_code, other.json()["code"]) == (409, "batch_reused")


async def test_items_on_one_visit_follow_each_other_from_the_version_the_device_had(women: Women) -> None:
    _, visit = await women.offered()
    on = str(women.today)
    sent = batch(
        item(women, visit, "a", acceptance={"on": on}),
        item(women, visit, "b", plan={"planned_on": str(women.today + timedelta(days=1)), "worker": "me"}),
        item(women, visit, "c", outcome={"result": "kept", "on": on}),
    )
    answer = (await women.caller.post("/visit-batches", json=sent)).json()
    assert [each["state"] for each in answer["items"]] == ["applied"] * 3
    assert answer["items"][-1]["version"] == 4


async def test_two_devices_same_visit_one_is_applied_the_other_sees_both_sides_and_decides(
    women: Women,
) -> None:
    card, visit = await women.offered()
    on = str(women.today)
    sent = [
        batch(
            item(
                women, visit, "a", outcome={"result": "kept", "on": on, "effect": "fair", "note": "一切正常"}
            )
        ),
        batch(item(women, visit, "b", outcome={"result": "missed", "on": on})),
    ]
    answers = await asyncio.gather(*(women.caller.post("/visit-batches", json=each) for each in sent))
    states = [answer.json()["items"][0]["state"] for answer in answers]
    assert sorted(states) == ["applied", "conflict"]
    lost = answers[states.index("conflict")].json()
    (conflict,) = lost["items"]
    mine = sent[states.index("conflict")]["items"][0]
    won = sent[states.index("applied")]["items"][0]["outcome"]["result"]
    assert conflict["device"]["outcome"]["result"] == mine["outcome"]["result"]
    assert (conflict["server"]["state"], conflict["server"]["version"]) == (won, 2)
    path = f"/visit-batches/{lost['id']}/items/{mine['client_id']}/resolution"
    stale = await women.caller.post(path, json={"keep": "device"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    kept = await women.caller.post(path, json={"keep": "device"}, headers={"If-Match": '"2"'})
    assert kept.status_code == 200, kept.text
    (settled,) = kept.json()["items"]
    assert (settled["state"], settled["version"], settled["device"]) == ("kept_device", 3, None)
    assert (await women.caller.get(f"/visits/{visit['id']}")).json()["state"] == mine["outcome"]["result"]
    again = await women.caller.post(path, json={"keep": "device"}, headers={"If-Match": '"2"'})
    assert again.text == kept.text
    assert len([each for each in await women.visits(card) if each["state"] == "offered"]) == 1


async def test_keeping_the_servers_side_changes_nothing(women: Women) -> None:
    _, visit = await women.offered()
    assert (await women.do(visit, "outcome", result="declined")).status_code == 200
    answer = (await women.caller.post("/visit-batches", json=batch(item(women, visit)))).json()
    path = f"/visit-batches/{answer['id']}/items/a1/resolution"
    kept = await women.caller.post(path, json={"keep": "server"}, headers={"If-Match": '"2"'})
    assert kept.json()["items"][0]["state"] == "kept_server"
    after = (await women.caller.get(f"/visits/{visit['id']}")).json()
    assert (after["state"], after["version"]) == ("declined", 2)
    changed = await women.caller.post(path, json={"keep": "device"}, headers={"If-Match": '"2"'})
    assert (changed.status_code, changed.json()["code"]) == (409, "not_in_conflict")


async def test_a_half_valid_batch_applies_the_good_items_whole_and_the_wrong_ones_not_at_all(
    women: Women, registry: Registry
) -> None:
    card, good = await women.offered()
    _, late = await women.offered()
    stranger = Women(registry, await registry.staff("community_worker", ELSEWHERE[:9]))
    _, foreign = await stranger.offered(registered_area=ELSEWHERE, present_area=ELSEWHERE)
    sent = batch(
        item(women, late, "future", outcome={"result": "kept", "on": "2099-01-01"}),
        item(women, late, "code", outcome={"result": "kept", "on": str(women.today), "effect": "splendid"}),
        item(
            women,
            late,
            "two",
            outcome={"result": "missed", "on": str(women.today)},
            acceptance={"on": str(women.today)},
        ),
        item(women, late, "worker", plan={"planned_on": str(women.today), "worker": str(uuid4())}),
        item(women, foreign, "foreign"),
        {"client_id": "empty"},
        item(women, good, "good"),
    )
    answer = await women.caller.post("/visit-batches", json=sent)
    assert answer.status_code == 200, answer.text
    found = {each["client_id"]: each for each in answer.json()["items"]}
    assert {name: each["state"] for name, each in found.items()} == {
        **dict.fromkeys(("future", "code", "two", "worker", "foreign", "empty"), "refused"),
        "good": "applied",
    }
    pointers = {name: {error["pointer"] for error in each["errors"]} for name, each in found.items()}
    assert pointers["future"] == {"/items/0/outcome/on"}
    assert pointers["code"] == {"/items/1/outcome/effect"}
    assert pointers["worker"] == {"/items/3/plan/worker"}
    assert pointers["empty"] == {"/items/5/visit_id", "/items/5/base_version"}
    assert all(error["zh"] and error["en"] for each in found.values() for error in each["errors"])
    untouched = (await women.caller.get(f"/visits/{late['id']}")).json()
    assert (untouched["state"], untouched["version"], untouched["planned_on"]) == (
        "offered",
        1,
        late["planned_on"],
    )
    assert [each["state"] for each in await women.visits(card)] == ["offered", "kept"]
    foreign_now = (await stranger.caller.get(f"/visits/{foreign['id']}")).json()
    assert foreign_now["version"] == 1


async def test_an_item_no_visit_can_hold_is_refused_and_the_others_are_applied(women: Women) -> None:
    card, good = await women.offered()
    _, visit = await women.offered()
    opened = (await women.read(card))["opened_on"]
    before = str(date.fromisoformat(opened) - timedelta(days=1))
    sent = batch(
        item(women, visit, "huge") | {"base_version": 2**70},
        item(women, visit, "none", plan={"planned_on": before}),
        item(women, visit, "early", outcome={"result": "kept", "on": before}),
        item(women, visit, "accepted", acceptance={"on": "1900-01-01"}),
        item(women, good, "good"),
    )
    answer = await women.caller.post("/visit-batches", json=sent)
    assert answer.status_code == 200, answer.text
    found = {each["client_id"]: each for each in answer.json()["items"]}
    assert {name for name, each in found.items() if each["state"] == "applied"} == {"good"}
    assert {name: each["errors"][0]["pointer"] for name, each in found.items() if each["errors"]} == {
        "huge": "/items/0/base_version",
        "none": "/items/1/plan/planned_on",
        "early": "/items/2/outcome/on",
        "accepted": "/items/3/acceptance/on",
    }
    again = await women.caller.post("/visit-batches", json=sent)
    assert again.text == answer.text


async def test_half_a_character_in_a_batch_is_pointed_at(women: Women) -> None:
    content = b'{"device_id": "tablet", "batch_id": "1", "items": [{"client_id": "\\ud800"}]}'
    answer = await women.caller.post(
        "/visit-batches", content=content, headers={"Content-Type": "application/json"}
    )
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
        ("/items/0/client_id", "string_unicode")
    ]


async def test_what_a_device_sent_is_sealed_while_in_conflict_and_shown_to_its_sender_only(
    women: Women, registry: Registry
) -> None:
    _, visit = await women.offered()
    await women.do(visit, "outcome", result="missed")
    answer = (await women.caller.post("/visit-batches", json=batch(item(women, visit)))).json()
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        sealed = await tx.fetchval("SELECT sealed FROM visit_batch_item WHERE batch_id = $1", answer["id"])
    assert b"good" not in sealed
    colleague = await registry.staff("community_worker", "340103001")
    assert (await colleague.get(f"/visit-batches/{answer['id']}")).status_code == 404


async def test_a_device_downloads_its_day_and_then_asks_only_for_what_changed(women: Women) -> None:
    card, visit = await women.offered(phone="13900002222")
    _, quiet = await women.offered()
    due = visit["due_on"]
    params = {"area": HERE, "on": due, "limit": 1000}
    got = await women.caller.get("/worklists/download", params=params)
    assert got.status_code == 200, got.text
    loaded = {each["id"]: each for each in got.json()["items"]}
    assert {visit["id"], quiet["id"]} <= loaded.keys()
    assert loaded[visit["id"]]["version"] == 1
    assert "13900002222" not in got.text
    assert "supplies" not in got.text
    assert (await women.do(visit, "outcome", result="kept")).status_code == 200
    after = got.json()["changes_after"]
    seen: dict[str, Json] = {}
    while True:
        page = (await women.caller.get("/visits/changes", params={"after": after, "limit": 1})).json()
        seen |= {each["id"]: each for each in page["items"]}
        after = page["next"]
        if not page["more"]:
            break
    following = await women.open_visit(card)
    assert (seen[visit["id"]]["state"], seen[visit["id"]]["version"]) == ("kept", 2)
    assert following["id"] in seen
    assert quiet["id"] not in seen
    assert (await women.caller.get("/visits/changes", params={"after": after})).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"device_id": "x", "batch_id": "1", "items": []}, "/items"),
        ({"device_id": "no spaces", "batch_id": "1", "items": [{}]}, "/device_id"),
        ({"batch_id": "1", "items": [{}]}, "/device_id"),
        ({"device_id": "x", "batch_id": "1", "items": [{}], "extra": 1}, "/extra"),
    ],
)
async def test_a_batch_that_is_no_batch_is_refused_as_a_whole(women: Women, body: Json, pointer: str) -> None:
    answer = await women.caller.post("/visit-batches", json=body)
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
