"""Every query on links to a provider and on nonces."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class Link:
    """By which name a provider knows the holder of an account, and who said so."""

    staff_id: UUID
    issuer: str
    subject: str
    linked_by: UUID
    linked_at: datetime


async def of_account(tx: Transaction, staff_id: UUID, issuer: str) -> Link | None:
    """Return an account's link with a provider."""
    row = await tx.fetchrow(
        "SELECT staff_id, issuer, subject, linked_by, linked_at FROM staff_identity"
        " WHERE staff_id = $1 AND issuer = $2",
        staff_id,
        issuer,
    )
    return Link(**dict(row)) if row else None


async def account_of(tx: Transaction, issuer: str, subject: str) -> UUID | None:
    """Return and hold the account that a subject is linked with: its sign-ins come one after another."""
    found: UUID | None = await tx.fetchval(
        "SELECT staff_id FROM staff_identity WHERE issuer = $1 AND subject = $2 FOR UPDATE", issuer, subject
    )
    return found


async def insert(tx: Transaction, staff_id: UUID, issuer: str, subject: str, by: UUID) -> bool:
    """Link an account; False where it, or the subject, has another link with this provider."""
    added = await tx.fetchval(
        "INSERT INTO staff_identity (staff_id, issuer, subject, linked_by) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING RETURNING true",
        staff_id,
        issuer,
        subject,
        by,
    )
    return bool(added)


async def delete(tx: Transaction, staff_id: UUID, issuer: str) -> bool:
    """End an account's link; False where there is none."""
    gone = await tx.fetchval(
        "DELETE FROM staff_identity WHERE staff_id = $1 AND issuer = $2 RETURNING true", staff_id, issuer
    )
    return bool(gone)


async def is_used(tx: Transaction, nonce_hash: bytes) -> bool:
    """Say whether somebody was signed in by this nonce."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM provider_nonce WHERE hash = $1)", nonce_hash))


async def use(tx: Transaction, nonce_hash: bytes, forget_after_seconds: int) -> None:
    """Note that somebody is signed in by this nonce; forget those whose tokens are too old by themselves."""
    await tx.execute(
        "DELETE FROM provider_nonce WHERE used_at < clock_timestamp() - make_interval(secs => $1)",
        forget_after_seconds,
    )
    await tx.execute("INSERT INTO provider_nonce (hash) VALUES ($1)", nonce_hash)
