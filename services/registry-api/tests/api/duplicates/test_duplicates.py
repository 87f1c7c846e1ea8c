"""Records that may be one person: found, compared side by side, joined and separated without loss."""

import pytest

from renkou_common.scope import AreaScope
from renkou_registry.duplicates import jobs

from ...support import Caller, Json, Registry
from ..people.people import HERE, People

ELSEWHERE = "340103002003"
HEADS = {"opening": 1, "birth": 1, "in": 1, "out": -1, "death": -1}


async def compared(registry: Registry) -> None:
    """Let the worker compare everybody who waits."""
    while await jobs.step(registry.runtime):
        pass


async def candidate_of(clerk: Caller, one: str, other: str) -> Json | None:
    """The open candidate of two persons."""
    page = (await clerk.get("/duplicates", params={"person_id": one, "limit": 200})).json()
    pairs = [each for each in page["items"] if {each["first_id"], each["second_id"]} == {one, other}]
    return pairs[0] if pairs else None


async def twice(registry: Registry, clerk: Caller, first_name: str, **second: object) -> tuple[Json, Json]:
    """One person entered twice, the second time without the number."""
    people = People(clerk, registry.runtime)
    values = {"name": first_name, "birth_date": "1988-05-09"}
    first = await people.enter(**values)
    body = people.body(**values) | {"document_kind": "none", **second}
    body.pop("resident_id")
    answer = await clerk.post("/persons", json=body)
    assert answer.status_code == 201, answer.text
    return first, answer.json()


async def stock_lines(registry: Registry, ref: str) -> int:
    """How many heads a person's published lines add up to."""
    events = await People(registry.administrator, registry.runtime).events(ref)
    return sum(
        line["value"] * HEADS.get(line["measure"], 0)
        for event in events
        for line in event.data.get("lines", [])
        if line["population"] == "registered"
    )


