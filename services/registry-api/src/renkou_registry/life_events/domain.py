"""The history of a person and what follows from it: current state and population lines. No I/O.

A history is the list of everything recorded about one person, in the order of recording. Corrections change
values of an earlier event, retractions take one back; what then holds is replayed by the day it happened.

Areas are 12-digit integer keys; ``district`` is the interval of the node's district. The rule of usual
residence (常住) and every measure are written out in docs/decisions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from renkou_common.codes.lists import MaritalStatus, Sex
from renkou_common.contracts.lines import AREA_CHANGE, LineKey, Measure, Population
from renkou_common.errors import Conflict
from renkou_registry.cards.domain import due_lines
from renkou_registry.life_events.calendar import full_years
from renkou_registry.life_events.family import Family
from renkou_registry.life_events.kinds import EventKind, LifeEvent
from renkou_registry.life_events.residence import Addresses, Renaming, Rules, usual_residences

__all__ = ["Addresses", "EventKind", "LifeEvent", "PersonState", "Rules", "derive", "population_lines"]

type District = tuple[int, int]


LATE_MARRIAGE_AGE = 23
LATE_BIRTH_AGE = 24
_FIRSTS_OVER = frozenset({Population.REGISTERED, Population.RESIDENT})
ENTRY_MEASURES = {
    EventKind.OPENING: Measure.OPENING,
    EventKind.ARRIVAL: Measure.IN,
    EventKind.BIRTH: Measure.BIRTH,
}
ENTRIES = frozenset(ENTRY_MEASURES)
CORRECTABLE: dict[EventKind, frozenset[str]] = {
    EventKind.OPENING: frozenset(
        {
            "happened_on",
            "sex",
            "birth_date",
            "marital_status",
            "registered_area",
            "registered_since",
            "present_area",
            "present_since",
        }
    ),
    EventKind.ARRIVAL: frozenset(
        {"happened_on", "sex", "birth_date", "marital_status", "registered_area", "present_area"}
    ),
    EventKind.BIRTH: frozenset(
        {"happened_on", "sex", "parity", "registered_area", "present_area", "mother_id", "father_id"}
    ),
    EventKind.DEATH: frozenset({"happened_on"}),
    EventKind.MARRIAGE: frozenset({"happened_on", "marital_status"}),
    EventKind.MOVE: frozenset({"happened_on", "to_area", "transfer_registration"}),
    EventKind.DIVORCE: frozenset({"happened_on"}),
    EventKind.ADOPTION: frozenset({"happened_on"}),
    EventKind.ADDRESS: frozenset({"happened_on"}),
}
FOLLOWING = frozenset({EventKind.WIDOWHOOD, EventKind.DISSOLUTION})  # revised with what they follow from
_BEFORE_ENTRY = FOLLOWING | {EventKind.MARRIAGE}  # may be older than the record
_RANK = {EventKind.AREA_CHANGE: 0, EventKind.DEATH: 2} | dict.fromkeys(FOLLOWING, 2)  # within one day


class _Belonging(NamedTuple):
    """To which area somebody belongs from a day on, None to none; ``renamed``: only the division changed."""

    since: date
    area: int | None
    renamed: bool


@dataclass(frozen=True, slots=True)
class PersonState:
    """What holds after the whole history.

    ``usual`` lists (day, area) from which each usual residence counts, also days yet to come; before the
    first there is none. ``addresses`` are all address states in order, the first from the entry.
    """

    entry: EventKind
    entered_on: date
    sex: int
    birth_date: date
    marital_status: str
    parity: int
    registered_since: date | None
    present_since: date
    died_on: date | None
    addresses: tuple[Addresses, ...]
    usual: tuple[tuple[date, int], ...]
    spouse_id: UUID | None = None
    mother_id: UUID | None = None
    father_id: UUID | None = None
    stay_began_on: date | None = None  # since when at the first present address, also before the entry
    mother_age: int | None = None  # in full years on the day of birth, where the birth is in the register
    first_married_on: date | None = None  # where the register holds the marriage

    @property
    def registered_area(self) -> int:
        return self.addresses[-1].registered

    @property
    def present_area(self) -> int:
        return self.addresses[-1].present

    @property
    def alive(self) -> bool:
        return self.died_on is None

    def usual_area(self, on: date) -> int | None:
        """Return the area of usual residence on a day, None where none is known."""
        return next((area for since, area in reversed(self.usual) if since <= on), None)

    def next_usual(self, after: date) -> tuple[date, int] | None:
        """Return the day after ``after`` on which another usual residence begins, with its area."""
        return next(((since, area) for since, area in self.usual if since > after), None)


def effective(history: Sequence[LifeEvent]) -> list[LifeEvent]:
    """Return the events that hold, corrections applied, in the order they happened: the entry first, then by
    day, a change of the division first and a death or widowhood last on its day, otherwise as recorded. None hold of a
    record that has joined another."""
    if len(history) == 1 and history[0].kind in ENTRIES:  # who has just come in, and imports bring many
        return list(history)
    retracted = {event.retracts for event in history if event.retracts}
    standing = {event.id: event for event in history if event.id not in retracted}
    for event in history:
        if event.kind is EventKind.CORRECTION and event.id in standing and event.corrects in standing:
            standing[event.corrects] = corrected(standing[event.corrects], event.data["changes"])
    facts = [e for e in standing.values() if e.kind not in (EventKind.CORRECTION, EventKind.RETRACTION)]
    if any(e.kind is EventKind.MERGE for e in facts):
        return []
    return sorted(facts, key=lambda e: (e.kind not in ENTRIES, e.happened_on, _RANK.get(e.kind, 1)))


def corrected(event: LifeEvent, changes: Mapping[str, Any]) -> LifeEvent:
    """Return the event with changed values; a birth's day is the birth date, an arrival's begins the stay."""
    data = {**event.data, **{name: value for name, value in changes.items() if name != "happened_on"}}
    happened_on = changes.get("happened_on", event.happened_on)
    if event.kind is EventKind.BIRTH:
        data["birth_date"] = data["present_since"] = happened_on
    if event.kind is EventKind.ARRIVAL:
        data["present_since"] = happened_on
    return replace(event, happened_on=happened_on, data=data)


def derive(history: Sequence[LifeEvent], district: District, rules: Rules) -> PersonState:
    """Return the state after a history; raises Conflict for one that cannot have happened."""
    return state_after(effective(history), district, rules)


def state_on(history: Sequence[LifeEvent], on: date, district: District, rules: Rules) -> PersonState | None:
    """Return the state on a day by what ``history`` knows; None where the person had not entered by then."""
    facts = effective(history)
    if not facts or facts[0].kind not in ENTRIES or facts[0].happened_on > on:
        return None
    return state_after([fact for fact in facts if fact.happened_on <= on], district, rules)


def state_after(facts: Sequence[LifeEvent], district: District, rules: Rules) -> PersonState:
    """Return the state after facts in the order of :func:`effective`; raises Conflict."""
    if not facts or facts[0].kind not in ENTRIES:
        raise Conflict(
            "entry_needed",
            "建档记录之外还有其他事件, 不能撤销建档; 请先撤销其他事件",
            "the entry cannot be taken back while other events stand; retract those first",
        )
    entry, rest = facts[0], facts[1:]
    _check_entry(entry)
    death = _death(rest)
    family = Family.of_entry(entry)
    addresses = [
        Addresses(entry.happened_on, entry.data["registered_area"], entry.data["present_area"], entry.id)
    ]
    registered_since: date | None = entry.data.get("registered_since")
    present_since: date = entry.data["present_since"]
    for event in rest:
        _check_within_life(event, entry, death)
        family = family.after(event)
        if event.kind is EventKind.MOVE:
            moved = _move(addresses[-1], event, district)
            if moved.registered != addresses[-1].registered:
                registered_since = event.happened_on
            if moved.present != addresses[-1].present:
                present_since = event.happened_on
            addresses.append(moved)
        elif event.kind is EventKind.AREA_CHANGE:
            addresses.append(_renamed(addresses[-1], event))
    died_on = death.happened_on if death else None
    usual = usual_residences(
        entry.happened_on,
        entry.data["present_since"],
        entry.data.get("mother_usual_area"),
        addresses,
        died_on,
        rules,
    )
    return PersonState(
        entry=entry.kind,
        entered_on=entry.happened_on,
        sex=entry.data["sex"],
        birth_date=entry.data["birth_date"],
        marital_status=family.marital_status,
        parity=entry.data.get("parity") or 0,
        registered_since=registered_since,
        present_since=present_since,
        died_on=died_on,
        addresses=tuple(addresses),
        usual=tuple(usual),
        spouse_id=family.spouse_id,
        mother_id=family.mother_id,
        father_id=family.father_id,
        stay_began_on=entry.data["present_since"],
        mother_age=entry.data.get("mother_age"),
        first_married_on=_first_marriage(rest),
    )


def _first_marriage(rest: Sequence[LifeEvent]) -> date | None:
    """Return the day of the marriage that is told to be the first (GB/T 2261.2: 21)."""
    first = str(MaritalStatus.FIRST_MARRIAGE)
    days = (e.happened_on for e in rest if e.kind is EventKind.MARRIAGE and e.data["marital_status"] == first)
    return next(days, None)


def married_since(history: Sequence[LifeEvent]) -> list[tuple[date, bool]]:
    """Return from which days on a person is married, or is not, from the entry on; in order."""
    facts = effective(history)
    if not facts or facts[0].kind not in ENTRIES:
        return []
    family = Family.of_entry(facts[0])
    found = [(facts[0].happened_on, family.is_married)]
    for event in facts[1:]:
        family = family.after(event)
        if family.is_married != found[-1][1]:
            found.append((max(event.happened_on, found[-1][0]), family.is_married))
    return found


def population_lines(history: Sequence[LifeEvent], district: District, rules: Rules) -> Counter[LineKey]:
    """Return the lines that a history contributes to each population; empty where its entry was retracted
    with everything else. Raises Conflict for a history that cannot have happened."""
    if not effective(history):
        return Counter()
    return lines_of(derive(history, district, rules), district)


def lines_of(state: PersonState, district: District) -> Counter[LineKey]:
    """Return the lines of a state."""
    if len(state.addresses) == 1 and len(state.usual) <= 1 and state.alive and not _has_firsts(state):
        return _lines_of_entry(state, district)

    def inside(area: int) -> bool:
        return district[0] <= area <= district[1]

    registered = [
        _Belonging(a.since, a.registered if inside(a.registered) else None, a.renaming is not None)
        for a in state.addresses
    ]
    migrant_in = [
        _Belonging(
            a.since,
            a.present if inside(a.present) and not inside(a.registered) else None,
            a.renaming is not None,
        )
        for a in state.addresses
    ]
    migrant_out = [
        _Belonging(
            a.since,
            a.registered if inside(a.registered) and not inside(a.present) else None,
            a.renaming is not None,
        )
        for a in state.addresses
    ]
    renamings = {(a.since, a.renaming.old, a.renaming.usual) for a in state.addresses if a.renaming}
    before = [None, *(area for _, area in state.usual)]
    resident = [
        _Belonging(since, area if inside(area) else None, (since, old, area) in renamings)
        for (since, area), old in zip(state.usual, before, strict=False)
    ]
    lines: Counter[LineKey] = Counter()
    for population, membership in (
        (Population.REGISTERED, registered),
        (Population.MIGRANT_IN, migrant_in),
        (Population.MIGRANT_OUT, migrant_out),
        (Population.RESIDENT, resident),
    ):
        if any(each.area is not None for each in membership):
            for key in _membership_lines(population, membership, state):
                lines[key] += 1
            if population in _FIRSTS_OVER:
                for key in _first_lines(population, membership, state):
                    lines[key] += 1
    for key, value in due_lines(state, district).items():
        lines[key] += value
    return lines


def _has_firsts(state: PersonState) -> bool:
    """Say whether somebody may have lines of a first marriage, or of a mother's first birth."""
    return state.first_married_on is not None or state.mother_age is not None


