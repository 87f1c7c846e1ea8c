"""Every register comes in by its template: the example row made true, a wrong cell, the same file again."""

import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from renkou_common.sheets.domain import letters
from renkou_registry.imports.kinds import KINDS

from ...support import Json
from ..offices.desk import credit_code
from ..rosters import XLSX, Rosters, person, sheet
from .world import HERE, World

CHINESE = re.compile("[\u4e00-\u9fff]")
type Case = Callable[[World], Awaitable[tuple[Json, tuple[str, str]]]]


async def persons(world: World) -> tuple[Json, tuple[str, str]]:
    return person(), ("出生日期", "昨天")


async def households(world: World) -> tuple[Json, tuple[str, str]]:
    head = await world.person()
    cells = head.cells("户主身份证号", "户主姓名")
    return cells | {"户号": uuid4().hex, "社区（村）编码": HERE}, ("社区（村）编码", "310115")


async def services(world: World) -> tuple[Json, tuple[str, str]]:
    return (await world.person()).cells(), ("服务项目", "别的")


async def births(world: World) -> tuple[Json, tuple[str, str]]:
    mother = await world.person()
    return mother.cells("母亲身份证号", "母亲姓名"), ("性别", "别的")


async def deaths(world: World) -> tuple[Json, tuple[str, str]]:
    return (await world.person()).cells(), ("死亡日期", "2125-01-01")


async def marriages(world: World) -> tuple[Json, tuple[str, str]]:
    wife = await world.person(marital_status="10")
    husband = await world.person(marital_status="10", sex=1)
    return husband.cells() | wife.cells("配偶身份证号", "配偶姓名"), ("婚姻状况", "离婚")


async def moves(world: World) -> tuple[Json, tuple[str, str]]:
    return (await world.person()).cells(), ("迁往地编码", "340103")


async def places(world: World) -> tuple[Json, tuple[str, str]]:
    return {"编号": uuid4().hex, "社区（村）编码": HERE}, ("类型", "宫殿")


async def kin(world: World) -> tuple[Json, tuple[str, str]]:
    mother, child = await world.person(), await world.person(birth_date="2015-03-18")
    cells = mother.cells() | child.cells("亲属身份证号", "亲属姓名")
    return cells | {"此前未计入子女数": "是"}, ("亲属关系", "表亲")


async def cards(world: World) -> tuple[Json, tuple[str, str]]:
    return (await world.person()).cells(), ("建卡日期", "2125-01-01")


async def childbirth_registrations(world: World) -> tuple[Json, tuple[str, str]]:
    return (await world.person()).cells(), ("孩次", "零")


async def honour_certificates(world: World) -> tuple[Json, tuple[str, str]]:
    mother = await world.person(birth_date="1965-05-05", children_count=1)
    child = await world.person(birth_date="1990-01-31", mother_id=mother.id)
    cells = mother.cells("持证人身份证号", "持证人姓名") | child.cells("子女身份证号", "子女姓名")
    return cells | {"证号": f"庐阳独字第 {uuid4().hex[:10]} 号"}, ("子女姓名", "别人")


async def benefit_enrolments(world: World) -> tuple[Json, tuple[str, str]]:
    somebody = await world.person(birth_date="1960-05-05")
    return somebody.cells() | {"项目代码": (await world.scheme())[0]}, ("项目代码", "no-such-scheme")


async def supply_products(world: World) -> tuple[Json, tuple[str, str]]:
    return {"品种代码": uuid4().hex[:12]}, ("类型", "别的")


async def supply_receipts(world: World) -> tuple[Json, tuple[str, str]]:
    code, _ = await world.product()
    name, _ = await world.point()
    cells = {"发放点所在区划编码": HERE, "发放点名称": name, "品种代码": code, "规格": "中号"}
    return cells | {"批号": uuid4().hex}, ("发放点名称", "没有的发放点")


async def employers(world: World) -> tuple[Json, tuple[str, str]]:
    code = credit_code()
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    return {"统一社会信用代码": code, "社区（村）编码": HERE}, ("统一社会信用代码", wrong)


async def employees(world: World) -> tuple[Json, tuple[str, str]]:
    employer = await world.employer()
    cells = (await world.person()).cells() | {"统一社会信用代码": employer["credit_code"]}
    return cells, ("统一社会信用代码", credit_code())


async def rentals(world: World) -> tuple[Json, tuple[str, str]]:
    return {"详细地址": uuid4().hex, "社区（村）编码": HERE}, ("间数", "许多")


async def tenants(world: World) -> tuple[Json, tuple[str, str]]:
    house = {"详细地址": (await world.rental())["street"], "社区（村）编码": HERE}
    return (await world.person()).cells() | house, ("详细地址", "没有的地址")


async def activities(world: World) -> tuple[Json, tuple[str, str]]:
    return {"活动名称": uuid4().hex, "区划编码": HERE}, ("区划编码", "340199")


async def petitions(world: World) -> tuple[Json, tuple[str, str]]:
    return {"区划编码": HERE, "内容": uuid4().hex}, ("信访事项", "别的")


async def budget_lines(world: World) -> tuple[Json, tuple[str, str]]:
    return {"年度": str(next(world.years)), "区划编码": HERE}, ("预算（元）", "-1")


