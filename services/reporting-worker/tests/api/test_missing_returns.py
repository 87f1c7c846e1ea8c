"""A figure of aggregate returns that were never handed in, or are not signed yet, is missing, not zero."""

import pytest

from renkou_reporting.bootstrap import build_area_reader

from ..support import Caller, Desk, Json, LineMaker, Reporting
from .test_due_returns import for_level
from .test_every_indicator import fill_in
from .test_targets import in_force

HOSPITAL = {
    "area": "340103001001",
    "zh": "妇幼保健院",
    "en": "maternity hospital",
    "forms": ["abortions"],
    "valid_from": "2025-01-01",
}
NOT_SIGNED = "None of the returns that count it is signed; there is no value"
NOT_DUE = "No return counts it for this area and period; there is no value"


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    """An office, and two hospitals in two communities of one town."""
    desk = await reporting.desk()
    for number in (1, 2):
        unit = HOSPITAL | {"code": f"340103-h0{number}", "area": f"34010300100{number}"}
        assert (await desk.checker.post("/reporters", json=unit)).status_code == 201
    return desk


async def women(reporting: Reporting, line: LineMaker) -> None:
    opening = line("resident", "opening", "2024-12-31", 1000, sex=2, birth_month="1990-06")
    await reporting.take_in("registry", [opening])


def procedures(number: int, period: str, cases: int) -> tuple[Json, Json]:
    """A hospital's return: where it belongs, and its cells."""
    place = {"form": "abortions", "reporter": f"340103-h0{number}", "period": period}
    return place, {"procedures.surgical.cases": cases, "procedures.total.cases": cases}


