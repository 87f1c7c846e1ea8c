"""Every query on requests for correction."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.corrections.domain import CorrectionRequest, RequestKind, RequestState

SEALED = "correction_request.details"
_COLUMNS = (
    "r.id, r.person_id, r.event_id, r.kind, r.area, r.changes, r.details_sealed, r.reason, r.base, r.state,"
    " r.requested_by, r.requested_at, r.decided_by, r.decided_at, r.decision_reason, r.result_event_id,"
    " r.version"
)
_VISIBLE = """
(EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE r.area BETWEEN s.lo AND s.hi)
 OR EXISTS (SELECT FROM person p, unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE p.id = r.person_id
   AND (p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi
        OR p.left_area BETWEEN s.lo AND s.hi)))
"""
_DATES = frozenset({"birth_date", "present_since", "registered_since", "happened_on"})

type Open = Callable[[bytes, str], str]


def _record(row: asyncpg.Record, opened: Open) -> CorrectionRequest:
    values = dict(row)
    sealed = values.pop("details_sealed")
    changes = {
        name: date.fromisoformat(value) if name in _DATES else value for name, value in row["changes"].items()
    }
    values |= {
        "kind": RequestKind(row["kind"]),
        "state": RequestState(row["state"]),
        "changes": changes,
        "details": orjson.loads(opened(sealed, SEALED)) if sealed is not None else {},
    }
    return CorrectionRequest(**values)


async def insert(tx: Transaction, request: CorrectionRequest, sealed: bytes | None) -> None:
    """Write a request."""
    await tx.execute(
        "INSERT INTO correction_request (id, person_id, event_id, kind, area, changes, details_sealed,"
        " reason, base, state, requested_by, requested_at, version)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)",
        request.id,
        request.person_id,
        request.event_id,
        request.kind,
        request.area,
        dict(request.changes),
        sealed,
        request.reason,
        request.base,
        request.state,
        request.requested_by,
        request.requested_at,
    )


async def find(
    tx: Transaction, request_id: UUID, scope: AreaScope, opened: Open, *, lock: bool = False
) -> CorrectionRequest | None:
    """Return a request in scope; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM correction_request r WHERE r.id = $1 AND {_VISIBLE}"
        f"{' FOR UPDATE OF r' if lock else ''}",
        request_id,
        scope.lows,
        scope.highs,
    )
    return _record(row, opened) if row else None


async def made_by(
    tx: Transaction, request_id: UUID, requested_by: UUID, opened: Open, *, lock: bool = False
) -> CorrectionRequest | None:
    """Return an own request, wherever the person is by now."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM correction_request r WHERE r.id = $1 AND r.requested_by = $2"
        f"{' FOR UPDATE OF r' if lock else ''}",
        request_id,
        requested_by,
    )
    return _record(row, opened) if row else None


async def page(
    tx: Transaction,
    interval: tuple[int, int],
    state: RequestState,
    after: tuple[int, UUID],
    limit: int,
    opened: Open,
) -> list[CorrectionRequest]:
    """Return requests of an area in a state, by area and id (that is, oldest first within a community)."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM correction_request r WHERE r.state = $1 AND r.area BETWEEN $2 AND $3"
        " AND (r.area, r.id) > ($4, $5) ORDER BY r.area, r.id LIMIT $6",
        state,
        *interval,
        *after,
        limit,
    )
    return [_record(row, opened) for row in rows]


async def of_requester(tx: Transaction, requested_by: UUID, opened: Open) -> list[CorrectionRequest]:
    """Return requests of one caller, the last first; a thousand at most."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM correction_request r WHERE r.requested_by = $1 ORDER BY r.id DESC LIMIT 1000",
        requested_by,
    )
    return [_record(row, opened) for row in rows]


async def decide(
    tx: Transaction,
    request_id: UUID,
    state: RequestState,
    decided_by: UUID,
    decided_at: datetime,
    reason: str | None,
    result_event_id: UUID | None,
) -> None:
    """Write a decision on a locked request."""
    values: list[Any] = [request_id, state, decided_by, decided_at, reason, result_event_id]
    await tx.execute(
        "UPDATE correction_request SET state = $2, decided_by = $3, decided_at = $4, decision_reason = $5,"
        " result_event_id = $6, version = version + 1 WHERE id = $1",
        *values,
    )
