"""Lists of police, civil affairs and hospitals: matched, settled one by one or the certain ones together."""

from datetime import date, timedelta
from typing import Any

import pytest

from renkou_common.codes.resident_id import check_character
from renkou_common.database import connect
from renkou_common.scope import AreaScope
from renkou_registry.background import JobSession
from renkou_registry.external_lists.jobs import trim_external_lists, work_off
from renkou_registry.external_lists.kinds import KINDS

from ..support import Caller, Json, Registry
from .rosters import XLSX, Rosters, sheet

STATED = {"source": "civil_affairs", "purpose": "核实死亡登记", "legal_basis": "人口统计调查制度"}


@pytest.fixture
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


async def work(registry: Registry) -> None:
    """One worker's session: every open list to its end."""
    session = await connect(registry.runtime.database.dsn)
    try:
        while await work_off(registry.runtime, JobSession(session, "external_list")):
            pass
    finally:
        await session.close()


async def matched(
    registry: Registry,
    clerk: Caller,
    kind: str,
    rows: list[Json],
    headings: list[str] | None = None,
    **more: Any,
) -> Json:
    titles = headings or [field.title for field in KINDS[kind].sheet.fields]
    answer = await clerk.post(
        "/external-lists",
        content=sheet(rows, titles),
        headers={"Content-Type": XLSX},
        params=STATED | {"kind": kind} | more,
    )
    assert answer.status_code == 202, answer.text
    await work(registry)
    found: Json = (await clerk.get(answer.headers["Location"])).json()
    return found


async def people(registry: Registry, rosters: Rosters, clerk: Caller, count: int, **more: Any) -> list[Json]:
    found = [rosters.person(**more) for _ in range(count)]
    job = await rosters.carry(registry, clerk, found)
    assert job["rows_applied"] == count
    return found


def death(person: Json, **changed: Any) -> Json:
    told = {"身份证号": person["证件号码"], "姓名": person["姓名"], "死亡日期": "2025-03-01"}
    return told | {"出生日期": person["出生日期"], "性别": person["性别"]} | changed


