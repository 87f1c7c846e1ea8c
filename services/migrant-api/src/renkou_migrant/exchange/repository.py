"""Queries of messages for staff; those of the transport are in
:mod:`.outgoing_repository` and :mod:`.incoming_repository`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_migrant.exchange.contracts import MessageKind, newest
from renkou_migrant.exchange.domain import Direction, Message, MessageState

_HEAD = """
m.id, m.position, m.direction, m.partner, m.kind, m.version, m.pair_seq, m.thread, m.in_reply_to,
m.agreement_id, m.area, m.person_ref, m.arrival_id, m.occurred_on, m.state, m.code, m.drafted_at,
m.created_at, m.expires_at, m.due_on, m.sent_at, m.delivered_at, m.read_at, m.closed_at, m.life_event_id,
m.wanted, m.source_id, m.source, m.twin, m.corrected_at, m.withdrawn_at, m.withdrawn_because, m.attention,
m.correction_request_id, m.reminders, m.reminded_at, m.turn, m.revision
"""
COLUMNS = f"{_HEAD}, m.content"
DOMAIN_COLUMNS = (
    "id, direction, partner, kind, state, area, thread, drafted_at, occurred_on, sent_at, due_on, closed_at,"
    " withdrawn_at, revision"
)
"""What :func:`to_message` reads."""
LISTED = f"{_HEAD}, NULL::bytea AS content"
"""Lists leave contents out, which may hold attachments."""
IN_AREA = """
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
    source_id: UUID | None
    source: dict[str, Any] | None
    twin: UUID | None
    corrected_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_because: str | None
    attention: str | None
    correction_request_id: UUID | None
    reminders: int
    reminded_at: datetime | None
    turn: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written. ``wanted`` in place of ``content`` where that still has to be fetched.

    ``source`` says from what it can be made anew, ``source_id`` of what in the register it tells; ``turn`` is the
    position of a refused message whose place it takes.
    """

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
    source: dict[str, Any] | None = None
    source_id: UUID | None = None
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of messages shows; None means all."""

    kinds: Sequence[str]
    direction: str | None = None
    state: str | None = None
    partner: str | None = None
    arrival_id: UUID | None = None
    overdue_on: date | None = None
    attention: bool = False


def shanghai_day(moment: datetime | None) -> date | None:
    """Return the day of an instant where the districts are."""
    return None if moment is None else moment.astimezone(SHANGHAI).date()


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
        closed_on=shanghai_day(row["closed_at"]),
        withdrawn=row["withdrawn_at"] is not None,
        revision=row["revision"],
    )


_OWN = [one.name for one in fields(StoredMessage) if one.name != "message"]


def stored_of(row: asyncpg.Record) -> StoredMessage:
    """Return everything of a row."""
    return StoredMessage(to_message(row), **{name: row[name] for name in _OWN})


async def insert_draft(tx: Transaction, draft: Draft) -> None:
    """Write a message that is to be sent; its turn is given by the order of these writes."""
    await tx.execute(
        """
        INSERT INTO message (id, direction, partner, kind, version, thread, in_reply_to, agreement_id, area,
            person_ref, arrival_id, occurred_on, state, drafted_at, content, wanted, source, source_id,
            turn)
        VALUES ($1, 'out', $2, $3, $14, $4, $5, $6, $7, $8, $9, $10, 'drafted', $11, $12, $13, $15, $16, $17)
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
        newest(draft.kind),
        draft.source,
        draft.source_id,
        draft.turn,
    )


async def get(
    tx: Transaction, areas: AreaScope, message_id: UUID, *, lock: bool = False
) -> StoredMessage | None:
    """Return one message inside ``areas``."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM message m WHERE m.id = $3 AND {IN_AREA} AND m.kind = ANY($4::text[])"
        f" {'FOR UPDATE' if lock else ''}",
        areas.lows,
        areas.highs,
        message_id,
        _KNOWN_KINDS,
    )
    return None if row is None else stored_of(row)


