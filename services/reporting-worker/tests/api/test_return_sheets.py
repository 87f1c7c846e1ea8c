"""Returns as sheets, as an office works with them: download, fill in, hand in, correct what is marked."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openpyxl import Workbook, load_workbook

from ..support import Caller, Desk, Json, Reporting

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PLACE = {"form": "police_registration", "area": "340103", "period": "2026-03"}
ROWS = ("opening", "birth", "in_province", "in_country", "death", "out_province", "out_country", "closing")
MEN = (1000, 10, 20, 5, 8, 12, 4, 1011)
WOMEN = (980, 9, 22, 6, 7, 15, 3, 992)
FIRST = 10
"""The line of the sheet on which the first row of the form stands."""


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    return await reporting.desk()


async def template(caller: Caller, place: Json = PLACE) -> Workbook:
    answer = await caller.get("/returns/template.xlsx", params=place)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == XLSX
    return load_workbook(BytesIO(answer.content))


def fill(book: Workbook, men: tuple[int, ...] = MEN, women: tuple[int, ...] = WOMEN) -> Workbook:
    sheet = book["报表"]
    for line, (m, f) in enumerate(zip(men, women, strict=True), FIRST):
        for column, value in zip("DEF", (m + f, m, f), strict=True):
            sheet[f"{column}{line}"] = value
    return book


def content(book: Workbook) -> bytes:
    target = BytesIO()
    book.save(target)
    return target.getvalue()


async def send(
    caller: Caller,
    book: Workbook | bytes,
    path: str = "/returns/sheets",
    *,
    key: str | None = None,
    **asked: Any,
) -> httpx.Response:
    return await caller.post(
        path,
        key=key,
        content=book if isinstance(book, bytes) else content(book),
        params=asked,
        headers={"Content-Type": XLSX},
    )


async def test_the_template_is_a_printed_form_that_is_locked_but_for_its_values(desk: Desk) -> None:
    book = await template(desk.filler)
    sheet = book["报表"]
    assert sheet["A1"].value == "户籍人口变动情况月报表"
    assert sheet["A2"].value == "movements of household registration"
    head = [sheet[f"A{line}"].value for line in range(3, 7)] + [
        sheet[f"F{line}"].value for line in range(3, 7)
    ]
    assert head == [
        "填报单位 Unit: 公安户政部门",
        "区划代码 Area: 340103",
        "统计期 Period: 2026年3月 (2026-03)",
        "应报日期 Due: 2026-04-08",
        "表号 No.: 人统公01表",
        "制定机关 Issued by: 区公安部门",
        "批准机关 Approved by: 参照公安机关户籍人口统计报表",
        "有效期至 Valid to: 长期 open",
    ]
    assert [cell.value for cell in sheet[9]] == ["甲", "乙", "丙", "1", "2", "3"]
    assert [sheet[f"A{line}"].value for line in range(FIRST, FIRST + 8)] == list(ROWS)
    assert sheet["B11"].value == "出生登记\nbirths registered"
    assert sheet["C11"].value == "人\npersons"
    assert sheet.protection.sheet
    unlocked = {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert unlocked == {f"{column}{line}" for column in "DEF" for line in range(FIRST, FIRST + 8)}
    assert len(sheet.data_validations.dataValidation) > 0
    assert (sheet.page_setup.paperSize, sheet.print_title_rows) == (9, "$1:$6")
    assert book["_renkou"].sheet_state == "veryHidden"
    rules = [book["情况说明"][f"A{line}"].value for line in range(3, 8)]
    assert rules == ["R01", "R02", "R03", "R04", "R05"]
    assert book["填报说明"]["B5"].value.startswith("用于与登记数核对")


async def test_a_filled_sheet_becomes_a_return_that_can_be_handed_in(desk: Desk) -> None:
    answer = await send(desk.filler, fill(await template(desk.filler)))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["good"], found["changed"], found["findings"]) == (True, True, [])
    made = found["return"]
    assert made["cells"]["movements.birth.total"] == "19"
    assert (await desk.pass_on(made))["state"] == "signed"


async def test_a_sheet_sent_again_changes_nothing(desk: Desk) -> None:
    book = fill(await template(desk.filler))
    key = str(uuid4())
    first = (await send(desk.filler, book_bytes := content(book), key=key)).json()["return"]
    same_key = (await send(desk.filler, book_bytes, key=key)).json()["return"]
    other_key = (await send(desk.filler, content(book))).json()
    assert first == same_key == other_key["return"]
    assert other_key["changed"] is False
    signed = await desk.pass_on(first)
    after = await send(desk.filler, book_bytes)
    assert (after.json()["return"]["version"], after.json()["changed"]) == (signed["version"], False)
    changed = await send(desk.filler, fill(book, (*MEN[:1], 11, *MEN[2:7], 1012)))
    assert (changed.status_code, changed.json()["code"]) == (409, "return_state")


async def test_a_dry_run_keeps_nothing(desk: Desk) -> None:
    book = fill(await template(desk.filler), (*MEN[:7], 1010))
    answer = (await send(desk.filler, book, dry_run=True)).json()
    assert (answer["dry_run"], answer["good"], answer["return"]) == (True, False, None)
    assert [(one["code"], one["severity"]) for one in answer["findings"]] == [
        ("R02", "hard"),
        ("R02", "hard"),
    ]
    assert "E17" in answer["findings"][1]["addresses"]
    assert (await desk.filler.get("/returns")).json()["items"] == []


async def test_the_marked_sheet_shows_what_is_wrong_and_goes_in_once_it_is_put_right(desk: Desk) -> None:
    book = fill(await template(desk.filler))
    sheet = book["报表"]
    sheet["E11"], sheet["F11"], sheet["D12"] = "十个", 9.5, None
    answer = await send(desk.filler, book, "/returns/sheets/marked.xlsx")
    assert answer.status_code == 200, answer.text
    marked = load_workbook(BytesIO(answer.content))
    sheet = marked["报表"]
    comments = {
        cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment
    }
    assert {"E11", "F11", "D12"} <= comments.keys()
    assert "“十个”不是数字" in comments["E11"]
    assert '"十个" is no number' in comments["E11"]
    assert sheet["E11"].value == "十个"
    assert sheet["E11"].fill.start_color.rgb == "FFFFC7CE"
    assert sheet["E10"].fill.start_color.rgb == "FFFFFFF0"
    listed = [[cell.value for cell in row] for row in marked["错误清单"].iter_rows(min_row=2, max_row=4)]
    assert [row[:3] for row in listed] == [
        ["E11", "not_a_number", "硬 hard"],
        ["F11", "not_whole", "硬 hard"],
        ["D12", "value_missing", "硬 hard"],
    ]
    sheet["E11"], sheet["F11"], sheet["D12"] = 10, 9, 42
    found = (await send(desk.filler, marked)).json()
    assert (found["good"], found["findings"]) == (True, [])


async def test_an_explanation_is_written_into_the_sheet(desk: Desk) -> None:
    february = await desk.begin(PLACE | {"period": "2026-02", "cells": cells(MEN, WOMEN)})
    await desk.pass_on(february)
    book = fill(await template(desk.filler))
    found = (await send(desk.filler, book, dry_run=True)).json()
    assert {one["code"] for one in found["findings"]} == {"R03"}
    book["情况说明"]["E5"] = "区划调整划入一个社区"
    found = (await send(desk.filler, book)).json()
    assert found["good"] is True
    assert {one["explanation"] for one in found["findings"]} == {"区划调整划入一个社区"}
    kept = load_workbook(
        BytesIO((await desk.filler.get(f"/returns/{found['return']['id']}/sheet.xlsx")).content)
    )
    assert kept["情况说明"]["E5"].value == "区划调整划入一个社区"
    assert kept["报表"]["E11"].value == 10
    book["情况说明"]["E5"] = "电话 13812345678"
    refused = await send(desk.filler, book)
    assert refused.json()["errors"][0]["code"] == "personal_number"


def cells(men: tuple[int, ...], women: tuple[int, ...]) -> Json:
    return {
        f"movements.{row}.{column}": value
        for row, m, f in zip(ROWS, men, women, strict=True)
        for column, value in (("total", m + f), ("male", m), ("female", f))
    }


async def test_a_sheet_whose_rows_were_moved_is_refused(desk: Desk) -> None:
    book = fill(await template(desk.filler))
    book["报表"].insert_rows(12)
    answer = await send(desk.filler, book)
    assert (answer.status_code, answer.json()["code"]) == (422, "sheet_changed")
    assert answer.json()["detail"].startswith("A12 应为 in_province, 现为“”")


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"PK\x03\x04 broken", "not_a_workbook"), (b"text", "not_a_workbook"), (b"", "not_a_workbook")],
)
async def test_what_is_no_workbook_is_refused(desk: Desk, sent: bytes, code: str) -> None:
    answer = await send(desk.filler, sent)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_sheet_of_somebody_else_is_refused(reporting: Reporting, desk: Desk) -> None:
    other = load_workbook(BytesIO(content(Workbook())))
    assert (await send(desk.filler, other)).json()["code"] == "not_a_form"
    book = fill(await template(desk.filler))
    part = await reporting.staff("service_station", "340103001")
    assert (await send(part, book)).status_code == 404
    wrong = await desk.filler.post("/returns/sheets", content=b"a", headers={"Content-Type": "text/csv"})
    assert wrong.status_code == 415
    assert (await send(desk.checker, book, key="short")).status_code == 422


async def test_any_count_is_handed_in_line_by_line_in_a_sheet(desk: Desk) -> None:
    place = {"form": "counts", "area": "340103", "period": "2026-03", "title": "出生汇总", "source": "卫健委"}
    book = await template(desk.filler, place)
    sheet = book["报表"]
    assert sheet["A7"].value == "区划代码\narea"
    lists = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert lists["C8:C507"] == "'码表'!$A$2:$A$7"
    lines: tuple[tuple[str | int | None, ...], ...] = (
        ("340103001001", "2026-03-15", "registered 户籍人口", "birth", "1 男", None, 1, None, 12),
        (340103001002, "2026-03-16", "registered", "birth", 2, None, 1, None, "十二"),
    )
    for number, line in zip((8, 10), lines, strict=True):
        for column, value in enumerate(line, 1):
            sheet.cell(number, column, value)
    found = (await send(desk.filler, book)).json()
    assert [(one["pointers"], one["addresses"], one["code"]) for one in found["findings"]] == [
        (["/lines/1/value"], ["I10"], "int_parsing")
    ]
    sheet["I10"] = 11
    again = (await send(desk.filler, book)).json()
    assert (again["good"], again["return"]["id"]) == (True, found["return"]["id"])
    assert again["return"]["lines"][0]["value"] == 12
    signed = await desk.pass_on(again["return"])
    assert (signed["title"], signed["source"]) == ("出生汇总", "卫健委")
