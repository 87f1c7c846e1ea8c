"""Line 10: sheets in and lists out; lists of other authorities matched and settled."""

from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.e2e.api import Json
from tests.e2e.progress import until
from tests.e2e.register.caller import Caller
from tests.e2e.register.support import Walk

AREA = "340103004001"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sheet(headings: Sequence[str], rows: Sequence[Json]) -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, list(headings))
        for line, row in enumerate(rows, 1):
            for column, heading in enumerate(headings):
                page.write_string(line, column, str(row.get(heading, "")))
    return target.getvalue()


def read(content: bytes, number: int = 0) -> list[list[str]]:
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(number).to_python()
    return [[str(cell) for cell in row] for row in rows]


async def hand_in(clerk: Caller, path: str, content: bytes, **params: str) -> Json:
    answer = await clerk.send(
        "POST", path, content=content, headers={"Content-Type": XLSX}, params=params, key=str(uuid4())
    )
    return dict(answer.json())


async def reached(clerk: Caller, path: str, state: str) -> Json:
    """The job once it has come so far."""
    found: Json = {}

    async def there() -> bool:
        found.update(await clerk.get(path))
        assert found["state"] != "failed", found
        return bool(found["state"] == state)

    await until(f"{path} to be {state}", there, 60)
    return found


@pytest.fixture(scope="module")
async def registered(walk: Walk) -> list[Json]:
    """Three people with the numbers they were entered with."""
    bodies = [walk.body(registered_area=AREA, present_area=AREA, sex=1) for _ in range(3)]
    return [
        await walk.district_clerk.post("/persons", each) | {"number": each["resident_id"]} for each in bodies
    ]


async def test_every_register_has_a_template_with_instructions_and_code_lists(walk: Walk) -> None:
    kinds = (await walk.district_clerk.get("/imports/kinds"))["items"]
    for kind in kinds:
        template = await walk.district_clerk.content(f"/imports/templates/{kind['kind']}.xlsx")
        book = CalamineWorkbook.from_filelike(BytesIO(template))
        assert book.sheet_names[1:] == ["填写说明", "码表"]
        assert read(template)[0] == [column["title"] for column in kind["columns"]]


async def test_a_sheet_is_tried_started_refused_by_cell_and_taken_once(walk: Walk) -> None:
    clerk = walk.district_clerk
    kinds = (await clerk.get("/imports/kinds"))["items"]
    headings = [column["title"] for kind in kinds if kind["kind"] == "persons" for column in kind["columns"]]
    number = walk.resident_id("1980-08-08", 1)
    good = {
        "户号": "导-0001",
        "姓名": "导入之人",
        "性别": "男",
        "出生日期": "1980-08-08",
        "证件类型": "居民身份证",
        "证件号码": number,
        "民族": "汉族",
        "婚姻状况": "初婚",
        "与户主关系": "户主",
        "户籍地编码": AREA,
        "户籍地详细地址": "寿春路1号",
        "现居住地编码": AREA,
        "现居住地详细地址": "寿春路1号",
        "现居住起始日期": "2015-06-01",
        "联系电话": "13577778888",
        "生育子女数": "1",
    }
    walk.secrets |= {"导入之人", "寿春路1号", "13577778888"}
    wrong = good | {"户号": "导-0002", "证件号码": number[:17] + ("0" if number[17] != "0" else "1")}
    content = sheet(headings, [good, wrong])
    asked = {"kind": "persons", "stock_date": "2025-01-01", "dry_run": "true"}
    job = await hand_in(clerk, "/imports", content, **asked)
    path = f"/imports/{job['id']}"
    checked = await reached(clerk, path, "checked")
    assert (checked["rows_total"], checked["percent"]) == (2, 100)
    assert (await clerk.post("/persons/search", {"resident_id": number}))["items"] == []
    (error,) = await clerk.items(f"{path}/errors")
    assert (error["row"], error["column"]) == (3, "证件号码")
    refused = read(await clerk.content(f"{path}/errors.xlsx"))
    assert any("校验" in cell for row in refused for cell in row)
    assert "导入之人" in refused[1]
    await clerk.post(f"{path}/start")
    done = await reached(clerk, path, "done")
    assert (done["rows_applied"], done["rows_refused"]) == (1, 1)
    again = await hand_in(clerk, "/imports", content, kind="persons", stock_date="2025-01-01")
    second = await reached(clerk, f"/imports/{again['id']}", "done")
    assert second["rows_applied"] == 0
    assert len((await clerk.post("/persons/search", {"resident_id": number}))["items"]) == 1


