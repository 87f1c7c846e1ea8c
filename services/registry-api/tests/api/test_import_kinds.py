"""Every register comes in by a sheet of its own: templates, refusals, twice the same, CSV, example rows."""

from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from renkou_registry.imports.kinds import KINDS

from ..support import Caller, Json, Registry
from .rosters import Rosters, sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103")


def rows_of(kind: str, *rows: Json) -> bytes:
    return sheet(rows, [field.title for field in KINDS[kind].sheet.fields])


async def carry(
    registry: Registry, rosters: Rosters, clerk: Caller, kind: str, content: bytes, **more: Any
) -> Json:
    """Hand a sheet in, let a worker do its work, return the job."""
    kinds = {"Content-Type": more.pop("content_type", XLSX)}
    handed_in = await clerk.post("/imports", content=content, headers=kinds, params={"kind": kind} | more)
    assert handed_in.status_code == 202, handed_in.text
    await rosters.work(registry)
    job: Json = (await clerk.get(handed_in.headers["Location"])).json()
    return job


async def registered(registry: Registry, rosters: Rosters, clerk: Caller, **changed: Any) -> tuple[Json, str]:
    """A person of the register: the cells of the roster, and the id."""
    cells = rosters.person(**changed)
    job = await rosters.carry(registry, clerk, [cells])
    assert job["rows_applied"] == 1, await rosters.errors(clerk, job)
    found = await clerk.post("/persons/search", json={"resident_id": cells["证件号码"]})
    return cells, found.json()["items"][0]["id"]


def woman(rosters: Rosters) -> Json:
    """Cells that make a roster's person a woman."""
    from renkou_common.codes.resident_id import check_character

    number = rosters.person()["证件号码"]
    first = number[:16] + str((int(number[16]) + 1) % 10)
    return {
        "性别": "女",
        "证件号码": first + check_character(first),
        "出生日期": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
    }