async def test_rows_are_exact_likely_or_nobody(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    exact, slip, named, twin, stranger = [
        *await people(registry, rosters, clerk, 4),
        rosters.person(姓名="从未登记"),
    ]
    number = slip["证件号码"]
    wrong = number[:16] + str((int(number[16]) + 3) % 10) + number[17]
    found = await matched(
        registry,
        clerk,
        "deaths",
        [
            death(exact),
            death(slip, 身份证号=wrong, 出生日期="", 性别=""),
            death(named, 身份证号=""),
            death(twin, 姓名="别的名字"),
            death(stranger),
            death(exact, 死亡日期="昨天"),
        ],
    )
    assert found["state"] == "matched"
    assert found["counts"] == {
        "exact": {"rows": 1, "settled": 0},
        "likely": {"rows": 3, "settled": 0},
        "none": {"rows": 1, "settled": 0},
        "unreadable": {"rows": 1, "settled": 0},
    }
    rows = (await clerk.get(f"/external-lists/{found['id']}/rows")).json()["items"]
    assert [(each["match"], each["score"]) for each in rows[:5]] == [
        ("exact", 100),
        ("likely", 95),
        ("likely", 85),
        ("likely", 70),
        ("none", 0),
    ]
    assert [each["candidates"][0]["reasons"] for each in rows[1:4]] == [
        ["number_slip", "name"],
        ["name", "birth_date", "sex"],
        ["number", "name_differs"],
    ]
    assert rows[5]["findings"][0]["code"] == "date_unreadable"
    assert exact["证件号码"] not in str(rows)
    likely = await clerk.get(
        f"/external-lists/{found['id']}/rows", params={"match": "likely", "settled": False}
    )
    assert [each["row"] for each in likely.json()["items"]] == [3, 4, 5]


async def test_rows_are_settled_one_by_one(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    first, second, third = await people(registry, rosters, clerk, 3)
    rows = [death(first), death(second, 身份证号=""), death(third), death(rosters.person(姓名="陌生人"))]
    found = await matched(registry, clerk, "deaths", rows)
    path = f"/external-lists/{found['id']}/rows"
    recorded = await clerk.post(f"{path}/2/settlement", json={"action": "record"})
    assert recorded.status_code == 200, recorded.text
    person_id = recorded.json()["person_id"]
    assert (await clerk.get(f"/persons/{person_id}")).json()["died_on"] == "2025-03-01"
    history = (await clerk.get(f"/persons/{person_id}/events")).json()["items"]
    assert recorded.json()["event_id"] == history[-1]["id"]
    twice = await clerk.post(f"{path}/2/settlement", json={"action": "record"})
    assert (twice.status_code, twice.json()["code"]) == (409, "row_settled")
    unnamed = await clerk.post(f"{path}/3/settlement", json={"action": "record"})
    assert (unnamed.status_code, unnamed.json()["code"]) == (422, "person_needed")
    candidate = (await clerk.get(path)).json()["items"][1]["candidates"][0]["person_id"]
    chosen = await clerk.post(f"{path}/3/settlement", json={"action": "link", "person_id": candidate})
    assert (chosen.json()["action"], chosen.json()["person_id"]) == ("link", candidate)
    assert (await clerk.get(f"/persons/{candidate}")).json()["alive"]
    assert (await clerk.post(f"{path}/5/settlement", json={"action": "ignore"})).status_code == 422
    ignored = await clerk.post(f"{path}/5/settlement", json={"action": "ignore", "reason": "不在本区"})
    assert (ignored.json()["action"], ignored.json()["reason"]) == ("ignore", "不在本区")
    counts = (await clerk.get(f"/external-lists/{found['id']}")).json()["counts"]
    assert sum(each["settled"] for each in counts.values()) == 3


async def test_the_same_settlement_sent_twice_records_once(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    (person,) = await people(registry, rosters, clerk, 1)
    found = await matched(registry, clerk, "deaths", [death(person)])
    path = f"/external-lists/{found['id']}/rows/2/settlement"
    first = await clerk.post(path, key="settle-once", json={"action": "record"})
    again = await clerk.post(path, key="settle-once", json={"action": "record"})
    assert first.json() == again.json()


async def test_a_new_person_comes_of_a_row(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    stranger = rosters.person(姓名="新来的人")
    change = {
        "身份证号": stranger["证件号码"],
        "姓名": stranger["姓名"],
        "变动日期": "2025-03-01",
        "迁往地编码": "340103009001",
    }
    found = await matched(registry, clerk, "household_changes", [change], source="police")
    settled = await clerk.post(
        f"/external-lists/{found['id']}/rows/2/settlement",
        json={
            "action": "new",
            "person": {
                "name": "新来的人",
                "sex": 1,
                "birth_date": stranger["出生日期"],
                "resident_id": stranger["证件号码"],
                "registered_area": "310115",
                "present_area": "340103009001",
                "entry": {"kind": "arrival", "on": "2025-03-01"},
                "confirmed_warnings": ["resident_id_region_differs"],
            },
        },
    )
    assert settled.status_code == 200, settled.text
    entered = (await clerk.get(f"/persons/{settled.json()['person_id']}")).json()
    assert (entered["name"], entered["present_area"]) == ("新来的人", "340103009001")


async def test_exact_rows_are_settled_together_by_somebody_else(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    found_people = await people(registry, rosters, clerk, 3)
    rows = [death(each) for each in found_people] + [death(found_people[0], 死亡日期="2025-03-02")]
    found = await matched(registry, clerk, "deaths", rows)
    path = f"/external-lists/{found['id']}/settlements"
    own = await clerk.post(path, json={"action": "record"})
    assert (own.status_code, own.json()["code"]) == (409, "same_person")
    colleague = await registry.staff("subdistrict_clerk", "340103")
    settled = (await colleague.post(path, json={"action": "record"})).json()
    assert (settled["settled"], settled["more"]) == (3, False)
    assert [(each["row"], each["code"]) for each in settled["failed"]] == [(5, "already_dead")]


async def test_rows_that_cannot_be_settled_together_do_not_keep_those_after_them_waiting(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    somebody = await people(registry, rosters, clerk, 4)
    dead = await matched(registry, clerk, "deaths", [death(each) for each in somebody[:2]])
    colleague = await registry.staff("subdistrict_clerk", "340103")
    before = f"/external-lists/{dead['id']}/settlements"
    assert (await colleague.post(before, json={"action": "record"})).json()["settled"] == 2
    found = await matched(registry, clerk, "deaths", [death(each) for each in somebody])
    path = f"/external-lists/{found['id']}/settlements"
    asked, settled, failed = {"action": "record", "limit": 2}, 0, []
    for _ in range(3):
        done = (await colleague.post(path, json=asked)).json()
        settled += done["settled"]
        failed += [(each["row"], each["code"]) for each in done["failed"]]
        if not done["more"]:
            break
        asked |= {"after_row": done["last_row"]}
    assert (settled, failed) == (2, [(2, "already_dead"), (3, "already_dead")])
    nothing = (await colleague.post(path, json={"action": "record", "after_row": 5})).json()
    assert (nothing["settled"], nothing["last_row"], nothing["more"]) == (0, None, False)


async def test_births_marriages_and_household_changes_are_recorded(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    mother_cells = rosters.person(婚姻状况="未婚")
    number = mother_cells["证件号码"]
    first = number[:16] + str((int(number[16]) + 1) % 10)
    mother_cells |= {"性别": "女", "证件号码": first + check_character(first)}
    assert (await rosters.carry(registry, clerk, [mother_cells]))["rows_applied"] == 1
    (groom,) = await people(registry, rosters, clerk, 1, 婚姻状况="未婚")
    birth = {
        "母亲身份证号": mother_cells["证件号码"],
        "母亲姓名": mother_cells["姓名"],
        "出生日期": "2025-02-02",
        "性别": "男",
    }
    marriage = {
        "身份证号": groom["证件号码"],
        "姓名": groom["姓名"],
        "结婚日期": "2025-01-01",
        "配偶身份证号": mother_cells["证件号码"],
        "配偶姓名": mother_cells["姓名"],
    }
    change = {
        "身份证号": groom["证件号码"],
        "姓名": groom["姓名"],
        "变动日期": "2025-04-01",
        "迁往地编码": "310115",
        "户籍随迁": "是",
    }
    for kind, row, source in (
        ("marriages", marriage, "civil_affairs"),
        ("births", birth, "hospital"),
        ("household_changes", change, "police"),
    ):
        found = await matched(registry, clerk, kind, [row], source=source)
        settled = await clerk.post(
            f"/external-lists/{found['id']}/rows/2/settlement", json={"action": "record"}
        )
        assert settled.status_code == 200, settled.text
        person_id = settled.json()["person_id"]
    search = await clerk.post("/persons/search", json={"resident_id": mother_cells["证件号码"]})
    mother = (await clerk.get(f"/persons/{search.json()['items'][0]['id']}")).json()
    assert (mother["spouse_id"], mother["children_count"]) == (person_id, 2)


async def test_a_profile_maps_headings_and_other_columns_are_not_read(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    (person,) = await people(registry, rosters, clerk, 1)
    columns = {"身份证号": "公民身份号码", "姓名": "死者", "死亡日期": "火化前死亡日期"}
    body = {
        "name": f"殡仪馆 {person['户号']}",
        "source": "civil_affairs",
        "kind": "deaths",
        "columns": columns,
    }
    profile = await clerk.post("/external-lists/profiles", json=body)
    assert profile.status_code == 201, profile.text
    assert (await clerk.post("/external-lists/profiles", json=body)).json()["code"] == "profile_exists"
    wrong = body | {"name": "x", "columns": {"姓名": "死者", "避孕方法": "措施"}}
    assert (await clerk.post("/external-lists/profiles", json=wrong)).status_code == 422
    row = {
        "公民身份号码": person["证件号码"],
        "死者": person["姓名"],
        "火化前死亡日期": "2025-03-01",
        "病史": "…",
    }
    found = await matched(registry, clerk, "deaths", [row], list(row), profile=profile.json()["id"])
    assert found["counts"] == {"exact": {"rows": 1, "settled": 0}}
    rows = (await clerk.get(f"/external-lists/{found['id']}/rows")).json()["items"]
    assert set(rows[0]["values"]) == {"身份证号", "姓名", "性别", "出生日期", "死亡日期"}
    listed = (await clerk.get("/external-lists/profiles")).json()["items"]
    assert profile.json()["id"] in [each["id"] for each in listed]


async def test_purpose_and_legal_basis_are_stated_or_nothing_is_taken(
    registry: Registry, clerk: Caller
) -> None:
    content = sheet([], ["姓名"])
    for missing in ("purpose", "legal_basis", "source", "kind"):
        told = {name: value for name, value in (STATED | {"kind": "deaths"}).items() if name != missing}
        answer = await clerk.post(
            "/external-lists", content=content, headers={"Content-Type": XLSX}, params=told
        )
        assert answer.status_code == 422
    failed = await matched(registry, clerk, "deaths", [{"姓名": "张三"}], ["姓名"])
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "headings_wrong")


async def test_a_list_is_seen_and_matched_only_within_its_clerks_areas(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    (person,) = await people(registry, rosters, clerk, 1)
    elsewhere = await registry.staff("subdistrict_clerk", "340103001")
    found = await matched(registry, elsewhere, "deaths", [death(person)])
    assert found["counts"] == {"none": {"rows": 1, "settled": 0}}
    own = await matched(registry, clerk, "deaths", [death(person)])
    for path in ("", "/rows"):
        assert (await elsewhere.get(f"/external-lists/{own['id']}{path}")).status_code == 404
    worker = await registry.staff("community_worker", "340103")
    assert (await worker.get(f"/external-lists/{own['id']}")).status_code == 403


async def test_rows_are_deleted_when_their_time_is_over(fresh_registry: Registry, rosters: Rosters) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    found = await matched(fresh_registry, clerk, "deaths", [death(rosters.person())])
    assert found["keep_until"] > date.today().isoformat()
    fresh_registry.set_today(
        date.today() + timedelta(days=fresh_registry.runtime.settings.external_list_days + 3)
    )
    async with fresh_registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await trim_external_lists(fresh_registry.runtime, tx)
        assert await tx.fetchval("SELECT count(*) FROM external_list_row") == 0
    after = (await clerk.get(f"/external-lists/{found['id']}")).json()
    assert (after["state"], after["counts"]) == ("deleted", {})
