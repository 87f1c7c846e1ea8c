"""Stocks of methods: the lines up to a month's end say what the record says of that day, corrections included."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.cards import CardClosing, ContraceptiveMethod
from renkou_common.contracts.lines import LineKey, Measure, Population, difference
from renkou_registry.cards.domain import Period
from renkou_registry.cards.stocks import Marriage, Telling, method_on, stock_lines

A, B = 340103_001001, 340103_002001
START, TODAY = date(2023, 1, 1), date(2025, 5, 20)
SPAN = 1_000  # days from START on, some of them after today

days = st.integers(0, SPAN).map(lambda number: START + timedelta(days=number))


@st.composite
def periods(draw: st.DrawFn) -> list[Period]:
    """When a card is open: one stretch after another, now here, now there."""
    ends = sorted(draw(st.sets(days, min_size=2, max_size=6)))
    areas = draw(st.lists(st.sampled_from([A, B]), min_size=len(ends), max_size=len(ends)))
    return [
        Period(Population.REGISTERED, area, begin, end, CardClosing.MOVED_OUT, begin, end)
        for area, begin, end in zip(areas, ends, ends[1:], strict=False)
    ]


@st.composite
def telling(draw: st.DrawFn) -> Telling:
    since = draw(days)
    method = draw(st.sampled_from([None, *(each for each in ContraceptiveMethod if each != "none")]))
    length = draw(st.none() | st.integers(0, 400))
    return Telling(since, method, None if length is None else since + timedelta(days=length))


marriages = st.lists(st.tuples(days, st.booleans()), max_size=4).map(
    lambda found: [Marriage(*each) for each in sorted(found)]
)
women = st.lists(st.tuples(periods(), marriages, st.lists(telling(), max_size=4)), max_size=4)


def naive(
    found: list[tuple[list[Period], list[Marriage], list[Telling]]], day: date
) -> Counter[tuple[int, Measure]]:
    """Count women one by one as of a day."""
    counts: Counter[tuple[int, Measure]] = Counter()
    for opened, weddings, told in found:
        area = next((each.area for each in opened if each.start <= day < each.end), None)
        if area is None:
            continue
        married = False
        for each in weddings:
            if each.since <= day:
                married = each.married
        method: ContraceptiveMethod | None = None
        for each_told in told:  # in the order of telling: the last that speaks of the day holds
            if each_told.since <= day:
                over = each_told.until is not None and each_told.until <= day
                method = None if over else each_told.method
        if married:
            counts[area, Measure.MARRIED_WOMEN] += 1
        if method:
            counts[area, Measure(f"method_{method.value}")] += 1
        if married and method:
            counts[area, Measure.METHOD_USERS_MARRIED] += 1
    return counts


def stock(lines: Counter[LineKey], day: date) -> Counter[tuple[int, Measure]]:
    """Add up lines to a day, as the figures do."""
    counts: Counter[tuple[int, Measure]] = Counter()
    for key, value in lines.items():
        if key.on <= day:
            counts[int(key.area), key.measure] += value
    return Counter({key: value for key, value in counts.items() if value})


def lines_of(
    found: list[tuple[list[Period], list[Marriage], list[Telling]]], today: date
) -> Counter[LineKey]:
    lines: Counter[LineKey] = Counter()
    for each in found:
        for key, value in stock_lines(*each, today).items():
            lines[key] += value
    return lines


def ends_of_months(until: date) -> list[date]:
    firsts = [date(year, month, 1) for year in range(2023, 2027) for month in range(1, 13)]
    return [*(each - timedelta(days=1) for each in firsts if START < each <= until), until]


@given(women)
def test_lines_up_to_a_months_end_are_the_stock_of_that_day(
    found: list[tuple[list[Period], list[Marriage], list[Telling]]],
) -> None:
    lines = lines_of(found, TODAY)
    for day in ends_of_months(TODAY):
        assert stock(lines, day) == naive(found, day), day


@given(women, women, st.integers(0, 60))
def test_what_was_published_and_the_difference_are_the_stocks_as_known_now(
    before: list[tuple[list[Period], list[Marriage], list[Telling]]],
    after: list[tuple[list[Period], list[Marriage], list[Telling]]],
    later: int,
) -> None:
    today = TODAY + timedelta(days=later)
    facts = lines_of(before, TODAY)
    for line in difference(lines_of(after, today), facts):
        facts[LineKey(line.population, line.area, line.on, line.measure)] += line.value
    for day in ends_of_months(today):
        assert stock(facts, day) == naive(after, day), day


@given(women)
def test_lines_tell_no_day_and_nothing_still_to_come(
    found: list[tuple[list[Period], list[Marriage], list[Telling]]],
) -> None:
    for key in lines_of(found, TODAY):
        assert key.on.day == 1
        assert key.on <= TODAY
        assert (key.sex, key.birth_month) == (0, "")


def test_a_method_put_right_holds_for_the_months_before() -> None:
    iud, implant = ContraceptiveMethod.IUD, ContraceptiveMethod.IMPLANT
    told = [Telling(date(2023, 3, 9), iud)]
    corrected = [*told, Telling(date(2023, 3, 9), implant)]
    assert method_on(told, date(2024, 1, 1)) is iud
    assert method_on(corrected, date(2024, 1, 1)) is implant


def test_what_was_taken_back_leaves_the_time_before_as_it_was_told() -> None:
    told = [Telling(date(2023, 3, 9), ContraceptiveMethod.IUD), Telling(date(2024, 6, 1))]
    assert method_on(told, date(2024, 5, 31)) is ContraceptiveMethod.IUD
    assert method_on(told, date(2024, 6, 1)) is None


@given(women)
def test_no_card_counts_as_a_confirmed_user_of_supplies(
    found: list[tuple[list[Period], list[Marriage], list[Telling]]],
) -> None:
    counted = {key.measure for key in lines_of(found, TODAY)}
    assert not [each for each in counted if each.startswith("supply_user") or each.endswith("confirmed")]
