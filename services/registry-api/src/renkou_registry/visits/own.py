"""A woman's own visits: she reads what was written of them, accepts or declines an offer.

For whoever serves the person herself (``/me``); see :mod:`renkou_registry.cards.own`.
"""

from datetime import date
from uuid import UUID

from renkou_common.codes.cards import VisitState
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope
from renkou_registry.cards import service as cards
from renkou_registry.runtime import Runtime
from renkou_registry.visits import answers, service
from renkou_registry.visits.schemas import VisitOut
from renkou_registry.visits.service import Held, Outcome


async def read(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    after: tuple[date, UUID] | None = None,
    limit: int = 50,
) -> list[VisitOut]:
    """Return a page of her visits in the clear, the latest due first; ``after``: the last's (due_on, id)."""
    card = await cards.of_person(tx, person_id)
    if card is None:
        return []
    rows = await service.of_card(tx, card["id"], after, limit)
    return [answers.visit_in_the_clear(runtime, row) for row in rows]


async def accept(runtime: Runtime, tx: Transaction, person_id: UUID, visit_id: UUID, version: int) -> None:
    """She accepts an offer. Raises NotFound for a visit that is not hers, VersionMismatch, Conflict."""
    held = await _hold(tx, person_id, visit_id, version)
    await service.accept(runtime, tx, held, runtime.clock.today())


async def decline(runtime: Runtime, tx: Transaction, person_id: UUID, visit_id: UUID, version: int) -> None:
    """She declines an offer; the next one follows. Raises NotFound, VersionMismatch, Conflict."""
    held = await _hold(tx, person_id, visit_id, version)
    outcome = Outcome(VisitState.DECLINED, runtime.clock.today())
    await service.settle(runtime, tx, held, outcome, person_id)


async def _hold(tx: Transaction, person_id: UUID, visit_id: UUID, version: int) -> Held:
    held = await service.hold(tx, visit_id, AreaScope.everything(), version)
    if held.person.id != person_id:
        raise NotFound.of("随访", "visit")
    return held
