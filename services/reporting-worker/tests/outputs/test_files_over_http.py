"""Files over HTTP: live tables for those with the right, published ones for every reader, refusals in two languages."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from urllib.parse import unquote

import httpx
import openpyxl
import pytest

from renkou_common.contracts.lines import Line
from renkou_reporting.bootstrap import build_area_reader

from ..closings.steps import District
from ..support import Caller, Json, LineMaker, Reporting

QUESTION: Json = {"area": "340103", "population": "resident", "period": "2026-01"}
FORMS = ("csv", "sdmx.csv", "xlsx")


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
    assert (await auditor.get(f"/figures/table.{form}", params=QUESTION)).status_code == 403
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
