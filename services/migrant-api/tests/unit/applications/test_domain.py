"""Every way an application can go, and none beside."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import LineKey, Measure, difference
from renkou_common.errors import Conflict
from renkou_migrant.applications.domain import OPEN, WAYS, Application, ApplicationState, Step, after, text_of
from renkou_migrant.certificates.domain import Kind

DAY = date(2026, 3, 2)
PEOPLE = [UUID(int=number) for number in range(1, 5)]
NEW = Application(
    id=UUID(int=9),
    position=1,
    person_id=UUID(int=10),
    person_ref=UUID(int=11),
    registered_area=340103002003,
    kind=Kind.FIRST,
    reason=None,
    groups=("person",),
    holder_key=None,
    replaces=None,
    state=ApplicationState.APPLIED,
    applied_on=DAY,
    applied_at=datetime(2026, 3, 2, tzinfo=UTC),
    closed_on=None,
    certificate_id=None,
    version=1,
)
steps = st.sampled_from(sorted(WAYS))


def test_what_is_closed_stays_closed() -> None:
    for state in set(ApplicationState) - OPEN:
        assert not [step for step, way in WAYS.items() if state in way.origins]


def test_every_step_and_state_has_a_name() -> None:
    assert all(text_of(step).zh and text_of(step).en for step in Step)
    assert all(state.zh for state in ApplicationState)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_its_author_never_approves(state: ApplicationState) -> None:
    with pytest.raises(Conflict) as refused:
        after(state, Step.APPROVE, actor=PEOPLE[0], authors=PEOPLE[:2])
    expected = "same_person" if state is ApplicationState.APPLIED else "application_state"
    assert refused.value.code == expected


@given(walk=st.lists(st.tuples(steps, st.sampled_from(PEOPLE)), max_size=25))
def test_whatever_is_tried_nothing_is_issued_that_another_person_did_not_approve(
    walk: list[tuple[Step, UUID]],
) -> None:
    current, authors, approver = NEW, {PEOPLE[0]}, None
    counted: Counter[LineKey] = Counter(NEW.lines())
    for number, (step, actor) in enumerate(walk):
        try:
            state = after(current.state, step, actor=actor, authors=authors)
        except Conflict:
            assert current.state not in WAYS[step].origins or actor in authors
            continue
        assert current.state in OPEN
        if step is Step.AMEND:
            authors, approver = authors | {actor}, None
        if step is Step.APPROVE:
            approver = actor
        if step is Step.ISSUE:
            assert approver is not None
            assert approver not in authors
        closed_on = None if state in OPEN else DAY + timedelta(days=number)
        changed = replace(current, state=state, closed_on=closed_on)
        for line in difference(changed.lines(), current.lines()):
            key = LineKey(line.population, line.area, line.on, line.measure, detail=line.detail)
            counted[key] += line.value
        current = changed
    assert {key: count for key, count in counted.items() if count} == dict(current.lines())
    ends = {Measure.CERTIFICATE_ISSUED, Measure.CERTIFICATE_REJECTED, Measure.CERTIFICATE_WITHDRAWN}
    assert sum(key.measure in ends for key in current.lines()) == (current.state not in OPEN)
