"""Life events as they are stored: the domain's event with whom it is about and who recorded it. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_registry.life_events.domain import LifeEvent


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be appended; ``cause`` is the event of another service that led to it."""

    person_id: UUID
    event: LifeEvent
    cause: UUID | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its record."""

    event: LifeEvent
    person_id: UUID
    recorded_at: datetime
    recorded_by: UUID
