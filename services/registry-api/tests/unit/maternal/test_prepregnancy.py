"""Properties of pre-pregnancy checks: the order of steps, consent, the form, what is counted."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import Measure, Population
from renkou_common.errors import Conflict
from renkou_registry.prepregnancy import domain, forms
from renkou_registry.prepregnancy.domain import AFTER, Counted, Participant, State
from renkou_registry.prepregnancy.forms import FORM_2026, Item, Step

DAY = date(2026, 2, 3)
couples = st.lists(st.sampled_from([0, 1, 2, 9]), min_size=1, max_size=2).map(
    lambda sexes: [Participant(uuid4(), sex) for sex in sexes]
)


@given(couples)
def test_the_steps_that_come_next_lead_to_the_end_and_concern_somebody(couple: list[Participant]) -> None:
    state, taken = State.REGISTERED, list[Step]()
    while (step := domain.next_step(FORM_2026, state, couple)) is not None:
        assert domain.concerned(FORM_2026, step, couple)
        state = domain.advance(FORM_2026, state, step, couple)
        taken.append(step)
    assert taken == [step for step in Step if domain.concerned(FORM_2026, step, couple)]
    assert {Step.HISTORY, Step.LABORATORY, Step.ASSESSMENT, Step.INFORMATION} <= set(taken)
    assert (Step.IMAGING in taken) is any(each.sex == 2 for each in couple)
    assert domain.close(state) is State.CLOSED


@given(couples, st.sampled_from(State), st.sampled_from(Step))
def test_any_other_step_is_refused(couple: list[Participant], state: State, step: Step) -> None:
    if domain.next_step(FORM_2026, state, couple) is step:
        assert domain.advance(FORM_2026, state, step, couple) is AFTER[step]
    else:
        with pytest.raises(Conflict, match="step_order"):
            domain.advance(FORM_2026, state, step, couple)


@given(st.sampled_from(State))
def test_a_couple_may_withdraw_from_every_state_it_takes_part_in(state: State) -> None:
    if state in (State.DECLINED, State.WITHDRAWN):
        with pytest.raises(Conflict, match="not_taking_part"):
            domain.withdraw(state)
    else:
        assert domain.withdraw(state) is State.WITHDRAWN


@given(couples, st.data())
def test_no_step_without_the_consent_of_each_on_or_before_its_day(
    couple: list[Participant], data: st.DataObject
) -> None:
    consents: dict[UUID, date] = {}
    for each in couple:
        given_on = data.draw(st.none() | st.integers(-3, 3).map(lambda days: DAY + timedelta(days=days)))
        if given_on is not None:
            consents[each.id] = given_on
    if all(each.id in consents and consents[each.id] <= DAY for each in couple):
        domain.check_consent(couple, consents, DAY)
    else:
        with pytest.raises(Conflict, match="consent_missing"):
            domain.check_consent(couple, consents, DAY)


@given(
    st.sampled_from(State),
    st.integers(1, 2).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    st.sampled_from([Population.REGISTERED, Population.MIGRANT_IN]),
)
def test_no_rate_exceeds_one_and_who_withdrew_counts_nowhere(
    state: State, sizes: tuple[int, int], population: Population
) -> None:
    lines = domain.lines_of(Counted(340103001001, population, state, DAY, *sizes))
    counted: dict[Measure, int] = dict.fromkeys(Measure, 0)
    for key, value in lines.items():
        assert (key.population, key.on, key.sex, key.birth_month) == (population, DAY, 0, "")
        counted[key.measure] += value
    assert counted[Measure.COUPLE_EXAMINED] <= counted[Measure.COUPLE_ACCEPTED]
    assert counted[Measure.COUPLE_ACCEPTED] <= counted[Measure.COUPLE_TARGET]
    assert counted[Measure.PREPREGNANCY_HIGH_RISK] <= counted[Measure.PREPREGNANCY_EXAMINED] <= 2
    if state is State.WITHDRAWN:
        assert not lines


def allowed(item: Item) -> st.SearchStrategy[Any]:
    """Every value that an item may hold."""
    if item.codes is None:
        return st.decimals(item.low, item.high, places=2).map(str)
    codes = st.sampled_from(item.codes.codes)
    return st.lists(codes, min_size=1, max_size=5) if item.several else codes


@given(st.sampled_from(Step), st.sampled_from([1, 2]), st.data())
def test_what_the_form_allows_is_stored_as_it_is_and_can_be_read(
    step: Step, sex: int, data: st.DataObject
) -> None:
    items = forms.items_of(FORM_2026, step, sex)
    required = {item.code: allowed(item) for item in items if item.required}
    optional = {item.code: allowed(item) for item in items if not item.required}
    values: Mapping[str, Any] = data.draw(st.fixed_dictionaries(required, optional=optional))
    stored, wrong = forms.check_values(FORM_2026, step, sex, values, "")
    assert (stored, wrong) == (values, [])
    for item in items:
        if item.code in stored:
            assert all(forms.value_text(item, stored[item.code]))


@given(
    st.sampled_from([item for item in FORM_2026.items[Step.LABORATORY] if item.codes is None]),
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(["", "NaN", "Infinity", "-0.01", "1e9", "1" * 13]),
        st.lists(st.text(max_size=3), max_size=2),
    ),
)
def test_what_is_no_number_within_the_range_is_pointed_at(item: Item, value: Any) -> None:
    stored, wrong = forms.check_values(FORM_2026, Step.LABORATORY, 2, {item.code: value}, "/v")
    if wrong:
        assert [(each.pointer, each.code) for each in wrong] == [(f"/v/{item.code}", "number")]
    else:
        assert item.low <= Decimal(stored[item.code]) <= item.high


def test_codes_and_items_are_unique_and_the_forms_stand_in_order() -> None:
    assert [form.valid_from for form in forms.FORMS] == sorted(form.valid_from for form in forms.FORMS)
    for form in forms.FORMS:
        assert forms.form_of(form.version) is form
        for items in form.items.values():
            assert len({item.code for item in items}) == len(items)
    for codes in forms.code_lists():
        assert len(set(codes.codes)) == len(codes.entries)
    assert forms.form_on(date(1990, 1, 1)) is forms.FORMS[0]