def _lines_of_entry(state: PersonState, district: District) -> Counter[LineKey]:
    """Return the lines of somebody alive who came in and has done nothing else, as most of an import."""
    low, high = district
    first, month, entered = state.addresses[0], state.birth_date.isoformat()[:7], ENTRY_MEASURES[state.entry]
    home = first.registered if low <= first.registered <= high else None
    here = first.present if low <= first.present <= high else None
    belongings = [(Population.REGISTERED, home, first.since)] if home is not None else []
    if home is None and here is not None:
        belongings.append((Population.MIGRANT_IN, here, first.since))
    elif here is None and home is not None:
        belongings.append((Population.MIGRANT_OUT, home, first.since))
    belongings += [(Population.RESIDENT, area, on) for on, area in state.usual if low <= area <= high]
    lines: Counter[LineKey] = Counter()
    for population, area, on in belongings:
        measure = entered if on == state.entered_on else Measure.IN
        parity = state.parity if measure is Measure.BIRTH else 0
        lines[LineKey(population, f"{area:012d}", on, measure, state.sex, month, parity)] = 1
    lines.update(due_lines(state, district))
    return lines


def left_area(state: PersonState, district: District) -> int | None:
    """Return the area of this district that a person left with registration and dwelling; None while one of
    the two is here. Its clerks go on seeing the record, so that a wrong transfer can be put right."""

    def inside(area: int) -> bool:
        return district[0] <= area <= district[1]

    if inside(state.registered_area) or inside(state.present_area):
        return None
    for each in reversed(state.addresses):
        for area in (each.registered, each.present):
            if inside(area):
                return area
    return None


