"""A record that joins another leaves the register, and may come back: an event of its history, taken back by
a retraction like any other. Its lines are reversed exactly, and stated again.

Callers hold the transaction and have checked that the caller sees both records.
"""

from uuid import UUID

from renkou_common.contracts.lines import difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_duplicates import PersonMerged, PersonSeparated, RecordKept
from renkou_common.scope import AreaScope
from renkou_registry.cards import service as cards
from renkou_registry.floor import reaching_everywhere
from renkou_registry.households import service as households
from renkou_registry.life_events import repository
from renkou_registry.life_events.domain import derive, effective, left_area, population_lines
from renkou_registry.life_events.kinds import EventKind, LifeEvent
from renkou_registry.life_events.recording import RULES, Desk, Recorded, history_of
from renkou_registry.life_events.records import NewEvent
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.timeline import addresses


async def leave(desk: Desk, gone: PersonRecord, kept: PersonRecord, reason: str) -> UUID:
    """Take a locked record out of the register because another one stands for the person; returns the event's
    id. The ID number stays sealed in the row."""
    history = await history_of(desk, gone.id)
    data = {"kept_id": str(kept.id), "reason": reason}
    event = LifeEvent(new_id(), EventKind.MERGE, desk.today, data)
    last = derive(history, desk.district, RULES)
    reversal = difference(
        population_lines([*history, event], desk.district, RULES),
        population_lines(history, desk.district, RULES),
    )
    now = desk.runtime.clock.now()
    await repository.append(desk.tx, [NewEvent(gone.id, event)], now, desk.subject)
    await addresses.rewrite(desk.tx, gone.id, [], None, {}, None, now)
    await cards.follow(desk.runtime, desk.tx, gone, history, [*history, event])
    await households.person_merged(
        desk.tx, desk.runtime, gone.id, desk.today, event.id, recorded_by=desk.subject
    )
    await persons.hide(desk.tx, gone.id)
    done = Recorded(event, gone, last, reversal)
    payload = PersonMerged(
        **done.fields(),
        kept_ref=kept.ref,
        kept=RecordKept(
            person_id=kept.id,
            sex=kept.sex,
            birth_month=f"{kept.birth_date:%Y-%m}",
            registered_area=f"{kept.registered_area:012d}",
        ),
        facts_differ=await _facts_differ(desk, gone, kept),
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.PERSON_MERGED, gone.ref, payload)
    return event.id


async def _facts_differ(desk: Desk, gone: PersonRecord, kept: PersonRecord) -> list[str]:
    """Return the facts of a certificate that the record that stays tells otherwise, by name.

    A number that the record which leaves still has is not that of the other one: no two have the same.
    """
    now = (await persons.lock(desk.tx, [kept.id], AreaScope.everything()))[kept.id]
    names = ("name", "sex", "birth_date", "marital_status", "registered_area")
    found = [name for name in names if getattr(gone, name) != getattr(now, name)]
    if gone.children_count != now.children_count:
        found.append("children")
    if await persons.has_document(desk.tx, gone.id):
        found.append("resident_id")
    return sorted(found)


async def come_back(desk: Desk, gone_id: UUID, event_id: UUID, reason: str) -> None:
    """Put a record back that had joined another: state, addresses and lines as its history tells them."""
    async with reaching_everywhere(desk.tx, desk.scope):
        before = await persons.lock_hidden(desk.tx, gone_id)
        history = await history_of(desk, gone_id)
        event = LifeEvent(new_id(), EventKind.RETRACTION, desk.today, {"reason": reason}, retracts=event_id)
        known = [*history, event]
        state = derive(known, desk.district, RULES)
        lines = difference(
            population_lines(known, desk.district, RULES), population_lines(history, desk.district, RULES)
        )
        now = desk.runtime.clock.now()
        await repository.append(desk.tx, [NewEvent(gone_id, event)], now, desk.subject)
        columns = {"withdrawn": False, "left_area": left_area(state, desk.district)}
        await persons.save_state(
            desk.tx, before, state, desk.today, columns, runtime=desk.runtime, recorded_by=desk.subject
        )
        await addresses.rewrite(desk.tx, gone_id, effective(known), state, {}, event.id, now)
        await cards.follow(desk.runtime, desk.tx, before, history, known)
        await households.person_back(desk.tx, desk.runtime, gone_id, event_id, recorded_by=desk.subject)
    done = Recorded(event, before, state, lines)
    payload = PersonSeparated(**done.fields())
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.PERSON_SEPARATED, before.ref, payload)
