"""Properties of services: whatever is done in whatever order, no rate exceeds one and nothing is left."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.lists import ServiceKind
from renkou_common.contracts.lines import Line, Measure, Population, difference
from renkou_common.errors import Conflict, InvalidInput
from renkou_registry.services_given import domain
from renkou_registry.services_given.domain import CancelReason, Service, State

OFFERED = date(2025, 3, 1)
type Rule = Callable[[Service], Service]


def service(state: State = State.OFFERED, **changes: object) -> Service:
    values = {
        "id": uuid4(),
        "person_id": uuid4(),
        "kind": ServiceKind.EXAMINATION,
        "state": state,
        "area": 340103001001,
        "population": Population.REGISTERED,
        "sex": 2,
        "share_with_home": False,
        "offered_on": OFFERED,
    }
    return Service(**(values | changes))  # type: ignore[arg-type]


days = st.dates(OFFERED - timedelta(days=3), OFFERED + timedelta(days=30))
rules: st.SearchStrategy[Rule] = st.one_of(
    st.just(domain.decline),
    st.builds(lambda on: lambda it: domain.accept(it, on, "worker"), st.none() | days),
    st.builds(lambda on: lambda it: domain.give(it, on, share_with_home=True), days),
    st.builds(lambda why: lambda it: domain.cancel(it, why), st.sampled_from(CancelReason)),
    st.builds(
        lambda changes: lambda it: domain.correct(it, changes),
        st.fixed_dictionaries(
            {}, optional={"kind": st.sampled_from(ServiceKind), "given_on": days, "offered_on": days}
        ),
    ),
)


@given(st.lists(rules, max_size=8), st.sampled_from(ServiceKind))
def test_published_differences_add_up_to_what_the_record_counts(steps: list[Rule], kind: ServiceKind) -> None:
    before, published = None, list[Line]()
    after = service(kind=kind)
    published += difference(domain.lines_of(after), domain.lines_of(before))
    for rule in steps:
        before = after
        try:
            after = rule(before)
        except (Conflict, InvalidInput):
            continue
        published += difference(domain.lines_of(after), domain.lines_of(before))
        if after.given_on and after.offered_on:
            assert after.given_on >= after.offered_on
    sums = Counter[tuple[date, Measure]]()
    for line in published:
        sums[line.on, line.measure] += line.value
    assert {key: value for key, value in sums.items() if value} == {
        (key.on, key.measure): value for key, value in domain.lines_of(after).items()
    }
    for on, _ in sums:
        for what in ("service", "examination"):
            entitled, accepted, received = (
                sums[on, Measure(f"{what}_{how}")] for how in ("entitled", "accepted", "received")
            )
            assert 0 <= received <= accepted <= entitled <= 1


@given(st.sampled_from(CancelReason), st.sampled_from([State.OFFERED, State.ACCEPTED, State.DECLINED]))
def test_what_was_cancelled_stays_cancelled(because: CancelReason, state: State) -> None:
    cancelled = domain.cancel(service(state), because)
    for rule in (domain.decline, lambda it: domain.accept(it, None, "worker")):
        with pytest.raises(Conflict, match="service_state"):
            rule(cancelled)


def test_only_an_entry_in_error_takes_a_given_service_back() -> None:
    given_one = domain.give(service(), OFFERED, share_with_home=False)
    for because in (CancelReason.BY_PERSON, CancelReason.BY_PROVIDER):
        with pytest.raises(Conflict, match="service_given"):
            domain.cancel(given_one, because)
    assert not domain.lines_of(domain.cancel(given_one, CancelReason.ERROR))


def test_a_record_without_a_population_counts_nowhere() -> None:
    assert not domain.lines_of(service(State.GIVEN, population=None, given_on=OFFERED))


@given(st.dates(date(2025, 1, 1), date(2028, 1, 1)))
def test_a_booking_lies_within_the_next_366_days(day: date) -> None:
    today = date(2026, 1, 1)
    if today <= day <= date(2027, 1, 2):
        domain.check_booking(day, today)
    else:
        with pytest.raises(InvalidInput, match="booked_for"):
            domain.check_booking(day, today)
