"""Amounts: to the fen over all periods, never twice, and exactly the national examples."""

from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import Measure, Population
from renkou_registry.benefits.payments.domain import (
    Account,
    Due,
    Span,
    Subject,
    dues,
    figure_lines,
    month_of,
    round_fen,
)
from renkou_registry.benefits.schemes.domain import AmountRule, Band, Every, Unit, Version
from renkou_registry.benefits.schemes.parsing import parse_definition
from renkou_registry.benefits.schemes.samples import sample

PERSON = Subject(UUID(int=1))
LATER = date(2035, 1, 1)


def versions_of(name: str) -> tuple[Version, ...]:
    _, proposal = sample(name)
    return (Version(1, proposal.valid_from, None, parse_definition(proposal.definition)),)


def rule_of(every: Every, yuan: str, *, by_months: bool) -> tuple[Version, ...]:
    definition = parse_definition(sample("jiangli_fuzhu")[1].definition)
    bands = (Band(date(2020, 1, 1), None, Decimal(yuan)),)
    rule = AmountRule(Unit.PERSON, every, bands, by_months, due_at_end=False, from_application=True)
    changed = type(definition)(definition.conditions, rule, True, 7)
    return (Version(1, date(2020, 1, 1), None, changed),)


def child(born: date, died_on: date | None = None) -> Subject:
    return Subject(UUID(int=2), born, died_on)


def raised(born: date, today: date = LATER, until: date | None = None) -> list[Due]:
    span = Span(date(2025, 1, 1), until, "move" if until else None)
    return dues(versions_of("yuer_butie"), child(born), span, today)


def total(found: list[Due]) -> Decimal:
    return sum((each.amount for each in found), Decimal("0.00"))


def test_a_child_born_since_2025_gets_3600_for_each_of_three_years() -> None:
    found = raised(date(2025, 5, 10))
    assert [(each.period, each.amount) for each in found] == [
        ("L1", Decimal("3600.00")),
        ("L2", Decimal("3600.00")),
        ("L3", Decimal("3600.00")),
    ]


def test_a_child_born_earlier_gets_300_a_month_to_the_month_of_its_third_birthday() -> None:
    assert total(raised(date(2022, 1, 15))) == Decimal("300.00")
    assert total(raised(date(2023, 3, 15))) == Decimal("4500.00")
    assert total(raised(date(2024, 12, 31))) == Decimal("10800.00")
    assert raised(date(2021, 12, 31)) == []


def test_a_year_is_due_when_it_begins_and_not_before() -> None:
    assert [each.period for each in raised(date(2025, 5, 10), date(2026, 5, 31))] == ["L1"]
    assert [each.period for each in raised(date(2025, 5, 10), date(2026, 6, 1))] == ["L1", "L2"]


def test_payment_stops_with_the_month_of_a_move_and_keeps_the_period_of_a_death() -> None:
    moved = raised(date(2025, 5, 10), until=date(2026, 8, 20))
    assert total(moved) == Decimal("3600.00") + 3 * Decimal("300.00")
    versions = versions_of("yuer_butie")
    died = dues(versions, child(date(2025, 5, 10), date(2026, 8, 20)), Span(date(2025, 1, 1)), LATER)
    assert total(died) == Decimal("7200.00")


def test_monthly_assistance_changes_with_its_dates() -> None:
    definition = parse_definition(
        {
            "conditions": {"age": {"at_least": 49}},
            "amount": {
                "unit": "person",
                "every": "month",
                "bands": [
                    {"from": "2018-01-01", "to": "2021-12-31", "yuan": "450.00"},
                    {"from": "2022-01-01", "yuan": "590.00"},
                ],
            },
        }
    )
    version = Version(1, date(2018, 1, 1), None, definition)
    found = dues((version,), PERSON, Span(date(2021, 11, 20), date(2022, 2, 3), "death"), LATER)
    assert [(each.period, str(each.amount)) for each in found] == [
        ("2021-11", "450.00"),
        ("2021-12", "450.00"),
        ("2022-01", "590.00"),
        ("2022-02", "590.00"),
    ]


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
YUAN = st.integers(1, 99_999_999).map(lambda fen: f"{Decimal(fen) / 100:.2f}")


@given(DAYS, DAYS, YUAN)
def test_years_by_months_add_up_to_the_rounded_total(start: date, until: date, yuan: str) -> None:
    start, until = min(start, until), max(start, until)
    versions = rule_of(Every.YEAR, yuan, by_months=True)
    found = dues(versions, PERSON, Span(start, until, "move"), LATER)
    months = month_of(until) - month_of(start) + 1
    assert total(found) == round_fen(Fraction(Decimal(yuan)) * months / 12)
    assert sum(each.months for each in found) <= months


@given(
    DAYS,
    DAYS,
    YUAN,
    st.sampled_from(list(Every)),
    st.booleans(),
    st.dates(date(2018, 1, 1), date(2029, 1, 1)),
)
def test_nothing_is_due_twice_and_earlier_periods_stay_as_they_were(
    start: date, today: date, yuan: str, every: Every, by_months: bool, born: date
) -> None:
    versions = rule_of(every, yuan, by_months=by_months and every in (Every.YEAR, Every.AGE_YEAR))
    subject = child(born) if every is Every.AGE_YEAR else PERSON
    found = dues(versions, subject, Span(start), today)
    assert all(count == 1 for count in Counter(each.period for each in found).values())
    assert all(each.due_on <= today and each.amount > 0 for each in found)
    later = dues(versions, subject, Span(start), LATER)
    assert later[: len(found)] == found


@given(
    st.lists(
        st.builds(
            Account,
            st.just(340103001001),
            st.dates(date(2025, 1, 1), date(2026, 12, 31)),
            *[st.integers(0, 500_000).map(lambda fen: Decimal(fen) / 100)] * 2,
        ),
        max_size=6,
    )
)
def test_figures_in_fen_are_exactly_the_amounts(accounts: list[Account]) -> None:
    lines = figure_lines(accounts, "yuer_butie", Population.REGISTERED)
    by_measure: Counter[Measure] = Counter()
    for key, value in lines.items():
        by_measure[key.measure] += value
        assert key.detail == "yuer_butie"
    assert by_measure[Measure.BENEFIT_DUE_FEN] == sum((one.amount for one in accounts), Decimal(0)) * 100
    assert by_measure[Measure.BENEFIT_PAID_FEN] == sum((one.paid for one in accounts), Decimal(0)) * 100
    assert by_measure[Measure.BENEFIT_PAID] <= by_measure[Measure.BENEFIT_DUE]


def test_what_is_left_with_the_person_is_neither_missing_nor_overpaid() -> None:
    kept = Account(1, LATER, Decimal("640.00"), paid=Decimal("960.00"), forgiven=Decimal("320.00"))
    assert (kept.missing, kept.overpaid) == (Decimal("0.00"), Decimal("0.00"))
    returned = Account(1, LATER, Decimal("960.00"), paid=Decimal("960.00"), returned=Decimal("320.00"))
    assert returned.missing == Decimal("320.00")
