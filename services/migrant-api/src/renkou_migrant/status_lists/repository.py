"""Queries of status lists."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.credentials.status_list import StatusList
from renkou_migrant.status_lists.domain import SignedList

_SELECT = """
SELECT number, size, revision, signed_revision, sequence, published_sequence, token, issued_at, expires_at
FROM status_list
"""


async def ensure(tx: Transaction, number: int, size: int) -> None:
    """Make a list where there is none."""
    await tx.execute(
        "INSERT INTO status_list (number, size) VALUES ($1, $2) ON CONFLICT DO NOTHING", number, size
    )


async def newest(tx: Transaction) -> tuple[int, int] | None:
    """Return number and size of the list that was begun last."""
    row = await tx.fetchrow("SELECT number, size FROM status_list ORDER BY number DESC LIMIT 1")
    return None if row is None else (row["number"], row["size"])


async def take_index(
    tx: Transaction, number: int, drawn: Sequence[int], certificate_id: UUID, kid: str
) -> int | None:
    """Give a certificate the first of the drawn indexes that was never given; None where all were."""
    index: int | None = await tx.fetchval(
        """
        INSERT INTO status_entry (list_number, index, certificate_id, kid)
        SELECT $1, d.index, $3, $4 FROM unnest($2::integer[]) WITH ORDINALITY AS d (index, nth)
        WHERE NOT EXISTS (SELECT FROM status_entry e WHERE e.list_number = $1 AND e.index = d.index)
        ORDER BY d.nth LIMIT 1
        ON CONFLICT DO NOTHING RETURNING index
        """,
        number,
        drawn,
        certificate_id,
        kid,
    )
    return index


async def end_signed_with(tx: Transaction, kid: str) -> int:
    """Set the bit of every entry whose certificate a key signed; returns how many were clear."""
    ended: int = await tx.fetchval(
        """
        WITH ended AS (
            UPDATE status_entry SET ended = true WHERE kid = $1 AND NOT ended RETURNING list_number
        )
        SELECT count(*) FROM ended
        """,
        kid,
    )
    await tx.execute("UPDATE status_list SET revision = revision + 1")
    return ended


async def set_ended(tx: Transaction, number: int, index: int, ended: bool) -> None:
    """Set or clear a bit; the list's revision counts every change."""
    changed = await tx.fetchval(
        """
        UPDATE status_entry SET ended = $3 WHERE list_number = $1 AND index = $2 AND ended <> $3
        RETURNING true
        """,
        number,
        index,
        ended,
    )
    if changed:
        await tx.execute("UPDATE status_list SET revision = revision + 1 WHERE number = $1", number)


async def own_lists(tx: Transaction) -> list[SignedList]:
    """Return this district's lists."""
    return [SignedList(**dict(row)) for row in await tx.fetch(f"{_SELECT} ORDER BY number")]


async def lock(tx: Transaction, number: int) -> SignedList:
    """Return a list and keep others from changing its bits until the transaction ends."""
    row = await tx.fetchrow(f"{_SELECT} WHERE number = $1 FOR UPDATE", number)
    assert row is not None
    return SignedList(**dict(row))


async def ended_indexes(tx: Transaction, number: int) -> list[int]:
    """Return the indexes whose bit is set."""
    rows = await tx.fetch("SELECT index FROM status_entry WHERE list_number = $1 AND ended", number)
    return [row["index"] for row in rows]


async def store_signed(
    tx: Transaction, signed: SignedList, token: str, issued_at: datetime, expires_at: datetime
) -> None:
    """Keep a newly signed list under the next sequence."""
    await tx.execute(
        """
        UPDATE status_list SET token = $2, issued_at = $3, expires_at = $4, sequence = $5,
            signed_revision = $6
        WHERE number = $1
        """,
        signed.number,
        token,
        issued_at,
        expires_at,
        signed.sequence + 1,
        signed.revision,
    )


async def mark_published(tx: Transaction, number: int, sequence: int) -> None:
    """Note which sequence the hub has."""
    await tx.execute(
        "UPDATE status_list SET published_sequence = $2 WHERE number = $1 AND published_sequence < $2",
        number,
        sequence,
    )


async def keep_partner_list(
    tx: Transaction, district: str, number: int, verified: StatusList, token: str, received_at: datetime
) -> bool:
    """Keep a partner's list unless one of its sequence or above is kept; returns whether it was kept."""
    kept = await tx.fetchval(
        """
        INSERT INTO partner_status_list AS p
            (uri, district, number, sequence, issued_at, expires_at, token, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (uri) DO UPDATE SET sequence = excluded.sequence, issued_at = excluded.issued_at,
            expires_at = excluded.expires_at, token = excluded.token, received_at = excluded.received_at
        WHERE p.sequence < excluded.sequence
        RETURNING true
        """,
        verified.uri,
        district,
        number,
        verified.sequence,
        verified.issued_at,
        verified.expires_at,
        token,
        received_at,
    )
    return bool(kept)


async def partner_token(tx: Transaction, uri: str) -> str | None:
    """Return a partner's list by its URI."""
    token: str | None = await tx.fetchval("SELECT token FROM partner_status_list WHERE uri = $1", uri)
    return token


async def own_token(tx: Transaction, number: int) -> str | None:
    """Return one of this district's lists as signed last."""
    token: str | None = await tx.fetchval("SELECT token FROM status_list WHERE number = $1", number)
    return token


async def all_tokens(tx: Transaction) -> list[str]:
    """Return every list there is, this district's first."""
    rows = await tx.fetch(
        """
        (SELECT token FROM status_list WHERE token IS NOT NULL ORDER BY number)
        UNION ALL (SELECT token FROM partner_status_list ORDER BY district, number)
        """
    )
    return [row["token"] for row in rows]
