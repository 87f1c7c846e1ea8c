"""Population accounts: they balance by age, follow one another, and say what breaks them."""

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.accounts.domain import (
    UNKNOWN_AGE,
    AgeStep,
    Balance,
    CohortSum,
    Finding,
    IncidentKind,
    Known,
    accounts_of,
    check_balances,
    check_parts,
    decide,
    monthly_accounts,
)
from renkou_reporting.figures.domain import Months

YEAR = Months(202601, 202612, "2026")
SIGNS = {"opening": 1, "birth": 1, "in": 1, "death": -1, "out": -1}
sums = st.lists(
    st.builds(
        CohortSum,
        st.sampled_from([0, 1, 2]),
        st.sampled_from([0, 190001, 195512, 199006, 202301, 202512, 202601, 202612]),
        st.sampled_from(list(SIGNS)),
        st.integers(-5, 50),
        st.integers(-5, 50),
        st.integers(0, 5),
    ),
    max_size=30,
)


@given(sums, st.booleans(), st.sampled_from([None, AgeStep.YEAR, AgeStep.FIVE_YEARS]))
def test_rows_balance_and_add_up_to_the_total(
    given_sums: list[CohortSum], by_sex: bool, ages: AgeStep | None
) -> None:
    rows = accounts_of(given_sums, YEAR, by_sex=by_sex, ages=ages)
    total = accounts_of(given_sums, YEAR, by_sex=False, ages=None)[None, None]
    assert total.closing == sum(SIGNS[one.measure] * (one.before + one.within) for one in given_sums)
    parts = ("opening", "entered", "born", "died", "moved_in", "moved_out", "closing", "opening_of_age")
    for name in (*parts, "reclassified_in", "reclassified_out"):
        assert sum(getattr(row, name) for row in rows.values()) == getattr(total, name)
    assert sum(row.ageing for row in rows.values()) == 0
    for row in rows.values():
        came = row.entered + row.born + row.moved_in
        assert row.opening_of_age + row.ageing + came - row.died - row.moved_out == row.closing
        assert row.mean == Fraction(row.opening_of_age + row.closing, 2)


def test_people_stand_in_the_row_of_the_age_they_reach() -> None:
    people = [
        CohortSum(1, 201606, "opening", 10, 0),  # 9 before the year, 10 at its end
        CohortSum(1, 201606, "death", 0, 1),
        CohortSum(2, 202603, "birth", 0, 4),
        CohortSum(2, 0, "in", 0, 2),
    ]
    rows = accounts_of(people, YEAR, by_sex=True, ages=AgeStep.YEAR)
    ten = rows[1, 10]
    assert (ten.opening, ten.opening_of_age, ten.died, ten.closing, ten.mean) == (10, 0, 1, 9, Fraction(9, 2))
    nine = rows[1, 9]
    assert (nine.opening_of_age, nine.ageing, nine.closing) == (10, -10, 0)
    assert rows[2, 0].born == rows[2, 0].closing == 4
    assert rows[2, UNKNOWN_AGE].moved_in == 2
    assert list(rows) == [(1, 9), (1, 10), (2, 0), (2, UNKNOWN_AGE)]


@given(
    st.dictionaries(
        st.sampled_from([202511, 202512, 202601, 202602]),
        st.dictionaries(st.sampled_from(list(SIGNS)), st.tuples(st.integers(-9, 9), st.integers(0, 3))),
    ),
    st.dictionaries(st.sampled_from(list(SIGNS)), st.integers(-9, 9)),
)
def test_each_month_opens_with_what_the_one_before_closed_with(
    by_month: dict[int, dict[str, tuple[int, int]]], before: dict[str, int]
) -> None:
    found = monthly_accounts(by_month, before, 202511, 202602)
    assert [month for month, _ in found] == [202511, 202512, 202601, 202602]
    stock = sum(SIGNS[measure] * value for measure, value in before.items())
    for month, one in found:
        assert one.opening == stock
        counted = by_month.get(month, {})
        stock += sum(SIGNS[measure] * value for measure, (value, _) in counted.items())
        assert one.closing == stock
        assert (one.reclassified_in, one.reclassified_out) == tuple(
            counted.get(measure, (0, 0))[1] for measure in ("in", "out")
        )


def balance(*numbers: int) -> Balance:
    return Balance(*map(Fraction, numbers))


def test_what_does_not_add_up_is_found() -> None:
    good, after = balance(10, 0, 2, 1, 0, 1, 10), balance(10, 0, 0, 0, 5, 0, 15)
    months = [202601, 202602]
    assert check_balances("registered", 7, months, [good, after]) == []
    wrong = balance(11, 0, 0, 0, 5, 0, 15)
    found = check_balances("registered", 7, months, [good, wrong])
    assert [(one.kind, one.month, one.expected, one.found) for one in found] == [
        (IncidentKind.UNBALANCED, 202602, 16, 15),
        (IncidentKind.OPENING_DIFFERS, 202602, 10, 11),
    ]
    half = balance(5, 0, 1, 1, 0, 0, 5)
    found = check_parts("registered", 7, [202601], [good], [[half], [half]])
    assert Counter(one.measure for one in found) == {"died": 1, "moved_out": 1}


def finding(month: int = 202601, stock: int = -1) -> Finding:
    return Finding(IncidentKind.NEGATIVE_STOCK, 7, "registered", "stock", 1, 199001, month, 0, stock)


def test_an_explanation_holds_until_the_numbers_change() -> None:
    known = [Known(finding(), "explained")]
    assert decide([finding()], known) == ([], [], [])
    assert decide([finding(stock=-2)], known) == ([], [finding(stock=-2)], [])
    assert decide([], known) == ([], [], [finding()])
    assert decide([finding()], []) == ([finding()], [], [])