async def replies_to(tx: Transaction, areas: AreaScope, message_id: UUID) -> list[StoredMessage]:
    """Return what was replied to a message, oldest first."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM message m WHERE m.in_reply_to = $3 AND {IN_AREA} ORDER BY m.position",
        areas.lows,
        areas.highs,
        message_id,
    )
    return [stored_of(row) for row in rows]


async def page(
    tx: Transaction, areas: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[StoredMessage]:
    """Return messages inside ``areas``, the latest first, below position ``before``."""
    rows = await tx.fetch(
        f"""
        SELECT {LISTED} FROM message m
        WHERE {IN_AREA} AND m.kind = ANY($3::text[])
          AND ($4::text IS NULL OR m.direction = $4) AND ($5::text IS NULL OR m.state = $5)
          AND ($6::text IS NULL OR m.partner = $6) AND ($7::uuid IS NULL OR m.arrival_id = $7)
          AND ($8::date IS NULL OR (m.due_on < $8 AND m.closed_at IS NULL AND m.withdrawn_at IS NULL))
          AND (NOT $11::boolean OR m.attention IS NOT NULL)
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
        filters.attention,
    )
    return [stored_of(row) for row in rows]


async def thread(tx: Transaction, areas: AreaScope, thread_id: UUID, limit: int) -> list[StoredMessage]:
    """Return the messages of a thread inside ``areas``, oldest first."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM message m WHERE m.thread = $3 AND {IN_AREA} AND m.kind = ANY($4::text[])"
        " ORDER BY m.position LIMIT $5",
        areas.lows,
        areas.highs,
        thread_id,
        _KNOWN_KINDS,
        limit,
    )
    return [stored_of(row) for row in rows]


async def of_thread(tx: Transaction, thread: UUID) -> list[StoredMessage]:
    """Return the messages of a thread in both directions, oldest first."""
    rows = await tx.fetch(f"SELECT {COLUMNS} FROM message m WHERE m.thread = $1 ORDER BY m.position", thread)
    return [stored_of(row) for row in rows]


async def owe_no_more(tx: Transaction, message_id: UUID) -> None:
    """Note that another message takes the place of a refused one, which is owed no more."""
    await tx.execute(
        "UPDATE message SET occurred_on = NULL, revision = revision + 1 WHERE id = $1", message_id
    )


async def told_about(
    tx: Transaction, refs: Sequence[UUID], before: int | None, limit: int
) -> list[StoredMessage]:
    """Return messages to other districts about a person, the latest first, below position ``before``."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS} FROM message m
        WHERE m.direction = 'out' AND m.person_ref = ANY($1::uuid[]) AND ($2::bigint IS NULL OR m.position < $2)
        ORDER BY m.position DESC LIMIT $3
        """,
        list(refs),
        before,
        limit,
    )
    return [stored_of(row) for row in rows]


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
        SELECT {COLUMNS} FROM message m
        WHERE m.direction = 'out' AND m.pair_seq IS NULL AND m.state = 'drafted' AND m.wanted IS NOT NULL
        ORDER BY m.position LIMIT $1
        """,
        limit,
    )
    return [stored_of(row) for row in rows]


async def finish(
    tx: Transaction, message_id: UUID, content: bytes, wanted: dict[str, Any], occurred_on: date | None
) -> bool:
    """Give a draft the content that ``wanted`` asked for; returns False where it asks for another by now."""
    done = await tx.fetchval(
        """
        UPDATE message SET content = $2, occurred_on = $4, wanted = NULL, revision = revision + 1
        WHERE id = $1 AND state = 'drafted' AND wanted = $3::jsonb RETURNING true
        """,
        message_id,
        content,
        wanted,
        occurred_on,
    )
    return bool(done)


async def give_up(tx: Transaction, message_id: UUID, code: str, at: datetime) -> None:
    """Mark a message as impossible to send; one that got no number in its feed was told to nobody and is emptied."""
    await tx.execute(
        """
        UPDATE message SET state = 'dead', code = $2, closed_at = $3, wanted = NULL, next_attempt_at = NULL,
            sealed = NULL, revision = revision + 1,
            content = CASE WHEN pair_seq IS NOT NULL THEN content END,
            source = CASE WHEN pair_seq IS NOT NULL THEN source END
        WHERE id = $1
        """,
        message_id,
        code,
        at,
    )
