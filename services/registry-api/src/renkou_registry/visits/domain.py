"""When a visit is offered. No I/O.

A visit (随访) is an offer of a service. It follows from the method that a woman has told: monthly for
supplies (药具), every three months for a long-acting method; without a method told, for another method or
none, there is none. At most one offer stands at a time. Kept, declined or missed, it is over, and the next
one is the next day of the schedule; nothing else follows. Who declined all visits is offered none.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from renkou_common.codes.cards import ContraceptiveMethod, VisitState
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_registry.life_events.calendar import add_months

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class VisitRules:
    """Numbers of the schedule; defaults from the field's practice."""

    supplies_months: int = 1
    long_acting_months: int = 3
    lapse_days: int = 30  # an offer that nobody came to ends as missed

    def months_of(self, method: ContraceptiveMethod) -> int | None:
        """Return how many months lie between two visits, None where none is offered."""
        if method is ContraceptiveMethod.SUPPLIES:
            return self.supplies_months
        return self.long_acting_months if method.is_long_acting else None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a schedule follows from: a told fact, the day it counts from, the step, and when its use ends."""

    fact: UUID
    told_on: date
    months: int
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Woman:
    """What decides whether visits are offered at all."""

    card_open: bool
    lives_here: bool
    declined_all: bool
    resumed_on: date | None
    basis: Basis | None
    restricted: bool = False

    @property
    def offered(self) -> Basis | None:
        """The basis on which visits are offered, None where none are."""
        wanted = self.card_open and self.lives_here and not self.declined_all and not self.restricted
        return self.basis if wanted else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: take the open offer back, and offer a visit on a day."""

    withdraw: bool = False
    offer_on: date | None = None


def due_after(basis: Basis, after: date) -> date:
    """Return the first day of a schedule after ``after``: whole steps from the day it was told.

    Each is reckoned from the first, so that 31 January, 28 February, 31 March follow each other.
    """
    elapsed = (after.year - basis.told_on.year) * 12 + after.month - basis.told_on.month
    step = max(elapsed // basis.months, 1)
    while add_months(basis.told_on, step * basis.months) <= after:
        step += 1
    return add_months(basis.told_on, step * basis.months)


def plan(woman: Woman, open_basis: UUID | None, last_settled: date | None, today: date) -> Plan:
    """Return what brings the offers in line with what holds; doing it twice changes nothing the second time.

    ``open_basis`` is the fact that the open offer follows from, None where no offer is open; ``last_settled``
    the later of the day the last visit was due and the day it was settled.
    """
    basis = woman.offered
    if open_basis is not None and basis is not None and basis.fact == open_basis:
        return Plan()
    return Plan(open_basis is not None, next_offer(woman, last_settled, today))


def next_offer(woman: Woman, last_settled: date | None, today: date) -> date | None:
    """Return the day of the next visit to offer, never one gone by; None where none is offered."""
    basis = woman.offered
    if basis is None:
        return None
    after = max(each for each in (last_settled, woman.resumed_on, today - _ONE_DAY) if each is not None)
    due = due_after(basis, max(after, basis.told_on))
    return due if basis.ends_on is None or due < basis.ends_on else None


def has_lapsed(planned_on: date, today: date, rules: VisitRules) -> bool:
    """Say whether an offer was open long enough to end as missed."""
    return planned_on + timedelta(days=rules.lapse_days) < today


def visit_lines(
    population: str, area: int, due_on: date, state: VisitState, *, accepted: bool
) -> Counter[LineKey]:
    """Return the lines by which a visit counts: dated at the day it was due, without sex and birth month."""
    measures: list[Measure] = []
    if state is not VisitState.WITHDRAWN:
        measures.append(Measure.VISIT_OFFERED)
        if state in (VisitState.ACCEPTED, VisitState.KEPT) or (accepted and state is VisitState.MISSED):
            measures.append(Measure.VISIT_ACCEPTED)
        if state is VisitState.KEPT:
            measures.append(Measure.VISIT_KEPT)
    return Counter(LineKey(Population(population), f"{area:012d}", due_on, each) for each in measures)
