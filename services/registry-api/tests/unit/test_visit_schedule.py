"""Visits are offers: one at a time, by the month, none after declining; planning twice changes nothing."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.codes.cards import ContraceptiveMethod, VisitState
from renkou_registry.life_events.calendar import add_months
from renkou_registry.visits.domain import (
    Basis,
    Plan,
    VisitRules,
    Woman,
    due_after,
    has_lapsed,
    next_offer,
    plan,
    visit_lines,
)

RULES = VisitRules()
FACT = uuid4()
TODAY = date(2025, 3, 18)


def woman(
    *,
    told_on: date = TODAY,
    months: int = 1,
    ends_on: date | None = None,
    declined: bool = False,
    card_open: bool = True,
    lives_here: bool = True,
    restricted: bool = False,
    fact: UUID = FACT,
) -> Woman:
    return Woman(card_open, lives_here, declined, None, Basis(fact, told_on, months, ends_on), restricted)


def test_supplies_bring_a_visit_a_month_and_long_acting_methods_one_a_quarter() -> None:
    steps = {method.value: RULES.months_of(method) for method in ContraceptiveMethod}
    assert steps == {
        "supplies": 1,
        "iud": 3,
        "sterilisation": 3,
        "implant": 3,
        "other": None,
        "none": None,
    }
    assert VisitRules(supplies_months=2).months_of(ContraceptiveMethod.SUPPLIES) == 2


def test_month_ends_follow_the_day_it_was_told_and_do_not_drift() -> None:
    basis, day, found = Basis(FACT, date(2025, 1, 31), 1), date(2025, 1, 31), []
    for _ in range(4):
        day = due_after(basis, day)
        found.append(day.isoformat())
    assert found == ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]


def test_the_first_visit_is_a_step_after_the_telling() -> None:
    assert next_offer(woman(), None, TODAY) == date(2025, 4, 18)
    assert next_offer(woman(months=3), None, TODAY) == date(2025, 6, 18)


def test_a_missed_visit_is_followed_by_the_next_day_of_the_schedule_and_none_is_made_up_for() -> None:
    told = woman(told_on=date(2024, 1, 10))
    assert next_offer(told, date(2024, 3, 10), TODAY) == date(2025, 4, 10)


@pytest.mark.parametrize(
    "who", [woman(declined=True), woman(card_open=False), woman(lives_here=False), woman(restricted=True)]
)
def test_an_open_offer_is_withdrawn_where_visits_are_no_longer_offered(who: Woman) -> None:
    assert plan(who, FACT, None, TODAY) == Plan(withdraw=True)


def test_another_method_replaces_the_open_offer() -> None:
    other = woman(months=3, fact=uuid4())
    assert plan(other, FACT, None, TODAY) == Plan(withdraw=True, offer_on=date(2025, 6, 18))


def test_a_method_that_ends_brings_no_visit_after_its_end() -> None:
    assert next_offer(woman(ends_on=date(2025, 4, 18)), None, TODAY) is None
    assert next_offer(woman(ends_on=date(2025, 4, 19)), None, TODAY) == date(2025, 4, 18)


def test_an_offer_lapses_after_thirty_days() -> None:
    planned = date(2025, 2, 1)
    assert not has_lapsed(planned, planned + timedelta(days=30), RULES)
    assert has_lapsed(planned, planned + timedelta(days=31), RULES)


@pytest.mark.parametrize(
    ("state", "accepted", "measures"),
    [
        (VisitState.OFFERED, False, {"visit_offered"}),
        (VisitState.ACCEPTED, True, {"visit_offered", "visit_accepted"}),
        (VisitState.KEPT, False, {"visit_offered", "visit_accepted", "visit_kept"}),
        (VisitState.DECLINED, False, {"visit_offered"}),
        (VisitState.DECLINED, True, {"visit_offered"}),
        (VisitState.MISSED, True, {"visit_offered", "visit_accepted"}),
        (VisitState.MISSED, False, {"visit_offered"}),
        (VisitState.WITHDRAWN, True, set()),
    ],
)
def test_declining_lowers_no_rate_over_those_who_accepted(
    state: VisitState, accepted: bool, measures: set[str]
) -> None:
    lines = visit_lines("registered", 340103_001001, TODAY, state, accepted=accepted)
    assert {key.measure.value for key in lines} == measures
    assert {(key.sex, key.birth_month) for key in lines} <= {(0, "")}


@dataclass
class Story:
    """What happens to one woman's offers, as the service would carry it out."""

    who: Woman
    today: date = TODAY
    open_on: date | None = None
    open_basis: UUID | None = None
    last: date | None = None
    offered: list[date] = field(default_factory=list)

    def replan(self) -> None:
        steps = plan(self.who, self.open_basis, self.last, self.today)
        if steps.withdraw:
            self.open_on = self.open_basis = None
        if steps.offer_on is not None:
            assert self.open_on is None, "two offers at a time"
            assert self.who.basis is not None
            self.open_on, self.open_basis = steps.offer_on, self.who.basis.fact
            self.offered.append(steps.offer_on)

    def step(self, what: str, days: int) -> None:
        self.today += timedelta(days=days)
        if what == "settle" and self.open_on is not None:
            self.last = max(self.open_on, self.today)
            self.open_on = self.open_basis = None
        elif what == "decline":
            self.who = replace(self.who, declined_all=True)
        elif what == "resume" and self.who.declined_all:
            self.who = replace(self.who, declined_all=False, resumed_on=self.today)
        elif what == "change" and self.who.basis is not None:
            months = 4 - self.who.basis.months
            self.who = replace(self.who, basis=Basis(uuid4(), self.today, months))
        elif what == "close":
            self.who = replace(self.who, card_open=not self.who.card_open)
        self.replan()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["settle", "settle", "settle", "decline", "resume", "change", "close", "wait"]),
        st.integers(0, 200),
    ),
    max_size=25,
)
TOLD = st.dates(date(2020, 1, 1), TODAY)


@settings(max_examples=300, deadline=None)
@given(TOLD, STEPS)
def test_whatever_happens_there_is_one_offer_at_most_and_never_one_while_declined(
    told_on: date, steps: list[tuple[str, int]]
) -> None:
    story = Story(woman(told_on=told_on))
    story.replan()
    for what, days in steps:
        before = len(story.offered)
        story.step(what, days)
        assert len(story.offered) - before <= 1
        if story.who.declined_all or not story.who.card_open:
            assert story.open_on is None
            assert len(story.offered) == before
        else:
            assert story.open_on is not None
        if len(story.offered) > before:
            assert story.offered[-1] >= story.today
            assert story.last is None or story.offered[-1] > story.last


@settings(max_examples=300, deadline=None)
@given(TOLD, STEPS)
def test_planning_again_changes_nothing(told_on: date, steps: list[tuple[str, int]]) -> None:
    story = Story(woman(told_on=told_on))
    story.replan()
    for what, days in steps:
        story.step(what, days)
        assert plan(story.who, story.open_basis, story.last, story.today) == Plan()


@settings(max_examples=300, deadline=None)
@given(TOLD, st.integers(1, 12), st.dates(date(2019, 1, 1), date(2030, 1, 1)))
def test_each_day_of_a_schedule_is_whole_steps_from_the_telling_and_the_first_after(
    told_on: date, months: int, after: date
) -> None:
    due = due_after(Basis(FACT, told_on, months), after)
    steps = (due.year - told_on.year) * 12 + due.month - told_on.month
    assert steps % months == 0
    assert steps > 0
    assert due == add_months(told_on, steps)
    assert due > after
    assert steps == months or add_months(told_on, steps - months) <= after
