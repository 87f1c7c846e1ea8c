"""Queries of receipts and digests of ours that the hub does not have yet."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.exchange.outgoing_repository import ToSend


async def insert(tx: Transaction, receipt_id: UUID, partner: str, sealed: bytes) -> None:
    """Keep a sealed receipt or digest until the hub has it."""
    await tx.execute(
        "INSERT INTO receipt (id, partner, sealed) VALUES ($1, $2, $3)", receipt_id, partner, sealed
    )


async def unsent(tx: Transaction, limit: int, without: Sequence[str]) -> list[ToSend]:
    """Return receipts and digests that the hub doesn't have yet, oldest first, to others than ``without``."""
    rows = await tx.fetch(
        "SELECT id, partner, sealed FROM receipt WHERE partner <> ALL($2::text[]) ORDER BY position LIMIT $1",
        limit,
        list(without),
    )
    return [ToSend(row["id"], row["partner"], row["sealed"], 0) for row in rows]


async def delete(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Forget receipts that the hub has."""
    await tx.execute("DELETE FROM receipt WHERE id = ANY($1::uuid[])", list(ids))
