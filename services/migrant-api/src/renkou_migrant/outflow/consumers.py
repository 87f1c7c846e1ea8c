"""From the register's events to the outflow, and to everything that hangs on it."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from renkou_common.contracts.registry import PersonEvent, RegistryEventType
from renkou_common.contracts.registry_duplicates import PersonMerged, PersonSeparated
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_migrant.applications import service as applications
from renkou_migrant.certificates import coverage
from renkou_migrant.certificates.coverage import RegisterChange
from renkou_migrant.departures import service as departures
from renkou_migrant.merges import service as merges
from renkou_migrant.outflow import service as outflow
from renkou_migrant.outflow.domain import Mark, marks_of, times_away
from renkou_migrant.runtime import Runtime

PERSON_EVENTS = frozenset(
    {
        RegistryEventType.PERSON_REGISTERED,
        RegistryEventType.BIRTH_RECORDED,
        RegistryEventType.DEATH_RECORDED,
        RegistryEventType.MARRIAGE_RECORDED,
        RegistryEventType.MOVE_RECORDED,
        RegistryEventType.DIVORCE_RECORDED,
        RegistryEventType.WIDOWHOOD_RECORDED,
        RegistryEventType.ADOPTION_RECORDED,
        RegistryEventType.ADDRESS_CHANGED,
        RegistryEventType.PERSON_REASSIGNED,
        RegistryEventType.PERSON_MERGED,
        RegistryEventType.PERSON_SEPARATED,
        RegistryEventType.EVENT_CORRECTED,
        RegistryEventType.EVENT_RETRACTED,
    }
)


async def apply(tx: Transaction, runtime: Runtime, events: Sequence[Event]) -> None:
    """Take a batch of the register's events over: marks, certificates' coverage, departures, joined records.

    Events about joined records are taken in their order; between them order does not matter.
    """
    together: list[Event] = []
    for event in events:
        if event.type == RegistryEventType.PERSON_SEPARATED:
            await _apply(tx, runtime, together)
            await merges.take_back(tx, runtime, PersonSeparated.model_validate(event.data))
            together = []
        together.append(event)
        if event.type == RegistryEventType.PERSON_MERGED:
            await _apply(tx, runtime, together)
            await merges.follow(tx, runtime, PersonMerged.model_validate(event.data))
            together = []
    await _apply(tx, runtime, together)


async def _apply(tx: Transaction, runtime: Runtime, events: Sequence[Event]) -> None:
    changes: dict[UUID, RegisterChange] = {}
    for event in events:
        if event.type in PERSON_EVENTS:
            told = PersonEvent.model_validate(event.data)
            earlier = changes.get(told.person_ref)
            marks: Counter[Mark] = Counter(earlier.marks if earlier else None)
            marks.update(marks_of(told.lines))
            changes[told.person_ref] = _change(runtime, told, marks)
    touched = {ref: change for ref, change in changes.items() if any(change.marks.values())}
    await coverage.take_over(tx, runtime, changes)
    await applications.follow_register(
        tx, runtime, {ref: each.registered_area for ref, each in changes.items() if each.registered_area}
    )
    for event in events:
        for ref, names in _facts_changed(event).items():
            happened_on = PersonEvent.model_validate(event.data).happened_on
            await coverage.mark_facts_changed(tx, runtime, ref, names, happened_on, event.time)
    if touched:
        marks_now = await outflow.marks_of(tx, list(touched))
        times = {ref: times_away(marks) for ref, marks in marks_now.items()}
        registered = {
            ref: change.registered_area
            for ref, change in touched.items()
            if change.registered_area is not None
        }
        await departures.follow_register(tx, times, registered)


def _facts_changed(event: Event) -> dict[UUID, list[str]]:
    """Return whose facts an event changed, by name; a child concerns its parents too."""
    if event.type not in PERSON_EVENTS:
        return {}
    told = PersonEvent.model_validate(event.data)
    found = {told.person_ref: told.facts_changed} if told.facts_changed else {}
    if event.type in (RegistryEventType.BIRTH_RECORDED, RegistryEventType.ADOPTION_RECORDED):
        parents = [event.data.get(name) for name in ("mother_ref", "father_ref")]
        found |= {UUID(str(ref)): ["children"] for ref in parents if ref is not None}
    found |= {UUID(str(ref)): ["children"] for ref in event.data.get("parent_refs", [])}
    return found


def _change(runtime: Runtime, told: PersonEvent, marks: Counter[Mark]) -> RegisterChange:
    low, high = runtime.district.interval()
    registered = int(told.registered_area)
    return RegisterChange(
        marks=Counter({mark: count for mark, count in marks.items() if count}),
        sex=told.sex,
        birth_month=told.birth_month,
        registered_area=registered if low <= registered <= high else None,
    )
