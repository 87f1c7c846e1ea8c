"""Files over HTTP: live tables for those with the right, published ones for every reader, refusals in two languages."""

import asyncio
import csv
import os
import sys
from collections.abc import Sequence
from io import BytesIO, StringIO
from urllib.parse import unquote

import httpx
import openpyxl
import pytest
from PIL import Image
from pypdf import PdfReader

from renkou_common.contracts.lines import Line
from renkou_reporting.bootstrap import build_area_reader

from ..api.test_scorecards import DOCUMENT
from ..closings.steps import District
from ..support import Caller, Json, LineMaker, Reporting

QUESTION: Json = {"area": "340103", "population": "resident", "period": "2026-01"}
FORMS = ("csv", "sdmx.csv", "xlsx", "pdf")


@pytest.fixture
async def counted(reporting: Reporting, line: LineMaker) -> Reporting:
    """Two communities with people and births."""
    lines: Sequence[Line] = [
        line("resident", "opening", "2025-12-31", 1000, area=area, birth_month="1990-01", sex=1)
        for area in ("340103001001", "340103002001")
    ] + [
        line(
            "resident", "birth", "2026-01-15", 7, area="340103001001", sex=1, parity=1, birth_month="2026-01"
        )
    ]
    await reporting.take_in("registry", lines)
    await build_area_reader(reporting.runtime).read()
    return reporting


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_every_form_holds_the_figures_of_the_json(counted: Reporting) -> None:
    clerk = await counted.staff("subdistrict_clerk", "340103")
    asked = QUESTION | {"areas": "communities", "indicator": ["births", "birth_rate"]}
    told = (await clerk.get("/figures/table", params=asked)).json()["items"]
    expected = {(row["indicator"], row["area"], row["parity"] or ""): row["values"][0] or "" for row in told}
    rows = rows_of(await clerk.get("/figures/table.csv", params=asked))
    assert {(row["indicator"], row["area"], row["parity"]): row["value"] for row in rows} == expected
    sdmx = rows_of(await clerk.get("/figures/table.sdmx.csv", params=asked))
    assert [row["OBS_VALUE"] for row in sdmx] == [row["value"] for row in rows]
    sheet = await clerk.get("/figures/table.xlsx", params=asked | {"form_number": "人统1表"})
    book = openpyxl.load_workbook(BytesIO(sheet.content))
    counts = book["分子分母"]
    assert [row[7] for row in counts.iter_rows(min_row=2, values_only=True)] == [
        float(row["value"]) if row["value"] else "" for row in rows
    ]


async def test_files_are_named_plainly_and_by_their_title(counted: Reporting) -> None:
    clerk = await counted.staff("subdistrict_clerk", "340103")
    answer = await clerk.get("/figures/table.xlsx", params=QUESTION)
    plain, _, titled = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert plain == 'attachment; filename="figures-340103-2026-01.xlsx"'
    assert unquote(titled) == "庐阳区人口服务管理考核指标统计表（常住人口）.xlsx"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("form", FORMS)
async def test_live_files_need_the_right_to_exact_figures(counted: Reporting, form: str) -> None:
    auditor = await counted.staff("auditor", "340103")
    refused = await auditor.get(f"/figures/table.{form}", params=QUESTION)
    assert refused.status_code == 403
    assert "/published" in refused.json()["detail"]
    assert (await counted.client.get(f"/figures/table.{form}", params=QUESTION)).status_code == 401
    elsewhere = await counted.staff("community_worker", "340103002001")
    assert (await elsewhere.get(f"/figures/table.{form}", params=QUESTION)).status_code == 404
    own = QUESTION | {"area": "340103002001"}
    assert (await elsewhere.get(f"/figures/table.{form}", params=own)).status_code == 200


async def test_a_form_that_does_not_exist_is_refused_with_those_that_do(counted: Reporting) -> None:
    clerk = await counted.staff("subdistrict_clerk", "340103")
    answer = await clerk.get("/figures/table.docx", params=QUESTION)
    assert answer.status_code == 422
    assert "xlsx" in answer.text


