"""What follows from a person's history: populations, usual residence, and what cannot have happened."""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import Conflict
from renkou_registry.life_events.calendar import add_months
from renkou_registry.life_events.domain import (
    EventKind,
    LifeEvent,
    PersonState,
    Rules,
    derive,
    population_lines,
)
from renkou_registry.life_events.routes import LABELS

DISTRICT = (340103_000000, 340103_999999)
A, B = 340103_013001, 340103_013002
AWAY, FARAWAY = 310115_000000, 440305_000000
RULES = Rules()
BORN = date(1990, 3, 7)


def opening(on: date, registered: int, present: int, since: date | None = None, **more: Any) -> LifeEvent:
    return _entry(EventKind.OPENING, on, registered, present, since or on, **more)


def arrival(on: date, registered: int, present: int) -> LifeEvent:
    return _entry(EventKind.ARRIVAL, on, registered, present, on)


def birth(on: date, registered: int, present: int, mother_usual: int | None, parity: int = 1) -> LifeEvent:
    return _entry(
        EventKind.BIRTH,
        on,
        registered,
        present,
        on,
        birth_date=on,
        parity=parity,
        mother_usual_area=mother_usual,
    )


def _entry(kind: EventKind, on: date, registered: int, present: int, since: date, **more: Any) -> LifeEvent:
    data = {
        "sex": 2,
        "birth_date": BORN,
        "marital_status": "10",
        "registered_area": registered,
        "present_area": present,
        "present_since": since,
    }
    return LifeEvent(uuid4(), kind, on, data | more)


def move(on: date, to: int, *, transfer: bool = False) -> LifeEvent:
    return LifeEvent(uuid4(), EventKind.MOVE, on, {"to_area": to, "transfer_registration": transfer})


def death(on: date) -> LifeEvent:
    return LifeEvent(uuid4(), EventKind.DEATH, on)


def correction(of: LifeEvent, **changes: Any) -> LifeEvent:
    return LifeEvent(uuid4(), EventKind.CORRECTION, of.happened_on, {"changes": changes}, corrects=of.id)


def retraction(of: LifeEvent | UUID) -> LifeEvent:
    target = of if isinstance(of, UUID) else of.id
    return LifeEvent(uuid4(), EventKind.RETRACTION, date(2025, 1, 1), {}, retracts=target)


def lines(*history: LifeEvent) -> Counter[LineKey]:
    """What a history adds to populations; the cards due have tests of their own."""
    found = population_lines(history, DISTRICT, RULES)
    return Counter({key: value for key, value in found.items() if key.measure is not Measure.CARD_DUE})


def state(*history: LifeEvent) -> PersonState:
    return derive(history, DISTRICT, RULES)


def told(population: Population, *history: LifeEvent) -> list[tuple[date, str, int]]:
    """The lines of a population as (day, measure, area), in order."""
    found = [key for key in lines(*history) if key.population is population]
    return sorted((key.on, key.measure.value, int(key.area)) for key in found)


JAN = date(2025, 1, 1)


def test_who_is_registered_and_lives_here_counts_at_once_as_registered_and_usual_resident() -> None:
    someone = opening(JAN, A, A)
    assert told(Population.REGISTERED, someone) == [(JAN, "opening", A)]
    assert told(Population.RESIDENT, someone) == [(JAN, "opening", A)]
    assert told(Population.MIGRANT_IN, someone) == told(Population.MIGRANT_OUT, someone) == []


def test_lines_carry_sex_and_birth_month_and_parity_only_on_births() -> None:
    child = birth(date(2025, 3, 18), A, A, A, parity=2)
    assert {(key.sex, key.birth_month, key.parity) for key in lines(child)} == {(2, "2025-03", 2)}
    assert {(key.sex, key.birth_month, key.parity) for key in lines(opening(JAN, A, A))} == {
        (2, "1990-03", 0)
    }


def test_an_arrival_is_a_migrant_at_once_and_a_usual_resident_after_six_months() -> None:
    someone = arrival(date(2025, 1, 15), AWAY, A)
    assert told(Population.MIGRANT_IN, someone) == [(date(2025, 1, 15), "in", A)]
    assert told(Population.RESIDENT, someone) == [(date(2025, 7, 15), "in", A)]
    assert told(Population.REGISTERED, someone) == []


def test_six_months_from_the_end_of_august_are_the_end_of_february() -> None:
    someone = arrival(date(2024, 8, 31), AWAY, A)
    assert told(Population.RESIDENT, someone) == [(date(2025, 2, 28), "in", A)]
    assert add_months(date(2023, 8, 31), 6) == date(2024, 2, 29)


def test_the_number_of_months_is_a_parameter() -> None:
    history = [arrival(date(2025, 1, 15), AWAY, A)]
    found = population_lines(history, DISTRICT, Rules(usual_after_months=3))
    assert [key.on for key in found if key.population is Population.RESIDENT] == [date(2025, 4, 15)]


