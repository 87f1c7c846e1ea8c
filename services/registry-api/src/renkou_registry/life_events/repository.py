"""Every query on life events."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common import bulk
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.life_events.domain import EventKind, LifeEvent
from renkou_registry.life_events.records import NewEvent, StoredEvent

_DATES = frozenset({"birth_date", "present_since", "registered_since", "happened_on"})
_APPENDED = bulk.Shape(
    "life_event",
    {
        "id": "uuid",
        "person_id": "uuid",
        "kind": "text",
        "happened_on": "date",
        "data": "text",
        "corrects": "uuid",
        "retracts": "uuid",
        "cause": "uuid",
    },
    ordered=True,
)
_COLUMNS = (
    "e.id, e.person_id, e.kind, e.happened_on, e.recorded_at, e.recorded_by, e.data, e.corrects, e.retracts"
)
_VISIBLE = """
EXISTS (SELECT FROM person p, unnest($2::bigint[], $3::bigint[]) s(lo, hi)
        WHERE p.id = e.person_id AND NOT p.withdrawn
          AND (p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi
               OR p.left_area BETWEEN s.lo AND s.hi))
"""


def _typed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored data with its dates as dates again."""
    return {
        name: _typed(value)
        if name == "changes"
        else date.fromisoformat(value)
        if name in _DATES and value is not None
        else value
        for name, value in data.items()
    }


def _event(row: asyncpg.Record) -> LifeEvent:
    return LifeEvent(
        id=row["id"],
        kind=EventKind(row["kind"]),
        happened_on=row["happened_on"],
        data=_typed(row["data"]),
        corrects=row["corrects"],
        retracts=row["retracts"],
    )


def _stored(row: asyncpg.Record) -> StoredEvent:
    return StoredEvent(_event(row), row["person_id"], row["recorded_at"], row["recorded_by"])


def record_of(new: NewEvent) -> tuple[Any, ...]:
    """Return an event as :func:`append_records` takes it; the person's id stands second."""
    event = new.event
    return (
        event.id,
        new.person_id,
        event.kind,
        event.happened_on,
        orjson.dumps(event.data).decode(),
        event.corrects,
        event.retracts,
        new.cause,
    )


async def append(
    tx: Transaction, events: Sequence[NewEvent], recorded_at: datetime, recorded_by: UUID
) -> None:
    """Write events in this order."""
    await append_records(tx, [record_of(each) for each in events], recorded_at, recorded_by)


async def append_records(
    tx: Transaction, records: Sequence[tuple[Any, ...]], recorded_at: datetime, recorded_by: UUID
) -> None:
    """Write events that are ready, in this order."""
    source = await bulk.rows(tx, _APPENDED, records, after=2)
    await tx.execute(
        f"INSERT INTO life_event ({', '.join(_APPENDED.names)}, recorded_at, recorded_by)"
        " SELECT r.id, r.person_id, r.kind, r.happened_on, r.data::jsonb, r.corrects, r.retracts, r.cause,"
        f" $1, $2 FROM {source.sql} ORDER BY r.place",
        recorded_at,
        recorded_by,
        *source.arguments,
    )


async def histories(
    tx: Transaction, person_ids: Sequence[UUID], until: datetime | None = None
) -> dict[UUID, list[LifeEvent]]:
    """Return the whole history of each person in the order of recording, or what was recorded ``until`` a
    moment."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM life_event e WHERE e.person_id = ANY($1)"
        " AND ($2::timestamptz IS NULL OR e.recorded_at <= $2) ORDER BY e.position",
        person_ids,
        until,
    )
    found: dict[UUID, list[LifeEvent]] = {person_id: [] for person_id in person_ids}
    for row in rows:
        found[row["person_id"]].append(_event(row))
    return found


async def of_person(tx: Transaction, person_id: UUID) -> list[StoredEvent]:
    """Return everything recorded about a person the caller was found to see, in the order of recording."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM life_event e WHERE e.person_id = $1 ORDER BY e.position", person_id
    )
    return [_stored(row) for row in rows]


async def find(tx: Transaction, event_id: UUID, scope: AreaScope) -> StoredEvent | None:
    """Return an event of a person in scope."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM life_event e WHERE e.id = $1 AND {_VISIBLE}",
        event_id,
        scope.lows,
        scope.highs,
    )
    return _stored(row) if row else None


async def recorded(tx: Transaction, event_id: UUID, recorded_by: UUID) -> StoredEvent | None:
    """Return an event that this caller recorded, wherever the person is by now."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM life_event e WHERE e.id = $1 AND e.recorded_by = $2", event_id, recorded_by
    )
    return _stored(row) if row else None


async def standing(tx: Transaction, event_id: UUID) -> StoredEvent | None:
    """Return an event that was not taken back, of a person still in the register."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM life_event e JOIN person p ON p.id = e.person_id"
        " WHERE e.id = $1 AND NOT p.withdrawn"
        " AND NOT EXISTS (SELECT FROM life_event r WHERE r.retracts = e.id)",
        event_id,
    )
    return _stored(row) if row else None


async def caused(tx: Transaction, cause: UUID) -> bool:
    """Say whether an event of another service has led to a life event already."""
    found: bool = await tx.fetchval("SELECT EXISTS (SELECT FROM life_event WHERE cause = $1)", cause)
    return found
