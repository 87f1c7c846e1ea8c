"""Charts and scorecards for readers of published figures: what is published, and nothing that is not shown."""

import copy
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from ..api.test_scorecards import DOCUMENT
from ..closings.steps import POLICE, District
from ..support import Caller, Json

INDICATOR = "examination_rate"
SMALL, OPEN = "340103002", "340103004"
TOWNS = {"340103001": (400, 380), SMALL: (4, 1), "340103003": (60, 50), "340103004": (300, 270)}
"""How many accepted an examination, and how many were examined."""
OFFICES = dict(
    zip(TOWNS, ("亳州路街道办事处", "双岗街道办事处", "杏林街道办事处", "海棠街道办事处"), strict=True)
)
TREND: Json = {"population": "registered", "indicator": INDICATOR, "period": ["2026Q1"], "by": "month"}
CARD: Json = copy.deepcopy(DOCUMENT) | {
    "title": "2026年1月服务管理责任书",
    "period": "2026-01",
    "units": [{"area": area, "office": office} for area, office in OFFICES.items()],
}
CARD["items"][0] |= {"indicator": INDICATOR, "population": "registered"}
CARD["items"].pop()


@pytest.fixture
async def published(district: District) -> District:
    """January is published; in one subdistrict so few were examined that it is not shown."""
    for month in ("2026-01", "2026-02"):
        await district.late(
            [
                district.line("registered", f"examination_{what}", f"{month}-10", number, area=f"{town}001")
                for town, (accepted, received) in TOWNS.items()
                for what, number in (("entitled", accepted), ("accepted", accepted), ("received", received))
            ]
        )
    await district.closed()
    return district


@pytest.fixture
async def card(published: District) -> str:
    """A scorecard of January in force; returns where its published scores are."""
    given = {"document": CARD, "reason": "考核"}
    made = (await published.administrator.post("/scorecards", json=given)).json()
    done = await published.statistician.post(f"/scorecards/{made['id']}/activation", version=made["version"])
    assert done.is_success, done.text
    return f"/published/2026-01/1/scorecards/{made['id']}/scores"


async def taken(caller: Caller, path: str, asked: Json | None = None) -> bytes:
    answer = await caller.get(path, params=asked or {})
    assert answer.status_code == 200, answer.text
    return answer.content


async def read(caller: Caller, path: str, asked: Json | None = None) -> str:
    """What a page says, without line breaks."""
    (page,) = PdfReader(BytesIO(await taken(caller, path, asked))).pages
    return page.extract_text().replace("\0", "").replace("\n", "")


async def shown(caller: Caller, period: str = "2026-01") -> dict[str, Json]:
    """The published figures of the indicator by area, as they are told in JSON."""
    asked = {"population": "registered", "indicator": INDICATOR}
    items = (await caller.get(f"/published/{period}/latest", params=asked)).json()["items"]
    return {row["area"]: row for row in items if not row["dims"]}


async def test_a_trend_shows_each_period_as_it_was_published_and_the_target(published: District) -> None:
    await (await published.reporting.desk()).hand_in(POLICE | {"period": "2026-02"})
    await published.publish(await published.open("2026-02"))
    reader = await published.reporting.staff("auditor", "340103")
    picture = await taken(reader, "/published/trend.png", TREND)
    assert Image.open(BytesIO(picture)).size[0] == 1560
    page = await read(reader, "/published/trend.pdf", TREND)
    assert page.count((await shown(reader))["340103"]["value"]) == 2
    assert "该统计期没有公布" in page
    assert "不予显示" not in page
    assert "340103" in (await reader.get("/published/trend.pdf", params=TREND)).headers["content-disposition"]
    target = {
        "indicator": INDICATOR, "population": "registered", "area": "340103", "period": "2026",
        "comparison": "at_least", "low": "98.5", "below": True, "reason": "年度目标",
    }  # fmt: skip
    made = (await published.administrator.post("/targets", json=target)).json()
    done = await published.statistician.post(f"/targets/{made['id']}/activation", version=made["version"])
    assert done.is_success, done.text
    assert "目标 ≥ 98.5" in await read(reader, "/published/trend.pdf", TREND)
    assert await taken(reader, "/published/trend.png", TREND) != picture
    for change, status, code in (
        ({"period": ["2025"], "by": "month"}, 404, "not_found"),
        ({"dims": "sex=7"}, 404, "not_found"),
        ({"indicator": "no_such_indicator"}, 404, "not_found"),
        ({"period": ["January"]}, 422, "period_unknown"),
        ({"period": [str(year) for year in range(1990, 1999)], "by": "month"}, 422, "too_many_periods"),
    ):
        answer = await reader.get("/published/trend.png", params=TREND | change)
        assert (answer.status_code, answer.json()["code"]) == (status, code), change