async def merge(clerk: Caller, kept: Json, gone: Json, **more: object) -> Json:
    body = {"kept_id": kept["id"], "gone_id": gone["id"], "reason": "同一人重复登记"} | more
    answer = await clerk.post("/duplicate-merges", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_somebody_entered_twice_is_found_soon_after(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    first, second = await twice(registry, clerk, "诸葛晴雪", name="诸葛晴学")
    await compared(registry)
    found = await candidate_of(clerk, first["id"], second["id"])
    assert found is not None
    assert found["probability"] > 0.9
    assert {each["code"] for each in found["traits"]} >= {"name_sound", "birth_same"}
    shown = (await clerk.get(f"/duplicates/{found['id']}")).json()
    fields = {each["field"]: each["same"] for each in shown["fields"]}
    assert not fields["name"]
    assert fields["birth_date"]


async def test_both_records_are_shown_only_to_those_who_see_both(registry: Registry) -> None:
    district = await registry.staff("subdistrict_clerk", "340103")
    first, second = await twice(
        registry, district, "慕容秋白", registered_area=ELSEWHERE, present_area=ELSEWHERE
    )
    await compared(registry)
    clerk = await registry.staff("subdistrict_clerk", HERE[:9])
    found = await candidate_of(clerk, first["id"], second["id"])
    assert found is not None
    shown = (await clerk.get(f"/duplicates/{found['id']}")).json()
    assert sum(shown[side] is None for side in ("first", "second")) == 1
    assert shown["fields"] == []
    body = {"kept_id": first["id"], "gone_id": second["id"], "reason": "同一人"}
    assert (await clerk.post("/duplicate-merges", json=body)).status_code == 404
    outside = await registry.staff("subdistrict_clerk", "340103009")
    assert (await outside.get(f"/duplicates/{found['id']}")).status_code == 404


async def test_two_persons_are_told_apart_once_and_for_all(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    first, second = await twice(registry, clerk, "司徒云海")
    await compared(registry)
    found = await candidate_of(clerk, first["id"], second["id"])
    assert found
    path = f"/duplicates/{found['id']}/distinction"
    version = {"If-Match": f'"{found["version"]}"'}
    answer = await clerk.post(path, json={"reason": "堂兄弟, 已核实"}, headers=version)
    assert answer.json()["state"] == "distinct"
    assert (await clerk.post(path, json={"reason": "再一次"}, headers=version)).status_code == 412
    run = await clerk.post("/duplicate-runs", json={"area": HERE})
    await compared(registry)
    assert (await clerk.get(f"/duplicate-runs/{run.json()['id']}")).json()["state"] == "done"
    assert await candidate_of(clerk, first["id"], second["id"]) is None


async def test_a_merge_takes_one_head_out_of_the_figures_and_undoing_puts_it_back(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    first, second = await twice(registry, clerk, "欧阳长虹", phone="13800001111")
    await clerk.post(
        f"/persons/{second['id']}/services", json={"kind": "counselling", "given_on": "2025-03-01"}
    )
    assert (await stock_lines(registry, first["ref"]), await stock_lines(registry, second["ref"])) == (1, 1)
    merged = await merge(clerk, first, second)
    assert (await clerk.get(f"/persons/{second['id']}")).status_code == 404
    assert (await stock_lines(registry, first["ref"]), await stock_lines(registry, second["ref"])) == (1, 0)
    services = (await clerk.get(f"/persons/{first['id']}/services")).json()["items"]
    assert [each["kind"] for each in services] == ["counselling"]
    listed = (await clerk.get(f"/persons/{first['id']}/merges")).json()["items"]
    assert [each["gone_id"] for each in listed] == [second["id"]]

    undone = await clerk.post(
        f"/duplicate-merges/{merged['id']}/undoing",
        json={"reason": "核实为两人"},
        headers={"If-Match": f'"{merged["version"]}"'},
    )
    assert undone.status_code == 200, undone.text
    history = (await clerk.get(f"/persons/{second['id']}/events")).json()["items"]
    assert [each["kind_label"] for each in history] == ["期初建档", "合并", "撤销"]
    back = (await clerk.get(f"/persons/{second['id']}")).json()
    ignored = {"version"}
    assert {k: v for k, v in back.items() if k not in ignored} == {
        k: v for k, v in second.items() if k not in ignored
    }
    assert (await stock_lines(registry, first["ref"]), await stock_lines(registry, second["ref"])) == (1, 1)
    assert (await clerk.get(f"/persons/{first['id']}/services")).json()["items"] == []
    found = (await clerk.post("/persons/search", json={"name": "欧阳长虹"})).json()["items"]
    assert {each["id"] for each in found} >= {first["id"], second["id"]}


async def test_a_correction_that_waits_for_a_joined_record_says_why_it_cannot_be_approved(
    registry: Registry,
) -> None:
    clerk, other = (
        await registry.staff("subdistrict_clerk", "340103"),
        await registry.staff("subdistrict_clerk", "340103"),
    )
    kept, gone = await twice(registry, clerk, "宇文拓")
    (entry,) = (await clerk.get(f"/persons/{gone['id']}/events")).json()["items"]
    body = {"event_id": entry["id"], "changes": {"happened_on": "2025-02-01"}, "reason": "日期有误"}
    asked = (await clerk.post("/corrections", json=body)).json()
    await merge(clerk, kept, gone)
    path, version = f"/corrections/{asked['id']}", {"If-Match": '"1"'}
    shown = (await other.get(path)).json()["side_by_side"]
    assert (shown["fields"], shown["impossible"]["code"]) == ([], "person_out_of_reach")
    refused = await other.post(f"{path}/approval", json={}, headers=version)
    assert (refused.status_code, refused.json()["code"]) == (409, "person_out_of_reach")
    settled = await other.post(f"{path}/rejection", json={"reason": "已并入"}, headers=version)
    assert settled.json()["state"] == "rejected"


async def test_the_kept_record_takes_the_number_and_gives_it_back(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    numbered, bare = await twice(registry, clerk, "夏侯明月")
    merged = await merge(clerk, bare, numbered, take_document=True)
    kept = (await clerk.get(f"/persons/{bare['id']}")).json()
    assert kept["resident_id"] == numbered["resident_id"]
    version = {"If-Match": f'"{merged["version"]}"'}
    await clerk.post(f"/duplicate-merges/{merged['id']}/undoing", json={"reason": "弄错了"}, headers=version)
    assert (await clerk.get(f"/persons/{bare['id']}")).json()["resident_id"] is None
    assert (await clerk.get(f"/persons/{numbered['id']}")).json()["resident_id"] == numbered["resident_id"]


async def test_the_same_merge_sent_twice_is_one_merge(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    first, second = await twice(registry, clerk, "上官婉清")
    body = {"kept_id": first["id"], "gone_id": second["id"], "reason": "同一人"}
    one = await clerk.post("/duplicate-merges", json=body, key="merge-of-two-records")
    two = await clerk.post("/duplicate-merges", json=body, key="merge-of-two-records")
    assert one.json()["id"] == two.json()["id"]


@pytest.mark.parametrize("second", ["same", "spouse"])
async def test_a_record_is_not_joined_to_itself_nor_to_a_relative(registry: Registry, second: str) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    people = People(clerk, registry.runtime)
    first = await people.enter(name="尉迟飞")
    other = first if second == "same" else await people.enter(name="尉迟燕", spouse_id=first["id"])
    body = {"kept_id": first["id"], "gone_id": other["id"], "reason": "同一人"}
    answer = await clerk.post("/duplicate-merges", json=body)
    assert answer.status_code in (409, 422)


async def test_a_community_worker_merges_nobody(registry: Registry) -> None:
    worker = await registry.staff("community_worker", HERE)
    assert (await worker.get("/duplicates")).status_code == 403


async def test_comparing_everybody_again_finds_nothing_twice(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    await twice(registry, clerk, "端木青云")
    await compared(registry)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        before = await tx.fetchval("SELECT count(*) FROM duplicate_candidate")
    run = await clerk.post("/duplicate-runs", json={"area": "340103"})
    await compared(registry)
    done = (await clerk.get(f"/duplicate-runs/{run.json()['id']}")).json()
    assert done["compared"] == done["total"] > 0
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        assert await tx.fetchval("SELECT count(*) FROM duplicate_candidate") == before


async def test_the_list_is_turned_page_by_page_without_gap_or_repetition(registry: Registry) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    first, _ = await twice(registry, clerk, "独孤长风")
    await twice(registry, clerk, "独孤长风")
    await compared(registry)
    whole = (await clerk.get("/duplicates", params={"person_id": first["id"], "limit": 200})).json()
    assert len(whole["items"]) > 1
    found, after = [], None
    for _ in whole["items"]:
        cursor: dict[str, str] = {"after": after} if after else {}
        page = (await clerk.get("/duplicates", params={"person_id": first["id"], "limit": 1} | cursor)).json()
        found += [each["id"] for each in page["items"]]
        after = page["next"]
    assert after is None
    assert found == [each["id"] for each in whole["items"]]


async def test_other_services_are_told_which_record_stays_and_what_of_a_certificate_it_tells_otherwise(
    registry: Registry,
) -> None:
    clerk = await registry.staff("subdistrict_clerk", "340103")
    first, second = await twice(registry, clerk, "上官清照", name="上官清兆")
    await merge(clerk, first, second)
    events = await People(clerk, registry.runtime).events(second["ref"])
    (told,) = [event.data for event in events if event.type == "registry.person.merged.v1"]
    assert told["kept"] == {
        "person_id": first["id"],
        "sex": 2,
        "birth_month": "1988-05",
        "registered_area": HERE,
    }
    assert told["facts_differ"] == ["name"]