CASES: dict[str, Case] = {
    case.__name__: case
    for case in (
        persons,
        households,
        services,
        births,
        deaths,
        marriages,
        moves,
        places,
        kin,
        cards,
        childbirth_registrations,
        honour_certificates,
        benefit_enrolments,
        supply_products,
        supply_receipts,
        employers,
        employees,
        rentals,
        tenants,
        activities,
        petitions,
        budget_lines,
    )
}


def test_no_kind_is_left_out() -> None:
    assert CASES.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", CASES)
async def test_the_example_row_made_true_goes_in_once_and_a_wrong_cell_is_marked(
    kind: str, world: World, rosters: Rosters
) -> None:
    fields = KINDS[kind].sheet.fields
    example = await example_of(world, kind)
    made_true, (column, wrong) = await CASES[kind](world)
    assert made_true.keys() <= example.keys()
    good = example | made_true
    content = sheet([good, good | {column: wrong}], [field.title for field in fields])

    checked = await handed_in(world, rosters, kind, content, dry_run=True)
    assert (checked["state"], checked["rows_applied"]) == ("checked", 0), checked
    found = await rosters.errors(world.clerk, checked)
    place = next(number for number, field in enumerate(fields) if field.title == column)
    assert {each["cell"] for each in found} >= {f"{letters(place)}3"}, found
    assert {each["row"] for each in found} == {3}
    assert all(CHINESE.search(each["zh"]) for each in found)
    await marked(world, checked, column)

    started = await world.clerk.post(f"/imports/{checked['id']}/start")
    assert started.status_code in (200, 202), started.text
    await rosters.work(world.registry)
    done = (await world.clerk.get(f"/imports/{checked['id']}")).json()
    assert (done["state"], done["rows_applied"]) == ("done", 1), await rosters.errors(world.clerk, done)

    again = await handed_in(world, rosters, kind, content)
    assert (again["state"], again["rows_applied"], again["rows_refused"]) == ("done", 0, 2)
    assert again["same_as"] == done["id"]


async def example_of(world: World, kind: str) -> Json:
    """The template's example row by heading; its drop-downs are those of the sheet."""
    answer = await world.clerk.get(f"/imports/templates/{kind}.xlsx")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    headings, row = book.get_sheet_by_index(0).to_python()[:2]
    fields = KINDS[kind].sheet.fields
    assert headings == [field.title for field in fields]
    lists = {field.title: field.offered for field in fields if field.offered}
    codes = book.get_sheet_by_name("码表").to_python()
    offered = {
        str(heading): tuple(str(line[place]) for line in codes[1:] if line[place])
        for place, heading in enumerate(codes[0] if codes else [])
        if heading
    }
    assert offered == lists
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.read("xl/worksheets/sheet1.xml").count(b"<dataValidation ") == len(lists)
    cells = dict(zip(headings, row, strict=True))
    cells[headings[0]] = str(row[0]).removeprefix("示例 ")
    return {str(heading): cell for heading, cell in cells.items()}


async def handed_in(world: World, rosters: Rosters, kind: str, content: bytes, **query: Any) -> Json:
    """Hand a file in and let a worker do its work."""
    answer = await world.clerk.post(
        "/imports",
        content=content,
        headers={"Content-Type": XLSX},
        params={"kind": kind, "stock_date": "2025-06-01"} | query,
    )
    assert answer.status_code == 202, answer.text
    await rosters.work(world.registry)
    job: Json = (await world.clerk.get(answer.headers["Location"])).json()
    return job


async def marked(world: World, job: Json, column: str) -> None:
    """The error sheet holds the wrong row only, its cell marked and explained in Chinese."""
    answer = await world.clerk.get(f"/imports/{job['id']}/errors.xlsx")
    assert answer.status_code == 200
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert len(rows) == 2
    refused = dict(zip(rows[0], rows[1], strict=True))
    assert refused["原行号"] == "3"
    assert CHINESE.search(str(refused["错误说明"]).split(":", 1)[1])
    cell = f"{letters(rows[0].index(column))}2"
    with ZipFile(BytesIO(answer.content)) as archive:
        assert f'ref="{cell}"'.encode() in archive.read("xl/comments1.xml")


async def test_a_sheet_is_for_those_who_may_enter_its_records(world: World, rosters: Rosters) -> None:
    station = await world.registry.staff("service_station", "340103")
    products = sheet([{}], [field.title for field in KINDS["supply_products"].sheet.fields])
    headers = {"Content-Type": XLSX}
    handed = await station.post(
        "/imports", content=products, headers=headers, params={"kind": "supply_products"}
    )
    assert handed.status_code == 202, handed.text
    roster = sheet([person()])
    refused = await station.post("/imports", content=roster, headers=headers, params={"kind": "persons"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    job = await handed_in(world, rosters, "persons", sheet([person(出生日期="昨天")]), dry_run=True)
    for path in ("", "/errors", "/errors.xlsx"):
        assert (await station.get(f"/imports/{job['id']}{path}")).status_code == 403
    assert (await station.post(f"/imports/{job['id']}/start")).status_code == 403
    neighbour = await world.registry.staff("subdistrict_clerk", "340103001")
    assert (await neighbour.get(f"/imports/{job['id']}")).status_code == 404
