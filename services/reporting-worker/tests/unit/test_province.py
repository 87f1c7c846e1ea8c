"""Districts added up, for any numbers; what a province believes of a document."""

from datetime import date
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from renkou_common.codes.period import Period
from renkou_reporting.indicators.domain import Indicator
from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.province.document import Refused, check_chain, read_document
from renkou_reporting.province.domain import Part, Sum, add_up, add_up_accounts, add_up_growth, counts_nothing
from renkou_reporting.province.sources import Source, Sources
from renkou_reporting.published.domain import ACCOUNT_COLUMNS, COLUMNS

KNOWN = {one.code: one for one in packaged_definitions()}
BIRTH_RATE, SPEND, PAID = (
    KNOWN[code].model_dump(mode="json") for code in ("birth_rate", "spend", "benefit_paid_rate")
)
GROWTH: Indicator = KNOWN["spend_growth"]
_NUMBER = st.tuples(
    st.fractions(min_value=0, max_value=10**9, max_denominator=12),
    st.fractions(min_value=Fraction(1, 12), max_value=10**9, max_denominator=12),
)


@given(st.lists(_NUMBER, min_size=1, max_size=20))
def test_a_province_divides_the_sums_and_averages_no_rate(districts: list[tuple[Fraction, Fraction]]) -> None:
    found = add_up([Part(str(at), str(n), str(d), BIRTH_RATE) for at, (n, d) in enumerate(districts)])
    numerator, denominator = (sum(column, Fraction()) for column in zip(*districts, strict=True))
    assert (Fraction(found.numerator or ""), Fraction(found.denominator or "")) == (numerator, denominator)
    assert found.value is not None
    assert abs(Fraction(found.value) - numerator / denominator * 1000) <= Fraction(1, 200)


@given(st.lists(_NUMBER, min_size=2, max_size=4))
def test_the_order_of_districts_changes_no_sum(districts: list[tuple[Fraction, Fraction]]) -> None:
    parts = [Part(str(at), str(n), str(d), BIRTH_RATE) for at, (n, d) in enumerate(districts)]
    assert len({add_up(each) for each in permutations(parts)}) == 1


def test_who_hides_lacks_or_defines_otherwise_is_named_and_nothing_is_summed() -> None:
    shown = [Part(f"34010{number}", "10", "1000", BIRTH_RATE) for number in (3, 4)]
    hidden = add_up([*shown, Part("340111", None, None, BIRTH_RATE)])
    assert hidden == Sum(None, None, None, "incomplete", hidden=("340111",))
    assert add_up(shown, ["340122"]) == Sum(None, None, None, "incomplete", lacking=("340122",))
    uncounted = Part("340122", "0", "1000", BIRTH_RATE, uncounted=True)
    assert add_up([*shown, uncounted]) == Sum(None, None, None, "incomplete", lacking=("340122",))
    odd = Part("340101", "10", "1000", BIRTH_RATE | {"factor": 100})
    assert add_up([odd, *shown]) == Sum(None, None, None, "definitions_differ", differing=("340101",))
    renamed = Part("340105", "10", "1000", BIRTH_RATE | {"zh": "出生率 (新)"})
    assert add_up([*shown, renamed]).numerator == "30"
    assert add_up_accounts([[1000, 20], [2000, None]]) == [3000, None]


def test_a_growth_compares_whole_sums_even_where_districts_were_merged() -> None:
    before = [Part("340103", "100", "1", SPEND), Part("340104", "200", "1", SPEND)]
    now = [Part("340105", "360", "1", SPEND)]
    assert add_up_growth(GROWTH, now, before).value == "20.00"
    assert add_up_growth(GROWTH, now, ()).reason == "nothing_before"
    assert add_up_growth(GROWTH, now, before, ["340106", "340106"]).lacking == ("340106",)
    small = [*before, Part("340111", None, None, SPEND)]
    assert add_up_growth(GROWTH, now, small).hidden == ("340111",)


def test_a_detail_that_a_district_never_counted_is_nothing_there() -> None:
    assert counts_nothing(PAID, "detail=scheme-1")
    assert not counts_nothing(PAID, "")
    assert not counts_nothing(BIRTH_RATE, "sex=1")


