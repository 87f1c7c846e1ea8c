"""Whatever is recorded in whatever order: published differences add up, and nobody counts twice."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.contracts.lines import LineKey, Measure, Population, difference
from renkou_common.errors import Conflict
from renkou_registry.life_events.domain import EventKind, LifeEvent, Rules, derive, population_lines

DISTRICT = (340103_000000, 340103_999999)
AREAS = [340103_013001, 340103_013002, 340103_014001, 310115_000000, 440305_000000]
RULES = Rules()
START = date(2024, 1, 1)
DAYS = st.integers(0, 900).map(lambda days: START + timedelta(days=days))
SIGN = {Measure.OPENING: 1, Measure.BIRTH: 1, Measure.IN: 1, Measure.DEATH: -1, Measure.OUT: -1}


@st.composite
def entries(draw: st.DrawFn) -> LifeEvent:
    kind = draw(st.sampled_from([EventKind.OPENING, EventKind.ARRIVAL, EventKind.BIRTH]))
    on = draw(st.integers(0, 200).map(lambda days: START + timedelta(days=days)))
    since = on - timedelta(days=draw(st.integers(0, 400))) if kind is EventKind.OPENING else on
    born = on if kind is EventKind.BIRTH else date(1980, 2, 3)
    data = {
        "sex": draw(st.sampled_from([1, 2])),
        "birth_date": born,
        "marital_status": "10",
        "registered_area": draw(st.sampled_from(AREAS)),
        "present_area": draw(st.sampled_from(AREAS)),
        "present_since": since,
    }
    if kind is EventKind.BIRTH:
        mothers = draw(st.sampled_from([None, *AREAS]))
        data |= {"parity": draw(st.integers(1, 4)), "mother_usual_area": mothers}
    return LifeEvent(uuid4(), kind, on, data)


@given(entries())
def test_who_has_only_come_in_has_the_lines_that_a_longer_history_would_give(entry: LifeEvent) -> None:
    far = date(2900, 1, 1)
    renamed = LifeEvent(uuid4(), EventKind.AREA_CHANGE, far, {"from_area": 999999_000000})
    assert population_lines([entry], DISTRICT, RULES) == population_lines([entry, renamed], DISTRICT, RULES)
    alone, longer = derive([entry], DISTRICT, RULES), derive([entry, renamed], DISTRICT, RULES)
    assert (alone.usual, alone.present_since) == (longer.usual, longer.present_since)


@st.composite
def recordings(draw: st.DrawFn) -> list[LifeEvent]:
    """A history as it may grow: each event that would make it impossible is left out, as the service does."""
    history = [draw(entries())]
    for _ in range(draw(st.integers(0, 9))):
        event = draw(_next_event(history))
        try:
            population_lines([*history, event], DISTRICT, RULES)
        except Conflict:
            continue
        history.append(event)
    return history


@st.composite
def _next_event(draw: st.DrawFn, history: list[LifeEvent]) -> LifeEvent:
    kind = draw(st.sampled_from(["move", "move", "move", "death", "correction", "retraction"]))
    if kind == "death":
        return LifeEvent(uuid4(), EventKind.DEATH, draw(DAYS))
    if kind == "move":
        data = {"to_area": draw(st.sampled_from(AREAS)), "transfer_registration": draw(st.booleans())}
        return LifeEvent(uuid4(), EventKind.MOVE, draw(DAYS), data)
    target = draw(st.sampled_from(history))
    if kind == "retraction" or target.kind in (EventKind.CORRECTION, EventKind.RETRACTION):
        return LifeEvent(uuid4(), EventKind.RETRACTION, target.happened_on, {}, retracts=target.id)
    changes: dict[str, Any] = {"happened_on": draw(DAYS)}
    if target.kind is EventKind.MOVE:
        changes |= {"to_area": draw(st.sampled_from(AREAS))}
    return LifeEvent(
        uuid4(), EventKind.CORRECTION, target.happened_on, {"changes": changes}, corrects=target.id
    )


def published(history: list[LifeEvent]) -> Counter[LineKey]:
    """Add up the differences that recording one event after the other publishes."""
    total: Counter[LineKey] = Counter()
    before: Counter[LineKey] = Counter()
    for number in range(1, len(history) + 1):
        after = population_lines(history[:number], DISTRICT, RULES)
        for line in difference(after, before):
            key = LineKey(
                line.population,
                line.area,
                line.on,
                line.measure,
                line.sex,
                line.birth_month or "",
                line.parity,
            )
            total[key] += line.value
        before = after
    return total


@settings(max_examples=300, deadline=None)
@given(recordings())
def test_the_differences_published_add_up_to_the_lines_of_the_final_history(history: list[LifeEvent]) -> None:
    final = population_lines(history, DISTRICT, RULES)
    assert {key: value for key, value in published(history).items() if value} == dict(final)


def stocks(history: list[LifeEvent], population: Population) -> list[tuple[date, dict[str, int]]]:
    """The stock by area after each day on which it changes."""
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    for key, value in population_lines(history, DISTRICT, RULES).items():
        if key.population is population and key.measure in SIGN:
            by_day[key.on][key.area] += SIGN[key.measure] * value
    stock: Counter[str] = Counter()
    found = []
    for day in sorted(by_day):
        stock.update(by_day[day])
        found.append((day, dict(stock)))
    return found


@settings(max_examples=300, deadline=None)
@given(recordings())
def test_a_person_is_in_a_population_at_most_once_and_never_less_than_not_at_all(
    history: list[LifeEvent],
) -> None:
    for population in (
        Population.REGISTERED,
        Population.RESIDENT,
        Population.MIGRANT_IN,
        Population.MIGRANT_OUT,
    ):
        for day, stock in stocks(history, population):
            assert all(value in (0, 1) for value in stock.values()), (population, day, stock)
            assert sum(stock.values()) <= 1, (population, day, stock)


@settings(max_examples=300, deadline=None)
@given(recordings())
def test_migrants_and_the_registered_never_overlap(history: list[LifeEvent]) -> None:
    days = {key.on for key in population_lines(history, DISTRICT, RULES)}
    registered, migrants = stocks(history, Population.REGISTERED), stocks(history, Population.MIGRANT_IN)
    for day in days:
        assert stock_on(registered, day) + stock_on(migrants, day) <= 1


def stock_on(changes: list[tuple[date, dict[str, int]]], day: date) -> int:
    """The stock over all areas on a day."""
    return next((sum(stock.values()) for since, stock in reversed(changes) if since <= day), 0)


@settings(max_examples=200, deadline=None)
@given(recordings(), st.data())
def test_correcting_a_day_and_correcting_it_back_restores_the_same_lines(
    history: list[LifeEvent], data: st.DataObject
) -> None:
    lines = population_lines(history, DISTRICT, RULES)
    target = history[0]
    other = data.draw(DAYS)

    def fix(day: date) -> LifeEvent:
        return LifeEvent(
            uuid4(), EventKind.CORRECTION, day, {"changes": {"happened_on": day}}, corrects=target.id
        )

    changed = [*history, fix(other)]
    try:
        population_lines(changed, DISTRICT, RULES)
    except Conflict:
        return
    effective_day = target.happened_on
    for event in history:
        gone = any(each.retracts == event.id for each in history)
        if event.corrects == target.id and not gone:
            effective_day = event.data["changes"]["happened_on"]
    assert population_lines([*changed, fix(effective_day)], DISTRICT, RULES) == lines