def _membership_lines(
    population: Population, membership: Iterable[_Belonging], state: PersonState
) -> Iterable[LineKey]:
    """Yield a line for each beginning and end of belonging to an area; where only the division changed, the
    lines say so."""

    month = state.birth_date.isoformat()[:7]

    def line(area: int, on: date, measure: Measure, detail: str = "") -> LineKey:
        parity = state.parity if measure is Measure.BIRTH else 0
        return LineKey(population, f"{area:012d}", on, measure, state.sex, month, parity, detail)

    current: int | None = None
    for number, (on, area, renamed) in enumerate(membership):
        if area == current:
            continue
        detail = AREA_CHANGE if renamed and current is not None and area is not None else ""
        if current is not None:
            yield line(current, on, Measure.OUT, detail)
        if area is not None:
            at_entry = number == 0 and on == state.entered_on
            yield line(area, on, ENTRY_MEASURES[state.entry] if at_entry else Measure.IN, detail)
        current = area
    if current is not None and state.died_on is not None:
        yield line(current, state.died_on, Measure.DEATH)


def _first_lines(
    population: Population, membership: Sequence[_Belonging], state: PersonState
) -> Iterable[LineKey]:
    """Yield the lines of a woman's first marriage, and of the first birth that brought this person: where
    they count on that day, late at 23 and at 24 (晚婚, 晚育)."""

    def lines(area: int, on: date, age: int, first: Measure, late: Measure, late_at: int) -> list[LineKey]:
        found = [first, late] if age >= late_at else [first]
        return [LineKey(population, f"{area:012d}", on, each, int(Sex.FEMALE)) for each in found]

    married = state.first_married_on
    if married is not None and state.sex == Sex.FEMALE:
        then = [each.area for each in membership if each.since <= married]
        if then and then[-1] is not None:
            age = full_years(state.birth_date, married)
            yield from lines(
                then[-1], married, age, Measure.FIRST_MARRIAGE, Measure.LATE_FIRST_MARRIAGE, LATE_MARRIAGE_AGE
            )
    at_birth = membership[0]
    if (
        state.entry is EventKind.BIRTH
        and state.parity == 1
        and state.mother_age is not None
        and at_birth.area is not None
        and at_birth.since == state.entered_on
    ):
        yield from lines(
            at_birth.area,
            at_birth.since,
            state.mother_age,
            Measure.FIRST_BIRTH,
            Measure.LATE_FIRST_BIRTH,
            LATE_BIRTH_AGE,
        )


