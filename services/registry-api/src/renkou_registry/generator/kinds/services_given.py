"""Services offered, booked and given to people where they live."""

from bisect import bisect
from collections.abc import Iterator
from datetime import date, timedelta
from operator import attrgetter
from random import Random
from typing import Any
from uuid import UUID

from renkou_common.codes.lists import ServiceKind, Sex
from renkou_registry.counting import counting_of
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind, Lived
from renkou_registry.services_given.domain import Service, State
from renkou_registry.services_given.repository import COLUMNS

_WOMEN = (
    *(ServiceKind.GYNAECOLOGICAL_CHECK, ServiceKind.GYNAECOLOGICAL_CHECK, ServiceKind.COUNSELLING),
    *(ServiceKind.EXAMINATION, ServiceKind.PREPREGNANCY_CHECK),
)
_OTHERS = (ServiceKind.EXAMINATION, ServiceKind.EXAMINATION, ServiceKind.COUNSELLING)
_STATES = (State.GIVEN, State.OFFERED, State.ACCEPTED)
_UP_TO = (0.94, 0.98)
_MOST = {True: 10, False: 5}
_columns = attrgetter(*COLUMNS)


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each service."""
    drawn.services[:] = services(drawn, context)
    for service in drawn.services:
        yield *_columns(service), context.now, RECORDED_BY


def services(drawn: Drawn, context: Context) -> Iterator[Service]:
    """Return the services of those who live in the district, from 0 to 10 each."""
    low, high = context.district.interval()
    plan, random = drawn.chunk.plan, drawn.chunk.random
    for each in drawn.people:
        entry, state = each.entry, each.state
        counting = counting_of(entry, (low, high))
        if not low <= entry.present_area <= high or not state.alive or counting is None:
            continue
        since = max(plan.opened_on, state.present_since, state.entered_on)
        days = (plan.stock_date - since).days
        if days < 1:
            continue
        age = plan.stock_date.year - entry.birth_date.year
        fertile = entry.sex == Sex.FEMALE and 18 <= age < 50
        for _ in range(random.randrange(_MOST[fertile] + 1)):
            on = since + timedelta(days=int(random.random() * days))
            kind = _kind(random, each, fertile=fertile, on=on)
            yield _service(drawn.chunk.new_id(), each, kind, counting, on, random)


def _kind(random: Random, each: Lived, *, fertile: bool, on: date) -> ServiceKind:
    if (on - each.entry.birth_date).days < 60:
        return ServiceKind.NEWBORN_VISIT
    return random.choice(_WOMEN if fertile else _OTHERS)


def _service(
    service_id: UUID,
    each: Lived,
    kind: ServiceKind,
    counting: Any,
    on: date,
    random: Random,
) -> Service:
    state = _STATES[bisect(_UP_TO, random.random())]
    given = state is State.GIVEN
    booked = on + timedelta(days=7) if state is State.ACCEPTED else None
    return Service(
        id=service_id,
        person_id=each.entry.id,
        kind=kind,
        state=state,
        area=each.entry.present_area,
        population=counting.population,
        sex=each.entry.sex,
        share_with_home=False,
        offered_on=None if given else on,
        booked_for=booked,
        booked_by="worker" if booked else None,
        given_on=on if given else None,
    )


KIND = Kind("service_given", (*COLUMNS, "recorded_at", "recorded_by"), rows)