async def test_a_sheet_that_would_be_too_large_is_refused(counted: Reporting) -> None:
    clerk = await counted.staff("subdistrict_clerk", "340103")
    asked = QUESTION | {
        "areas": "communities",
        "period": [f"{year}" for year in range(1990, 2090)],
        "indicator": ["births"] * 30,
    }
    answer = await clerk.get("/figures/table.xlsx", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_too_large")
    assert "30000" in answer.json()["errors"][0]["detail"]


async def test_the_structure_names_indicators_and_the_callers_areas(counted: Reporting) -> None:
    reader = await counted.staff("auditor", "340103")
    answer = await reader.get("/figures/structure.sdmx.json")
    assert answer.headers["content-type"].startswith("application/vnd.sdmx.structure+json")
    lists = {one["id"]: one["codes"] for one in answer.json()["data"]["codelists"]}
    assert {"birth_rate", "population"} <= {code["id"] for code in lists["CL_INDICATOR"]}


@pytest.mark.parametrize("form", FORMS)
async def test_published_figures_come_as_they_were_published(district: District, form: str) -> None:
    await district.closed()
    auditor = await district.reporting.staff("auditor", "340103")
    asked: Json = {"population": "resident", "areas": "children"}
    before = await auditor.get(f"/published/2026-01/1/table.{form}", params=asked)
    assert before.status_code == 200, before.text
    await district.late(
        [district.line("resident", "birth", "2026-01-30", 30, sex=1, parity=1, birth_month="2026-01")]
    )
    after = await auditor.get(f"/published/2026-01/1/table.{form}", params=asked)
    assert after.content == before.content
    assert (await auditor.get(f"/published/2026-01/2/table.{form}", params=asked)).status_code == 404


async def test_a_published_table_holds_the_published_digits(district: District) -> None:
    await district.closed()
    auditor = await district.reporting.staff("auditor", "340103")
    asked: Json = {"population": "resident", "areas": "communities"}
    rows = rows_of(await auditor.get("/published/2026-01/latest/table.csv", params=asked))
    shown = await _published(auditor)
    found = {
        (row["area"], row["indicator"], _dims(row)): row["value"] for row in rows if row["state"] == "shown"
    }
    assert found.items() <= shown.items()
    assert len({row["area"] for row in rows}) == 4


async def _published(caller: Caller) -> dict[tuple[str, str, str], str]:
    answer = await caller.get("/published/2026-01/latest", params={"population": "resident"})
    items = answer.json()["items"]
    return {(row["area"], row["indicator"], row["dims"]): row["value"] for row in items if row["value"]}


def _dims(row: dict[str, str]) -> str:
    if row["ages"].endswith("+"):
        row = row | {"ages": f"{row['ages'][:-1]}-150"}
    return ";".join(f"{name}={row[name]}" for name in ("sex", "parity", "ages", "detail") if row[name])


async def test_a_chart_shows_the_target_in_force(counted: Reporting, line: LineMaker) -> None:
    author, approver = (
        await counted.staff("administrator", "340103"),
        await counted.staff("statistician", "340103"),
    )
    await counted.take_in(
        "migrant", [line("migrant_in", "check_due", f"2026-0{month}-05", 50) for month in (1, 2, 3)]
    )
    asked: Json = {
        "area": "340103", "population": "migrant_in", "period": "2026Q1", "by": "month",
        "indicator": "certificate_check_rate",
    }  # fmt: skip
    before = await approver.get("/figures/table.png", params=asked)
    assert (before.status_code, before.headers["content-type"]) == (200, "image/png"), before.text
    target = {
        "indicator": "certificate_check_rate", "population": "migrant_in", "area": "340103", "period": "2026",
        "comparison": "at_least", "low": "98", "below": True, "reason": "年度目标",
    }  # fmt: skip
    made = (await author.post("/targets", json=target)).json()
    active = await approver.post(f"/targets/{made['id']}/activation", version=made["version"])
    assert active.status_code == 201 or active.status_code == 200, active.text
    after = await approver.get("/figures/table.png", params=asked)
    assert Image.open(BytesIO(after.content)).size[0] == 1560
    assert after.content != before.content
    assert (await approver.get("/figures/table.png", params=asked)).content == after.content


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, "chart_units"), ({"indicator": ["births", "deaths"], "areas": "communities"}, "chart_indicators")],
)
async def test_what_makes_no_chart_is_refused_with_a_reason(
    counted: Reporting, change: Json, code: str
) -> None:
    clerk = await counted.staff("subdistrict_clerk", "340103")
    answer = await clerk.get("/figures/table.png", params=QUESTION | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_pyramid_comes_in_every_form(counted: Reporting) -> None:
    clerk = await counted.staff("subdistrict_clerk", "340103")
    asked = {"area": "340103", "population": "resident", "month": "2026-01"}
    rows = rows_of(await clerk.get("/accounts/pyramid.csv", params=asked))
    found = {(row["sex"], row["ages"]): row["value"] for row in rows}
    assert (found["1", ""], found["2", ""], found["1", "35-39"], found["1", "0-4"]) == (
        "2007",
        "0",
        "2000",
        "7",
    )
    sheet = await clerk.get("/accounts/pyramid.xlsx", params=asked)
    book = openpyxl.load_workbook(BytesIO(sheet.content))
    assert [cell.value for cell in book["统计表"][6]][:4] == [
        "年龄\nage",
        "合计\nall",
        "男\nmale",
        "女\nfemale",
    ]
    for form in ("sdmx.csv", "pdf", "png"):
        assert (await clerk.get(f"/accounts/pyramid.{form}", params=asked)).status_code == 200
    auditor = await counted.staff("auditor", "340103")
    assert (await auditor.get("/accounts/pyramid.png", params=asked)).status_code == 403


async def test_a_scorecard_comes_as_a_page_and_a_picture(counted: Reporting, line: LineMaker) -> None:
    author, approver = (
        await counted.staff("administrator", "340103"),
        await counted.staff("statistician", "340103"),
    )
    made = (await author.post("/scorecards", json={"document": DOCUMENT, "reason": "年度考核"})).json()
    done = await approver.post(f"/scorecards/{made['id']}/activation", version=made["version"])
    assert done.is_success, done.text
    for form, asked in (
        ("pdf", {}),
        ("png", {}),
        ("pdf", {"area": "340103001"}),
        ("png", {"area": "340103001"}),
    ):
        answer = await approver.get(f"/scorecards/{made['id']}/scores.{form}", params=asked)
        assert answer.status_code == 200, answer.text
        if form == "pdf":
            text = PdfReader(BytesIO(answer.content)).pages[0].extract_text().replace("\0", "")
            assert DOCUMENT["title"] in text
            assert "逍遥津街道办事处" in text
            assert ("三孝口街道办事处" in text) is (not asked)
    outside = await counted.staff("community_worker", "340103002001")
    refused = await outside.get(f"/scorecards/{made['id']}/scores.pdf", params={"area": "340103001"})
    assert refused.status_code == 404
    auditor = await counted.staff("auditor", "340103")
    assert (await auditor.get(f"/scorecards/{made['id']}/scores.pdf")).status_code == 403


async def test_nothing_that_draws_is_loaded_before_it_is_asked_for() -> None:
    program = "import sys, renkou_reporting.main as m; print(sorted({'PIL', 'fpdf', 'fontTools'} & sys.modules.keys()))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    told, _ = await process.communicate()
    assert told.decode().strip() == "[]"


@pytest.mark.parametrize("form", FORMS)
async def test_a_table_without_figures_is_an_empty_file(counted: Reporting, form: str) -> None:
    clerk = await counted.staff("subdistrict_clerk", "340103")
    asked = QUESTION | {"sex": "1", "parity": "1", "ages": "15-49", "detail": "nothing"}
    answer = await clerk.get(f"/figures/table.{form}", params=asked)
    assert answer.status_code == 200, answer.text
    drawn = await clerk.get("/figures/table.png", params=asked)
    assert (drawn.status_code, drawn.json()["code"]) == (422, "no_figures")
