"""What the check figures count of a stay."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import LineKey, Measure, difference
from renkou_migrant.arrivals.domain import CheckRecord, check_applies, check_lines, due_day

ARRIVED = date(2025, 3, 9)
DUE = due_day(ARRIVED, 30)
STAY = CheckRecord(area=310115005001, applies=True, due_on=DUE)


def measures(record: CheckRecord) -> dict[Measure, tuple[date, int]]:
    return {key.measure: (key.on, count) for key, count in check_lines(record).items()}


def test_a_check_is_due_thirty_days_after_the_arrival() -> None:
    assert date(2025, 4, 8) == DUE
    assert measures(STAY) == {Measure.CHECK_DUE: (DUE, 1)}


def test_a_check_counts_on_the_due_day_whenever_it_was_made() -> None:
    for days in (1, 30, 90):
        checked = replace(STAY, checked_on=ARRIVED + timedelta(days=days))
        assert measures(checked) == {Measure.CHECK_DUE: (DUE, 1), Measure.CHECK_MADE: (DUE, 1)}


def test_nothing_is_due_of_somebody_who_left_before_the_day() -> None:
    assert measures(replace(STAY, left_on=DUE - timedelta(days=1), checked_on=ARRIVED)) == {}
    assert Measure.CHECK_DUE in measures(replace(STAY, left_on=DUE))


def test_nothing_is_due_outside_the_ages_of_the_certificate() -> None:
    assert measures(replace(STAY, applies=False, checked_on=ARRIVED)) == {}


@pytest.mark.parametrize(
    ("birth_date", "applies"),
    [
        (date(2007, 3, 9), True),
        (date(2007, 3, 10), False),
        (date(1975, 3, 10), True),
        (date(1975, 3, 9), False),
    ],
    ids=["18 today", "17", "49", "50 today"],
)
def test_the_age_on_arrival_decides(birth_date: date, applies: bool) -> None:
    assert check_applies(birth_date, ARRIVED) is applies


days = st.integers(0, 90).map(lambda number: ARRIVED + timedelta(days=number))
records = st.builds(
    CheckRecord,
    area=st.sampled_from([310115005001, 310115005002]),
    applies=st.booleans(),
    due_on=st.just(DUE),
    left_on=st.none() | days,
    checked_on=st.none() | days,
)


@given(history=st.lists(records, min_size=1, max_size=6))
def test_published_differences_add_up_to_the_lines_of_the_last_record(history: list[CheckRecord]) -> None:
    total: Counter[LineKey] = Counter()
    before: Counter[LineKey] = Counter()
    for record in history:
        after = check_lines(record)
        for one in difference(after, before):
            total[LineKey(one.population, one.area, one.on, one.measure)] += one.value
        before = after
    assert {key: count for key, count in total.items() if count} == dict(check_lines(history[-1]))
