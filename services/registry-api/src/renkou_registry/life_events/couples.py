"""What follows for spouses from a change of a history: widowhoods and links, wherever the spouse lives.

Whoever records, corrects or takes back an event of a marriage or a life's end does it inside
:func:`settling`; the rules are in :mod:`.marriages`. Callers hold the transaction.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from renkou_common.contracts.registry import EventCorrected, EventRetracted, RegistryEventType
from renkou_common.contracts.registry_time import DivorceRecorded, WidowhoodRecorded
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.kin import history as kin
from renkou_registry.life_events import marriages, repository
from renkou_registry.life_events.domain import FOLLOWING
from renkou_registry.life_events.kinds import EventKind, LifeEvent
from renkou_registry.life_events.marriages import Following, Histories
from renkou_registry.life_events.recording import Desk, record
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord

_REASON = "随配偶一方的登记而定"


def everywhere(desk: Desk) -> Desk:
    """Return the desk for what belongs to a visible person but lies elsewhere."""
    return replace(desk, scope=AreaScope.everything())


async def lock_with_partners(desk: Desk, person_ids: Iterable[UUID]) -> dict[UUID, PersonRecord]:
    """Lock persons with everybody who is or ever was their spouse in the register, in one order for
    everybody."""
    ids = set(person_ids)
    async with reaching_everywhere(desk.tx, desk.scope):
        known = await repository.histories(desk.tx, sorted(ids))
        linked = await persons.spouses_of(desk.tx, sorted(ids))
        wanted = ids | linked | {each for history in known.values() for each in marriages.partners(history)}
        return await persons.lock_known(desk.tx, sorted(wanted))


async def foreseen(desk: Desk, leading: Mapping[UUID, Sequence[LifeEvent]]) -> Following:
    """Return what would follow from events at the end of histories; writes nothing."""
    async with reaching_everywhere(desk.tx, desk.scope):
        before = await _histories(desk, leading)
        after = {each: [*history, *leading.get(each, ())] for each, history in before.items()}
        pairs = [(person, other) for person in after for other in marriages.partners(after[person])]
        unlinked = await kin.unlinked(desk.tx, sorted({each for pair in pairs for each in pair}))
    return marriages.following(before, after, unlinked)


async def _histories(desk: Desk, leading: Mapping[UUID, Sequence[LifeEvent]]) -> Histories:
    """Return the histories of persons and of all their spouses who are in the register."""
    own = await repository.histories(desk.tx, sorted(leading))
    named = {
        each for person, history in own.items() for each in marriages.partners([*history, *leading[person]])
    }
    others = sorted((named | await persons.spouses_of(desk.tx, sorted(leading))) - set(leading))
    here = {row["id"] for row in await persons.find_many(desk.tx, others, AreaScope.everything())}
    return own | await repository.histories(desk.tx, sorted(here))


@asynccontextmanager
async def settling(desk: Desk, leading: Mapping[UUID, Sequence[LifeEvent]]) -> AsyncIterator[None]:
    """Around the recording of ``leading`` events, each at the end of a history: widowhoods that no longer
    follow are taken back before, those that follow now are recorded after, and spouse links made right.

    The persons and their spouses are locked by :func:`lock_with_partners`.
    """
    plan = await foreseen(desk, leading)
    for person_id, event in plan.before:
        await _record(desk, person_id, event)
    yield
    for person_id, event in plan.after:
        await _record(desk, person_id, event)
    async with reaching_everywhere(desk.tx, desk.scope):
        for person_id in sorted(plan.spouses):
            await persons.set_spouse(
                desk.runtime, desk.tx, person_id, plan.spouses[person_id], recorded_by=desk.subject
            )


async def _record(desk: Desk, person_id: UUID, event: LifeEvent) -> None:
    """Record and publish one event that follows."""
    async with reaching_everywhere(desk.tx, desk.scope):
        person = (await persons.lock_known(desk.tx, [person_id]))[person_id]
        if event.kind not in FOLLOWING:
            event = replace(event, data={**event.data, "reason": _REASON})
        done = await record(everywhere(desk), person, event)
        append = desk.runtime.outbox.append
        if event.kind in FOLLOWING:
            refs = await persons.refs_of(desk.tx, [UUID(str(event.data["spouse_id"]))])
            ended = {**done.fields(), "spouse_ref": next(iter(refs.values()), None)}
            if event.kind is EventKind.WIDOWHOOD:
                widowed = WidowhoodRecorded(**ended)
                await append(desk.tx, RegistryEventType.WIDOWHOOD_RECORDED, person.ref, widowed)
            else:
                await append(
                    desk.tx, RegistryEventType.DIVORCE_RECORDED, person.ref, DivorceRecorded(**ended)
                )
        elif event.corrects is not None:
            corrected = EventCorrected(**done.fields(), corrected_event_id=event.corrects)
            await append(desk.tx, RegistryEventType.EVENT_CORRECTED, person.ref, corrected)
        elif event.retracts is not None:
            retracted = EventRetracted(**done.fields(), retracted_event_id=event.retracts, parent_refs=[])
            await append(desk.tx, RegistryEventType.EVENT_RETRACTED, person.ref, retracted)