def _move(before: Addresses, event: LifeEvent, district: District) -> Addresses:
    to_area: int = event.data["to_area"]
    transfers: bool = event.data["transfer_registration"]
    registered = to_area if transfers else before.registered
    if event.data.get("registration_only"):  # 户籍随户迁移, 本人仍居住在外
        to_area = before.present
    if to_area == before.present and registered == before.registered:
        raise Conflict(
            "move_without_change",
            f"{event.happened_on} 的迁移没有改变现居住地或户籍地",
            f"the move of {event.happened_on} changes neither the present nor the registered area",
        )
    known = any(district[0] <= area <= district[1] for area in (before.present, before.registered, to_area))
    if not known:
        raise Conflict(
            "not_here",
            f"{event.happened_on} 时该人户籍和居住均不在本区, 不能登记迁出",
            f"on {event.happened_on} the person was neither registered nor living here and cannot move out",
        )
    return Addresses(event.happened_on, registered, to_area, event.id)


def _renamed(before: Addresses, event: LifeEvent) -> Addresses:
    """Return the addresses after a change of the division: the same dwellings under other codes."""
    old, data = event.data["from_area"], event.data

    def follow(area: int, name: str) -> int:
        return data.get(name) or area if area == old else area

    return Addresses(
        event.happened_on,
        follow(before.registered, "registered_area"),
        follow(before.present, "present_area"),
        event.id,
        Renaming(old, data.get("usual_area") or data.get("present_area") or data.get("registered_area")),
    )


