"""Queries of certificate keys."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class Compromise:
    """A declaration about one key."""

    kid: str
    reason: str
    declared_at: datetime
    declared_by: UUID


async def compromises(tx: Transaction) -> list[Compromise]:
    """Return every declaration, the first first."""
    rows = await tx.fetch(
        """
        SELECT kid, reason, declared_at, declared_by FROM compromised_certificate_key
        ORDER BY declared_at, kid
        """
    )
    return [Compromise(**dict(row)) for row in rows]


async def declare(tx: Transaction, new: Compromise) -> bool:
    """Write a declaration; returns False where there is one of the key."""
    written = await tx.fetchval(
        """
        INSERT INTO compromised_certificate_key (kid, reason, declared_at, declared_by)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING true
        """,
        new.kid,
        new.reason,
        new.declared_at,
        new.declared_by,
    )
    return bool(written)
