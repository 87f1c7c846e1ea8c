"""Services offered, booked, declined, called off and given to people where they live."""

from bisect import bisect
from collections.abc import Iterator
from datetime import date, timedelta
from operator import attrgetter
from random import Random
from typing import Any

from renkou_common.codes.lists import ServiceKind, Sex
from renkou_registry.counting import Counting, counting_of
from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind, Lived
from renkou_registry.services_given.domain import CancelReason, Service, State
from renkou_registry.services_given.repository import COLUMNS

_WOMEN = (
    *(ServiceKind.GYNAECOLOGICAL_CHECK, ServiceKind.GYNAECOLOGICAL_CHECK, ServiceKind.COUNSELLING),
    *(ServiceKind.EXAMINATION, ServiceKind.PREPREGNANCY_CHECK),
)
_OTHERS = (ServiceKind.EXAMINATION, ServiceKind.EXAMINATION, ServiceKind.COUNSELLING)
_LATELY = timedelta(days=60)
_STATES = (State.GIVEN, State.DECLINED, State.CANCELLED)
_UP_TO = (0.955, 0.985)
_STATES_LATELY = (State.GIVEN, State.DECLINED, State.OFFERED, State.ACCEPTED)
_UP_TO_LATELY = (0.62, 0.66, 0.86)
_MOST = {True: 10, False: 6}
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
            yield _service(drawn, each, kind, counting, on)


def _kind(random: Random, each: Lived, *, fertile: bool, on: date) -> ServiceKind:
    if (on - each.entry.birth_date).days < 60:
        return ServiceKind.NEWBORN_VISIT
    return random.choice(_WOMEN if fertile else _OTHERS)


def _service(drawn: Drawn, each: Lived, kind: ServiceKind, counting: Counting, on: date) -> Service:
    """Draw what came of an offer, or a service given without one; who declined has declined."""
    random, stock = drawn.chunk.random, drawn.chunk.plan.stock_date
    chance = random.random()
    states, up_to = (_STATES_LATELY, _UP_TO_LATELY) if stock - on < _LATELY else (_STATES, _UP_TO)
    state = states[bisect(up_to, chance)]
    given = state is State.GIVEN
    asked = not given or random.random() < 0.5
    booked = stock + timedelta(days=7) if state is State.ACCEPTED else None
    because = None
    if state is State.CANCELLED:
        because = CancelReason.BY_PERSON if random.random() < 0.7 else CancelReason.BY_PROVIDER
    return Service(
        id=drawn.chunk.new_id(),
        person_id=each.entry.id,
        kind=kind,
        state=state,
        area=each.entry.present_area,
        population=counting.population,
        sex=each.entry.sex,
        share_with_home=False,
        offered_on=on if asked else None,
        booked_for=booked,
        booked_by="worker" if booked else None,
        given_on=min(on + timedelta(days=int(random.random() * 15)), stock) if given else None,
        cancelled_because=because,
        version=2 if asked and state is not State.OFFERED else 1,
    )


KIND = Kind("service_given", (*COLUMNS, "recorded_at", "recorded_by"), rows)
