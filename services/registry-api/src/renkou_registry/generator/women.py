"""Cards of women, what they have told, and the visits that were offered: drawn by the rules of both."""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID

from renkou_common.codes.cards import ContraceptiveMethod, VisitState
from renkou_registry.cards.domain import CardStanding, Period, due_on, due_periods, is_asked, standing
from renkou_registry.cards.facts import ToldMethod
from renkou_registry.generator.drawn import Context, Drawn, Lived
from renkou_registry.life_events.calendar import add_months
from renkou_registry.visits.domain import Basis, VisitRules, Woman, plan

_SHARE = 0.12
_TOLD = 0.75
_MOST_VISITS = 24
_METHODS = (
    *(ContraceptiveMethod.SUPPLIES, ContraceptiveMethod.IUD, ContraceptiveMethod.STERILISATION),
    *(ContraceptiveMethod.IMPLANT, ContraceptiveMethod.OTHER, ContraceptiveMethod.NONE),
)
_UP_TO = (0.46, 0.78, 0.85, 0.88, 0.92)
_RULES = VisitRules()


@dataclass(frozen=True, slots=True)
class DrawnVisit:
    """An offer and what became of it."""

    id: UUID
    state: VisitState
    due_on: date
    settled_on: date | None
    next_due_on: date | None


@dataclass(frozen=True, slots=True)
class DrawnFact:
    """A method that was told, and when it was confirmed last."""

    id: UUID
    told: ToldMethod
    told_on: date
    confirmed_on: date | None


@dataclass(frozen=True, slots=True)
class DrawnCard:
    """A card, what was told on it and its visits."""

    id: UUID
    woman: Lived
    opened_on: date
    stands: CardStanding
    fact: DrawnFact | None
    visits: list[DrawnVisit]


def cards(drawn: Drawn, context: Context) -> Iterator[DrawnCard]:
    """Draw the cards of a chunk: for twelve of a hundred people, as far as they are due."""
    district, stock = context.district.interval(), drawn.chunk.plan.stock_date
    due = [
        (each, period)
        for each in drawn.people
        if each.state.alive and (period := due_on(due_periods(each.state, district), stock))
    ]
    random = drawn.chunk.random
    wanted = min(round(_SHARE * len(drawn.people)), len(due))
    for each, period in sorted(random.sample(due, wanted), key=lambda found: found[0].entry.id):
        yield _card(drawn, each, period, context)


def _card(drawn: Drawn, each: Lived, period: Period, context: Context) -> DrawnCard:
    stock, random = drawn.chunk.plan.stock_date, drawn.chunk.random
    today = context.now.date()
    since = max(period.start, drawn.chunk.plan.opened_on)
    opened_on = min(_between(random, since, stock), _between(random, since, stock))
    card_id = drawn.chunk.new_id()
    stands = standing(due_periods(each.state, context.district.interval()), opened_on, today)
    assert stands is not None  # it was due on the day
    if not is_asked(each.state.marital_status) or random.random() > _TOLD:
        return DrawnCard(card_id, each, opened_on, stands, None, [])
    method = _METHODS[bisect(_UP_TO, random.random())]
    told_on = min(_between(random, opened_on, stock), _between(random, opened_on, stock))
    fact_id = drawn.chunk.new_id()
    started = told_on - timedelta(days=random.randrange(5 * 365)) if random.random() < 0.5 else None
    months = _RULES.months_of(method)
    visits: list[DrawnVisit] = []
    low, high = context.district.interval()
    if months is not None and low <= each.entry.present_area <= high:
        woman = Woman(stands.state == "open", True, False, None, Basis(fact_id, told_on, months))
        visits = list(_visits(drawn, woman, max(told_on, each.state.present_since), today))
    kept = [visit.settled_on for visit in visits if visit.state is VisitState.KEPT]
    fact = DrawnFact(fact_id, ToldMethod(method, started, None), told_on, kept[-1] if kept else None)
    return DrawnCard(card_id, each, opened_on, stands, fact, visits)


def _visits(drawn: Drawn, woman: Woman, since: date, today: date) -> Iterator[DrawnVisit]:
    """Draw what became of the offers up to the stock date; the last one is open by now."""
    basis, stock, random = woman.basis, drawn.chunk.plan.stock_date, drawn.chunk.random
    assert basis is not None
    steps = range(1, 12 * (stock.year - basis.told_on.year + 1))
    days = (add_months(basis.told_on, step * basis.months) for step in steps)
    past = [day for day in days if since < day < stock - timedelta(days=40)][-_MOST_VISITS:]
    last: date | None = None
    settled: list[tuple[VisitState, date, date]] = []
    for due in past:
        chance = random.random()
        state = VisitState.KEPT if chance < 0.86 else VisitState.MISSED
        if chance > 0.95:
            state = VisitState.DECLINED
        waited = _RULES.lapse_days + 1 if state is VisitState.MISSED else int(random.random() * 10)
        settled.append((state, due, due + timedelta(days=waited)))
        last = max(due, settled[-1][2])
    offered = plan(woman, None, last, today).offer_on
    following = [*past[1:], offered]
    for (state, due, on), then in zip(settled, following, strict=False):
        yield DrawnVisit(drawn.chunk.new_id(), state, due, on, then)
    if offered is not None:
        yield DrawnVisit(drawn.chunk.new_id(), VisitState.OFFERED, offered, None, None)


def _between(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=int(random.random() * ((last - first).days + 1)))
