"""Queries of checks."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A check as stored; nothing that the certificate said."""

    id: UUID
    arrival_id: UUID | None
    result: str
    code: str
    issuer: str | None
    presentation_hash: bytes
    checked_on: date
    checked_at: datetime
    checked_by: UUID


async def insert(tx: Transaction, check: StoredCheck) -> None:
    """Write a check."""
    await tx.execute(
        """
        INSERT INTO certificate_check (id, arrival_id, result, code, issuer, presentation_hash, checked_on,
            checked_at, checked_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        check.id,
        check.arrival_id,
        check.result,
        check.code,
        check.issuer,
        check.presentation_hash,
        check.checked_on,
        check.checked_at,
        check.checked_by,
    )


async def find(tx: Transaction, check_id: UUID, checked_by: UUID) -> StoredCheck | None:
    """Return a check that an account made."""
    row = await tx.fetchrow(
        """
        SELECT id, arrival_id, result, code, issuer, presentation_hash, checked_on, checked_at, checked_by
        FROM certificate_check WHERE id = $1 AND checked_by = $2
        """,
        check_id,
        checked_by,
    )
    return None if row is None else StoredCheck(**dict(row))


async def take_proof(tx: Transaction, digest: bytes, until: datetime) -> bool:
    """Remember a holder's proof; returns False where it is remembered already."""
    taken = await tx.fetchval(
        "INSERT INTO holder_proof (digest, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
        digest,
        until,
    )
    return bool(taken)


async def forget_proofs(tx: Transaction, now: datetime) -> None:
    """Delete the proofs that would no longer count."""
    await tx.execute("DELETE FROM holder_proof WHERE until <= $1", now)
