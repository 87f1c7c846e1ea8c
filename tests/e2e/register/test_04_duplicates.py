"""Line 4: records that may be one person are found, compared, merged and separated without loss."""

from tests.e2e.api import Json
from tests.e2e.progress import until
from tests.e2e.register.support import Walk

AREA = "340103001004"


async def twice(walk: Walk, name: str, other: str) -> tuple[Json, Json]:
    """One person entered twice, the second time without a number."""
    at: Json = {"registered_area": AREA, "present_area": AREA, "birth_date": "1988-05-09"}
    first = await walk.enter(name=name, **at)
    return first, await walk.enter(name=other, document_kind="none", **at)


async def candidate(walk: Walk, *ids: str) -> Json:
    """The open candidate of two records; the worker finds it soon after they were entered."""
    found: list[Json] = []

    async def there() -> bool:
        found[:] = [
            each
            for each in await walk.clerk.items("/duplicates")
            if {each["first_id"], each["second_id"]} == set(ids)
        ]
        return bool(found)

    await until("the candidate", there, 60)
    return found[0]


async def test_a_record_entered_twice_is_scored_shown_merged_and_separated(walk: Walk) -> None:
    first, second = await twice(walk, "诸葛晴雪", "诸葛晴学")
    given = {"kind": "counselling", "given_on": "2026-02-01"}
    service = await walk.clerk.post(f"/persons/{second['id']}/services", given)
    found = await candidate(walk, first["id"], second["id"])
    assert found["probability"] > 0.9
    shown = await walk.clerk.get(f"/duplicates/{found['id']}")
    same = {each["field"]: each["same"] for each in shown["fields"]}
    assert (same["name"], same["birth_date"]) == (False, True)
    body = {"kept_id": first["id"], "gone_id": second["id"], "reason": "同一人重复登记"}
    merged = await walk.clerk.post("/duplicate-merges", body, key="merged once")
    assert (await walk.clerk.post("/duplicate-merges", body, key="merged once"))["id"] == merged["id"]
    assert (await walk.clerk.refused("GET", f"/persons/{second['id']}"))[0] == 404
    moved = await walk.clerk.items(f"/persons/{first['id']}/services")
    assert [each["id"] for each in moved] == [service["id"]]
    await walk.caught_up()
    assert await walk.counts("opening", area=AREA, population="registered") == 1
    path = f"/duplicate-merges/{merged['id']}/undoing"
    await walk.clerk.post(path, {"reason": "核实为两人"}, version=merged["version"])
    back = await walk.clerk.get(f"/persons/{second['id']}")
    assert {**back, "version": 0} == {**second, "version": 0}
    assert await walk.clerk.items(f"/persons/{first['id']}/services") == []
    await walk.caught_up()
    assert await walk.counts("opening", area=AREA, population="registered") == 2


async def test_two_persons_told_apart_are_not_proposed_again_by_a_batch(walk: Walk) -> None:
    first, second = await twice(walk, "司徒云海", "司徒云海")
    found = await candidate(walk, first["id"], second["id"])
    told = {"reason": "堂兄弟, 已核实"}
    await walk.clerk.post(f"/duplicates/{found['id']}/distinction", told, version=found["version"])
    run = await walk.clerk.post("/duplicate-runs", {"area": AREA})

    async def done() -> bool:
        return bool((await walk.clerk.get(f"/duplicate-runs/{run['id']}"))["state"] == "done")

    await until("the comparison of everybody", done, 60)
    pairs = [{each["first_id"], each["second_id"]} for each in await walk.clerk.items("/duplicates")]
    assert {first["id"], second["id"]} not in pairs
    assert (await walk.worker.refused("GET", "/duplicates"))[:2] == (403, "scope_missing")