def test_who_leaves_before_six_months_was_never_a_usual_resident() -> None:
    history = (arrival(date(2025, 1, 15), AWAY, A), move(date(2025, 7, 14), AWAY))
    assert told(Population.RESIDENT, *history) == []
    assert told(Population.MIGRANT_IN, *history) == [
        (date(2025, 1, 15), "in", A),
        (date(2025, 7, 14), "out", A),
    ]


def test_who_leaves_on_the_very_day_of_six_months_has_stayed_long_enough() -> None:
    history = (arrival(date(2025, 1, 15), AWAY, A), move(date(2025, 7, 15), AWAY))
    assert told(Population.RESIDENT, *history)[0] == (date(2025, 7, 15), "in", A)


def test_a_stay_of_more_than_six_months_before_the_entry_counts_at_the_entry() -> None:
    someone = opening(JAN, AWAY, A, since=date(2024, 5, 1))
    assert told(Population.RESIDENT, someone) == [(JAN, "opening", A)]


def test_a_shorter_stay_before_the_entry_counts_when_its_six_months_are_over() -> None:
    someone = opening(JAN, AWAY, A, since=date(2024, 9, 10))
    assert told(Population.MIGRANT_IN, someone) == [(JAN, "opening", A)]
    assert told(Population.RESIDENT, someone) == [(date(2025, 3, 10), "in", A)]


def test_leaving_without_the_registration_keeps_usual_residence_for_six_months() -> None:
    history = (opening(JAN, A, A), move(date(2025, 3, 1), AWAY))
    assert told(Population.MIGRANT_OUT, *history) == [(date(2025, 3, 1), "in", A)]
    assert told(Population.REGISTERED, *history) == [(JAN, "opening", A)]
    assert told(Population.RESIDENT, *history) == [(JAN, "opening", A), (date(2025, 9, 1), "out", A)]


def test_coming_back_home_within_six_months_never_interrupted_usual_residence() -> None:
    history = (opening(JAN, A, A), move(date(2025, 3, 1), AWAY), move(date(2025, 6, 1), A))
    assert told(Population.RESIDENT, *history) == [(JAN, "opening", A)]
    assert told(Population.MIGRANT_OUT, *history) == [
        (date(2025, 3, 1), "in", A),
        (date(2025, 6, 1), "out", A),
    ]


def test_coming_back_home_later_is_usual_residence_from_the_first_day() -> None:
    history = (opening(JAN, A, A), move(date(2025, 3, 1), AWAY), move(date(2025, 12, 1), A))
    assert told(Population.RESIDENT, *history)[-1] == (date(2025, 12, 1), "in", A)


def test_moving_to_another_community_with_the_registration_changes_both_at_once() -> None:
    history = (opening(JAN, A, A), move(date(2025, 3, 1), B, transfer=True))
    moved = [(JAN, "opening", A), (date(2025, 3, 1), "in", B), (date(2025, 3, 1), "out", A)]
    assert told(Population.REGISTERED, *history) == moved
    assert told(Population.RESIDENT, *history) == moved


def test_moving_to_another_community_without_it_changes_usual_residence_after_six_months() -> None:
    history = (opening(JAN, A, A), move(date(2025, 3, 1), B))
    assert told(Population.RESIDENT, *history) == [
        (JAN, "opening", A),
        (date(2025, 9, 1), "in", B),
        (date(2025, 9, 1), "out", A),
    ]
    assert told(Population.MIGRANT_OUT, *history) == []


def test_the_registration_following_makes_a_stay_usual_on_that_day() -> None:
    history = (arrival(date(2025, 1, 15), AWAY, A), move(date(2025, 4, 1), A, transfer=True))
    assert told(Population.RESIDENT, *history) == [(date(2025, 4, 1), "in", A)]
    assert told(Population.REGISTERED, *history) == [(date(2025, 4, 1), "in", A)]
    assert told(Population.MIGRANT_IN, *history)[-1] == (date(2025, 4, 1), "out", A)


def test_the_registration_leaving_alone_does_not_end_usual_residence() -> None:
    history = (
        opening(JAN, A, A),
        move(date(2025, 3, 1), AWAY, transfer=True),
        move(date(2025, 3, 1), A),
    )
    assert told(Population.RESIDENT, *history)[0] == (JAN, "opening", A)
    assert state(*history).usual_area(date(2025, 4, 1)) == A


def test_a_newborn_follows_the_usual_residence_of_the_mother() -> None:
    day = date(2025, 5, 5)
    of_resident_migrant = birth(day, AWAY, A, mother_usual=A)
    assert told(Population.RESIDENT, of_resident_migrant) == [(day, "birth", A)]
    assert told(Population.MIGRANT_IN, of_resident_migrant) == [(day, "birth", A)]
    of_newcomer = birth(day, AWAY, A, mother_usual=None)
    assert told(Population.RESIDENT, of_newcomer) == [(date(2025, 11, 5), "in", A)]
    of_one_who_just_left = birth(day, A, AWAY, mother_usual=A)
    assert told(Population.RESIDENT, of_one_who_just_left) == [
        (day, "birth", A),
        (date(2025, 11, 5), "out", A),
    ]
    assert told(Population.MIGRANT_OUT, of_one_who_just_left) == [(day, "birth", A)]


