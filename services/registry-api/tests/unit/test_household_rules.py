"""Memberships over time, as known over time; the length of a stay; the history of a name."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.codes.lists import MembershipKind
from renkou_common.errors import Conflict, InvalidInput
from renkou_registry.households.domain import Membership, check_end, members_on, new_relations
from renkou_registry.life_events.calendar import add_months
from renkou_registry.persons.details import former_names
from renkou_registry.separated.domain import full_months, stayed_since

START = date(2024, 1, 1)
DAYS = st.integers(0, 60).map(lambda days: START + timedelta(days=days))
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
HOME = uuid4()


class Ledger:
    """Memberships kept as the repository keeps them: what was known is ended, what is known now is added."""

    def __init__(self) -> None:
        self.rows: list[Membership] = []
        self.now = NOON

    def tick(self) -> None:
        self.now += timedelta(seconds=1)

    def add(self, person: UUID, since: date) -> None:
        row = Membership(uuid4(), HOME, person, "80", MembershipKind.LIVING, since, None, self.now)
        self.rows.append(row)

    def set_until(self, row: Membership, until: date | None) -> None:
        self.rows.remove(row)
        self.rows.append(replace(row, known_until=self.now))
        self.rows.append(replace(row, id=uuid4(), until=until, known_from=self.now))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["join", "leave", "back", "redate"]), DAYS), max_size=25
    )
)
def test_what_was_known_then_is_never_changed_by_what_is_recorded_later(
    steps: list[tuple[int, str, date]],
) -> None:
    people = [UUID(int=number) for number in range(1, 5)]
    ledger = Ledger()
    plain: dict[UUID, list[tuple[date, date | None]]] = {each: [] for each in people}
    answers: list[tuple[datetime, dict[date, set[UUID]]]] = []
    days = [START + timedelta(days=each) for each in range(0, 62, 3)]
    for who, what, day in steps:
        ledger.tick()
        person, spans = people[who], plain[people[who]]
        known = [row for row in ledger.rows if row.person_id == person and row.known_until is None]
        last = max(known, key=lambda row: row.since or date.min, default=None)
        if what == "join" and all(until is not None and until <= day for _, until in spans):
            ledger.add(person, day)
            spans.append((day, None))
        elif what in ("leave", "redate") and last is not None and last.since is not None:
            if day < last.since or (what == "leave") != (last.until is None):
                continue
            ledger.set_until(last, day)
            spans[-1] = (spans[-1][0], day)
        elif what == "back" and last is not None and last.until is not None:
            ledger.set_until(last, None)
            spans[-1] = (spans[-1][0], None)
        told = {
            on: {
                each
                for each, stays in plain.items()
                if any(since <= on and (until is None or on < until) for since, until in stays)
            }
            for on in days
        }
        answers.append((ledger.now, told))
    for known_at, told in answers:
        for on, expected in told.items():
            assert {row.person_id for row in members_on(ledger.rows, on, known_at)} == expected


def member(number: int, relation: str, since: date | None = None) -> Membership:
    return Membership(uuid4(), HOME, UUID(int=number), relation, MembershipKind.REGISTERED, since, None, NOON)


def test_with_a_new_head_only_those_named_and_the_old_head_change_their_relation() -> None:
    rows = [member(1, "02"), member(2, "12"), member(3, "20")]
    assert new_relations(rows, UUID(int=2), {}) == {UUID(int=1): "80", UUID(int=2): "02"}
    assert new_relations(rows, UUID(int=2), {UUID(int=1): "11"}) == {UUID(int=1): "11", UUID(int=2): "02"}
    with pytest.raises(InvalidInput, match="not_a_member"):
        new_relations(rows, UUID(int=9), {})
    with pytest.raises(InvalidInput, match="second_head"):
        new_relations(rows, UUID(int=2), {UUID(int=3): "02"})


def test_nobody_leaves_before_having_come() -> None:
    check_end(member(1, "80", START), START)
    with pytest.raises(Conflict, match="before_membership"):
        check_end(member(1, "80", START), START - timedelta(days=1))


@settings(max_examples=500, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(0, 2000), st.integers(0, 60))
def test_who_stayed_so_many_months_began_by_the_day_that_the_list_asks_for(
    on: date, days: int, months: int
) -> None:
    since = on - timedelta(days=days)
    assert (full_months(since, on) >= months) == (since <= stayed_since(months, on))
    assert add_months(stayed_since(months, on), months) <= on


def name(value: str, since: date | None) -> dict[str, Any]:
    return {"field": "name", "value": value, "valid_from": since}


def test_former_names_are_those_borne_on_some_day_and_no_corrected_ones() -> None:
    day = date(2025, 1, 1)
    assert former_names([name("甲", None), name("乙", date(2020, 1, 1))], day, "乙") == ["甲"]
    assert former_names([name("甲", None), name("乙", None)], day, "乙") == []
    rows = [name("甲", None), name("乙", date(2020, 1, 1)), name("丙", date(2020, 1, 1))]
    assert former_names(rows, day, "丙") == ["甲"]
    assert former_names([*rows, name("丁", date(2010, 1, 1))], day, "丁") == ["甲"]
