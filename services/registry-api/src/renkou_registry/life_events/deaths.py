"""A death: recorded for the person, and the widowhood for whom it left behind.

Couples of whom both have died are told of in any order. Where the death that is told later came first, the
widowhood recorded with the other one never was: it is taken back, and stands in the other history.
"""

from datetime import date
from uuid import UUID

from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events import repository, unions
from renkou_registry.life_events.domain import EventKind, effective
from renkou_registry.life_events.recording import Desk
from renkou_registry.life_events.records import StoredEvent
from renkou_registry.life_events.revisions import Grounds, retract_following
from renkou_registry.persons import service as persons

_NEVER_WIDOWED = Grounds("本人先于配偶死亡")


async def record_death(desk: Desk, person_id: UUID, died_on: date) -> UUID:
    """Record a death; returns the death's event id. Raises NotFound, Conflict."""
    await unions.lock_couple(desk, person_id)
    widowhood = await _widowhood_after(desk, person_id, died_on)
    if widowhood is not None:
        async with reaching_everywhere(desk.tx, desk.scope):
            couple = [person_id, UUID(widowhood.event.data["spouse_id"])]
            await persons.lock(desk.tx, couple, AreaScope.everything())
        await retract_following(desk, widowhood, _NEVER_WIDOWED)
    return await unions.record_death(desk, person_id, died_on)


async def _widowhood_after(desk: Desk, person_id: UUID, died_on: date) -> StoredEvent | None:
    """Return the widowhood that the person did not live to see."""
    stored = await repository.of_person(desk.tx, person_id)
    standing = {event.id for event in effective([each.event for each in stored])}
    for each in stored:
        late = each.event.kind is EventKind.WIDOWHOOD and each.event.happened_on > died_on
        if late and each.event.id in standing and "spouse_id" in each.event.data:
            return each
    return None