def _death(rest: Sequence[LifeEvent]) -> LifeEvent | None:
    deaths = [event for event in rest if event.kind is EventKind.DEATH]
    if len(deaths) > 1:
        raise Conflict("already_dead", "该人的死亡已登记", "the person's death is recorded already")
    return deaths[0] if deaths else None


def _check_entry(entry: LifeEvent) -> None:
    if entry.data["birth_date"] > entry.happened_on:
        raise Conflict("before_birth", "建档日期早于出生日期", "the entry is dated before the person's birth")
    if entry.data["present_since"] > entry.happened_on:
        raise Conflict(
            "present_after_entry",
            "现居住地的起始日期晚于建档日期",
            "the present address begins after the day of the entry",
        )


def _check_within_life(event: LifeEvent, entry: LifeEvent, death: LifeEvent | None) -> None:
    day = event.happened_on
    if day < entry.data["birth_date"]:
        raise Conflict("before_birth", f"{day} 早于出生日期", f"{day} is before the person's birth")
    if day < entry.happened_on and event.kind not in _BEFORE_ENTRY:
        raise Conflict(
            "before_entry",
            f"{day} 早于建档日期 {entry.happened_on}; 如建档有误请更正建档记录",
            f"{day} is before the entry of {entry.happened_on}; correct the entry if that is wrong",
        )
    if death is not None and day > death.happened_on:
        raise Conflict(
            "after_death",
            f"{day} 晚于死亡日期 {death.happened_on}",
            f"{day} is after the death on {death.happened_on}",
        )
