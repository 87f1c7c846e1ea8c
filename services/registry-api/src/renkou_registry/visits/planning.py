"""Brings the offers of a woman in line with her card: takes back what no longer holds, offers what is due.

Callers hold the lock of the person. Of the cards only what was told is imported, so that cards may call this.
"""

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.codes.cards import CardState, VisitState
from renkou_common.contracts.lines import LineKey, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_cards import VisitChanged
from renkou_common.database import Transaction
from renkou_registry.cards import facts
from renkou_registry.cards.repository import CardRow, Row
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime
from renkou_registry.visits import repository
from renkou_registry.visits.domain import Basis, VisitRules, Woman, next_offer, plan, visit_lines


def rules_of(runtime: Runtime) -> VisitRules:
    """Return the numbers of the schedule as this node is set up."""
    settings = runtime.settings
    return VisitRules(
        settings.visit_months_supplies, settings.visit_months_long_acting, settings.visit_lapse_days
    )


async def woman_of(runtime: Runtime, tx: Transaction, card: CardRow, present_area: int) -> Woman:
    """Return what decides about the visits of a locked woman."""
    low, high = runtime.district.interval()
    fact = await facts.current_method(runtime, tx, card.id)
    basis: Basis | None = None
    if fact is not None and fact.method is not None:
        months = rules_of(runtime).months_of(fact.method.method)
        if months is not None:
            basis = Basis(fact.id, fact.told_on, months, fact.method.ended_on)
    return Woman(
        card_open=card.state == CardState.OPEN,
        lives_here=low <= present_area <= high,
        restricted=card.person_id in await persons.restricted(tx, [card.person_id]),
        declined_all=card.visits_declined_on is not None,
        resumed_on=card.visits_resumed_on,
        basis=basis,
    )


async def replan(runtime: Runtime, tx: Transaction, card: CardRow, present_area: int) -> None:
    """Bring the open offer of a locked woman in line with her card, her address and what she told."""
    woman = await woman_of(runtime, tx, card, present_area)
    standing = await repository.open_of(tx, card.person_id)
    last = await repository.last_settled(tx, card.person_id)
    steps = plan(woman, standing["basis"] if standing else None, last, runtime.clock.today())
    if standing is not None and steps.withdraw:
        await change(runtime, tx, standing, {"state": VisitState.WITHDRAWN})
    elif standing is not None and _moved(standing, card, present_area):
        where = {"population": card.population, "area": card.area, "place": present_area}
        await change(runtime, tx, standing, where)
    if steps.offer_on is not None and woman.basis is not None:
        await _offer(runtime, tx, card, present_area, woman.basis.fact, steps.offer_on)


def _moved(standing: Row, card: CardRow, present_area: int) -> bool:
    return bool(
        (standing["population"], standing["area"], standing["place"])
        != (card.population, card.area, present_area)
    )


async def following_day(
    runtime: Runtime, tx: Transaction, card: CardRow, present_area: int, settled: date
) -> date | None:
    """Return the day of the next visit once one was settled, None where none will be offered."""
    woman = await woman_of(runtime, tx, card, present_area)
    return next_offer(woman, settled, runtime.clock.today())


async def _offer(
    runtime: Runtime, tx: Transaction, card: CardRow, place: int, basis: UUID, due_on: date
) -> None:
    visit: dict[str, Any] = {
        "id": new_id(),
        "card_id": card.id,
        "person_id": card.person_id,
        "basis": basis,
        "state": VisitState.OFFERED,
        "population": card.population,
        "area": card.area,
        "place": place,
        "due_on": due_on,
        "planned_on": due_on,
        "version": 1,
        "recorded_at": runtime.clock.now(),
    }
    await repository.insert(tx, visit)
    await publish(runtime, tx, visit | {"accepted_on": None}, Counter())


def lines_of(visit: Row) -> Counter[LineKey]:
    """Return the lines of a visit as it stands."""
    return visit_lines(
        visit["population"],
        visit["area"],
        visit["due_on"],
        VisitState(visit["state"]),
        accepted=visit["accepted_on"] is not None,
    )


async def change(runtime: Runtime, tx: Transaction, visit: Row, columns: dict[str, Any]) -> None:
    """Change a locked visit and publish the difference where figures or its state follow."""
    await repository.save(tx, visit["id"], columns)
    after = dict(visit) | columns
    if after["state"] != visit["state"] or lines_of(after) != lines_of(visit):
        await publish(runtime, tx, after, lines_of(visit))


async def publish(runtime: Runtime, tx: Transaction, visit: Row, before: Counter[LineKey]) -> None:
    """Publish a visit as it stands; the event names no person."""
    payload = VisitChanged(
        visit_id=visit["id"],
        state=visit["state"],
        area=area_text(visit["area"]),
        lines=difference(lines_of(visit), before),
    )
    await runtime.outbox.append(tx, RegistryEventType.VISIT_CHANGED, visit["id"], payload)
