"""Every query on persons' requests."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.privacy.requests.domain import (
    OPEN,
    UNDECIDED,
    Act,
    How,
    Kind,
    Outcome,
    PrivacyRequest,
    State,
)

_VISIBLE = """
(EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE r.area BETWEEN s.lo AND s.hi)
 OR EXISTS (SELECT FROM person p, unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE p.id = r.person_id
   AND (p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi
        OR p.left_area BETWEEN s.lo AND s.hi)))
"""


def _request(row: asyncpg.Record) -> PrivacyRequest:
    values = dict(row) | {
        "kind": Kind(row["kind"]),
        "how": How(row["how"]),
        "state": State(row["state"]),
        "outcome": Outcome(row["outcome"]) if row["outcome"] else None,
    }
    return PrivacyRequest(**values)


async def add(tx: Transaction, request: PrivacyRequest) -> bool:
    """Write a request; False where one of its kind is open for the person."""
    return bool(
        await tx.fetchval(
            "INSERT INTO privacy_request (id, person_id, area, kind, how, wish, about, state, due_on, extended,"
            " received_at, received_by, version)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, false, $10, $11, 1) ON CONFLICT DO NOTHING RETURNING true",
            request.id,
            request.person_id,
            request.area,
            request.kind,
            request.how,
            request.wish,
            request.about,
            request.state,
            request.due_on,
            request.received_at,
            request.received_by,
        )
    )


async def open_of(tx: Transaction, record_ids: Sequence[UUID], kind: Kind) -> UUID | None:
    """Return the open request of a kind of somebody, whose records these are."""
    found: UUID | None = await tx.fetchval(
        "SELECT id FROM privacy_request WHERE person_id = ANY ($1) AND kind = $2 AND state = ANY ($3) LIMIT 1",
        list(record_ids),
        kind,
        list(OPEN),
    )
    return found


async def find(
    tx: Transaction, request_id: UUID, scope: AreaScope, *, lock: bool = False
) -> PrivacyRequest | None:
    """Return a request in scope; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT r.* FROM privacy_request r WHERE r.id = $1 AND {_VISIBLE}{' FOR UPDATE OF r' if lock else ''}",
        request_id,
        scope.lows,
        scope.highs,
    )
    return _request(row) if row else None


async def find_of(
    tx: Transaction, request_id: UUID, record_ids: Sequence[UUID], *, lock: bool = False
) -> PrivacyRequest | None:
    """Return a request of somebody, whose records these are."""
    row = await tx.fetchrow(
        "SELECT * FROM privacy_request WHERE id = $1 AND person_id = ANY ($2)"
        f"{' FOR UPDATE' if lock else ''}",
        request_id,
        list(record_ids),
    )
    return _request(row) if row else None


async def of_records(tx: Transaction, record_ids: Sequence[UUID]) -> list[PrivacyRequest]:
    """Return the requests of somebody, the last first; two hundred at most."""
    rows = await tx.fetch(
        "SELECT * FROM privacy_request WHERE person_id = ANY ($1) ORDER BY id DESC LIMIT 200",
        list(record_ids),
    )
    return [_request(row) for row in rows]


async def page(
    tx: Transaction,
    interval: tuple[int, int],
    states: Sequence[State],
    kind: Kind | None,
    due_before: date | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[PrivacyRequest]:
    """Return requests of an area in some states, what is due first at the head."""
    on, request_id = after or (None, None)
    rows = await tx.fetch(
        "SELECT * FROM privacy_request WHERE area BETWEEN $1 AND $2 AND state = ANY ($3)"
        " AND ($4::text IS NULL OR kind = $4) AND ($5::date IS NULL OR due_on < $5)"
        " AND ($6::date IS NULL OR (due_on, id) > ($6, $7)) ORDER BY due_on, id LIMIT $8",
        *interval,
        list(states),
        kind,
        due_before,
        on,
        request_id,
        limit,
    )
    return [_request(row) for row in rows]


async def count_overdue(tx: Transaction, interval: tuple[int, int], today: date) -> int:
    """Return how many requests of an area nobody has decided on in time."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM privacy_request WHERE area BETWEEN $1 AND $2 AND state = ANY ($3)"
            " AND due_on < $4",
            *interval,
            list(UNDECIDED),
            today,
        )
    )


async def change(tx: Transaction, request_id: UUID, values: dict[str, Any]) -> PrivacyRequest:
    """Set columns of a locked request; returns it as it is then. Names of columns come from the code only."""
    columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, start=2))
    row = await tx.fetchrow(
        f"UPDATE privacy_request SET {columns}, version = version + 1 WHERE id = $1 RETURNING *",
        request_id,
        *values.values(),
    )
    assert row is not None
    return _request(row)


async def note(
    tx: Transaction,
    request_id: UUID,
    act: Act,
    at: datetime,
    by: UUID | None,
    told: str | None = None,
    outcome: Outcome | None = None,
) -> None:
    """Add a step to a locked request."""
    await tx.execute(
        "INSERT INTO privacy_request_step (request_id, place, act, outcome, told, taken_at, taken_by)"
        " SELECT $1, count(*) + 1, $2, $3, $4, $5, $6 FROM privacy_request_step WHERE request_id = $1",
        request_id,
        act,
        outcome,
        told,
        at,
        by,
    )


async def steps(tx: Transaction, request_id: UUID) -> list[asyncpg.Record]:
    """Return what was done to a request, in order."""
    return await tx.fetch(
        "SELECT * FROM privacy_request_step WHERE request_id = $1 ORDER BY place", request_id
    )


async def carrying_out(tx: Transaction) -> list[UUID]:
    """Return the requests whose deletion goes on, the first first."""
    rows = await tx.fetch("SELECT id FROM privacy_request WHERE state = 'carrying_out' ORDER BY id")
    return [row["id"] for row in rows]


async def take(tx: Transaction, request_id: UUID) -> PrivacyRequest | None:
    """Lock a request whose deletion goes on; None where another worker has it or it is answered."""
    row = await tx.fetchrow(
        "SELECT * FROM privacy_request WHERE id = $1 AND state = 'carrying_out' FOR UPDATE SKIP LOCKED",
        request_id,
    )
    return _request(row) if row else None
