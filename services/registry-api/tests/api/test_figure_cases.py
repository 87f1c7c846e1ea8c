"""The cases behind figures: masked, within the caller's areas and rights, and every reading logged."""

from typing import Any
from uuid import uuid4

from renkou_common.scope import AreaScope

from ..support import Caller, Json, Registry
from .me.test_own_account import person

HERE, THERE = "340103001001", "340103002001"
PURPOSE = "figure_verification"


async def events_of(registry: Registry, ref: str) -> dict[str, str]:
    """Ids of the published events about a person, by type."""
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        rows = await tx.fetch(
            "SELECT event_id, type FROM outbox WHERE body::jsonb #>> '{data,person_ref}' = $1", ref
        )
    return {row["type"]: str(row["event_id"]) for row in rows}


async def shown(caller: Caller, *event_ids: str, purpose: str = PURPOSE) -> Json:
    answer = await caller.post("/figure-cases", json={"event_ids": event_ids, "purpose": purpose})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found: Json = answer.json()
    return found


async def test_events_lead_to_the_masked_person_and_the_reading_is_in_her_log(registry: Registry) -> None:
    woman, me = await person(registry, registered_area=HERE, present_area=HERE)
    events = await events_of(registry, woman["ref"])
    worker = await registry.staff("community_worker", HERE)
    found = await shown(worker, events["registry.person.registered.v1"])
    (case,) = found["items"]
    assert (case["kind"], case["path"], found["hidden"]) == ("person", f"/persons/{woman['id']}", 0)
    assert (case["person"]["id"], case["person"]["name"]) == (woman["id"], woman["name"])
    assert case["person"]["resident_id"] == woman["resident_id"]
    assert "*" * 10 in case["person"]["resident_id"]
    assert (await worker.get(case["path"])).status_code == 200

    log = (await me.get("/me/readings")).json()["items"]
    told = [each for each in log if each["what"] == "figure_case"]
    assert [(each["purpose"], each["reader"]) for each in told] == [(PURPOSE, f"工作人员 {worker.username}")]


async def test_what_is_elsewhere_and_what_is_unknown_look_alike(registry: Registry) -> None:
    woman, me = await person(registry, registered_area=HERE, present_area=HERE)
    known = (await events_of(registry, woman["ref"]))["registry.person.registered.v1"]
    stranger = await registry.staff("community_worker", THERE)
    assert await shown(stranger, known) == await shown(stranger, str(uuid4())) == {"items": [], "hidden": 1}
    assert await shown(stranger, known, known, str(uuid4())) == {"items": [], "hidden": 2}
    log = (await me.get("/me/readings")).json()["items"]
    assert "figure_case" not in {each["what"] for each in log}


async def test_a_record_needs_its_own_right_beside_that_to_the_person(registry: Registry) -> None:
    woman, _ = await person(registry, registered_area=HERE, present_area=HERE, marital_status="20")
    worker = await registry.staff("community_worker", HERE)
    card = await worker.post("/cards", json={"person_id": woman["id"]})
    assert card.status_code == 201, card.text
    events = await events_of(registry, woman["ref"])
    (case,) = (await shown(worker, events["registry.card.changed.v1"]))["items"]
    assert (case["kind"], case["path"]) == ("card", f"/cards/{card.json()['id']}")
    assert not {"method", "expected_delivery"} & case.keys()


async def test_who_may_read_no_residents_sees_no_cases(registry: Registry) -> None:
    for role in ("statistician", "administrator", "auditor"):
        caller = await registry.staff(role, "340103")
        body = {"event_ids": [str(uuid4())], "purpose": PURPOSE}
        assert (await caller.post("/figure-cases", json=body)).status_code == 403
        persons = {"person_ids": [str(uuid4())], "purpose": PURPOSE}
        assert (await caller.post("/figure-cases/persons", json=persons)).status_code == 403


async def test_without_a_purpose_of_the_list_nothing_is_shown(registry: Registry) -> None:
    worker = await registry.staff("community_worker", HERE)
    wrong: list[dict[str, Any]] = [
        {"event_ids": [str(uuid4())]},
        {"event_ids": [str(uuid4())], "purpose": "curiosity"},
        {"event_ids": [], "purpose": PURPOSE},
        {"event_ids": [str(uuid4()) for _ in range(201)], "purpose": PURPOSE},
    ]
    for body in wrong:
        assert (await worker.post("/figure-cases", json=body)).status_code == 422
