"""Queries of reissues."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

_SELECT = """
SELECT r.id, r.position, r.area, r.kid, r.state, r.requested_at, r.requested_by, r.approved_at, r.approved_by,
    r.finished_at, r.version,
    (SELECT count(*) FROM certificate_reissue_item i WHERE i.reissue_id = r.id) AS total,
    (SELECT count(*) FROM certificate_reissue_item i WHERE i.reissue_id = r.id AND i.state = 'done') AS done,
    (SELECT count(*) FROM certificate_reissue_item i WHERE i.reissue_id = r.id AND i.state = 'failed')
        AS failed
FROM certificate_reissue r
"""
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(lo, hi) WHERE r.area BETWEEN s.lo AND s.hi)"
)


@dataclass(frozen=True, slots=True)
class Reissue:
    """A reissue with its progress. ``area`` is a 12-digit key; ``done`` and ``failed`` are of ``total``."""

    id: UUID
    position: int
    area: int
    kid: str
    state: str
    requested_at: datetime
    requested_by: UUID
    approved_at: datetime | None
    approved_by: UUID | None
    finished_at: datetime | None
    version: int
    total: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Item:
    """One certificate of a reissue, with whom it is about and what was agreed to be in it."""

    reissue_id: UUID
    certificate_id: UUID
    person_id: UUID
    person_ref: UUID
    groups: list[str]
    holder_key: dict[str, Any] | None
    approved_by: UUID


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A certificate that was not issued anew, and the code of why."""

    certificate_id: UUID
    code: str


def _reissue(row: asyncpg.Record) -> Reissue:
    return Reissue(**dict(row))


async def insert(tx: Transaction, reissue_id: UUID, area: int, kid: str, at: datetime, by: UUID) -> bool:
    """Write a reissue; returns False where one of this key and area is open."""
    made = await tx.fetchval(
        """
        INSERT INTO certificate_reissue (id, area, kid, state, requested_at, requested_by)
        VALUES ($1, $2, $3, 'requested', $4, $5)
        ON CONFLICT (kid, area) WHERE finished_at IS NULL DO NOTHING RETURNING true
        """,
        reissue_id,
        area,
        kid,
        at,
        by,
    )
    return bool(made)


async def list_standing(tx: Transaction, reissue_id: UUID, kid: str, low: int, high: int, today: date) -> int:
    """List what the key signed and stands today; returns how many."""
    count: int = await tx.fetchval(
        """
        WITH listed AS (
            INSERT INTO certificate_reissue_item (reissue_id, certificate_id, state)
            SELECT $1, c.id, 'waiting' FROM certificate c
            WHERE c.kid = $2 AND c.registered_area BETWEEN $3 AND $4 AND $5 BETWEEN c.valid_from AND c.valid_to
                AND c.revoked_on IS NULL AND c.replaced_on IS NULL AND c.died_on IS NULL
            RETURNING 1
        ) SELECT count(*) FROM listed
        """,
        reissue_id,
        kid,
        low,
        high,
        today,
    )
    return count


async def find(tx: Transaction, scope: AreaScope, reissue_id: UUID, *, lock: bool = False) -> Reissue | None:
    """Return a reissue in scope with its progress."""
    row = await tx.fetchrow(
        f"{_SELECT} WHERE r.id = $3 AND {_IN_SCOPE} {'FOR UPDATE OF r' if lock else ''}",
        scope.lows,
        scope.highs,
        reissue_id,
    )
    return None if row is None else _reissue(row)


async def page(tx: Transaction, scope: AreaScope, before: int | None, limit: int) -> list[Reissue]:
    """Return reissues, the last first."""
    rows = await tx.fetch(
        f"""{_SELECT} WHERE {_IN_SCOPE} AND ($3::bigint IS NULL OR r.position < $3)
        ORDER BY r.position DESC LIMIT $4
        """,
        scope.lows,
        scope.highs,
        before,
        limit,
    )
    return [_reissue(row) for row in rows]


async def approve(tx: Transaction, reissue_id: UUID, at: datetime, by: UUID) -> None:
    """Let it run."""
    await tx.execute(
        """
        UPDATE certificate_reissue SET state = 'running', approved_at = $2, approved_by = $3,
            version = version + 1
        WHERE id = $1
        """,
        reissue_id,
        at,
        by,
    )


async def finish(tx: Transaction, reissue_id: UUID, state: str, at: datetime) -> None:
    """Write that it is done or was withdrawn."""
    await tx.execute(
        "UPDATE certificate_reissue SET state = $2, finished_at = $3, version = version + 1 WHERE id = $1",
        reissue_id,
        state,
        at,
    )


async def running(tx: Transaction) -> list[Reissue]:
    """Return what is to be worked on, the oldest first."""
    return [
        _reissue(row) for row in await tx.fetch(f"{_SELECT} WHERE r.state = 'running' ORDER BY r.position")
    ]


_WAITING = """
SELECT i.reissue_id, i.certificate_id, c.person_id, c.person_ref, c.groups, c.holder_key, r.approved_by
FROM certificate_reissue_item i
JOIN certificate_reissue r ON r.id = i.reissue_id
JOIN certificate c ON c.id = i.certificate_id
WHERE i.reissue_id = $1 AND i.state = 'waiting'
"""


async def waiting(tx: Transaction, reissue_id: UUID, limit: int) -> list[Item]:
    """Return certificates that wait."""
    rows = await tx.fetch(f"{_WAITING} ORDER BY i.certificate_id LIMIT $2", reissue_id, limit)
    return [Item(**dict(row)) for row in rows]


async def take(tx: Transaction, reissue_id: UUID, certificate_id: UUID) -> bool:
    """Hold one that waits until the transaction ends; returns False where somebody else has it."""
    held = await tx.fetchval(
        """
        SELECT true FROM certificate_reissue_item
        WHERE reissue_id = $1 AND certificate_id = $2 AND state = 'waiting' FOR UPDATE SKIP LOCKED
        """,
        reissue_id,
        certificate_id,
    )
    return bool(held)


async def settle(
    tx: Transaction, reissue_id: UUID, certificate_id: UUID, code: str | None, successor_id: UUID | None
) -> None:
    """Write what came of one: its successor, or the code of why there is none."""
    await tx.execute(
        """
        UPDATE certificate_reissue_item SET code = $3, successor_id = $4,
            state = CASE WHEN $4::uuid IS NULL THEN 'failed' ELSE 'done' END
        WHERE reissue_id = $1 AND certificate_id = $2
        """,
        reissue_id,
        certificate_id,
        code,
        successor_id,
    )


async def failed(tx: Transaction, reissue_id: UUID, limit: int) -> list[FailedItem]:
    """Return what could not be issued anew."""
    rows = await tx.fetch(
        """
        SELECT certificate_id, code FROM certificate_reissue_item
        WHERE reissue_id = $1 AND state = 'failed' ORDER BY certificate_id LIMIT $2
        """,
        reissue_id,
        limit,
    )
    return [FailedItem(**dict(row)) for row in rows]
