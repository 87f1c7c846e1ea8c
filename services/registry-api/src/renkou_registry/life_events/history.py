"""Histories for the other features: append to one, read one. Callers hold the transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_registry.life_events import repository
from renkou_registry.life_events.domain import LifeEvent
from renkou_registry.life_events.records import NewEvent, StoredEvent


async def append(
    tx: Transaction, events: Sequence[NewEvent], *, recorded_at: datetime, recorded_by: UUID
) -> None:
    """Write events in this order."""
    if events:
        await repository.append(tx, events, recorded_at, recorded_by)


def record_of(event: NewEvent) -> tuple[Any, ...]:
    """Return an event ready for :func:`append_records`; the person's id stands second."""
    return repository.record_of(event)


async def append_records(
    tx: Transaction, records: Sequence[tuple[Any, ...]], *, recorded_at: datetime, recorded_by: UUID
) -> None:
    """Write events that are ready, in this order."""
    if records:
        await repository.append_records(tx, records, recorded_at, recorded_by)


async def of_persons(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, list[LifeEvent]]:
    """Return the whole history of each of the persons, in the order of recording."""
    return await repository.histories(tx, person_ids)


async def of_person(tx: Transaction, person_id: UUID) -> list[StoredEvent]:
    """Return everything recorded about a person whom the caller was found to see."""
    return await repository.of_person(tx, person_id)


async def of_many(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, list[LifeEvent]]:
    """Return the whole history of each of these persons, whom the caller was found to see."""
    return await repository.histories(tx, person_ids)


async def known_at(
    tx: Transaction, person_ids: Sequence[UUID], moment: datetime
) -> dict[UUID, list[LifeEvent]]:
    """Return what was recorded about persons until a moment, in the order of recording."""
    return await repository.histories(tx, person_ids, moment)
