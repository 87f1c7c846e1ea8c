"""Which figures wait for returns, and which returns they wait for."""

from uuid import UUID

from renkou_reporting.figures.domain import Asked, Months, Sliced, Span
from renkou_reporting.indicators.domain import Catalogue, Dimension
from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.measures.service import packaged_measures
from renkou_reporting.returns.coverage import (
    NOT_DUE,
    NOT_SIGNED,
    Coverage,
    Line,
    Return,
    Returned,
    Wanted,
    wanted_of,
)

from ..api.test_every_indicator import BY_FORM

CATALOGUE = Catalogue(UUID(int=1), packaged_measures(), packaged_definitions())
DISTRICT = Span("340103", ((340103000000, 340103999999),))
TOWNS = [Span(f"34010300{n}", ((340103000000 + n * 1000, 340103000999 + n * 1000),)) for n in (1, 2)]
FIRST, SECOND = 340103001000, 340103002000
PLANNED, SPENT = (
    Wanted(measure, "office", None, None, ()) for measure in ("finance_planned", "finance_spent")
)
JANUARY, QUARTER = Months(202601, 202601, "2026-01"), Months(202601, 202603, "2026Q1")
NONE = frozenset[Wanted]()


def asked(code: str, **sliced: str) -> Asked:
    one = CATALOGUE.indicators[code]
    return Asked(one, one.populations[0], Sliced(detail=sliced.get("detail")))


def test_figures_of_the_registers_wait_for_no_return() -> None:
    waiting = {
        code for code, one in CATALOGUE.indicators.items()
        if wanted_of(CATALOGUE, Asked(one, one.populations[0]))
    }  # fmt: skip
    assert waiting == BY_FORM


def test_a_figure_of_a_detail_waits_for_the_forms_that_count_it() -> None:
    assert Dimension.DETAIL in CATALOGUE.indicators["finance_spend"].dimensions
    (wanted,) = wanted_of(CATALOGUE, asked("finance_spend", detail="staff"))
    assert wanted.details == ("staff",)


def over(
    returns: list[Return],
    lines: list[Line],
    spans: list[Span],
    *months: Months,
    code: str = "finance_spend_rate",
) -> list[Returned]:
    """A figure over some areas, and periods."""
    one = asked(code)
    found = Coverage(returns, lines, spans).of({0: wanted_of(CATALOGUE, one)}, [one], months)
    return [found[0, place, when] for place in range(len(spans)) for when in range(len(months))]


def test_each_count_of_a_figure_needs_a_return() -> None:
    both = frozenset({PLANNED, SPENT})
    signed = [Return(FIRST, 202601, both, both), Return(SECOND, 202601, both, NONE)]
    later = Return(FIRST, 202602, both, frozenset({SPENT}))
    assert over([*signed, later], [], [DISTRICT], JANUARY, QUARTER) == [
        Returned(1, 2, None),
        Returned(1, 3, None),
    ]
    assert over([later], [], [DISTRICT], QUARTER) == [Returned(0, 1, NOT_SIGNED)]
    assert over(signed, [], TOWNS, JANUARY) == [Returned(1, 1, None), Returned(0, 1, NOT_SIGNED)]
    assert over([], [], [DISTRICT], JANUARY) == [Returned(0, 0, NOT_DUE)]
    besides = Line(SECOND, 202603, frozenset({PLANNED}))
    assert over([later], [besides], [DISTRICT], QUARTER) == [Returned(0, 1, None)]


def test_a_growth_counts_the_returns_of_both_years() -> None:
    now, before = (Return(FIRST, month, frozenset({SPENT}), frozenset({SPENT})) for month in (202601, 202501))
    grown = over([now, before], [], [DISTRICT], JANUARY, code="finance_spend_growth")
    assert grown == [Returned(2, 2, None)]
    assert over([before], [], [DISTRICT], JANUARY, code="finance_spend_growth")[0].reason == NOT_DUE
