"""Queries of messages between offices of one district."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.exchange.domain import Message


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """The receiving office's row of a message; ``twin`` is the sender's."""

    message: Message
    in_reply_to: UUID | None
    version: int
    content: bytes
    twin: UUID


async def hand_over(tx: Transaction, end: OtherEnd, at: datetime) -> None:
    """Write the receiver's row and note at the sender's that the message has been read."""
    message = end.message
    await tx.execute(
        """
        INSERT INTO message (id, direction, partner, kind, version, thread, in_reply_to, area, occurred_on, state,
            drafted_at, created_at, sent_at, delivered_at, read_at, due_on, content, twin)
        VALUES ($1, 'in', $2, $3, $4, $5, $6, $7, $8, 'read', $9, $9, $9, $9, $9, $10, $11, $12)
        """,
        message.id,
        message.partner,
        message.kind,
        end.version,
        message.thread,
        end.in_reply_to,
        message.area,
        message.occurred_on,
        at,
        message.due_on,
        end.content,
        end.twin,
    )
    await tx.execute(
        """
        UPDATE message SET state = 'read', created_at = $2, sent_at = $2, delivered_at = $2, read_at = $2,
            due_on = $3, twin = $4, revision = revision + 1
        WHERE id = $1
        """,
        end.twin,
        at,
        message.due_on,
        message.id,
    )


async def close(tx: Transaction, message_id: UUID, state: str, at: datetime) -> None:
    """Close the sender's row, to which the other office has replied."""
    await tx.execute(
        "UPDATE message SET state = $2, closed_at = $3, revision = revision + 1 WHERE id = $1",
        message_id,
        state,
        at,
    )
