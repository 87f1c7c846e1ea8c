"""What papers of a year, activities, survey answers and budget lines count as."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.offices import QuestionKind, YearlyState
from renkou_common.contracts.lines import Measure
from renkou_common.errors import Conflict
from renkou_registry.activities.domain import activity_lines
from renkou_registry.budget.domain import budget_lines, fen
from renkou_registry.surveys.domain import Question, answer_errors, answer_lines, question_errors
from renkou_registry.yearly.domain import Measures, check_step, due_on, yearly_lines

AREA = 340103001001
DAY = date(2025, 3, 18)
PAPERS = Measures(Measure.EMPLOYER_STATEMENT_DUE, Measure.EMPLOYER_STATEMENT_SIGNED)
SATISFIED = Question("service", QuestionKind.SATISFACTION, {"yes": True, "no": False, "unsure": None})
KNOWS = Question("free", QuestionKind.AWARENESS, {"right": True, "wrong": False})
CHOICE = Question("channel", QuestionKind.CHOICE, {"a": None, "b": None})


@pytest.mark.parametrize(
    ("state", "counted"),
    [
        (YearlyState.DUE, {PAPERS.due}),
        (YearlyState.SIGNED, {PAPERS.due, PAPERS.signed}),
        (YearlyState.DECLINED, {PAPERS.due}),
        (YearlyState.CANCELLED, set()),
    ],
)
def test_a_paper_counts_as_due_and_once_signed_as_signed(state: YearlyState, counted: set[Measure]) -> None:
    assert {key.measure for key in yearly_lines(PAPERS, AREA, DAY, state)} == counted


def test_a_paper_is_due_from_new_year_or_from_the_day_the_record_began() -> None:
    assert due_on(2025, date(2020, 5, 1)) == date(2025, 1, 1)
    assert due_on(2025, date(2025, 5, 1)) == date(2025, 5, 1)


def test_a_signed_paper_is_not_declined_without_being_opened_again() -> None:
    check_step(YearlyState.SIGNED, YearlyState.DUE)
    check_step(YearlyState.DECLINED, YearlyState.SIGNED)
    with pytest.raises(Conflict, match="yearly_state"):
        check_step(YearlyState.SIGNED, YearlyState.DECLINED)


def test_an_activity_counts_once_with_whom_it_reached_and_what_was_handed_out() -> None:
    lines = activity_lines(AREA, "free_clinic", DAY, 120, [200, 50], cancelled=False)
    assert {key.detail for key in lines} == {"free_clinic"}
    assert {key.measure: value for key, value in lines.items()} == {
        Measure.ACTIVITY_HELD: 1,
        Measure.ACTIVITY_REACHED: 120,
        Measure.ACTIVITY_MATERIAL: 250,
    }
    assert not activity_lines(AREA, "free_clinic", DAY, 120, [200], cancelled=True)


@given(
    st.dictionaries(
        st.sampled_from(["service", "free", "channel"]),
        st.sampled_from(["yes", "no", "unsure", "right", "wrong", "a", "b"]),
    )
)
def test_satisfied_and_correct_answers_are_among_the_valid_ones(chosen: dict[str, str]) -> None:
    lines = Counter(
        {
            key.measure: value
            for key, value in answer_lines([SATISFIED, KNOWS, CHOICE], chosen, AREA, DAY).items()
        }
    )
    assert lines[Measure.SATISFACTION_VALID] == (chosen.get("service") in ("yes", "no"))
    assert lines[Measure.SATISFACTION_SATISFIED] == (chosen.get("service") == "yes")
    assert lines[Measure.AWARENESS_VALID] == (chosen.get("free") in ("right", "wrong"))
    assert lines[Measure.AWARENESS_CORRECT] == (chosen.get("free") == "right")


def test_questions_need_something_for_and_against_and_a_code_of_their_own() -> None:
    lopsided = Question("service", QuestionKind.AWARENESS, {"yes": True, "unsure": None})
    counted = Question("other", QuestionKind.CHOICE, {"a": True, "b": None})
    codes = [error.code for error in question_errors([SATISFIED, lopsided, counted])]
    assert codes == ["code_twice", "options_count", "choice_counts"]
    wrong = {"nothing": "yes", "free": "maybe"}
    assert [error.pointer for error in answer_errors([SATISFIED, KNOWS], wrong)] == [
        "/options/nothing",
        "/options/free",
    ]


AMOUNTS = st.decimals(Decimal("0.01"), Decimal("999999999.99"), places=2)


@given(AMOUNTS, st.lists(st.tuples(st.dates(date(2025, 1, 1), date(2025, 12, 31)), AMOUNTS), max_size=20))
def test_money_is_counted_to_the_fen(planned: Decimal, spendings: list[tuple[date, Decimal]]) -> None:
    lines = budget_lines(AREA, 2025, "services", planned, spendings)
    sums: Counter[Measure] = Counter()
    for key, value in lines.items():
        sums[key.measure] += value
    assert sums[Measure.BUDGET_PLANNED] == fen(planned)
    assert sums[Measure.BUDGET_SPENT] == fen(sum((amount for _, amount in spendings), Decimal(0)))
    opposite = [(day, -amount) for day, amount in spendings]
    again = budget_lines(AREA, 2025, "services", planned, [*spendings, *opposite])
    assert {key.measure for key in again} == {Measure.BUDGET_PLANNED}


def test_part_of_a_fen_is_no_amount() -> None:
    assert fen(Decimal("1234.50")) == 123450
    with pytest.raises(ValueError, match="two decimals"):
        fen(Decimal("0.005"))
