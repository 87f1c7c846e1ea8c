"""Every query on services. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_common.scope import AreaScope
from renkou_registry.floor import PERSON_IN_SCOPE
from renkou_registry.services_given.domain import LISTED_KINDS, LISTED_STATES, Service

_LATEST = UUID(int=(1 << 128) - 1)
COLUMNS = (
    "id",
    "person_id",
    "kind",
    "state",
    "area",
    "population",
    "sex",
    "share_with_home",
    "offered_on",
    "booked_for",
    "booked_by",
    "given_on",
    "cancelled_because",
    "version",
)
_INSERT = (
    f"INSERT INTO service_given ({', '.join(COLUMNS)}, recorded_at, recorded_by) VALUES ("
    + ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 3))
    + ")"
)
_CHANGED = ("kind", "state", "share_with_home", "offered_on", "booked_for", "booked_by", "given_on")
_UPDATE = (
    "UPDATE service_given SET "
    + ", ".join(f"{name} = ${number}" for number, name in enumerate(_CHANGED, 2))
    + f", cancelled_because = ${len(_CHANGED) + 2}, version = version + 1 WHERE id = $1"
)
_IN_SCOPE = f"EXISTS (SELECT FROM person p WHERE p.id = g.person_id AND {PERSON_IN_SCOPE})"
_OPEN = "g.state IN ('offered', 'accepted')"


async def insert(tx: Transaction, service: Service, recorded_at: datetime, recorded_by: UUID) -> None:
    """Write one service."""
    values = asdict(service)
    await tx.execute(_INSERT, *(values[name] for name in COLUMNS), recorded_at, recorded_by)


async def update(tx: Transaction, service: Service) -> None:
    """Write what can change of a service and count its version up."""
    values = asdict(service)
    await tx.execute(_UPDATE, service.id, *(values[name] for name in _CHANGED), service.cancelled_because)


async def log_change(
    tx: Transaction,
    change_id: UUID,
    service: Service,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str | None,
    recorded_at: datetime,
    recorded_by: UUID,
) -> None:
    """Write down what a change changed; ``service`` as it was before."""
    await tx.execute(
        "INSERT INTO service_change"
        " (id, service_id, version, before, after, reason, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        change_id,
        service.id,
        service.version + 1,
        before,
        after,
        reason,
        recorded_at,
        recorded_by,
    )


async def find(
    tx: Transaction, service_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a service whose person is in scope, locked until the transaction ends if asked."""
    locking = "FOR UPDATE OF g" if lock else ""
    return await tx.fetchrow(
        f"SELECT g.* FROM service_given g WHERE g.id = $1 AND {_IN_SCOPE} {locking}",
        service_id,
        scope.lows,
        scope.highs,
    )


async def drop_result(tx: Transaction, service_id: UUID) -> None:
    """Destroy a sealed kind of result."""
    await tx.execute("UPDATE service_given SET result_sealed = NULL WHERE id = $1", service_id)


async def save_result(tx: Transaction, service_id: UUID, sealed: bytes) -> None:
    """Write the sealed kind of result."""
    await tx.execute(
        "UPDATE service_given SET result_sealed = $2, version = version + 1 WHERE id = $1", service_id, sealed
    )


async def of_person(
    tx: Transaction, person_id: UUID, after: tuple[date, UUID] | None, limit: int
) -> Sequence[asyncpg.Record]:
    """Return services given to a person whom the caller was found to see, the newest first."""
    given_on, service_id = after or (date.max, _LATEST)
    return await tx.fetch(
        "SELECT * FROM service_given WHERE person_id = $1 AND (given_on, id) < ($2, $3) AND state = 'given'"
        " ORDER BY given_on DESC, id DESC LIMIT $4",
        person_id,
        given_on,
        service_id,
        limit,
    )


async def all_of_person(tx: Transaction, person_id: UUID, limit: int) -> Sequence[asyncpg.Record]:
    """Return a visible person's services in every state, the latest recorded first."""
    return await tx.fetch(
        "SELECT * FROM service_given WHERE person_id = $1 ORDER BY id DESC LIMIT $2", person_id, limit
    )


async def standing_of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return and lock a person's services that were not cancelled."""
    return await tx.fetch(
        "SELECT * FROM service_given WHERE person_id = $1 AND state <> 'cancelled' ORDER BY id FOR UPDATE",
        person_id,
    )


async def page(
    tx: Reader,
    interval: tuple[int, int],
    days: tuple[date, date],
    kind: str | None,
    state: str | None,
    after: tuple[int, date, UUID],
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return services of an area by (area, day, id); those that no list shows are left out.

    The limit stands in the statement and the interval begins at the place to go on from: a plan made once
    for any limit and interval would sort an area's services for each page.
    """
    low, high = interval
    first = max(after, (low - 1, date.max, _LATEST))
    conditions = ["g.area <= $1", "g.listed_on BETWEEN $2 AND $3"]
    conditions.append("(g.area, g.listed_on, g.id) > ($4, $5, $6)")
    conditions.append("EXISTS (SELECT FROM person p WHERE p.id = g.person_id AND NOT p.withdrawn OFFSET 0)")
    conditions.append("g.kind = ANY($7::text[]) AND g.state = ANY($8::text[])")
    if state in ("offered", "accepted"):
        conditions.append(_OPEN)  # lets the planner use the partial index
    return await tx.fetch(
        f"SELECT g.* FROM service_given g WHERE {' AND '.join(conditions)}"
        f" ORDER BY g.area, g.listed_on, g.id LIMIT {limit:d}",
        high,
        *days,
        *first,
        [kind] if kind else sorted(LISTED_KINDS),
        [state] if state else sorted(LISTED_STATES),
    )


async def is_recorded(tx: Transaction, person_id: UUID, kind: str, given_on: date) -> bool:
    """Say whether a person was given this service on that day."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM service_given WHERE person_id = $1 AND given_on = $3 AND kind = $2)",
        person_id,
        kind,
        given_on,
    )
    return found
