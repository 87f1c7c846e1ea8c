"""For whom a card is due, when it closes and comes back, and that lines tell no birthday."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.codes.cards import CardClosing, CardState
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_registry.cards.domain import due_lines, due_on, due_periods, is_asked, open_lines, standing
from renkou_registry.life_events.calendar import add_months
from renkou_registry.life_events.residence import Addresses

DISTRICT = (340103_000000, 340103_999999)
A, B = 340103_001001, 340103_002001
AWAY = 310115_000000
ENTRY = date(2025, 1, 1)


@dataclass(frozen=True)
class Woman:
    birth_date: date = date(1990, 3, 17)
    addresses: tuple[Addresses, ...] = (Addresses(ENTRY, A, A),)
    sex: int = 2
    died_on: date | None = None
    entered_on: date = ENTRY
    stay_began_on: date | None = ENTRY


def spans(woman: Woman) -> list[tuple[int, date, date, str]]:
    return [(each.area, each.start, each.end, each.ends_by) for each in due_periods(woman, DISTRICT)]


def test_a_registered_woman_of_15_to_49_is_due_until_her_fiftieth_birthday() -> None:
    assert spans(Woman()) == [(A, ENTRY, date(2040, 3, 17), CardClosing.AGED)]
    girl = Woman(birth_date=date(2012, 5, 2))
    assert spans(girl) == [(A, date(2027, 5, 2), date(2062, 5, 2), CardClosing.AGED)]


def test_no_card_is_due_for_men_and_for_women_of_50() -> None:
    assert spans(Woman(sex=1)) == spans(Woman(birth_date=date(1975, 1, 1))) == []


def test_a_migrant_is_due_after_three_months_of_living_here_wherever_in_the_district() -> None:
    moved = (Addresses(ENTRY, AWAY, A), Addresses(date(2025, 2, 10), AWAY, B))
    assert spans(Woman(addresses=moved))[0][:2] == (B, date(2025, 4, 1))


def test_months_lived_here_before_the_entry_count_for_a_migrant() -> None:
    here_before = Woman(addresses=(Addresses(ENTRY, AWAY, A),), stay_began_on=date(2024, 6, 1))
    assert spans(here_before)[0][:2] == (A, ENTRY)


def test_a_migrant_who_leaves_before_three_months_is_never_due() -> None:
    left = (Addresses(ENTRY, AWAY, A), Addresses(date(2025, 3, 31), AWAY, AWAY))
    assert spans(Woman(addresses=left)) == []


def test_moving_out_and_dying_end_it_and_returning_brings_it_back() -> None:
    away_and_back = (
        Addresses(ENTRY, A, A),
        Addresses(date(2025, 6, 1), AWAY, AWAY),
        Addresses(date(2026, 1, 5), B, B),
    )
    woman = Woman(addresses=away_and_back, died_on=date(2027, 8, 9))
    assert spans(woman) == [
        (A, ENTRY, date(2025, 6, 1), CardClosing.MOVED_OUT),
        (B, date(2026, 1, 5), date(2027, 8, 9), CardClosing.DIED),
    ]
    periods = due_periods(woman, DISTRICT)
    closed = standing(periods, ENTRY, date(2025, 7, 1))
    assert closed is not None
    assert (closed.state, closed.closed_reason, closed.closed_on) == (
        CardState.CLOSED,
        CardClosing.MOVED_OUT,
        date(2025, 6, 1),
    )
    assert closed.next_change_on == date(2026, 1, 5)
    back = standing(periods, ENTRY, date(2026, 1, 5))
    assert back is not None
    assert (back.state, back.area, back.next_change_on) == (CardState.OPEN, B, date(2027, 8, 9))


def test_living_elsewhere_does_not_end_the_card_of_a_registered_woman() -> None:
    out = (Addresses(ENTRY, A, A), Addresses(date(2025, 6, 1), A, AWAY))
    assert spans(Woman(addresses=out)) == [(A, ENTRY, date(2040, 3, 17), CardClosing.AGED)]


def test_a_line_tells_the_month_of_a_birthday_and_never_its_day() -> None:
    girl = Woman(birth_date=date(2012, 5, 20))
    assert {(key.on, value) for key, value in due_lines(girl, DISTRICT).items()} == {
        (date(2027, 5, 1), 1),
        (date(2062, 5, 1), -1),
    }


def test_only_of_unmarried_women_nothing_is_asked() -> None:
    assert [is_asked(code) for code in ("10", "20", "22", "30", "40", "90")] == [False, *[True] * 5]


DAYS = st.integers(0, 1500).map(lambda days: ENTRY + timedelta(days=days))
AREAS = st.sampled_from([A, B, AWAY])


@st.composite
def women(draw: st.DrawFn) -> Woman:
    days = sorted(draw(st.lists(DAYS, max_size=5)))
    addresses = [Addresses(ENTRY, draw(AREAS), draw(AREAS))]
    addresses += [Addresses(day, draw(AREAS), draw(AREAS)) for day in days]
    died = draw(st.none() | st.integers(0, 900).map(lambda d: addresses[-1].since + timedelta(days=d)))
    born = draw(st.dates(date(1974, 1, 1), date(1978, 1, 1)) | st.dates(date(2009, 1, 1), date(2013, 1, 1)))
    began = ENTRY - timedelta(days=draw(st.integers(0, 200)))
    return Woman(born, tuple(addresses), died_on=died, stay_began_on=began)


def stock(lines: Counter[LineKey], day: date) -> int:
    return sum(value for key, value in lines.items() if key.on <= day)


def month_ends() -> list[date]:
    return [add_months(date(2025, 1, 1), n) - timedelta(days=1) for n in range(1, 72)]


@settings(max_examples=300, deadline=None)
@given(women(), DAYS)
def test_a_card_is_due_on_at_most_one_place_and_only_at_15_to_49_and_alive(woman: Woman, day: date) -> None:
    periods = due_periods(woman, DISTRICT)
    assert all(one.end <= two.start for one, two in pairwise(periods))
    found = due_on(periods, day)
    if found is not None:
        assert add_months(woman.birth_date, 180) <= day < add_months(woman.birth_date, 600)
        assert woman.died_on is None or day < woman.died_on
        assert found.area in (A, B)
        where = [each for each in woman.addresses if each.since <= day][-1]
        here = where.registered if found.population is Population.REGISTERED else where.present
        assert found.area == here


@settings(max_examples=300, deadline=None)
@given(women())
def test_at_each_month_end_the_lines_say_whether_a_card_is_due(woman: Woman) -> None:
    periods, lines = due_periods(woman, DISTRICT), due_lines(woman, DISTRICT)
    assert {key.measure for key in lines} <= {Measure.CARD_DUE}
    for day in month_ends():
        assert stock(lines, day) == (due_on(periods, day) is not None), day


@settings(max_examples=300, deadline=None)
@given(women(), DAYS)
def test_no_more_cards_are_ever_open_than_due(woman: Woman, opened_on: date) -> None:
    periods = due_periods(woman, DISTRICT)
    due, opened = due_lines(woman, DISTRICT), open_lines(woman, periods, opened_on)
    for day in month_ends():
        assert 0 <= stock(opened, day) <= stock(due, day)


@settings(max_examples=300, deadline=None)
@given(women(), DAYS, st.integers(0, 1200))
def test_a_card_stands_the_same_until_the_day_it_names(woman: Woman, opened_on: date, after: int) -> None:
    periods, day = due_periods(woman, DISTRICT), opened_on + timedelta(days=after)
    stands = standing(periods, opened_on, day)
    if stands is None:
        assert periods == []
        return
    assert (stands.state is CardState.OPEN) == (due_on(periods, day) is not None)
    until = stands.next_change_on or day + timedelta(days=400)
    assert until > day
    assert standing(periods, opened_on, until - timedelta(days=1)) == stands
    if stands.next_change_on is not None:
        assert standing(periods, opened_on, stands.next_change_on) != stands
