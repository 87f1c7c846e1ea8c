"""Whatever is recorded, corrected and taken back: the past stays as known, addresses and lines agree."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.contracts.lines import LineKey, Measure, Population, difference
from renkou_common.errors import Conflict
from renkou_registry.life_events.addresses import (
    AddressKind,
    Place,
    Spell,
    entry_spells,
    rewriting,
    spells_of,
)
from renkou_registry.life_events.domain import (
    ENTRIES,
    EventKind,
    LifeEvent,
    Rules,
    derive,
    effective,
    population_lines,
    state_on,
)

DISTRICT = (340103_000000, 340103_999999)
AREAS = [340103_013001, 340103_013002, 340103_014001, 310115_000000]
SUCCESSOR = 340103_015001
RULES = Rules()
START = date(2024, 1, 1)
LATE = date(2030, 1, 1)
DAYS = st.integers(0, 900).map(lambda days: START + timedelta(days=days))
SIGN = {Measure.OPENING: 1, Measure.BIRTH: 1, Measure.IN: 1, Measure.DEATH: -1, Measure.OUT: -1}
LISTED = {Population.REGISTERED: AddressKind.REGISTERED, Population.RESIDENT: AddressKind.USUAL}


@st.composite
def entries(draw: st.DrawFn) -> LifeEvent:
    kind = draw(st.sampled_from(sorted(ENTRIES)))
    on = draw(st.integers(0, 200).map(lambda days: START + timedelta(days=days)))
    since = on - timedelta(days=draw(st.integers(0, 400))) if kind is EventKind.OPENING else on
    data: dict[str, Any] = {
        "sex": 2,
        "birth_date": on if kind is EventKind.BIRTH else date(1980, 2, 3),
        "marital_status": draw(st.sampled_from(["10", "21", "90"])),
        "registered_area": draw(st.sampled_from(AREAS)),
        "present_area": draw(st.sampled_from(AREAS)),
        "present_since": since,
    }
    if kind is EventKind.BIRTH:
        data |= {"parity": 1, "mother_usual_area": draw(st.sampled_from([None, *AREAS]))}
    return LifeEvent(uuid4(), kind, on, data)


@st.composite
def next_event(draw: st.DrawFn, history: list[LifeEvent]) -> LifeEvent:
    kinds = ["move", "move", "marriage", "divorce", "widowhood", "address", "area_change", "adoption"]
    kind = draw(st.sampled_from([*kinds, "death", "correction", "retraction"]))
    data: dict[str, Any] = {}
    match kind:
        case "move":
            areas = [*AREAS, SUCCESSOR]
            data = {
                "to_area": draw(st.sampled_from(areas)),
                "transfer_registration": draw(st.booleans()),
            }
        case "marriage":
            data = {"marital_status": "21", "spouse_id": str(uuid4())}
        case "address":
            data = {"address": draw(st.sampled_from(["registered", "present"]))}
        case "area_change":
            data = dict.fromkeys(("registered_area", "present_area", "usual_area"), SUCCESSOR)
            data["from_area"] = draw(st.sampled_from(AREAS[:3]))
        case "adoption":
            data = {"mother_id": str(uuid4()), "father_id": None}
        case "correction" | "retraction":
            target = draw(st.sampled_from(history))
            if kind == "retraction" or target.kind in (EventKind.CORRECTION, EventKind.RETRACTION):
                return LifeEvent(uuid4(), EventKind.RETRACTION, target.happened_on, {}, retracts=target.id)
            changes: dict[str, Any] = {"happened_on": draw(DAYS)}
            if target.kind is EventKind.MOVE:
                changes["to_area"] = draw(st.sampled_from(AREAS))
            changed = {"changes": changes}
            return LifeEvent(uuid4(), EventKind.CORRECTION, draw(DAYS), changed, corrects=target.id)
    return LifeEvent(uuid4(), EventKind(kind), draw(DAYS), data)


@st.composite
def recordings(draw: st.DrawFn) -> list[LifeEvent]:
    """A history as it may grow: what would make it impossible is refused, as the service does."""
    history = [draw(entries())]
    for _ in range(draw(st.integers(0, 9))):
        event = draw(next_event(history))
        try:
            derive([*history, event], DISTRICT, RULES)
        except Conflict:
            continue
        history.append(event)
    return history


@settings(max_examples=300, deadline=None)
@given(recordings())
def test_the_state_on_a_late_day_is_the_current_state(history: list[LifeEvent]) -> None:
    assert state_on(history, LATE, DISTRICT, RULES) == derive(history, DISTRICT, RULES)


@settings(max_examples=300, deadline=None)
@given(recordings(), DAYS)
def test_before_the_entry_there_is_nobody_and_from_then_on_there_is(
    history: list[LifeEvent], on: date
) -> None:
    entered = derive(history, DISTRICT, RULES).entered_on
    assert (state_on(history, on, DISTRICT, RULES) is not None) == (on >= entered)


@settings(max_examples=300, deadline=None)
@given(recordings(), st.data())
def test_lines_of_each_recording_reverse_exactly(history: list[LifeEvent], data: st.DataObject) -> None:
    total: Counter[LineKey] = Counter()
    before: Counter[LineKey] = Counter()
    for number in range(1, len(history) + 1):
        after = population_lines(history[:number], DISTRICT, RULES)
        for line in difference(after, before):
            fields = line.model_dump()
            value = fields.pop("value")
            total[LineKey(**fields | {"birth_month": fields["birth_month"] or ""})] += value
        before = after
    assert {key: value for key, value in total.items() if value} == dict(before)
    target = data.draw(st.sampled_from(history))
    retraction = LifeEvent(uuid4(), EventKind.RETRACTION, START, {}, retracts=target.id)
    again = replace(target, id=uuid4())
    try:
        population_lines([*history, retraction], DISTRICT, RULES)
        restored = population_lines([*history, retraction, again], DISTRICT, RULES)
    except Conflict:
        return
    corrected = any(event.corrects == target.id for event in history)
    same_day = [e for e in history if e.happened_on == target.happened_on and e is not target]
    if not corrected and not same_day and target.corrects is None and target.retracts is None:
        assert restored == before


@settings(max_examples=300, deadline=None)
@given(recordings(), DAYS)
def test_a_list_of_a_day_shows_exactly_whom_the_figures_count(history: list[LifeEvent], on: date) -> None:
    spells = spells_of(effective(history), derive(history, DISTRICT, RULES))
    lines = population_lines(history, DISTRICT, RULES)
    for population, kind in LISTED.items():
        counted: Counter[int] = Counter()
        for key, value in lines.items():
            if key.population is population and key.on <= on:
                counted[int(key.area)] += SIGN.get(key.measure, 0) * value
        listed = Counter(
            spell.area
            for spell in spells
            if spell.kind is kind and DISTRICT[0] <= spell.area <= DISTRICT[1] and held(spell, on)
        )
        assert +counted == listed, population


def held(spell: Spell, on: date) -> bool:
    return spell.counted_from <= on and (spell.valid_until is None or on < spell.valid_until)


@settings(max_examples=200, deadline=None)
@given(entries())
def test_entries_in_bulk_write_what_the_history_tells(entry: LifeEvent) -> None:
    state = derive([entry], DISTRICT, RULES)
    assert entry_spells(entry, state, {}) == spells_of([entry], state)


@settings(max_examples=200, deadline=None)
@given(recordings())
def test_what_was_known_of_addresses_is_never_changed_by_what_is_recorded_later(
    history: list[LifeEvent],
) -> None:
    """The projection: rows superseded at step n are those that answered for n - 1, and stay as they were."""
    rows: list[tuple[Spell, int, int | None]] = []
    told_at: dict[int, list[Spell]] = {}
    for step in range(1, len(history) + 1):
        facts = effective(history[:step])
        told = spells_of(facts, derive(history[:step], DISTRICT, RULES))
        known = [spell for spell, _, until in rows if until is None]
        street = {AddressKind.PRESENT: Place(f"{step} 号")}
        change = rewriting(known, [spell for spell, _, _ in rows], told, street, history[step - 1].id)
        rows = [
            (spell, since, step if until is None and spell in change.superseded else until)
            for spell, since, until in rows
        ]
        rows += [(spell, step, None) for spell in change.new]
        told_at[step] = [spell for spell, _, until in rows if until is None]
        bare = [replace(spell, place=Place()) for spell in told_at[step]]
        assert sorted_spells(bare) == sorted_spells([replace(spell, carried=False) for spell in told])
        keys = Counter((spell.kind, spell.valid_from) for spell in told_at[step])
        assert not keys or max(keys.values()) == 1
    for step, spells in told_at.items():
        then = [spell for spell, since, until in rows if since <= step and (until is None or until > step)]
        assert sorted_spells(then) == sorted_spells(spells)


def sorted_spells(spells: Sequence[Spell]) -> list[str]:
    return sorted(map(repr, spells))


@settings(max_examples=200, deadline=None)
@given(recordings())
def test_a_changed_division_is_net_zero_for_the_district(history: list[LifeEvent]) -> None:
    state = derive(history, DISTRICT, RULES)
    if not state.alive:
        return
    on = max([LATE, *(event.happened_on for event in history)])
    for source in AREAS[:3]:
        data = {
            "from_area": source,
            "registered_area": SUCCESSOR,
            "present_area": SUCCESSOR,
            "usual_area": SUCCESSOR,
        }
        change = LifeEvent(uuid4(), EventKind.AREA_CHANGE, on, data)
        lines = difference(
            population_lines([*history, change], DISTRICT, RULES), population_lines(history, DISTRICT, RULES)
        )
        balance: dict[tuple[Population, date], int] = defaultdict(int)
        for line in lines:
            balance[line.population, line.on] += SIGN.get(line.measure, 0) * line.value
        assert not any(balance.values()), lines
