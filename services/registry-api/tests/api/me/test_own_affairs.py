"""What a person does alone: read the card, answer offers, ask for corrections, apply for benefits."""

from ...support import Caller, Json, Registry
from ..people.people import HERE, People
from .test_own_account import activate, opened, sign_in


async def woman(registry: Registry) -> tuple[Caller, Json, Caller]:
    """A worker, a woman with a card, and herself signed in."""
    worker = await registry.staff("community_worker", HERE)
    entered, account = await opened(registry, worker, marital_status="21")
    await activate(registry, account)
    card = await worker.post("/cards", json={"person_id": entered["id"], "opened_on": today(registry)})
    assert card.status_code == 201, card.text
    return worker, entered, await sign_in(registry, account)


def today(registry: Registry) -> str:
    return registry.runtime.clock.today().isoformat()


async def test_a_woman_reads_her_card_and_declines_all_visits(registry: Registry) -> None:
    _, entered, me = await woman(registry)
    card = (await me.get("/me/card")).json()
    assert card["person_id"] == entered["id"]
    declined = (await me.request("PUT", "/me/card/visits-declined")).json()
    assert declined["visits_declined_on"] == today(registry)
    again = (await me.request("DELETE", "/me/card/visits-declined")).json()
    assert again["visits_declined_on"] is None
    assert (await me.get("/me/visits")).json()["items"] == []


async def test_somebody_without_a_card_has_none(registry: Registry) -> None:
    worker = await registry.staff("community_worker", HERE)
    _, account = await opened(registry, worker, sex=1)
    await activate(registry, account)
    me = await sign_in(registry, account)
    assert (await me.get("/me/card")).status_code == 404


async def test_a_person_asks_for_a_correction_and_a_clerk_approves(registry: Registry) -> None:
    _, entered, me = await woman(registry)
    body = {"person_id": entered["id"], "details": {"name": "王晓鸣"}, "reason": "姓名录错, 见户口簿"}
    asked = await me.post("/me/corrections", json=body)
    assert asked.status_code == 201, asked.text
    listed = (await me.get("/me/corrections")).json()["items"]
    assert [each["id"] for each in listed] == [asked.json()["id"]]
    clerk = await registry.staff("subdistrict_clerk", "340103")
    version = {"If-Match": f'"{asked.json()["version"]}"'}
    approved = await clerk.post(f"/corrections/{asked.json()['id']}/approval", json={}, headers=version)
    assert approved.status_code == 200, approved.text
    assert (await me.get("/me")).json()["name"] == "王晓鸣"
    assert (await me.get("/me/corrections")).json()["items"][0]["state"] == "approved"


async def test_nobody_asks_for_corrections_of_somebody_elses_record(registry: Registry) -> None:
    worker, _, me = await woman(registry)
    other = await People(worker, registry.runtime).enter()
    body = {"person_id": other["id"], "details": {"name": "别人"}, "reason": "不是我的"}
    assert (await me.post("/me/corrections", json=body)).status_code == 404


async def test_a_request_is_taken_back_before_anybody_decides(registry: Registry) -> None:
    _, entered, me = await woman(registry)
    body = {"person_id": entered["id"], "details": {"name": "王二"}, "reason": "写错了"}
    asked = (await me.post("/me/corrections", json=body)).json()
    version = {"If-Match": f'"{asked["version"]}"'}
    answer = await me.post(f"/me/corrections/{asked['id']}/withdrawal", headers=version)
    assert answer.json()["state"] == "withdrawn"


async def test_a_person_sees_the_own_household_and_no_certificates(registry: Registry) -> None:
    worker, entered, me = await woman(registry)
    body = {
        "number": f"ME{entered['id'][-8:]}",
        "kind": "family",
        "area": HERE,
        "members": [{"person_id": entered["id"], "relation": "01"}],
    }
    made = await worker.post("/households", json=body)
    assert made.status_code == 201, made.text
    own = (await me.get("/me/household")).json()["items"]
    assert [each["number"] for each in own] == [body["number"]]
    assert (await me.get("/me/honour-certificates")).json() == {"items": []}
    assert (await me.get("/me/benefit-enrolments")).json() == {"items": []}
