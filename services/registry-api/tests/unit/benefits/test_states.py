"""The way of a case: every state and action, and that nobody sits at two desks of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.errors import Conflict
from renkou_registry.benefits.enrolments.domain import (
    CLOSED,
    DESK_OF,
    TRANSITIONS,
    Action,
    State,
    check_four_eyes,
    next_state,
    sat_elsewhere,
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_only_listed_steps_can_be_taken(state: State, action: Action) -> None:
    if (state, action) in TRANSITIONS:
        assert next_state(state, action) is TRANSITIONS[state, action]
    else:
        with pytest.raises(Conflict):
            next_state(state, action)


def test_the_straight_way_leads_through_every_desk() -> None:
    state = State.APPLIED
    for action in (
        Action.COMMUNITY_PASS,
        Action.SUBDISTRICT_PASS,
        Action.DISTRICT_PASS,
        Action.PUBLICATION,
        Action.ACTIVATION,
    ):
        state = next_state(state, action)
    assert state is State.ACTIVE


def test_no_check_can_be_left_out() -> None:
    for action in (Action.SUBDISTRICT_PASS, Action.DISTRICT_PASS, Action.PUBLICATION, Action.ACTIVATION):
        with pytest.raises(Conflict):
            next_state(State.APPLIED, action)


def test_the_person_can_take_a_case_back_as_long_as_it_is_open() -> None:
    for state in set(State) - CLOSED:
        assert next_state(state, Action.WITHDRAWAL) in CLOSED


@given(st.sampled_from(list(Action)), st.lists(st.sampled_from(list(Action)), max_size=5))
def test_whoever_took_another_step_is_kept_from_this_one(action: Action, earlier: list[Action]) -> None:
    other = {DESK_OF.get(each) for each in earlier} - {None, DESK_OF.get(action)}
    if DESK_OF.get(action) is not None and other:
        with pytest.raises(Conflict, match="same_person"):
            check_four_eyes(action, earlier)
        assert sat_elsewhere(action, earlier)
    else:
        check_four_eyes(action, earlier)
