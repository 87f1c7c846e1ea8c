"""Queries of partners: the trust list, their descriptions, the checks made with them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class StoredTrustList:
    """Number and digest of the list accepted last."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class StoredDescription:
    """A partner's description as it was accepted; ``trusted_by`` says on which ground."""

    id: UUID
    partner: str
    issued_at: datetime
    token: str
    trusted_by: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """A conversation of test messages that was started with a partner."""

    id: UUID
    position: int
    partner: str
    started_at: datetime


async def accepted(tx: Transaction, *, lock: bool = False) -> StoredTrustList | None:
    """Return number and digest of the list accepted last."""
    suffix = " FOR UPDATE" if lock else ""
    row = await tx.fetchrow(f"SELECT sequence, digest FROM trust_list{suffix}")
    return None if row is None else StoredTrustList(row["sequence"], row["digest"])


async def accepted_now(tx: Transaction) -> tuple[StoredTrustList, int] | None:
    """Return the list accepted last and the position of the description accepted last (0: none)."""
    row = await tx.fetchrow(
        "SELECT sequence, digest, (SELECT coalesce(max(position), 0) FROM partner_description) AS described"
        " FROM trust_list"
    )
    return None if row is None else (StoredTrustList(row["sequence"], row["digest"]), row["described"])


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


async def insert_description(tx: Transaction, stored: StoredDescription, by: UUID) -> bool:
    """Keep a description; returns False where one of that instant is kept already."""
    written = await tx.fetchval(
        """
        INSERT INTO partner_description (id, partner, issued_at, token, trusted_by, accepted_at, accepted_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (partner, issued_at) DO NOTHING RETURNING true
        """,
        stored.id,
        stored.partner,
        stored.issued_at,
        stored.token,
        stored.trusted_by,
        stored.accepted_at,
        by,
    )
    return bool(written)


async def newest_description(tx: Transaction, partner: str) -> StoredDescription | None:
    """Return the description of a partner that counts."""
    row = await tx.fetchrow(
        """
        SELECT id, partner, issued_at, token, trusted_by, accepted_at FROM partner_description
        WHERE partner = $1 ORDER BY issued_at DESC LIMIT 1
        """,
        partner,
    )
    return None if row is None else StoredDescription(**dict(row))


async def newest_descriptions(tx: Transaction) -> list[StoredDescription]:
    """Return the description that counts of each partner that handed one over."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (partner) id, partner, issued_at, token, trusted_by, accepted_at
        FROM partner_description ORDER BY partner, issued_at DESC
        """
    )
    return [StoredDescription(**dict(row)) for row in rows]


async def insert_check(tx: Transaction, check_id: UUID, partner: str, at: datetime, by: UUID) -> None:
    """Note that a check was started."""
    await tx.execute(
        "INSERT INTO partner_check (id, partner, started_at, started_by) VALUES ($1, $2, $3, $4)",
        check_id,
        partner,
        at,
        by,
    )


async def check(tx: Transaction, partner: str, check_id: UUID) -> StoredCheck | None:
    """Return one check of a partner."""
    row = await tx.fetchrow(
        "SELECT id, position, partner, started_at FROM partner_check WHERE partner = $1 AND id = $2",
        partner,
        check_id,
    )
    return None if row is None else StoredCheck(**dict(row))


async def checks(tx: Transaction, partner: str, before: int | None, limit: int) -> list[StoredCheck]:
    """Return checks of a partner, the latest first."""
    rows = await tx.fetch(
        """
        SELECT id, position, partner, started_at FROM partner_check
        WHERE partner = $1 AND ($2::bigint IS NULL OR position < $2) ORDER BY position DESC LIMIT $3
        """,
        partner,
        before,
        limit,
    )
    return [StoredCheck(**dict(row)) for row in rows]
