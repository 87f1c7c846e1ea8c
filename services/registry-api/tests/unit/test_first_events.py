"""First marriages and first births of women count where they belong, reverse exactly, and follow the ages."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.contracts.lines import AREA_CHANGE, Line, LineKey, Measure, Population, difference
from renkou_common.errors import Conflict
from renkou_registry.life_events.domain import (
    EventKind,
    LifeEvent,
    Rules,
    derive,
    effective,
    population_lines,
    state_on,
)

from .test_history_properties import AREAS, DISTRICT, SIGN, SUCCESSOR, recordings

RULES = Rules()
FIRSTS = (
    Measure.FIRST_MARRIAGE,
    Measure.LATE_FIRST_MARRIAGE,
    Measure.FIRST_BIRTH,
    Measure.LATE_FIRST_BIRTH,
)
HOME = AREAS[0]


def opening(birth_date: date, sex: int = 2) -> LifeEvent:
    data = {
        "sex": sex,
        "birth_date": birth_date,
        "marital_status": "10",
        "registered_area": HOME,
        "present_area": HOME,
        "present_since": date(2020, 1, 1),
    }
    return LifeEvent(uuid4(), EventKind.OPENING, date(2024, 1, 1), data)


def birth(on: date, mother_age: int | None, parity: int = 1) -> LifeEvent:
    data = {
        "sex": 1,
        "birth_date": on,
        "marital_status": "10",
        "registered_area": HOME,
        "present_area": HOME,
        "present_since": on,
        "parity": parity,
        "mother_usual_area": HOME,
        "mother_age": mother_age,
    }
    return LifeEvent(uuid4(), EventKind.BIRTH, on, data)


def marriage(on: date, status: str = "21") -> LifeEvent:
    return LifeEvent(uuid4(), EventKind.MARRIAGE, on, {"marital_status": status})


def firsts(*history: LifeEvent) -> Counter[tuple[Population, Measure]]:
    found: Counter[tuple[Population, Measure]] = Counter()
    for key, value in population_lines(history, DISTRICT, RULES).items():
        if key.measure in FIRSTS:
            found[key.population, key.measure] += value
    return found


def both(*measures: Measure) -> Counter[tuple[Population, Measure]]:
    return Counter((each, one) for each in (Population.REGISTERED, Population.RESIDENT) for one in measures)


def test_a_woman_marries_late_from_the_day_she_is_23() -> None:
    born = opening(date(2001, 5, 20))
    assert firsts(born, marriage(date(2024, 5, 19))) == both(Measure.FIRST_MARRIAGE)
    late = both(Measure.FIRST_MARRIAGE, Measure.LATE_FIRST_MARRIAGE)
    assert firsts(born, marriage(date(2024, 5, 20))) == late


def test_only_the_first_marriage_of_a_woman_counts() -> None:
    assert firsts(opening(date(1990, 1, 1)), marriage(date(2024, 5, 19), "22")) == Counter()
    assert firsts(opening(date(1990, 1, 1), sex=1), marriage(date(2024, 5, 19))) == Counter()
    twice = (opening(date(1990, 1, 1)), marriage(date(2024, 5, 1)), marriage(date(2025, 5, 1)))
    assert firsts(*twice) == both(Measure.FIRST_MARRIAGE, Measure.LATE_FIRST_MARRIAGE)


def test_a_marriage_from_before_the_register_knew_her_is_not_counted() -> None:
    assert firsts(opening(date(1990, 1, 1)), marriage(date(2023, 12, 31))) == Counter()


def test_a_first_birth_is_late_where_the_mother_was_24() -> None:
    assert firsts(birth(date(2024, 3, 1), 23)) == both(Measure.FIRST_BIRTH)
    assert firsts(birth(date(2024, 3, 1), 24)) == both(Measure.FIRST_BIRTH, Measure.LATE_FIRST_BIRTH)
    assert firsts(birth(date(2024, 3, 1), 30, parity=2)) == Counter()
    assert firsts(birth(date(2024, 3, 1), None)) == Counter()


def test_a_corrected_birth_date_makes_a_marriage_late() -> None:
    entry, wedding = opening(date(2003, 1, 1)), marriage(date(2024, 6, 1))
    changes = {"changes": {"birth_date": date(2000, 1, 1)}}
    correction = LifeEvent(uuid4(), EventKind.CORRECTION, date(2024, 1, 1), changes, corrects=entry.id)
    before = population_lines([entry, wedding], DISTRICT, RULES)
    after = population_lines([entry, wedding, correction], DISTRICT, RULES)
    late = {
        (line.population, line.value)
        for line in difference(after, before)
        if line.measure is Measure.LATE_FIRST_MARRIAGE
    }
    assert late == {(Population.REGISTERED, 1), (Population.RESIDENT, 1)}
    retraction = LifeEvent(uuid4(), EventKind.RETRACTION, date(2024, 6, 1), retracts=wedding.id)
    assert firsts(entry, wedding, correction, retraction) == Counter()


def test_who_joins_another_record_counts_no_longer() -> None:
    merge = LifeEvent(uuid4(), EventKind.MERGE, date(2025, 1, 1), {"kept_id": str(UUID(int=1))})
    assert firsts(opening(date(1990, 1, 1)), marriage(date(2024, 5, 1)), merge) == Counter()


@settings(max_examples=300, deadline=None)
@given(recordings(), st.integers(0, 45))
def test_first_events_are_those_of_a_replay_by_hand(history: list[LifeEvent], mother_age: int) -> None:
    """Counts by the state on the day itself, which knows nothing of lines."""
    entry = history[0]
    if entry.kind is EventKind.BIRTH:
        history = [replace(entry, data={**entry.data, "mother_age": mother_age}), *history[1:]]
    lines = population_lines(history, DISTRICT, RULES)
    expected: Counter[LineKey] = Counter()
    facts = effective(history)
    weddings = [e.happened_on for e in facts if e.kind is EventKind.MARRIAGE]
    then = state_on(history, weddings[0], DISTRICT, RULES) if weddings else None
    if then is not None:
        born = facts[0].data["birth_date"]
        married = (weddings[0].year, weddings[0].month, weddings[0].day)
        birthdays = sum((year, born.month, born.day) <= married for year in range(born.year + 1, 2040))
        for population, area in (
            (Population.REGISTERED, then.registered_area),
            (Population.RESIDENT, then.usual_area(weddings[0])),
        ):
            if area is not None and DISTRICT[0] <= area <= DISTRICT[1]:
                for measure in FIRSTS[:2] if birthdays >= 23 else FIRSTS[:1]:
                    expected[LineKey(population, f"{area:012d}", weddings[0], measure, 2)] += 1
    assert {key: n for key, n in lines.items() if key.measure in FIRSTS[:2]} == expected
    births = Counter(
        (key.population, key.area, key.on)
        for key in lines.elements()
        if key.measure is Measure.BIRTH and key.population in (Population.REGISTERED, Population.RESIDENT)
    )
    first_births = Counter(
        (key.population, key.area, key.on) for key in lines.elements() if key.measure is Measure.FIRST_BIRTH
    )
    late_births = sum(n for key, n in lines.items() if key.measure is Measure.LATE_FIRST_BIRTH)
    assert first_births == births
    assert late_births == (first_births.total() if mother_age >= 24 else 0)


@settings(max_examples=300, deadline=None)
@given(recordings())
def test_a_changed_division_is_told_from_moves(history: list[LifeEvent]) -> None:
    """Lines in and out that say ``area_change`` cancel on their day, in every population; without a change
    of the division there are none, and a change adds no other."""
    lines = population_lines(history, DISTRICT, RULES)
    renamed = [key for key in lines if key.detail == AREA_CHANGE]
    assert all(key.measure in (Measure.IN, Measure.OUT) for key in renamed)
    balance: Counter[tuple[Population, date]] = Counter()
    for key in renamed:
        balance[key.population, key.on] += SIGN[key.measure] * lines[key]
    assert not any(balance.values())
    if not any(event.kind is EventKind.AREA_CHANGE for event in effective(history)):
        assert not renamed
    if not derive(history, DISTRICT, RULES).alive:
        return
    on = max(event.happened_on for event in [*history, *effective(history)]) + timedelta(days=400)
    data = {"from_area": HOME} | dict.fromkeys(("registered_area", "present_area", "usual_area"), SUCCESSOR)
    change = LifeEvent(uuid4(), EventKind.AREA_CHANGE, on, data)
    try:
        added = difference(population_lines([*history, change], DISTRICT, RULES), lines)
    except Conflict:
        return
    assert all(_tells(line) for line in added if line.measure in (Measure.IN, Measure.OUT)), added


def _tells(line: Line) -> bool:
    return line.detail == AREA_CHANGE