@pytest.mark.parametrize("kind", ["births", "persons"])
async def test_a_template_can_be_handed_in_as_it_is(
    kind: str, registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    answer = await clerk.get(f"/imports/templates/{kind}.xlsx")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    wanted = KINDS[kind].sheet
    assert book.sheet_names == [wanted.title, "填写说明", "码表"]
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == [field.title for field in wanted.fields]
    assert str(rows[1][0]).startswith("示例")
    job = await carry(registry, rosters, clerk, kind, answer.content)
    assert (job["state"], job["failure"]["code"]) == ("failed", "no_rows")


async def test_the_kinds_are_listed_with_their_columns(clerk: Caller) -> None:
    listed = (await clerk.get("/imports/kinds")).json()["items"]
    assert {each["kind"] for each in listed} == set(KINDS)
    persons = next(each for each in listed if each["kind"] == "persons")
    assert {"title": "性别", "required": True, "help": "从下拉框选", "example": "男", "code_list": "sex"} in (
        persons["columns"]
    )
    assert (await clerk.get("/imports/templates/secrets.xlsx")).status_code == 422


async def test_deaths_go_in_once_and_say_why_when_they_do_not(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    cells, person_id = await registered(registry, rosters, clerk)
    good = {"身份证号": cells["证件号码"], "姓名": cells["姓名"], "死亡日期": "2025-02-03"}
    unknown = rosters.person()
    content = rows_of(
        "deaths",
        good,
        good,
        good | {"姓名": "别人"},
        {"身份证号": unknown["证件号码"], "姓名": unknown["姓名"], "死亡日期": "2025-02-03"},
        good | {"死亡日期": "2125-01-01"},
        {"身份证号": 3.4e17, "姓名": "", "死亡日期": "昨天"},
    )
    job = await carry(registry, rosters, clerk, "deaths", content)
    assert (job["state"], job["rows_applied"], job["rows_refused"]) == ("done", 1, 5)
    errors = await rosters.errors(clerk, job)
    assert [(each["row"], each["column"], each["code"]) for each in errors] == [
        (3, "身份证号", "duplicate_in_file"),
        (4, "姓名", "name_differs"),
        (5, "身份证号", "person_unknown"),
        (6, "死亡日期", "in_future"),
        (7, "身份证号", "document_number_numeric"),
        (7, "姓名", "value_missing"),
        (7, "死亡日期", "date_unreadable"),
    ]
    assert (await clerk.get(f"/persons/{person_id}")).json()["died_on"] == "2025-02-03"
    again = await carry(registry, rosters, clerk, "deaths", content)
    assert (again["same_as"], again["rows_applied"], again["rows_refused"]) == (job["id"], 0, 6)
    assert (await rosters.errors(clerk, again))[0]["code"] == "row_imported"
    later = await carry(
        registry, rosters, clerk, "deaths", rows_of("deaths", good | {"死亡日期": "2025-02-04"})
    )
    assert [each["code"] for each in await rosters.errors(clerk, later)] == ["already_dead"]


async def test_a_refusal_on_applying_is_marked_in_the_error_sheet(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    cells, _ = await registered(registry, rosters, clerk)
    row = {"身份证号": cells["证件号码"], "姓名": cells["姓名"], "死亡日期": "1950-01-01"}
    job = await carry(registry, rosters, clerk, "deaths", rows_of("deaths", row))
    assert job["rows_refused"] == 1
    answer = await clerk.get(f"/imports/{job['id']}/errors.xlsx")
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    refused = dict(zip(rows[0], rows[1], strict=True))
    assert (refused["身份证号"], refused["原行号"]) == (cells["证件号码"], "2")
    assert "早于出生日期" in str(refused["错误说明"])
    assert "before the person's birth" in str(refused["错误说明"])


async def test_a_row_refused_on_applying_takes_no_other_with_it(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    people = [rosters.person() for _ in range(40)]
    await rosters.carry(registry, clerk, people)
    rows = [
        {"身份证号": cells["证件号码"], "姓名": cells["姓名"], "死亡日期": "2025-02-03"} for cells in people
    ]
    for impossible in (rows[0], rows[17], rows[39]):
        impossible["死亡日期"] = "1901-01-01"  # only entering it shows: before the birth
    job = await carry(registry, rosters, clerk, "deaths", rows_of("deaths", *rows))
    assert (job["state"], job["rows_applied"], job["rows_refused"]) == ("done", 37, 3)
    assert [each["row"] for each in await rosters.errors(clerk, job)] == [2, 19, 41]
    for number, cells in enumerate(people):
        found = await clerk.post("/persons/search", json={"resident_id": cells["证件号码"]})
        person = (await clerk.get(f"/persons/{found.json()['items'][0]['id']}")).json()
        assert person["died_on"] == (None if number in (0, 17, 39) else "2025-02-03")


async def test_births_marriages_and_moves_by_sheet(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    husband, husband_id = await registered(registry, rosters, clerk, 婚姻状况="未婚")
    wife, wife_id = await registered(registry, rosters, clerk, 婚姻状况="未婚", **woman(rosters))
    marriage = {
        "身份证号": husband["证件号码"],
        "姓名": husband["姓名"],
        "配偶身份证号": wife["证件号码"],
        "配偶姓名": wife["姓名"],
        "结婚日期": "2025-01-10",
        "婚姻状况": "初婚",
    }
    job = await carry(registry, rosters, clerk, "marriages", rows_of("marriages", marriage))
    assert job["rows_applied"] == 1, await rosters.errors(clerk, job)
    assert (await clerk.get(f"/persons/{husband_id}")).json()["spouse_id"] == wife_id
    birth = {
        "母亲身份证号": wife["证件号码"],
        "母亲姓名": wife["姓名"],
        "出生日期": "2025-03-01",
        "新生儿姓名": "小满",
        "性别": "女",
        "证件类型": "出生医学证明",
    }
    job = await carry(registry, rosters, clerk, "births", rows_of("births", birth))
    assert job["rows_applied"] == 1, await rosters.errors(clerk, job)
    assert (await clerk.get(f"/persons/{wife_id}")).json()["children_count"] == 2
    other_parity = await carry(registry, rosters, clerk, "births", rows_of("births", birth | {"孩次": "2"}))
    assert [each["code"] for each in await rosters.errors(clerk, other_parity)] == ["birth_recorded"]
    move = {
        "身份证号": husband["证件号码"],
        "姓名": husband["姓名"],
        "迁移日期": "2025-04-01",
        "迁往地编码": "310115",
        "户籍随迁": "否",
    }
    job = await carry(
        registry, rosters, clerk, "moves", rows_of("moves", move, move | {"迁往地编码": "340103"})
    )
    assert (job["rows_applied"], job["rows_refused"]) == (1, 1)
    assert [each["code"] for each in await rosters.errors(clerk, job)] == ["area_level"]
    assert (await clerk.get(f"/persons/{husband_id}")).json()["present_area"] == "310115"


async def test_households_and_services_by_sheet(registry: Registry, clerk: Caller, rosters: Rosters) -> None:
    cells, person_id = await registered(registry, rosters, clerk)
    household = {
        "户号": f"H-{cells['户号']}",
        "户别": "集体户",
        "社区（村）编码": "340103009001",
        "户主身份证号": cells["证件号码"],
        "户主姓名": cells["姓名"],
    }
    elsewhere = household | {"户号": f"E-{cells['户号']}", "社区（村）编码": "310115"}
    job = await carry(registry, rosters, clerk, "households", rows_of("households", household, elsewhere))
    assert (job["rows_applied"], job["rows_refused"]) == (1, 1)
    assert [each["code"] for each in await rosters.errors(clerk, job)] == ["area_outside_district"]
    service = {
        "身份证号": cells["证件号码"],
        "姓名": cells["姓名"],
        "服务项目": "健康检查",
        "服务日期": "2025-02-01",
        "同意通报户籍地": "是",
    }
    job = await carry(registry, rosters, clerk, "services", rows_of("services", service))
    assert job["rows_applied"] == 1, await rosters.errors(clerk, job)
    again = await carry(
        registry, rosters, clerk, "services", rows_of("services", service | {"同意通报户籍地": "否"})
    )
    assert [each["code"] for each in await rosters.errors(clerk, again)] == ["service_recorded"]
    given = (await clerk.get(f"/persons/{person_id}/services")).json()["items"]
    assert [(each["kind"], each["share_with_home"]) for each in given] == [("examination", True)]


async def test_csv_in_gb18030_and_utf8_is_read_like_a_workbook(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    titles = rosters.headings
    rows = [rosters.person(姓名="龴明"), rosters.person(姓名="阿依古丽·买买提")]
    text = "\r\n".join([",".join(titles), *(",".join(str(row.get(t, "")) for t in titles) for row in rows)])
    old = text.replace("龴", "\ue81e").encode("gb18030")
    job = await carry(
        registry, rosters, clerk, "persons", old, content_type="text/csv", stock_date="2025-01-01"
    )
    assert (job["state"], job["rows_applied"]) == ("done", 2), await rosters.errors(clerk, job)
    found = await clerk.post("/persons/search", json={"resident_id": rows[0]["证件号码"]})
    assert found.json()["items"][0]["name"] == "龴明"
    utf8 = await carry(
        registry,
        rosters,
        clerk,
        "persons",
        ("\ufeff" + text).encode(),
        content_type="text/csv",
        stock_date="2025-01-01",
    )
    assert (utf8["rows_applied"], utf8["rows_refused"], utf8["same_as"]) == (0, 2, None)


async def test_a_sheet_that_claims_billions_of_cells_is_refused(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    from xlsxwriter import Workbook

    target = BytesIO()
    with Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet("人口登记表")
        page.write_row(0, 0, rosters.headings)
        page.write_string(1_048_575, 16_383, "far away")
    job = await carry(registry, rosters, clerk, "persons", target.getvalue())
    assert job["state"] == "failed"
    assert job["failure"]["code"] in ("workbook_too_large", "too_many_rows", "not_a_workbook")


async def test_imports_are_listed_the_latest_first(
    registry: Registry, clerk: Caller, rosters: Rosters
) -> None:
    jobs = [await rosters.carry(registry, clerk, [rosters.person()]) for _ in range(3)]
    page = (await clerk.get("/imports", params={"limit": 2})).json()
    assert [each["id"] for each in page["items"]] == [jobs[2]["id"], jobs[1]["id"]]
    following = (await clerk.get("/imports", params={"limit": 1, "after": page["next"]})).json()
    assert following["items"][0]["id"] == jobs[0]["id"]
