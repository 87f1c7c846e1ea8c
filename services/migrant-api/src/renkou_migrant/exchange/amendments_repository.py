"""Queries of corrections and withdrawals: finding what they change, changing it, keeping what it said before."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.repository import COLUMNS, StoredMessage, stored_of

_STANDING = "m.direction = 'out' AND m.withdrawn_at IS NULL AND m.state <> 'dead'"


async def lock(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, StoredMessage]:
    """Return messages by id and lock them."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM message m WHERE m.id = ANY($1::uuid[]) ORDER BY m.id FOR UPDATE", list(ids)
    )
    return {row["id"]: stored_of(row) for row in rows}


async def told_of_source(tx: Transaction, source_id: UUID) -> list[StoredMessage]:
    """Return the standing messages of ours that tell of something of the register, and lock them."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM message m WHERE m.source_id = $1 AND {_STANDING} ORDER BY m.id FOR UPDATE",
        source_id,
    )
    return [stored_of(row) for row in rows]


async def told_of_person(tx: Transaction, person_ref: UUID, kinds: Sequence[str]) -> list[StoredMessage]:
    """Return the standing messages of ours about a person, and lock them."""
    rows = await tx.fetch(
        f"""SELECT {COLUMNS} FROM message m
        WHERE m.person_ref = $1 AND m.kind = ANY($2::text[]) AND {_STANDING} ORDER BY m.id FOR UPDATE""",
        person_ref,
        list(kinds),
    )
    return [stored_of(row) for row in rows]


async def told_of_arrival(tx: Transaction, arrival_id: UUID, kinds: Sequence[str]) -> list[StoredMessage]:
    """Return the standing messages of ours about a stay, and lock them."""
    rows = await tx.fetch(
        f"""SELECT {COLUMNS} FROM message m
        WHERE m.arrival_id = $1 AND m.kind = ANY($2::text[]) AND {_STANDING} ORDER BY m.id FOR UPDATE""",
        arrival_id,
        list(kinds),
    )
    return [stored_of(row) for row in rows]


async def confirmed_by_birth(tx: Transaction, life_event_id: UUID) -> list[StoredMessage]:
    """Return the notices that were confirmed by entering this birth, and lock them."""
    rows = await tx.fetch(
        f"""SELECT {COLUMNS} FROM message m
        WHERE m.life_event_id = $1 AND m.direction = 'in' AND m.state = 'confirmed' ORDER BY m.id FOR UPDATE""",
        life_event_id,
    )
    return [stored_of(row) for row in rows]


async def standing_reply(tx: Transaction, message_id: UUID, kind: str) -> StoredMessage | None:
    """Return our reply of a kind to a message, as far as it was not taken back, and lock it."""
    row = await tx.fetchrow(
        f"""SELECT {COLUMNS} FROM message m
        WHERE m.in_reply_to = $1 AND m.kind = $2 AND {_STANDING} ORDER BY m.position DESC LIMIT 1 FOR UPDATE""",
        message_id,
        kind,
    )
    return None if row is None else stored_of(row)


async def make_anew(tx: Transaction, message_id: UUID, source: dict[str, Any]) -> None:
    """Have the content of a draft that has no number yet made anew from ``source``."""
    await tx.execute(
        "UPDATE message SET source = $2, wanted = $2, revision = revision + 1 WHERE id = $1",
        message_id,
        source,
    )


async def set_source(tx: Transaction, message_id: UUID, source: dict[str, Any]) -> None:
    """Note from what a message would be made now."""
    await tx.execute("UPDATE message SET source = $2 WHERE id = $1", message_id, source)


async def replace_content(
    tx: Transaction,
    message_id: UUID,
    content: bytes,
    by: UUID,
    at: datetime,
    *,
    occurred_on: date | None,
    area: int | None = None,
    attention: bool = False,
) -> None:
    """Put a content in place of what a message said, and keep that."""
    await tx.execute(
        """
        INSERT INTO message_content (message_id, number, content, replaced_by, replaced_at)
        SELECT m.id, (SELECT count(*) + 1 FROM message_content c WHERE c.message_id = m.id), m.content, $2, $3
        FROM message m WHERE m.id = $1
        """,
        message_id,
        by,
        at,
    )
    await tx.execute(
        """
        UPDATE message SET content = $2, corrected_at = $3, occurred_on = $4, area = coalesce($5, area),
            attention = CASE WHEN $6 THEN coalesce(attention, 'corrected') ELSE attention END,
            revision = revision + 1
        WHERE id = $1
        """,
        message_id,
        content,
        at,
        occurred_on,
        area,
        attention,
    )


async def history(tx: Transaction, message_id: UUID) -> list[dict[str, Any]]:
    """Return what a message said before each correction, oldest first."""
    rows = await tx.fetch(
        "SELECT number, content, replaced_by, replaced_at FROM message_content"
        " WHERE message_id = $1 ORDER BY number",
        message_id,
    )
    return [dict(row) for row in rows]


async def set_draft_content(
    tx: Transaction, message_id: UUID, content: bytes, occurred_on: date | None
) -> None:
    """Give a draft that has no number yet its content, or another one."""
    await tx.execute(
        "UPDATE message SET content = $2, occurred_on = $3, wanted = NULL, revision = revision + 1"
        " WHERE id = $1 AND pair_seq IS NULL",
        message_id,
        content,
        occurred_on,
    )


async def withdraw(
    tx: Transaction, message_id: UUID, because: str, at: datetime, *, attention: bool = False
) -> None:
    """Note that the sender took a message back."""
    await tx.execute(
        """
        UPDATE message SET withdrawn_at = $3, withdrawn_because = $2,
            attention = CASE WHEN $4 THEN 'withdrawn' ELSE attention END, revision = revision + 1
        WHERE id = $1
        """,
        message_id,
        because,
        at,
        attention,
    )


async def drop(tx: Transaction, message_id: UUID, at: datetime) -> None:
    """End a draft that was taken back before it was numbered: nobody is told of it."""
    await tx.execute(
        """
        UPDATE message SET state = 'dead', code = $3, closed_at = $2, wanted = NULL,
            content = NULL, revision = revision + 1
        WHERE id = $1 AND pair_seq IS NULL
        """,
        message_id,
        at,
        Refused.WITHDRAWN_BEFORE_SENDING,
    )


async def forget_draft(tx: Transaction, message_id: UUID) -> None:
    """Remove a draft that turned out to say nothing new."""
    await tx.execute(
        "DELETE FROM message WHERE id = $1 AND pair_seq IS NULL AND direction = 'out'", message_id
    )


async def forget_corrections(tx: Transaction, message_id: UUID) -> bool:
    """Remove the corrections of a message that were not sent; returns whether one had yet to be made."""
    rows = await tx.fetch(
        """
        DELETE FROM message WHERE in_reply_to = $1 AND kind = 'correction' AND direction = 'out'
            AND pair_seq IS NULL AND state = 'drafted' RETURNING wanted IS NOT NULL AS unmade
        """,
        message_id,
    )
    return any(row["unmade"] for row in rows)


async def reopen(tx: Transaction, message_id: UUID) -> None:
    """Let a message wait for a reply again."""
    await tx.execute(
        """
        UPDATE message SET state = 'read', closed_at = NULL, closed_by = NULL, life_event_id = NULL,
            revision = revision + 1
        WHERE id = $1
        """,
        message_id,
    )


async def take_note(tx: Transaction, message_id: UUID, correction_request_id: UUID | None) -> None:
    """Note that somebody has seen what a partner changed."""
    await tx.execute(
        """
        UPDATE message SET attention = NULL, correction_request_id = coalesce($2, correction_request_id),
            revision = revision + 1
        WHERE id = $1
        """,
        message_id,
        correction_request_id,
    )


async def note_reading(
    tx: Transaction, reading_id: UUID, message_id: UUID, sha256: str, by: UUID, at: datetime
) -> None:
    """Log that an attachment was downloaded."""
    await tx.execute(
        "INSERT INTO attachment_reading (id, message_id, sha256, read_by, read_at) VALUES ($1, $2, $3, $4, $5)",
        reading_id,
        message_id,
        sha256,
        by,
        at,
    )