def test_a_mother_who_usually_resides_elsewhere_gives_the_newborn_no_residence_here_yet() -> None:
    child = birth(date(2025, 5, 5), AWAY, A, mother_usual=AWAY)
    assert told(Population.RESIDENT, child) == [(date(2025, 11, 5), "in", A)]


def test_a_death_ends_every_population_the_person_belongs_to() -> None:
    history = (arrival(date(2025, 1, 15), AWAY, A), death(date(2025, 8, 1)))
    assert told(Population.MIGRANT_IN, *history)[-1] == (date(2025, 8, 1), "death", A)
    assert told(Population.RESIDENT, *history)[-1] == (date(2025, 8, 1), "death", A)
    early = (arrival(date(2025, 1, 15), AWAY, A), death(date(2025, 6, 1)))
    assert told(Population.RESIDENT, *early) == []


def test_events_count_in_the_order_they_happened_not_in_which_they_were_recorded() -> None:
    entry, first, second = opening(JAN, A, A), move(date(2025, 2, 1), B), move(date(2025, 5, 1), AWAY)
    assert lines(entry, second, first) == lines(entry, first, second)


def test_a_correction_replays_the_history_with_the_right_values() -> None:
    entry, moved = opening(JAN, A, A), move(date(2025, 3, 1), AWAY)
    right = move(date(2025, 4, 1), FARAWAY)
    assert lines(entry, moved, correction(moved, happened_on=date(2025, 4, 1), to_area=FARAWAY)) == lines(
        entry, right
    )


def test_the_corrected_day_of_a_birth_is_the_birth_date() -> None:
    child = birth(date(2025, 5, 5), A, A, A)
    fixed = correction(child, happened_on=date(2025, 4, 30), sex=1, parity=3)
    after = state(child, fixed)
    assert (after.birth_date, after.present_since, after.sex, after.parity) == (
        date(2025, 4, 30),
        date(2025, 4, 30),
        1,
        3,
    )
    assert Measure.BIRTH in {key.measure for key in lines(child, fixed) if key.birth_month == "2025-04"}


def test_a_retracted_event_never_happened_and_a_retracted_correction_changes_nothing() -> None:
    entry, moved = opening(JAN, A, A), move(date(2025, 3, 1), AWAY)
    fix = correction(moved, to_area=B)
    assert lines(entry, moved, retraction(moved)) == lines(entry)
    assert lines(entry, moved, fix, retraction(fix)) == lines(entry, moved)
    assert lines(entry, retraction(entry)) == Counter()


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((opening(JAN, A, A), death(date(2025, 2, 1)), move(date(2025, 3, 1), B)), "after_death"),
        ((opening(JAN, A, A), death(date(2025, 2, 1)), death(date(2025, 2, 1))), "already_dead"),
        ((opening(JAN, A, A), move(date(1989, 1, 1), B)), "before_birth"),
        ((opening(JAN, A, A), move(date(2024, 12, 31), B)), "before_entry"),
        ((opening(JAN, A, A), move(date(2025, 2, 1), A)), "move_without_change"),
        (
            (
                opening(JAN, A, A),
                move(date(2025, 2, 1), AWAY, transfer=True),
                move(date(2025, 3, 1), FARAWAY),
            ),
            "not_here",
        ),
        ((opening(JAN, A, A, since=date(2025, 2, 1)),), "present_after_entry"),
        ((opening(JAN, A, A, birth_date=date(2025, 2, 1)),), "before_birth"),
    ],
)
def test_what_cannot_have_happened_is_refused_in_both_languages(
    history: tuple[LifeEvent, ...], code: str
) -> None:
    with pytest.raises(Conflict) as refused:
        state(*history)
    assert refused.value.code == code
    assert refused.value.detail.zh
    assert refused.value.detail.en


def test_an_entry_cannot_be_taken_back_while_other_events_stand() -> None:
    entry, moved = opening(JAN, A, A), move(date(2025, 3, 1), B)
    with pytest.raises(Conflict) as refused:
        lines(entry, moved, retraction(entry))
    assert refused.value.code == "entry_needed"


def test_a_move_on_the_day_of_death_recorded_after_it_is_possible() -> None:
    day = date(2025, 2, 1)
    after = state(opening(JAN, A, A), death(day), move(day, B))
    assert after.present_area == B
    assert not after.alive


def test_a_marriage_before_the_entry_can_still_be_recorded() -> None:
    wedding = LifeEvent(uuid4(), EventKind.MARRIAGE, date(2015, 5, 1), {"marital_status": "21"})
    assert state(opening(JAN, A, A), wedding).marital_status == "21"


def test_every_kind_of_event_has_a_name_in_chinese() -> None:
    assert set(LABELS) == set(EventKind)
