"""Queries of what is overdue and of reminders. No page shows a content."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_migrant.exchange.repository import IN_AREA, LISTED, StoredMessage, stored_of

_OPEN = "m.due_on < $3 AND m.due_on IS NOT NULL AND m.closed_at IS NULL AND m.withdrawn_at IS NULL"


async def page(
    tx: Transaction,
    areas: AreaScope,
    today: date,
    direction: str | None,
    partner: str | None,
    after: tuple[date, int] | None,
    limit: int,
) -> list[StoredMessage]:
    """Return messages whose reply was due before today, the longest overdue first, after a cursor's keys."""
    rows = await tx.fetch(
        f"""
        SELECT {LISTED} FROM message m
        WHERE {IN_AREA} AND {_OPEN} AND ($4::text IS NULL OR m.direction = $4)
          AND ($5::text IS NULL OR m.partner = $5) AND (m.due_on, m.position) > ($6::date, $7::bigint)
        ORDER BY m.due_on, m.position LIMIT $8
        """,
        areas.lows,
        areas.highs,
        today,
        direction,
        partner,
        after[0] if after else date(1, 1, 1),
        after[1] if after else 0,
        limit,
    )
    return [stored_of(row) for row in rows]


async def counts(tx: Transaction, areas: AreaScope, today: date) -> list[dict[str, Any]]:
    """Return by partner how many replies are overdue on either side, and since when."""
    rows = await tx.fetch(
        f"""
        SELECT m.partner, count(*) FILTER (WHERE m.direction = 'in') AS ours,
            count(*) FILTER (WHERE m.direction = 'out') AS theirs,
            min(m.due_on) FILTER (WHERE m.direction = 'in') AS ours_since,
            min(m.due_on) FILTER (WHERE m.direction = 'out') AS theirs_since,
            count(*) FILTER (WHERE m.direction = 'in' AND m.reminders > 0) AS ours_reminded,
            count(*) FILTER (WHERE m.direction = 'out' AND m.reminders > 0) AS theirs_reminded
        FROM message m WHERE {IN_AREA} AND {_OPEN} GROUP BY m.partner ORDER BY m.partner
        """,
        areas.lows,
        areas.highs,
        today,
    )
    return [dict(row) for row in rows]


async def to_remind(tx: Transaction, today: date, not_since: datetime, limit: int) -> list[StoredMessage]:
    """Return what partners have read and not replied to in time, nor been reminded of since; locked."""
    rows = await tx.fetch(
        f"""
        SELECT {LISTED} FROM message m
        WHERE m.direction = 'out' AND m.state = 'read' AND m.due_on < $1 AND m.due_on IS NOT NULL
          AND m.closed_at IS NULL AND m.withdrawn_at IS NULL AND (m.reminded_at IS NULL OR m.reminded_at < $2)
        ORDER BY m.due_on, m.position LIMIT $3 FOR UPDATE SKIP LOCKED
        """,
        today,
        not_since,
        limit,
    )
    return [stored_of(row) for row in rows]


async def count_reminder(tx: Transaction, message_id: UUID, at: datetime) -> None:
    """Count a reminder of a message, sent or received."""
    await tx.execute(
        "UPDATE message SET reminders = reminders + 1, reminded_at = $2, revision = revision + 1 WHERE id = $1",
        message_id,
        at,
    )
