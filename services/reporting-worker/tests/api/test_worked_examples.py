"""The worked examples of the domain document, part 4: handed in as returns of any counts, read as figures."""

from collections.abc import Awaitable, Callable

import pytest

from ..support import Desk, Json, Reporting

AREA = "340103"
type Count = tuple[str, int] | tuple[str, int, Json]
HandIn = Callable[[list[Json]], Awaitable[None]]
ReadFigure = Callable[..., Awaitable[Json]]


def counts(population: str, *numbers: Count, on: str = "2025-12-31") -> list[Json]:
    """Lines of a return: (measure, value) or (measure, value, further fields)."""
    return [
        {"area": AREA, "on": on, "population": population, "measure": measure, "value": value}
        | (further[0] if further else {})
        for measure, value, *further in numbers
    ]


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    return await reporting.desk(AREA)


@pytest.fixture
def hand_in(desk: Desk) -> HandIn:
    async def hand_in(lines: list[Json]) -> None:
        place = {"form": "counts", "area": AREA, "period": lines[0]["on"][:7]}
        made = await desk.hand_in(place | {"title": "汇总报表", "source": "统计局", "lines": lines})
        assert made["state"] == "signed"

    return hand_in


@pytest.fixture
def figure(desk: Desk) -> ReadFigure:
    async def figure(
        indicator: str, population: str = "registered", period: str = "2026", **further: str
    ) -> Json:
        asked = {"indicator": indicator, "area": AREA, "population": population, "period": period}
        answer = await desk.filler.get("/figures", params=asked | further)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    return figure


@pytest.mark.parametrize("population", ["registered", "resident"])
async def test_4700_births_on_a_mean_of_695000_are_6_76(
    hand_in: HandIn, figure: ReadFigure, population: str
) -> None:
    await hand_in(counts(population, ("opening", 690_000)))
    await hand_in(counts(population, ("birth", 4_700), ("in", 5_300), on="2026-05-31"))
    found = await figure("birth_rate", population)
    assert (found["numerator"], found["denominator"], found["value"]) == ("4700", "695000", "6.76")
    assert found["unit"] == "‰"
    assert found["name"] == {"zh": "出生率", "en": "birth rate"}


async def test_6200_births_between_882101_and_915000_are_6_90(hand_in: HandIn, figure: ReadFigure) -> None:
    await hand_in(counts("resident", ("opening", 882_101)))
    await hand_in(counts("resident", ("birth", 6_200), ("in", 30_000), ("out", 3_301), on="2026-08-01"))
    found = await figure("birth_rate", "resident")
    assert found["value"] == "6.90"
    assert found["denominator"] == "898550.5"
    assert found["parts"] == {
        "births": "6200",
        "opening": "882101",
        "entered": "0",
        "born": "6200",
        "died": "0",
        "moved_in": "30000",
        "moved_out": "3301",
        "closing": "915000",
        "mean_population": "898550.5",
    }


async def test_birth_rate_9_08_and_growth_1_78_mean_death_rate_7_30(
    hand_in: HandIn, figure: ReadFigure
) -> None:
    await hand_in(counts("registered", ("opening", 1_000_000)))
    await hand_in(counts("registered", ("birth", 9_080), ("death", 7_300), ("out", 1_780), on="2026-02-28"))
    assert (await figure("birth_rate"))["value"] == "9.08"
    assert (await figure("natural_growth_rate"))["value"] == "1.78"
    assert (await figure("death_rate"))["value"] == "7.30"


async def test_6453_of_6824_births_are_94_56_percent(hand_in: HandIn, figure: ReadFigure) -> None:
    first, second = {"parity": 1}, {"parity": 2}
    await hand_in(counts("registered", ("birth", 6_453, first), ("birth", 371, second), on="2026-01-31"))
    found = await figure("parity_share", parity="1")
    assert (found["numerator"], found["denominator"], found["value"]) == ("6453", "6824", "94.56")
    assert (await figure("parity_share", parity="2"))["value"] == "5.44"


async def test_821_of_932_births_are_88_09_percent(hand_in: HandIn, figure: ReadFigure) -> None:
    first, later = {"parity": 1}, {"parity": 3}
    await hand_in(counts("registered", ("birth", 821, first), ("birth", 111, later), on="2026-01-31"))
    assert (await figure("parity_share", parity="1"))["value"] == "88.09"


