"""What rules find: outliers by robust statistics, changes, conditions, cells left alone."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from renkou_common.errors import Text
from renkou_reporting.validation.domain import Past, Rule, Skipped, findings, number_text, robust

from ..support import Json

GRID = {"s": (("a", "b"), ("m", "f"))}
RULES: TypeAdapter[Rule] = TypeAdapter(Rule)
FRACTIONS = st.integers(-10_000, 10_000).map(Fraction)


def named(key: str) -> Text:
    return Text(key, key)


def values(**given: int | None) -> dict[str, Decimal | None]:
    """Values of row a, column m and so on, by `am=`; all others 0."""
    keys = {f"s.{row}.{column}": f"{row}{column}" for row in "ab" for column in "mf"}
    return {
        key: None if (value := given.get(short, 0)) is None else Decimal(value) for key, short in keys.items()
    }


def find(rule: Json, now: dict[str, Decimal | None], past: Past | None = None, *wrong: str) -> list[str]:
    parsed = RULES.validate_python({"code": "R01", "zh": "规则", "en": "rule"} | rule)
    skipped = Skipped(frozenset({"s.b.f"}), frozenset(wrong))
    found = findings([parsed], GRID, skipped, now, past or Past(), named)
    return [", ".join(one.cells) for one in found]


def history(*numbers: int) -> Past:
    return Past(history=[values(am=number) for number in numbers])


OUTLIER: Json = {"kind": "outlier", "value": "s[a, m]", "against": "history"}
CHANGE: Json = {"kind": "change", "value": "s[*, m]", "percent": 20, "least": 5}


@given(st.lists(FRACTIONS, min_size=1, max_size=30), st.integers(1, 9).map(Fraction))
def test_wild_values_in_the_minority_do_not_move_the_median_out_of_the_rest(
    usual: list[Fraction], least: Fraction
) -> None:
    wild = [Fraction(10**9)] * ((len(usual) - 1) // 2)
    middle, spread = robust(usual + wild, least)
    assert min(usual) <= middle <= max(usual)
    assert least <= spread <= max(least, 2 * (max(usual) - min(usual)))


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=24), st.integers(0, 3000))
def test_an_outlier_lies_further_from_the_median_than_so_many_deviations(past: list[int], now: int) -> None:
    middle, spread = robust([Fraction(one) for one in past], Fraction(1))
    expected = abs(now - middle) > 5 * spread
    assert bool(find(OUTLIER, values(am=now), history(*past))) == expected


@pytest.mark.parametrize(
    ("past", "now", "found"),
    [
        ((100, 102, 98, 101), 103, False),
        ((100, 102, 98, 101), 150, True),
        ((100, 102, 98, 101, 100_000), 150, True),
        ((100, 100, 100, 100), 104, False),
        ((100, 100, 100, 100), 106, True),
        ((100, 102, 98), 150, False),
        ((), 150, False),
    ],
)
def test_outliers_that_a_statistician_would_name(past: tuple[int, ...], now: int, found: bool) -> None:
    assert bool(find(OUTLIER, values(am=now), history(*past))) is found


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [(100, 120, False), (100, 121, True), (100, 79, True), (10, 15, False), (0, 5, False), (0, 6, True)],
)
def test_a_change_counts_beyond_percent_and_least(before: int, now: int, found: bool) -> None:
    assert bool(find(CHANGE, values(am=now), Past(last=values(am=before)))) is found


def test_a_change_is_found_in_each_row_and_not_without_an_earlier_return() -> None:
    assert find(CHANGE, values(am=50, bm=50), Past(last=values())) == ["s.a.m", "s.b.m"]
    assert find(CHANGE, values(am=50, bm=50)) == []
    assert find(CHANGE | {"against": "lastyear"}, values(am=50), Past(last=values())) == []
    assert find(CHANGE | {"against": "lastyear"}, values(am=50), Past(year=values())) == ["s.a.m"]


def test_a_cell_that_the_form_had_not_then_is_not_compared() -> None:
    before = values()
    del before["s.a.m"]
    assert find(CHANGE, values(am=50, bm=50), Past(last=before)) == ["s.b.m"]


def test_a_check_applies_where_its_condition_holds_and_cells_are_open_and_good() -> None:
    rule: Json = {"kind": "check", "check": "s[*, *] >= 10", "when": "s[a, m] > 0"}
    assert find(rule, values()) == []
    assert find(rule, values(am=10)) == ["s.a.f", "s.b.m"]
    assert find(rule, values(am=10), None, "s.a.f") == ["s.b.m"]
    assert find(rule, values(am=10), None, "s.a.m") == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(12), "12"), (Fraction(25, 2), "12.5"), (Fraction(1, 3), "0.33"), (Fraction(-1200), "-1200")],
)
def test_numbers_are_shown_as_people_write_them(value: Fraction, text: str) -> None:
    assert number_text(value) == text