def test_a_district_is_asked_for_the_periods_in_which_it_existed() -> None:
    def source(district: str, first: date | None = None, last: date | None = None) -> Source:
        return Source(
            district=district, url="http://d", secret_file=Path("s"), keys={"keys": [{}]}, valid_from=first,
            valid_to=last,
        )  # fmt: skip

    change = date(2026, 2, 15)
    sources = Sources(
        districts=(
            source("340103", last=change),
            source("340105", first=date(2026, 2, 16)),
            source("340104"),
        )
    )
    asked = {text: sources.of(Period.parse(text)) for text in ("2026-01", "2026-02", "2026-03", "2026Q1")}
    assert asked["2026-01"] == ["340103", "340104"]
    assert asked["2026-02"] == asked["2026Q1"] == ["340103", "340104", "340105"]
    assert asked["2026-03"] == ["340104", "340105"]
    with pytest.raises(ValidationError, match="listed twice"):
        Sources(districts=(source("340103"), source("340103")))
    with pytest.raises(ValidationError, match="no key"):
        Source(district="340103", url="http://d", secret_file=Path("s"), keys={"keys": []})


def document(**changes: Any) -> dict[str, Any]:
    """A district's document of two figures and an account."""
    figure = ["340103", "resident", "birth_rate", "", "10", "1000", "10.00", None]
    signatures = [
        {"role": role, "by": str(uuid4()), "at": "2026-02-03T08:00:00+08:00"}
        for role in ("statistician", "second")
    ]
    content: dict[str, Any] = {
        "format": "renkou-published-figures/1", "district": "340103", "area": "340103", "period": "2026-01",
        "months": [202601, 202601], "version": 1, "previous": None, "reason": "核对无误",
        "positions": {"registry": 7}, "frozen": "ab" * 32, "overrides": [], "signatures": signatures,
        "definitions": {"birth_rate": BIRTH_RATE}, "columns": list(COLUMNS),
        "figures": [figure, ["340103001", *figure[1:]]], "account_columns": list(ACCOUNT_COLUMNS),
        "accounts": [["340103", "resident", 1000, 0, 10, 0, 0, 0, 1010]], "differences": [],
    }  # fmt: skip
    return content | changes


def test_a_province_takes_figures_and_nothing_beside_them() -> None:
    good = document()
    read = read_document(good, "340103")
    assert [row[0] for row in read.own_figures()] == ["340103"]
    assert read.own_accounts() == [["resident", 1000, 0, 10, 0, 0, 0, 1010]]
    figure, signature = good["figures"][0], good["signatures"][0]
    for wrong in (
        {"format": "other"},
        {"district": "340104"},
        {"area": "340103001"},
        {"people": [{"name": "张三"}]},
        {"signatures": [signature, signature]},
        {"signatures": [signature | {"name": "张三"}, good["signatures"][1]]},
        {"reason": "补报 340103199001010011"},
        {"months": [202601, 202602]},
        {"period": "2026-1"},
        {"version": 0},
        {"columns": [*COLUMNS, "name"]},
        {"figures": [figure, figure]},
        {"figures": [["340104", *figure[1:]]]},
        {"figures": [[*figure, "张三"]]},
        {"figures": [[*figure[:4], "10", "many", "10.00", None]]},
        {"figures": [[*figure[:4], None, None, "10.00", None]]},
        {"figures": [["340103", "resident", "deaths", "", "1", "1", "1", None]]},
        {"accounts": [["340103", "resident", 1000]]},
        {"accounts": [["340104", "resident", 1000, 0, 10, 0, 0, 0, 1010]]},
        {"accounts": [["340103", "resident", "张三", 0, 10, 0, 0, 0, 1010]]},
    ):  # fmt: skip
        with pytest.raises(Refused):
            read_document(good | wrong, "340103")


def test_a_version_follows_the_one_before() -> None:
    hashes = {1: b"\x01" * 32, 2: b"\x02" * 32}
    check_chain(read_document(document(), "340103"), None)
    check_chain(read_document(document(version=2, previous="01" * 32), "340103"), hashes[1])
    for version, previous, before in (
        (2, None, None),
        (1, "01" * 32, hashes[1]),
        (3, "01" * 32, hashes[2]),
        (2, None, hashes[1]),
        (2, "01" * 32, None),
    ):
        found = read_document(document(version=version, previous=previous), "340103")
        with pytest.raises(Refused, match="does not follow"):
            check_chain(found, before)
