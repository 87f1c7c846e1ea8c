"""Periods: whole months, the statistical year from October, one text for each."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.period import Period, PeriodError, PeriodKind

KINDS = {
    PeriodKind.MONTH: 12,
    PeriodKind.QUARTER: 4,
    PeriodKind.HALF_YEAR: 2,
    PeriodKind.YEAR: 1,
    PeriodKind.STATISTICAL_YEAR: 1,
    PeriodKind.STATISTICAL_HALF_YEAR: 2,
}


@st.composite
def periods(draw: st.DrawFn) -> Period:
    kind = draw(st.sampled_from(list(KINDS)))
    return Period(kind, draw(st.integers(1901, 2198)), draw(st.integers(1, KINDS[kind])))


@given(periods())
def test_months_run_without_gap_from_start_to_end(period: Period) -> None:
    months = [Period.month_of(month) for month in period.months()]
    assert len(months) == 12 // KINDS[period.kind]
    assert months[0].start == period.start
    assert months[-1].end == period.end
    for month, following in pairwise(months):
        assert month.end + timedelta(days=1) == following.start


@given(periods(), st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_is_inside_if_its_month_is(period: Period, day: date) -> None:
    assert period.contains(day) is (day.replace(day=1) in period.months())


@given(periods())
def test_text_leads_back_to_the_period(period: Period) -> None:
    assert Period.parse(str(period)) == period
    assert Period.parse(f" {str(period).lower()} ") == period
    assert period.label_zh
    assert period.label_en


@given(st.integers(1901, 2198))
def test_a_year_is_its_halves_quarters_and_months(year: int) -> None:
    whole = Period.parse(f"{year}").months()
    for texts in ([f"{year}H{n}" for n in (1, 2)], [f"{year}Q{n}" for n in (1, 2, 3, 4)]):
        assert tuple(month for text in texts for month in Period.parse(text).months()) == whole
    halves = [Period.parse(f"SY{year}H{number}").months() for number in (1, 2)]
    assert halves[0] + halves[1] == Period.parse(f"SY{year}").months()


@pytest.mark.parametrize(
    ("text", "start", "end", "zh"),
    [
        ("2025-03", date(2025, 3, 1), date(2025, 3, 31), "2025年3月"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024年2月"),
        ("2025Q1", date(2025, 1, 1), date(2025, 3, 31), "2025年第一季度"),
        ("2025H2", date(2025, 7, 1), date(2025, 12, 31), "2025年下半年"),
        ("2025", date(2025, 1, 1), date(2025, 12, 31), "2025年"),
        ("SY2025", date(2024, 10, 1), date(2025, 9, 30), "2025统计年度"),
        ("SY2025H1", date(2024, 10, 1), date(2025, 3, 31), "2025统计年度上半年"),
        ("sy2025h2", date(2025, 4, 1), date(2025, 9, 30), "2025统计年度下半年"),
    ],
)
def test_first_and_last_day(text: str, start: date, end: date, zh: str) -> None:
    period = Period.parse(text)
    assert (period.start, period.end, period.label_zh) == (start, end, zh)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "25",
        "2025-13",
        "2025-00",
        "2025-3",
        "2025Q5",
        "2025Q0",
        "2025H3",
        "SY25",
        "SY2025H3",
        "SY2025Q1",
        "1899",
        "2025-03-01",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(PeriodError) as raised:
        Period.parse(text)
    assert raised.value.code == "period_unknown"
