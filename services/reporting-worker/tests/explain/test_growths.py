"""A growth is explained by the two figures that it compares: this period's and that of the year before."""

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkou_common.database import Transaction
from renkou_reporting.explain.changes import against_period
from renkou_reporting.explain.schemas import CellAnswer, ChangeAnswer, ChangeQuestion, FactAnswer
from renkou_reporting.figures.schemas import FigureQuestion
from renkou_reporting.figures.service import figure

from ..api.test_every_indicator import fill_in
from ..support import Caller, LineMaker, Reporting
from .histories import EVERYWHERE, History, histories_of_offices, left_behind
from .test_cells import every_cell, every_fact, question
from .test_changes import adds_up, exact

ANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
growths = st.sampled_from(
    [
        {"indicator": "spend_growth", "population": "office"},
        {"indicator": "spend_growth", "population": "office", "detail": "staff"},
        {"indicator": "spend_per_head_growth"},
    ]
)
areas = st.sampled_from(["340103", "340103001", "340103001002"])
periods = st.sampled_from(["2025-12", "2025Q4", "2026Q1", "2026H1", "2026", "SY2026"])
YEAR_BEFORE = {
    "2025-12": "2024-12", "2025Q4": "2024Q4", "2026Q1": "2025Q1", "2026H1": "2025H1", "2026": "2025",
    "SY2026": "SY2025",
}  # fmt: skip


async def births_growth(statistician: Caller, colleague: Caller) -> None:
    """Put the growth of births in force."""
    definition = {
        "code": "births_growth", "zh": "出生人数增长率", "en": "growth of births",
        "meaning_zh": "出生人数比上年同期增长的百分比。", "meaning_en": "Births against the year before.",
        "source_zh": "户口与常住登记", "source_en": "the register of residents", "kind": "growth",
        "populations": ["registered", "resident"], "of": "births", "factor": 100, "unit": "%",
        "examples": [{"inputs": {"now": "110", "before": "100"}, "value": "10.00"}],
    }  # fmt: skip
    drafted = await statistician.post("/indicators", json={"definition": definition, "reason": "首版"})
    assert drafted.status_code == 201, drafted.text
    path = f"/indicators/births_growth/versions/{drafted.json()['version']}/activation"
    assert (await colleague.post(path)).status_code == 200


def total(items: list[CellAnswer] | list[FactAnswer], figure: str, side: str) -> Fraction:
    return sum(
        (Fraction(each.counts) for each in items if (each.figure, each.side) == (figure, side)), Fraction()
    )


@ANY
@given(history=histories_of_offices, asked=growths, area=areas, period=periods)
async def test_cells_and_facts_add_up_to_both_figures(
    shared_reporting: Reporting, history: History, asked: dict[str, str], area: str, period: str
) -> None:
    async def check(tx: Transaction) -> None:
        given = question(asked, area, period)
        grown = await figure(tx, EVERYWHERE, FigureQuestion.model_validate(given))
        answer, cells = await every_cell(tx, given)
        facts = await every_fact(tx, given)
        assert (answer.numerator, answer.denominator, answer.value) == (
            grown.numerator,
            grown.denominator,
            grown.value,
        )
        of = asked["indicator"].removesuffix("_growth")
        for told, when in zip(answer.figures, (period, YEAR_BEFORE[period]), strict=True):
            plain = FigureQuestion.model_validate(given | {"indicator": of, "period": when})
            alone = await figure(tx, EVERYWHERE, plain)
            assert (told.indicator, told.period.code) == (of, when)
            assert (told.numerator, told.denominator, told.value) == (
                alone.numerator,
                alone.denominator,
                alone.value,
            )
            assert told.period == alone.period
            for side in {term.side for term in answer.terms}:
                number = Fraction(getattr(told, side))
                terms = [one for one in answer.terms if (one.figure, one.side) == (told.figure, side)]
                assert sum(Fraction(one.counts) for one in terms) == number
                assert total(cells, told.figure, side) == number
                assert total(facts, told.figure, side) == number
        for cell in cells[:4]:
            of_cell = await every_fact(tx, given, cell.cell)
            assert sum(each.value for each in of_cell) == cell.value
            assert {each.figure for each in of_cell} == {cell.figure}

    await left_behind(shared_reporting, history, check)


@ANY
@given(history=histories_of_offices, asked=growths, area=areas, period=periods, against=periods)
async def test_contributions_add_up_to_the_change_of_a_growth(
    shared_reporting: Reporting,
    history: History,
    asked: dict[str, str],
    area: str,
    period: str,
    against: str,
) -> None:
    async def check(tx: Transaction) -> None:
        given = question(asked, area, period)
        answer = await against_period(
            tx, EVERYWHERE, ChangeQuestion.model_validate(given | {"against": against})
        )
        now = await figure(tx, EVERYWHERE, FigureQuestion.model_validate(given))
        before = await figure(tx, EVERYWHERE, FigureQuestion.model_validate(given | {"period": against}))
        assert (answer.before.value, answer.after.value) == (before.value, now.value)
        assert "other" not in {one.cause for one in answer.items}
        adds_up(answer)

    await left_behind(shared_reporting, history, check)


