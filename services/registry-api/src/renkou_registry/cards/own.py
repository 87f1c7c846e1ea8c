"""A woman's own card: she reads everything on it, takes back what she told, declines or wants visits.

For whoever serves the person herself (``/me``); callers have made sure that she is the caller, and hold the
transaction in a scope that reaches her record. Reading one's own data is not logged as a reading by others.
"""

from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.cards import answers, facts, service
from renkou_registry.cards.repository import CardRow
from renkou_registry.cards.schemas import CardOut
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.runtime import Runtime


async def read(runtime: Runtime, tx: Transaction, person_id: UUID) -> CardOut | None:
    """Return her card with everything she has told in the clear, also what is no longer current."""
    row = await service.of_person(tx, person_id)
    if row is None:
        return None
    children = await persons.children_birth_dates(tx, person_id, AreaScope.everything())
    told = await facts.told(runtime, tx, row["id"])
    return answers.card(runtime, row, children, [answers.fact(each) for each in told])


async def take_back(runtime: Runtime, tx: Transaction, person_id: UUID, fact_id: UUID) -> None:
    """Destroy what she told. Raises NotFound."""
    card, person = await _hold(tx, person_id)
    await service.take_back(runtime, tx, card, person, fact_id, person_id)


async def decline_visits(runtime: Runtime, tx: Transaction, person_id: UUID) -> None:
    """She declines all visits from today on. Raises NotFound where she has no card."""
    card, person = await _hold(tx, person_id)
    await service.decline_visits(runtime, tx, card, person, runtime.clock.today())


async def accept_visits(runtime: Runtime, tx: Transaction, person_id: UUID) -> None:
    """She wants visits again from today on. Raises NotFound where she has no card."""
    card, person = await _hold(tx, person_id)
    await service.accept_visits(runtime, tx, card, person)


async def _hold(tx: Transaction, person_id: UUID) -> tuple[CardRow, PersonRecord]:
    return await service.lock(tx, await service.id_of_person(tx, person_id), AreaScope.everything())