async def test_an_import_goes_on_after_its_worker_was_killed_and_enters_everybody_once(walk: Walk) -> None:
    area, people = "340103004002", 1500
    clerk = walk.district_clerk
    kinds = (await clerk.get("/imports/kinds"))["items"]
    (headings,) = [
        [column["title"] for column in kind["columns"]] for kind in kinds if kind["kind"] == "persons"
    ]
    rows = []
    for number in range(people):
        born = str(date(1950, 1, 1) + timedelta(days=number))
        rows.append(
            {
                "户号": f"批-{number:05d}",
                "姓名": f"批{number}",
                "性别": "男",
                "出生日期": born,
                "证件类型": "居民身份证",
                "证件号码": walk.resident_id(born, 1),
                "民族": "汉族",
                "婚姻状况": "未婚",
                "与户主关系": "户主",
                "户籍地编码": area,
                "现居住地编码": area,
                "现居住起始日期": "2015-06-01",
            }
        )
    job = await hand_in(clerk, "/imports", sheet(headings, rows), kind="persons", stock_date="2025-01-01")
    path = f"/imports/{job['id']}"

    async def under_way() -> bool:
        return bool((await clerk.get(path))["state"] != "queued")

    await until("the import to be under way", under_way, 60)
    await walk.stack.supervisor.crash(f"{area[:6]}-registry-worker")
    done = await reached(clerk, path, "done")
    assert (done["rows_applied"], done["rows_refused"]) == (people, 0), done
    await walk.caught_up()
    assert await walk.counts("opening", area=area, population="registered") == people


async def test_a_filtered_list_leaves_masked_and_logged(walk: Walk, registered: list[Json]) -> None:
    clerk = walk.district_clerk
    body = {
        "list": "persons",
        "filters": {"area": AREA, "population": "registered"},
        "columns": ["name", "resident_id", "phone"],
        "format": "xlsx",
        "purpose_code": "register_upkeep",
        "purpose": "核对社区花名册",
    }
    export = await clerk.post("/exports", body)
    done = await reached(clerk, f"/exports/{export['id']}", "done")
    assert done["rows"] >= 3
    link = await clerk.post(f"/exports/{export['id']}/link")
    content = await clerk.content(link["path"])
    rows = read(content)
    assert rows[0] == ["姓名", "身份证号", "联系电话"]
    for person in registered:
        number = person["number"]
        assert [f"{number[:4]}**********{number[-4:]}"] in [row[1:2] for row in rows]
        assert number.encode() not in content
    assert (await walk.clerk.refused("GET", link["path"]))[0] == 404
    log = (await walk.auditor.get("/exports/log"))["items"]
    assert {"requested", "finished", "downloaded"} <= {each["kind"] for each in log}
    assert "核对社区花名册" in {each["purpose"] for each in log}


async def test_a_list_of_civil_affairs_is_matched_and_settled_one_by_one_and_together(
    walk: Walk, registered: list[Json]
) -> None:
    clerk = walk.district_clerk
    one, two, three = registered
    headings = ["身份证号", "姓名", "死亡日期", "出生日期", "性别"]

    def row(person: Json, **changed: str) -> Json:
        told = {"身份证号": person["number"], "姓名": person["name"], "死亡日期": "2026-02-01"}
        return told | changed

    likely = {"身份证号": "", "出生日期": two["birth_date"], "性别": "男"}
    nobody = {"number": walk.resident_id("1931-01-01", 1), "name": "从未登记"}
    stated = {
        "source": "civil_affairs",
        "kind": "deaths",
        "purpose": "核实死亡登记",
        "legal_basis": "人口统计调查制度",
    }
    content = sheet(headings, [row(one), row(two, **likely), row(nobody), row(three)])
    given = await hand_in(clerk, "/external-lists", content, **stated)
    path = f"/external-lists/{given['id']}"
    found = await reached(clerk, path, "matched")
    assert {name: each["rows"] for name, each in found["counts"].items() if each["rows"]} == {
        "exact": 2,
        "likely": 1,
        "none": 1,
    }
    rows = await clerk.items(f"{path}/rows")
    assert one["number"] not in str(rows)
    candidate = rows[1]["candidates"][0]["person_id"]
    assert candidate == two["id"]
    chosen = {"action": "link", "person_id": candidate}
    await clerk.post(f"{path}/rows/3/settlement", chosen)
    await clerk.post(f"{path}/rows/4/settlement", {"action": "ignore", "reason": "不在本区"})
    bulk = {"action": "record"}
    assert (await clerk.refused("POST", f"{path}/settlements", bulk))[:2] == (409, "same_person")
    colleague = await walk.employ(("subdistrict_clerk", AREA[:6]))
    settled = await colleague.post(f"{path}/settlements", bulk)
    assert (settled["settled"], settled["more"]) == (2, False)
    assert [(await clerk.get(f"/persons/{each['id']}"))["alive"] for each in registered] == [
        False,
        True,
        False,
    ]
