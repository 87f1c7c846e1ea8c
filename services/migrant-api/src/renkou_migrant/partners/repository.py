"""Queries of partners."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class StoredTrustList:
    """Number and digest of the list accepted last."""

    sequence: int
    digest: str


async def accepted(tx: Transaction, *, lock: bool = False) -> StoredTrustList | None:
    """Return number and digest of the list accepted last."""
    suffix = " FOR UPDATE" if lock else ""
    row = await tx.fetchrow(f"SELECT sequence, digest FROM trust_list{suffix}")
    return None if row is None else StoredTrustList(row["sequence"], row["digest"])


async def token(tx: Transaction) -> str | None:
    """Return the list accepted last as it was signed."""
    found: str | None = await tx.fetchval("SELECT token FROM trust_list")
    return found


async def accept(tx: Transaction, stored: StoredTrustList, token: str, at: datetime, by: UUID) -> bool:
    """Replace the list, unless a newer one was accepted meanwhile; returns whether it was written."""
    written = await tx.fetchval(
        """
        INSERT INTO trust_list (id, sequence, digest, token, accepted_at, accepted_by)
        VALUES (1, $1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest,
            token = excluded.token, accepted_at = excluded.accepted_at, accepted_by = excluded.accepted_by
        WHERE trust_list.sequence <= excluded.sequence
        RETURNING true
        """,
        stored.sequence,
        stored.digest,
        token,
        at,
        by,
    )
    return bool(written)
