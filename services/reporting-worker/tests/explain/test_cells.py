"""Figures explained: cells and facts add up to the figure exactly, whatever it is asked by."""

from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkou_common.database import Transaction
from renkou_reporting.explain import service
from renkou_reporting.explain.schemas import CellAnswer, CellsAnswer, CellsQuestion, FactAnswer, FactsQuestion
from renkou_reporting.figures.schemas import FigureQuestion
from renkou_reporting.figures.service import figure

from ..support import LineMaker, Reporting
from .histories import EVERYWHERE, History, histories, left_behind

ANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
figures = st.sampled_from(
    [
        {"indicator": "birth_rate"},
        {"indicator": "natural_growth_rate"},
        {"indicator": "sex_ratio_at_birth"},
        {"indicator": "sex_ratio_at_birth", "parity": "3+"},
        {"indicator": "parity_share", "parity": "2"},
        {"indicator": "population"},
        {"indicator": "population", "sex": "2"},
        {"indicator": "population", "ages": "15-49", "sex": "2"},
        {"indicator": "mean_population"},
        {"indicator": "mean_population", "ages": "18-49"},
        {"indicator": "deaths", "ages": "0-40"},
        {"indicator": "certificate_issue_rate", "population": "migrant_out"},
        {"indicator": "certificate_check_rate", "population": "migrant_in"},
        {"indicator": "card_rate", "population": "registered"},
        {"indicator": "benefit_paid_rate"},
        {"indicator": "benefit_due_amount"},
    ]
)
areas = st.sampled_from(["340103", "340103001", "340103001002", "340103002200"])
periods = st.sampled_from(["2025-01", "2025-12", "2025Q4", "2026Q1", "2026H1", "2026", "SY2026"])


def question(asked: dict[str, str], area: str, period: str, **more: Any) -> dict[str, Any]:
    return {"population": "resident", **asked, "area": area, "period": period, **more}


async def every_cell(
    tx: Transaction, asked: dict[str, Any], limit: int = 7
) -> tuple[CellsAnswer, list[CellAnswer]]:
    """All pages of a figure's cells."""
    found: list[CellAnswer] = []
    after = None
    while True:
        page = await service.cells(
            tx, EVERYWHERE, CellsQuestion.model_validate(asked | {"after": after, "limit": limit})
        )
        found += page.items
        if page.next is None:
            return page, found
        after = page.next


async def every_fact(
    tx: Transaction, asked: dict[str, Any], cell: str | None = None, limit: int = 5
) -> list[FactAnswer]:
    """All pages of the facts of a figure or a cell."""
    found: list[FactAnswer] = []
    after = None
    while True:
        page = await service.facts(
            tx,
            EVERYWHERE,
            FactsQuestion.model_validate(asked | {"cell": cell, "after": after, "limit": limit}),
        )
        found += page.items
        if page.next is None:
            return found
        after = page.next


def total(items: list[CellAnswer] | list[FactAnswer], side: str) -> Fraction:
    return sum((Fraction(each.counts) for each in items if each.side == side), Fraction())


@ANY
@given(
    history=histories,
    asked=figures,
    area=areas,
    period=periods,
    below=st.sampled_from(["children", "communities"]),
)
async def test_cells_and_facts_add_up_to_the_figure(
    shared_reporting: Reporting, history: History, asked: dict[str, str], area: str, period: str, below: str
) -> None:
    async def check(tx: Transaction) -> None:
        given = question(asked, area, period)
        told = await figure(tx, EVERYWHERE, FigureQuestion.model_validate(given))
        answer, cells = await every_cell(tx, given | {"areas": below})
        assert (answer.numerator, answer.denominator, answer.value) == (
            told.numerator,
            told.denominator,
            told.value,
        )
        facts = await every_fact(tx, given)
        sides = [("numerator", told.numerator)]
        if any(term.side == "denominator" for term in answer.terms):
            sides.append(("denominator", told.denominator))
        for side, number in sides:
            assert total(cells, side) == Fraction(number)
            assert total(facts, side) == Fraction(number)
            assert sum(Fraction(each.counts) for each in answer.terms if each.side == side) == Fraction(
                number
            )
        assert len({each.cell for each in cells}) == len(cells)
        for cell in cells[:6]:
            of_cell = await every_fact(tx, given, cell.cell)
            assert sum(each.value for each in of_cell) == cell.value
            assert {(each.side, each.measure, f"{each.happened_on:%Y-%m}") for each in of_cell} == {
                (cell.side, cell.measure, cell.month)
            }
            assert all(each.area.startswith(cell.area) for each in of_cell)

    await left_behind(shared_reporting, history, check)