async def test_a_growth_is_followed_down_to_the_facts_of_both_years(
    reporting: Reporting, line: LineMaker
) -> None:
    await reporting.take_in(
        "registry",
        [line("resident", "birth", "2025-03-05", 8, sex=1, parity=1)],
        [line("resident", "birth", "2025-04-05", 5, sex=1, parity=1)],
        [line("resident", "birth", "2026-03-05", 10, sex=2, parity=1, area="340103002001")],
        [line("resident", "birth", "2026-04-06", 4, sex=2, parity=1)],
    )
    statistician, colleague = [await reporting.staff("statistician", "340103") for _ in range(2)]
    await births_growth(statistician, colleague)
    asked = question({"indicator": "births_growth"}, "340103", "2026-03")
    cells = (await statistician.get("/figures/cells", params=asked)).json()
    assert (cells["numerator"], cells["denominator"], cells["value"]) == ("2", "8", "25.00")
    assert [
        (one["figure"], one["indicator"], one["period"]["code"], one["value"]) for one in cells["figures"]
    ] == [
        ("now", "births", "2026-03", "10"),
        ("before", "births", "2025-03", "8"),
    ]
    assert {(one["figure"], one["month"], one["area"], one["counts"]) for one in cells["items"]} == {
        ("now", "2026-03", "340103002", "10"),
        ("before", "2025-03", "340103001", "8"),
    }
    (earlier,) = [one for one in cells["items"] if one["figure"] == "before"]
    facts = await statistician.get("/figures/facts", params=asked | {"cell": earlier["cell"]})
    (fact,) = facts.json()["items"]
    assert (fact["figure"], fact["event_id"]) == ("before", str(reporting.feeds["registry"].events[0].id))

    why = asked | {"period": "2026-04", "against": "2026-03"}
    answer = (await statistician.get("/figures/change", params=why)).json()
    assert (answer["before"]["value"], answer["after"]["value"]) == ("25.00", "-20.00")
    assert [(one["figure"], one["before"]["value"], one["after"]["value"]) for one in answer["figures"]] == [
        ("now", "10", "4"),
        ("before", "8", "5"),
    ]
    told = {
        (one["figure"], one["side"]): (one["change"], exact(one["on_value"])) for one in answer["by_cause"]
    }
    # -6 x (1/8 + 1/5) / 2 x 100 = -97.5; 3 x (10 + 4) / 2 / (8 x 5) x 100 = 52.5
    assert told == {
        ("now", "numerator"): ("-6", Fraction("-97.5")),
        ("before", "numerator"): ("-3", Fraction("52.5")),
    }
    assert answer["exact_value_change"] == "-45"
    adds_up(ChangeAnswer.model_validate(answer))


async def test_without_a_year_before_the_figure_of_this_year_is_explained(
    reporting: Reporting, line: LineMaker
) -> None:
    await reporting.take_in("registry", [line("office", "budget_spent", "2026-03-05", 1250)])
    statistician = await reporting.staff("statistician", "340103")
    asked = {"indicator": "spend_growth", "population": "office", "area": "340103", "period": "2026-03"}
    answer = (await statistician.get("/figures/cells", params=asked)).json()
    assert (answer["value"], answer["reason"]["en"]) == (None, "The denominator is zero; there is no value")
    assert [(one["figure"], one["value"]) for one in answer["figures"]] == [
        ("now", "12.50"),
        ("before", "0.00"),
    ]
    assert [(one["figure"], one["counts"]) for one in answer["items"]] == [("now", "12.5")]
    why = asked | {"against": "2026-02"}
    change = (await statistician.get("/figures/change", params=why)).json()
    assert (change["value_change"], [one["on_value"] for one in change["items"]]) == (None, [None])
    adds_up(ChangeAnswer.model_validate(change))


async def test_a_growths_facts_lead_to_the_returns_of_both_years(reporting: Reporting) -> None:
    desk = await reporting.desk()
    for period, spent in (("2025Q1", "312.18"), ("2026Q1", "383.93")):
        money = {
            f"money.{row}.{column}": value
            for row in ("services", "total") for column, value in (("planned", "400.00"), ("spent", spent))
        }  # fmt: skip
        await fill_in(desk, {"form": "finance_spending", "area": "340103", "period": period}, money)
    asked = {
        "indicator": "finance_spend_growth",
        "population": "office",
        "area": "340103",
        "period": "2026Q1",
    }
    answer = (await desk.filler.get("/figures/facts", params=asked)).json()
    assert answer["value"] == "22.98"
    figures = {one["event_id"]: one["figure"] for one in answer["items"]}
    named = [{"feed": one["feed"], "event_id": one["event_id"]} for one in answer["items"]]
    body = {"facts": named, "purpose": "figure_verification"}
    found = (await desk.filler.post("/figures/cases", json=body)).json()
    periods_of = {}
    for case in found["items"]:
        periods_of[figures[case["event_id"]]] = (await desk.filler.get(case["path"])).json()["period"]
    assert (periods_of, found["hidden"]) == ({"now": "2026Q1", "before": "2025Q1"}, 0)
