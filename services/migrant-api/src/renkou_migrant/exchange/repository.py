"""Queries of messages for staff; those of the transport are in :mod:`.transport_repository`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import Direction, Message, MessageState

_COLUMNS = """
m.id, m.position, m.direction, m.partner, m.kind, m.version, m.pair_seq, m.thread, m.in_reply_to,
m.agreement_id, m.area, m.person_ref, m.arrival_id, m.occurred_on, m.state, m.code, m.drafted_at,
m.created_at, m.expires_at, m.due_on, m.sent_at, m.delivered_at, m.read_at, m.closed_at, m.life_event_id,
m.content, m.wanted, m.revision
"""
_IN_AREA = """
EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(lo, hi) WHERE m.area BETWEEN s.lo AND s.hi)
"""
_KNOWN_KINDS = [kind.value for kind in MessageKind]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message with everything staff may see of it; ``content`` is still encrypted."""

    message: Message
    position: int
    version: int
    pair_seq: int | None
    in_reply_to: UUID | None
    agreement_id: UUID | None
    person_ref: UUID | None
    arrival_id: UUID | None
    code: str | None
    created_at: datetime | None
    expires_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    closed_at: datetime | None
    life_event_id: UUID | None
    content: bytes | None
    wanted: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written. ``wanted`` in place of ``content`` where that still has to be fetched."""

    id: UUID
    partner: str
    kind: MessageKind
    thread: UUID
    area: int
    agreement_id: UUID | None
    drafted_at: datetime
    content: bytes | None = None
    wanted: dict[str, Any] | None = None
    in_reply_to: UUID | None = None
    person_ref: UUID | None = None
    arrival_id: UUID | None = None
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of messages shows; None means all."""

    kinds: Sequence[str]
    direction: str | None = None
    state: str | None = None
    partner: str | None = None
    arrival_id: UUID | None = None
    overdue_on: date | None = None


def to_message(row: asyncpg.Record) -> Message:
    """Return the domain's view of a row."""
    return Message(
        id=row["id"],
        direction=Direction(row["direction"]),
        partner=row["partner"],
        kind=MessageKind(row["kind"]),
        state=MessageState(row["state"]),
        area=row["area"],
        thread=row["thread"],
        drafted_at=row["drafted_at"],
        occurred_on=row["occurred_on"],
        sent_at=row["sent_at"],
        due_on=row["due_on"],
        revision=row["revision"],
    )


def _stored(row: asyncpg.Record) -> StoredMessage:
    return StoredMessage(
        message=to_message(row),
        position=row["position"],
        version=row["version"],
        pair_seq=row["pair_seq"],
        in_reply_to=row["in_reply_to"],
        agreement_id=row["agreement_id"],
        person_ref=row["person_ref"],
        arrival_id=row["arrival_id"],
        code=row["code"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        delivered_at=row["delivered_at"],
        read_at=row["read_at"],
        closed_at=row["closed_at"],
        life_event_id=row["life_event_id"],
        content=row["content"],
        wanted=row["wanted"],
    )


async def insert_draft(tx: Transaction, draft: Draft) -> None:
    """Write a message that is to be sent; its turn is given by the order of these writes."""
    await tx.execute(
        """
        INSERT INTO message (id, direction, partner, kind, version, thread, in_reply_to, agreement_id, area,
            person_ref, arrival_id, occurred_on, state, drafted_at, content, wanted)
        VALUES ($1, 'out', $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, 'drafted', $11, $12, $13)
        """,
        draft.id,
        draft.partner,
        draft.kind,
        draft.thread,
        draft.in_reply_to,
        draft.agreement_id,
        draft.area,
        draft.person_ref,
        draft.arrival_id,
        draft.occurred_on,
        draft.drafted_at,
        draft.content,
        draft.wanted,
    )


async def get(
    tx: Transaction, areas: AreaScope, message_id: UUID, *, lock: bool = False
) -> StoredMessage | None:
    """Return one message inside ``areas``."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM message m WHERE m.id = $3 AND {_IN_AREA} AND m.kind = ANY($4::text[])"
        f" {'FOR UPDATE' if lock else ''}",
        areas.lows,
        areas.highs,
        message_id,
        _KNOWN_KINDS,
    )
    return None if row is None else _stored(row)


async def replies_to(tx: Transaction, areas: AreaScope, message_id: UUID) -> list[StoredMessage]:
    """Return what was replied to a message, oldest first."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM message m WHERE m.in_reply_to = $3 AND {_IN_AREA} ORDER BY m.position",
        areas.lows,
        areas.highs,
        message_id,
    )
    return [_stored(row) for row in rows]


async def page(
    tx: Transaction, areas: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[StoredMessage]:
    """Return messages inside ``areas``, the latest first, below position ``before``."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM message m
        WHERE {_IN_AREA} AND m.kind = ANY($3::text[])
          AND ($4::text IS NULL OR m.direction = $4) AND ($5::text IS NULL OR m.state = $5)
          AND ($6::text IS NULL OR m.partner = $6) AND ($7::uuid IS NULL OR m.arrival_id = $7)
          AND ($8::date IS NULL OR (m.due_on < $8 AND m.closed_at IS NULL))
          AND ($9::bigint IS NULL OR m.position < $9)
        ORDER BY m.position DESC LIMIT $10
        """,
        areas.lows,
        areas.highs,
        list(filters.kinds),
        filters.direction,
        filters.state,
        filters.partner,
        filters.arrival_id,
        filters.overdue_on,
        before,
        limit,
    )
    return [_stored(row) for row in rows]


async def close(
    tx: Transaction,
    message_id: UUID,
    state: MessageState,
    at: datetime,
    by: UUID | None,
    life_event_id: UUID | None,
) -> None:
    """Put a message into a closing state."""
    await tx.execute(
        """
        UPDATE message SET state = $2, closed_at = $3, closed_by = $4, life_event_id = $5,
            revision = revision + 1
        WHERE id = $1
        """,
        message_id,
        state,
        at,
        by,
        life_event_id,
    )


async def unfinished(tx: Transaction, limit: int) -> list[StoredMessage]:
    """Return drafts whose content still has to be fetched, oldest first."""
    rows = await tx.fetch(
        f"""
        SELECT {_COLUMNS} FROM message m
        WHERE m.direction = 'out' AND m.pair_seq IS NULL AND m.state = 'drafted' AND m.wanted IS NOT NULL
        ORDER BY m.position LIMIT $1
        """,
        limit,
    )
    return [_stored(row) for row in rows]


async def finish(tx: Transaction, message_id: UUID, content: bytes) -> None:
    """Give a draft its content."""
    await tx.execute(
        "UPDATE message SET content = $2, wanted = NULL, revision = revision + 1"
        " WHERE id = $1 AND wanted IS NOT NULL",
        message_id,
        content,
    )


async def give_up(tx: Transaction, message_id: UUID, code: str, at: datetime) -> None:
    """Mark a message as impossible to send."""
    await tx.execute(
        """
        UPDATE message SET state = 'dead', code = $2, closed_at = $3, wanted = NULL, next_attempt_at = NULL,
            sealed = NULL, revision = revision + 1
        WHERE id = $1
        """,
        message_id,
        code,
        at,
    )