async def rate(
    caller: Caller, period: str, area: str = "340103"
) -> tuple[str | None, str | None, Json | None]:
    """The figure, the reason why there is none, and what is missing."""
    asked = {"indicator": "abortion_rate", "population": "resident", "period": period, "area": area}
    answer = await caller.get("/figures", params=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    reason = found["reason"] and found["reason"]["en"]
    assert (found["value"] is None) == (reason is not None)
    return found["value"], reason, found["missing_returns"]


def finances(period: str, amount: str) -> tuple[Json, Json]:
    """What finance hands in: as much was planned and spent."""
    cells = {f"money.{row}.{of}": amount for row in ("services", "total") for of in ("planned", "spent")}
    return {"form": "finance_spending", "area": "340103", "period": period}, cells


async def growth(desk: Desk, period: str) -> tuple[str | None, str | None, Json | None]:
    """The growth of what finance reports, as :func:`rate`."""
    asked = {"indicator": "finance_spend_growth", "population": "office", "period": period, "area": "340103"}
    found = (await desk.filler.get("/figures", params=asked)).json()
    return found["value"], found["reason"] and found["reason"]["en"], found["missing_returns"]


async def test_a_figure_waits_for_the_signature_of_its_returns(
    reporting: Reporting, desk: Desk, line: LineMaker
) -> None:
    await women(reporting, line)
    assert await rate(desk.filler, "2025Q1") == (None, NOT_SIGNED, {"signed": 0, "due": 2})

    place, cells = procedures(1, "2025Q1", 3)
    empty = dict.fromkeys(("procedures.medical.cases", "procedures.midterm.cases"), 0)
    made = await desk.begin(place | {"cells": cells | empty})
    handed_in = (await desk.filler.step(made, "handing-in")).json()
    assert handed_in["state"] == "filled"
    assert await rate(desk.filler, "2025Q1") == (None, NOT_SIGNED, {"signed": 0, "due": 2})

    checked = (await desk.checker.step(handed_in, "check")).json()
    signed = (await desk.signer.step(checked, "signature")).json()
    assert await rate(desk.filler, "2025Q1") == ("3.00", None, {"signed": 1, "due": 2})
    await fill_in(desk, *procedures(2, "2025Q1", 0))
    assert await rate(desk.filler, "2025Q1") == ("3.00", None, None)
    assert await rate(desk.filler, "2025H1") == ("3.00", None, {"signed": 2, "due": 4})

    await desk.signer.step(signed, "withdrawal", reason="与手术记录不符")
    assert await rate(desk.filler, "2025Q1") == ("0.00", None, {"signed": 1, "due": 2})


async def test_each_area_has_the_returns_that_are_handed_in_within_it(
    reporting: Reporting, desk: Desk, line: LineMaker
) -> None:
    await women(reporting, line)
    await fill_in(desk, *procedures(1, "2025Q1", 3))
    assert (await rate(desk.filler, "2025Q1", "340103001001"))[1:] == (None, None)
    assert (await rate(desk.filler, "2025Q1", "340103001002"))[1:] == (NOT_SIGNED, {"signed": 0, "due": 1})
    assert (await rate(desk.filler, "2025Q1", "340103001"))[2] == {"signed": 1, "due": 2}
    assert (await rate(desk.filler, "2025Q1", "340103002"))[1:] == (NOT_DUE, None)
    assert (await rate(desk.filler, "2025-02"))[1:] == (NOT_DUE, None)  # a quarter counts on its last day
    assert (await rate(desk.filler, "2025-03"))[2] == {"signed": 1, "due": 2}


async def test_what_cannot_be_handed_in_yet_is_not_missing(desk: Desk, reporting: Reporting) -> None:
    year = reporting.runtime.clock.today().year + 1
    for period in (str(year), "2199-12", "1900-01"):
        assert (await rate(desk.filler, period))[1:] == (NOT_DUE, None)
    assert await growth(desk, "1900Q1") == (None, NOT_SIGNED, {"signed": 0, "due": 1})


async def test_a_series_and_a_table_tell_it_by_period(
    reporting: Reporting, desk: Desk, line: LineMaker
) -> None:
    await women(reporting, line)
    await fill_in(desk, *procedures(1, "2025Q1", 3))
    await fill_in(desk, *procedures(1, "2025Q2", 1))
    await fill_in(desk, *procedures(2, "2025Q2", 1))
    asked = {"area": "340103", "population": "resident"}
    quarters = {"first": "2025-01", "last": "2025-09", "by": "quarter", "indicator": "abortion_rate"}
    items = (await desk.filler.get("/figures/series", params=asked | quarters)).json()["items"]
    missing = [{"signed": 1, "due": 2}, None, {"signed": 0, "due": 2}]
    assert [(one["value"], one["missing_returns"]) for one in items] == list(
        zip(["3.00", "2.00", None], missing, strict=True)
    )
    table = (
        await desk.filler.get("/figures/table", params=asked | {"period": ["2025Q1", "2025Q2", "2025Q3"]})
    ).json()
    rows = {one["indicator"]: one for one in table["items"]}
    assert rows["abortion_rate"]["values"] == ["3.00", "2.00", None]
    assert rows["abortion_rate"]["missing_returns"] == missing
    assert table["reasons"][rows["abortion_rate"]["reasons"][2]]["en"] == NOT_SIGNED
    assert rows["births"]["missing_returns"] is None


async def test_towns_that_hand_in_are_those_that_there_are(
    reporting: Reporting, desk: Desk, line: LineMaker
) -> None:
    await build_area_reader(reporting.runtime).read()
    await for_level(desk, "town")
    births = [line("registered", "birth", "2025-03-05", 10, area="340103001001", sex=1)]
    await reporting.take_in("registry", births)
    told = {"movements.birth.male": 9, "movements.closing.male": 9}
    told |= {"movements.birth.total": 9, "movements.closing.total": 9}
    await fill_in(desk, {"form": "police_registration", "area": "340103001", "period": "2025-03"}, told)
    asked = {
        "indicator": "police_births_agreement", "population": "registered", "period": "2025-03",
        "area": "340103", "areas": "children",
    }  # fmt: skip
    table = (await desk.filler.get("/figures/table", params=asked)).json()
    found = {one["area"]: (one["values"], one["missing_returns"]) for one in table["items"]}
    assert found["340103"] == (["90.00"], [{"signed": 1, "due": 2}])
    assert found["340103001"] == (["90.00"], None)


async def test_a_growth_needs_the_returns_of_both_years(desk: Desk) -> None:
    assert await growth(desk, "2025Q1") == (None, NOT_SIGNED, {"signed": 0, "due": 2})
    await fill_in(desk, *finances("2025Q1", "383.93"))
    before = "There is no value of the year before to compare with"
    assert await growth(desk, "2025Q1") == (None, before, {"signed": 1, "due": 2})
    await fill_in(desk, *finances("2024Q1", "312.18"))
    assert await growth(desk, "2025Q1") == ("22.98", None, None)


async def test_a_count_handed_in_line_by_line_is_there(
    reporting: Reporting, desk: Desk, line: LineMaker
) -> None:
    await women(reporting, line)
    counted = {
        "area": "340103001", "on": "2025-02-10", "population": "office", "measure": "abortion", "value": 2,
    }  # fmt: skip
    place = {"form": "counts", "area": "340103", "period": "2025-02", "title": "补报", "source": "区卫健委"}
    await desk.hand_in(place | {"lines": [counted]})
    assert await rate(desk.filler, "2025Q1") == ("2.00", None, {"signed": 0, "due": 2})
    assert await rate(desk.filler, "2025-02", "340103001") == ("2.00", None, None)
    assert (await rate(desk.filler, "2025-01"))[1] == NOT_DUE


async def test_a_target_is_not_judged_without_its_returns(desk: Desk) -> None:
    target = {"indicator": "finance_spend_rate", "population": "office", "low": "0", "below": False}
    await in_force(desk.signer, desk.checker, **target, period="2025Q1")

    async def progress() -> tuple[str | None, bool | None, str]:
        asked = {"area": "340103", "period": "2025Q1"}
        (found,) = (await desk.filler.get("/targets/progress", params=asked)).json()["items"]
        return found["value"], found["met"], found["light"]

    assert await progress() == (None, None, "grey")
    await fill_in(desk, *finances("2025Q1", "300.00"))
    assert await progress() == ("100.00", True, "green")