async def test_42980_checks_of_43066_due_are_99_80_percent(hand_in: HandIn, figure: ReadFigure) -> None:
    await hand_in(counts("migrant_in", ("check_due", 43_066), ("check_made", 42_980), on="2026-06-15"))
    found = await figure("certificate_check_rate", "migrant_in", "2026Q2")
    assert (found["numerator"], found["denominator"], found["value"]) == ("42980", "43066", "99.80")


async def test_boys_to_a_hundred_girls_all_and_by_parity(hand_in: HandIn, figure: ReadFigure) -> None:
    births = [
        ("birth", 115, {"sex": 1, "parity": 1}),
        ("birth", 100, {"sex": 2, "parity": 1}),
        ("birth", 70, {"sex": 1, "parity": 2}),
        ("birth", 60, {"sex": 2, "parity": 2}),
        ("birth", 3, {"sex": 1, "parity": 4}),
        ("birth", 2, {"sex": 2, "parity": 3}),
    ]
    await hand_in(counts("resident", *births, on="2026-03-31"))
    assert (await figure("sex_ratio_at_birth", "resident"))["value"] == "116.05"
    assert (await figure("sex_ratio_at_birth", "resident", parity="2"))["value"] == "116.67"
    assert (await figure("sex_ratio_at_birth", "resident", parity="3+"))["value"] == "150.00"


async def test_certificates_count_migrants_who_are_18_to_49_at_the_end(
    hand_in: HandIn, figure: ReadFigure
) -> None:
    def born(month: str) -> Json:
        return {"birth_month": month, "sex": 1}

    gone = ("2008-12", 10), ("2009-01", 5), ("1976-12", 7), ("1977-01", 20), ("1990-06", 70)
    held = ("2008-12", 4), ("2009-01", 5), ("1977-01", 19), ("1990-06", 70)
    await hand_in(counts("migrant_out", *(("in", n, born(month)) for month, n in gone)))
    await hand_in(counts("migrant_out_certified", *(("in", n, born(month)) for month, n in held)))
    found = await figure("certificate_issue_rate", "migrant_out", "2026-12")
    assert (found["numerator"], found["denominator"], found["value"]) == ("93", "100", "93.00")
    found = await figure("certificate_issue_rate", "migrant_out", "2027-01")
    assert (found["numerator"], found["denominator"], found["value"]) == ("79", "85", "92.94")


async def test_notices_sent_and_confirmed(hand_in: HandIn, figure: ReadFigure) -> None:
    numbers = ("notice_due", 8), ("notice_sent", 7), ("notice_confirmable", 6), ("notice_confirmed", 4)
    await hand_in(counts("migrant_in", *numbers, on="2026-04-01"))
    assert (await figure("notice_rate", "migrant_in"))["value"] == "87.50"
    assert (await figure("confirmation_rate", "migrant_in"))["value"] == "66.67"


async def test_the_statistical_year_runs_from_october(hand_in: HandIn, figure: ReadFigure) -> None:
    await hand_in(counts("registered", ("opening", 1_000), on="2025-09-30"))
    await hand_in(counts("registered", ("birth", 10), on="2025-10-01"))
    await hand_in(counts("registered", ("birth", 20), on="2026-09-30"))
    await hand_in(counts("registered", ("birth", 40), on="2026-10-01"))
    found = await figure("birth_rate", period="SY2026")
    assert (found["numerator"], found["denominator"]) == ("30", "1015")
    assert found["period"] == {
        "code": "SY2026",
        "start": "2025-10-01",
        "end": "2026-09-30",
        "label": {"zh": "2026统计年度", "en": "statistical year 2026"},
    }
    halves = [(await figure("birth_rate", period=f"SY2026H{half}"))["numerator"] for half in (1, 2)]
    assert halves == ["10", "20"]
    assert (await figure("birth_rate"))["numerator"] == "60"
    assert (await figure("birth_rate", through="2026-09"))["numerator"] == "20"


async def test_without_a_denominator_there_is_a_reason_and_no_value(figure: ReadFigure) -> None:
    found = await figure("birth_rate")
    assert found["value"] is None
    assert found["reason"] == {
        "zh": "分母为零，无法计算",
        "en": "The denominator is zero; there is no value",
    }
