"""The events that publish each person and household, for the figures and the other services."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from renkou_common.contracts.registry import PersonRegistered, RegistryEventType
from renkou_common.contracts.registry_people import HouseholdChanged
from renkou_common.messaging.envelope import build_body
from renkou_registry.generator.drawn import Context, Drawn, Kind
from renkou_registry.persons.events import area_text
from renkou_registry.persons.registration import entry_fields


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each person, then for each household."""
    told: list[tuple[str, UUID, BaseModel]] = [
        (RegistryEventType.PERSON_REGISTERED, each.entry.ref, PersonRegistered(**entry_fields(each)))
        for each in drawn.entered
    ]
    for household_id, household in drawn.chunk.households:
        kind, area = household.kind, area_text(household.area)
        entered = HouseholdChanged(household_id=household_id, change="entered", kind=kind, area=area)
        told.append((RegistryEventType.HOUSEHOLD_CHANGED, household_id, entered))
    for event_type, subject, data in told:
        event_id = drawn.chunk.new_id()
        body, digest = build_body(
            event_id=event_id,
            event_type=str(event_type),
            source=context.source,
            subject=str(subject),
            time=context.now,
            data=data,
        )
        yield event_id, str(event_type), str(subject), body, digest


KIND = Kind("outbox", ("event_id", "type", "subject", "body", "content_hash"), rows)