async def test_scores_are_reckoned_from_what_is_published(published: District, card: str) -> None:
    reader = await published.reporting.staff("auditor", "340103")
    rows = await shown(reader)
    page = await read(reader, f"{card}.pdf")
    told = [f"{row['value']}%" for area, row in rows.items() if area in TOWNS and row["value"]]
    assert told
    assert [value for value in told if value not in page] == []
    assert "25.00%" not in page
    assert "… 少于5人不予显示" in page
    assert "2026-01 公布数第 1 版" in page
    await published.late(
        [published.line("registered", "examination_received", "2026-01-12", 6, area=f"{OPEN}001")]
    )
    assert await read(reader, f"{card}.pdf") == page
    restated = card.replace("/2026-01/1/", "/2026-01/latest/")
    closings = (await published.statistician.get("/closings")).json()["items"]
    await published.restate(closings[0]["id"], "补报一月检查")
    later = (await shown(reader))[OPEN]["value"]
    assert later is not None
    assert f"{later}%" in await read(reader, f"{restated}.pdf")
    assert f"{later}%" not in page
    assert await read(reader, f"{card}.pdf") == page


async def test_no_file_depends_on_a_number_that_is_not_shown(published: District, card: str) -> None:
    reader = await published.reporting.staff("auditor", "340103")
    towns = {"areas": "children"}
    files: list[tuple[str, Json]] = [
        ("/published/trend.pdf", TREND | towns),
        ("/published/trend.pdf", TREND | {"area": SMALL}),
        ("/published/2026-01/1/table.png", {"population": "registered", "indicator": INDICATOR} | towns),
        (f"{card}.pdf", {}),
        (f"{card}.pdf", {"area": SMALL}),
        (f"{card}.pdf", {"area": OPEN}),
    ]
    before = [await taken(reader, path, asked) for path, asked in files]
    told = await shown(reader)
    assert told[SMALL]["value"] is None
    gap = await read(reader, "/published/trend.pdf", TREND | {"area": SMALL})
    assert "… 少于5人不予显示" in gap
    assert "not shown: fewer than 5 people" in gap
    numbers = "numerator = '987654', denominator = '1000000', value = '98.77'"
    await published.reporting.as_owner(f"UPDATE published_cell SET {numbers} WHERE hidden")
    assert await shown(reader) == told
    assert [await taken(reader, path, asked) for path, asked in files] == before
    await published.reporting.as_owner(
        f"UPDATE published_cell SET {numbers} WHERE NOT hidden AND indicator = '{INDICATOR}' AND reason IS NULL"
    )
    after = [await taken(reader, path, asked) for path, asked in files]
    same = [file for file, one, other in zip(files, before, after, strict=True) if one == other]
    assert same == [files[1], files[4]], "those of the area of which nothing is shown"


async def test_who_sees_a_part_sees_no_place_and_nothing_of_others(published: District, card: str) -> None:
    part = await published.reporting.staff("auditor", OPEN)
    page = await read(part, f"{card}.pdf")
    assert OFFICES[OPEN] in page
    assert OFFICES["340103001"] not in page
    assert "名次由全部考核区域的数得出" in page
    assert "未排名" in await read(part, f"{card}.pdf", {"area": OPEN})
    whole = await published.reporting.staff("auditor", "340103")
    assert "个区域）" in await read(whole, f"{card}.pdf", {"area": OPEN})
    for path, asked in (
        (f"{card}.pdf", {"area": "340103001"}),
        ("/published/trend.png", TREND),
        ("/published/trend.png", TREND | {"area": "340103001"}),
    ):
        assert (await part.get(path, params=asked)).status_code == 404
    nobody = await published.reporting.staff("auditor", "340104")
    assert (await nobody.get(f"{card}.pdf")).status_code == 404
    assert (await published.reporting.client.get(f"{card}.png")).status_code == 401
    for path, status, code in (
        (card.replace("/2026-01/1/", "/2025-12/1/"), 422, "scorecard_period"),
        (card.replace("/2026-01/1/", "/2026-01/2/"), 404, "not_found"),
    ):
        answer = await part.get(f"{path}.pdf")
        assert (answer.status_code, answer.json()["code"]) == (status, code), path