async def test_a_figure_is_followed_down_to_its_facts(reporting: Reporting, line: LineMaker) -> None:
    wrong = line("resident", "birth", "2026-03-02", 1, sex=1, parity=1)
    await reporting.take_in(
        "registry",
        [line("resident", "opening", "2025-12-31", 999)],
        [wrong],
        [line("resident", "birth", "2026-03-05", 1, sex=2, parity=2, area="340103002001")],
        [wrong.model_copy(update={"value": -1})],
        [line("resident", "birth", "2026-03-02", 1, sex=2, parity=1)],
    )
    clerk = await reporting.staff("subdistrict_clerk", "340103")
    asked = question({"indicator": "birth_rate"}, "340103", "2026-03")
    cells = (await clerk.get("/figures/cells", params=asked)).json()
    assert (cells["numerator"], cells["denominator"]) == ("2", "1000")
    assert [(term["part"], term["value"]) for term in cells["terms"]] == [
        ("births", "2"),
        ("mean_population", "1000"),
    ]
    births = [each for each in cells["items"] if each["side"] == "numerator"]
    assert {(each["area"], each["sex"], each["parity"], each["value"]) for each in births} == {
        ("340103001", 2, 1, 1),
        ("340103002", 2, 2, 1),
    }
    assert births[0]["name"] == {"zh": "出生", "en": "births"}

    (cell,) = [each for each in births if each["area"] == "340103002"]
    facts = (await clerk.get("/figures/facts", params=asked | {"cell": cell["cell"]})).json()
    (fact,) = facts["items"]
    event = reporting.feeds["registry"].events[2]
    assert (fact["feed"], fact["seq"], fact["event_id"]) == ("registry", event.seq, str(event.id))
    assert (fact["happened_on"], fact["area"], fact["value"]) == ("2026-03-05", "340103002001", 1)
    assert fact["event_type"] == event.type
    assert not {"person_ref", "birth_month", "name_of_person", "person_id"} & fact.keys()

    whole = (await clerk.get("/figures/facts", params=asked)).json()["items"]
    of_births = [(each["value"], each["correction"]) for each in whole if each["side"] == "numerator"]
    assert of_births == [(1, False), (-1, True), (1, False), (1, False)]


async def test_whoever_may_not_read_exact_figures_sees_no_cells(reporting: Reporting) -> None:
    auditor = await reporting.staff("auditor", "340103")
    asked = question({"indicator": "birth_rate"}, "340103", "2026-03")
    for path in ("/figures/cells", "/figures/facts"):
        assert (await auditor.get(path, params=asked)).status_code == 403


async def test_cells_of_another_area_do_not_exist(reporting: Reporting, line: LineMaker) -> None:
    await reporting.take_in("registry", [line("resident", "birth", "2026-03-02", 1, area="340103002001")])
    worker = await reporting.staff("community_worker", "340103001")
    asked = question({"indicator": "birth_rate"}, "340103002", "2026-03")
    for path in ("/figures/cells", "/figures/facts"):
        assert (await worker.get(path, params=asked)).status_code == 404
    statistician = await reporting.staff("statistician", "340103")
    cells = (await statistician.get("/figures/cells", params=asked)).json()["items"]
    own = question({"indicator": "birth_rate"}, "340103001", "2026-03", cell=cells[0]["cell"])
    answer = await worker.get("/figures/facts", params=own)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/cell"
