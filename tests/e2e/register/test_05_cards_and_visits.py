"""Line 5: cards and follow-up cards; visits are offers, declining is respected, devices work offline."""

from uuid import uuid4

from tests.e2e.api import Json
from tests.e2e.progress import until
from tests.e2e.register.support import HERE, Walk


async def card_of(walk: Walk, method: str | None = "supplies") -> Json:
    """A married woman's card; she has told what she uses, if anything."""
    woman = await walk.enter(marital_status="20")
    card = await walk.worker.post("/cards", {"person_id": woman["id"]})
    if method is None:
        return card
    told = {"method": method, "told_on": str(walk.today), "consent": True}
    return await walk.worker.patch(f"/cards/{card['id']}", {"method": told}, card["version"])


async def visits(walk: Walk, card: Json) -> list[Json]:
    return await walk.worker.items(f"/cards/{card['id']}/visits")


async def test_what_she_told_is_shown_only_for_a_purpose(walk: Walk) -> None:
    card = await card_of(walk, "iud")
    path = f"/cards/{card['id']}"
    assert "iud" not in str(await walk.worker.get(path))
    assert "iud" in str(await walk.worker.get(path, purpose="visit"))
    assert (await walk.worker.refused("GET", path, params={"purpose": "checking"}))[0] == 422


async def test_visits_are_offered_by_method_and_stand_on_the_worklist_of_a_day(walk: Walk) -> None:
    card = await card_of(walk)
    (visit,) = await visits(walk, card)
    assert visit["state"] == "offered"
    due = visit["due_on"]
    path = f"/visits/{visit['id']}"
    accepted = await walk.worker.post(f"{path}/acceptance", {"on": str(walk.today)}, version=visit["version"])
    plan = {"planned_on": due, "worker": "me"}
    planned = await walk.worker.patch(path, plan, accepted["version"])
    listed = await walk.worker.items("/worklists", area=HERE, on=due, worker="me")
    assert visit["id"] in {each["id"] for each in listed}
    outcome = {"result": "kept", "on": str(walk.today), "effect": "good"}
    await walk.worker.post(f"{path}/outcome", outcome, version=planned["version"])
    assert sorted(each["state"] for each in await visits(walk, card)) == ["kept", "offered"]


async def test_who_declines_all_visits_is_offered_none_until_she_wants_them(walk: Walk) -> None:
    card = await card_of(walk)
    path = f"/cards/{card['id']}"
    told = {"told_on": str(walk.today)}
    refused = await walk.worker.post(f"{path}/visit-refusal", told, version=card["version"])
    assert [each["state"] for each in await visits(walk, card) if each["state"] == "offered"] == []
    listed = await walk.worker.items("/worklists", area=HERE, on=str(walk.today.replace(day=28)))
    assert card["id"] not in {each["card_id"] for each in listed}
    again = await walk.worker.post(f"{path}/visit-acceptance", version=refused["version"])
    assert again["version"] > refused["version"]
    assert "offered" in {each["state"] for each in await visits(walk, card)}


async def test_an_offline_batch_counts_once_and_a_conflict_shows_both_sides(walk: Walk) -> None:
    card = await card_of(walk)
    (visit,) = await visits(walk, card)
    kept = {"result": "kept", "on": str(walk.today), "effect": "good"}

    def batch(name: str, outcome: Json) -> Json:
        item = {
            "client_id": name,
            "visit_id": visit["id"],
            "base_version": visit["version"],
            "outcome": outcome,
        }
        return {"device_id": f"tablet-{name}-{uuid4().hex[:6]}", "batch_id": "1", "items": [item]}

    sent = batch("a", kept)
    first = await walk.worker.post("/visit-batches", sent)
    assert [each["state"] for each in first["items"]] == ["applied"]
    assert await walk.worker.post("/visit-batches", sent) == first
    late = await walk.worker.post("/visit-batches", batch("b", kept | {"result": "missed", "effect": None}))
    (conflict,) = late["items"]
    assert conflict["state"] in {"conflict", "refused"}, conflict
    assert conflict["device"]["outcome"]["result"] == "missed"
    assert conflict["server"]["state"] == "kept"
    path = f"/visit-batches/{late['id']}/items/b/resolution"
    settled = await walk.worker.post(path, {"keep": "server"}, version=conflict["server"]["version"])
    assert settled["items"][0]["state"] == "kept_server"
    assert sorted(each["state"] for each in await visits(walk, card)) == ["kept", "offered"]


async def test_cards_of_a_whole_area_are_opened_by_the_worker_process(walk: Walk) -> None:
    area = "340103003001"
    clerk = walk.district_clerk
    women = [await walk.enter(clerk, registered_area=area, present_area=area) for _ in range(3)]
    await walk.enter(clerk, registered_area=area, present_area=area, sex=1)
    opening = await clerk.post("/card-openings", {"area": area})

    async def done() -> bool:
        return bool((await clerk.get(f"/card-openings/{opening['id']}"))["state"] == "done")

    await until("the cards to be opened", done, 60)
    cards = await clerk.items("/cards", area=area)
    assert {each["person_id"] for each in cards} == {each["id"] for each in women}
    await walk.caught_up()
    assert await walk.counts("card_open", area=area, population="registered") == 3
    assert await walk.counts("card_due", area=area, population="registered") == 3
