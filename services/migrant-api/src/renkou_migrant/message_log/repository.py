"""Queries of the message log."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_migrant.message_log.domain import Entry, Link

_MEMBERS = tuple(field.name for field in fields(Entry) if field.name != "text")
_CHECKPOINTING = 0x6C6F67  # one process at a time signs checkpoints


@dataclass(frozen=True, slots=True)
class KeptText:
    """A signed text as it is stored: in the clear or sealed."""

    position: int
    message_id: UUID
    clear: str | None
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint and the positions it covers."""

    number: int
    first: int
    last: int
    token: str


async def lock_head(tx: Transaction) -> tuple[int, bytes]:
    """Return position and hash of the last entry; nobody else appends until the transaction ends."""
    row = await tx.fetchrow("SELECT position, hash FROM message_log_head FOR UPDATE")
    assert row is not None
    return row["position"], row["hash"]


async def head(tx: Transaction) -> tuple[int, bytes]:
    """Return position and hash of the last entry."""
    row = await tx.fetchrow("SELECT position, hash FROM message_log_head")
    assert row is not None
    return row["position"], row["hash"]


async def insert(
    tx: Transaction, links: list[Link], texts: list[KeptText], mentions: list[tuple[UUID, int]]
) -> None:
    """Write links with their texts, and move the head to the last one: one statement for a batch."""
    await tx.execute(
        """
        WITH logged AS (
            INSERT INTO message_log (position, at, direction, partner, message_id, kind, pair_seq, outcome,
                digest, kid, signature, previous, hash)
            SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[], $6::text[],
                $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[])
        ), kept AS (
            INSERT INTO message_log_text (position, message_id, clear, sealed)
            SELECT * FROM unnest($14::bigint[], $15::uuid[], $16::text[], $17::bytea[])
        ), mentioned AS (
            INSERT INTO message_log_mention (message_id, position)
            SELECT DISTINCT * FROM unnest($18::uuid[], $19::bigint[])
        )
        UPDATE message_log_head SET position = $20, hash = $21
        """,
        [link.position for link in links],
        *([getattr(link.entry, member) for link in links] for member in _MEMBERS),
        [link.previous for link in links],
        [link.hash for link in links],
        *([getattr(text, name) for text in texts] for name in ("position", "message_id", "clear", "sealed")),
        [message_id for message_id, _ in mentions],
        [position for _, position in mentions],
        links[-1].position,
        links[-1].hash,
    )


async def page(tx: Transaction, after: int, limit: int, last: int = 2**62) -> list[Link]:
    """Return entries after a position and up to ``last``, in order, with texts that are kept in the clear."""
    rows = await tx.fetch(
        """
        SELECT l.*, t.clear FROM message_log l
        LEFT JOIN message_log_text t ON t.position = l.position AND t.clear IS NOT NULL
        WHERE l.position > $1 AND l.position <= $3 ORDER BY l.position LIMIT $2
        """,
        after,
        limit,
        last,
    )
    return [_link(row, row["clear"] or "") for row in rows]


async def message(tx: Transaction, message_id: UUID) -> tuple[Link, bytes] | None:
    """Return a message's entry and its sealed text, None where either is not there."""
    row = await tx.fetchrow(
        """
        SELECT l.*, t.sealed FROM message_log l JOIN message_log_text t USING (position)
        WHERE l.message_id = $1 AND t.sealed IS NOT NULL
        ORDER BY l.outcome = 'sequence_conflict', l.position LIMIT 1
        """,
        message_id,
    )
    return None if row is None else (_link(row, ""), row["sealed"])


async def receipts_about(tx: Transaction, message_id: UUID, partner: str, direction: str) -> list[Link]:
    """Return the receipts of one direction that speak of a message, in order, with their texts."""
    rows = await tx.fetch(
        """
        SELECT l.*, t.clear FROM message_log_mention m JOIN message_log l USING (position)
        JOIN message_log_text t USING (position)
        WHERE m.message_id = $1 AND l.partner = $2 AND l.direction = $3 AND t.clear IS NOT NULL
        ORDER BY l.position
        """,
        message_id,
        partner,
        direction,
    )
    return [_link(row, row["clear"]) for row in rows]


async def trust_list_at(tx: Transaction, position: int) -> Link | None:
    """Return the last trust list logged up to a position, else the first one, with its text."""
    row = await tx.fetchrow(
        """
        SELECT l.*, t.clear FROM message_log l JOIN message_log_text t USING (position)
        WHERE l.kind = 'trust_list' ORDER BY l.position > $1, abs(l.position - $1) LIMIT 1
        """,
        position,
    )
    return None if row is None else _link(row, row["clear"])


async def last_trust_list(tx: Transaction) -> str | None:
    """Return the digest of the trust list logged last."""
    found: str | None = await tx.fetchval(
        "SELECT digest FROM message_log WHERE kind = 'trust_list' ORDER BY position DESC LIMIT 1"
    )
    return found


async def last_audit_root(tx: Transaction, whose: str) -> str | None:
    """Return the digest of the root of a service's audit log that was logged last."""
    found: str | None = await tx.fetchval(
        "SELECT digest FROM message_log WHERE kind = 'audit_root' AND partner = $1"
        " ORDER BY position DESC LIMIT 1",
        whose,
    )
    return found


async def last_descriptions(tx: Transaction, districts: Sequence[str]) -> dict[str, str]:
    """Return the digests of the descriptions logged last, by district."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (partner) partner, digest FROM message_log
        WHERE kind = 'description' AND partner = ANY($1::text[]) ORDER BY partner, position DESC
        """,
        list(districts),
    )
    return {row["partner"]: row["digest"] for row in rows}


async def descriptions_at(tx: Transaction, districts: Sequence[str], position: int) -> list[Link]:
    """Return the last description of each district logged up to a position, with its text."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (l.partner) l.*, t.clear FROM message_log l JOIN message_log_text t USING (position)
        WHERE l.kind = 'description' AND l.partner = ANY($1::text[]) AND l.position <= $2
        ORDER BY l.partner, l.position DESC
        """,
        list(districts),
        position,
    )
    return [_link(row, row["clear"]) for row in rows]


async def lock_checkpoints(tx: Transaction) -> None:
    """Wait until nobody else signs checkpoints, and keep others waiting until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _CHECKPOINTING)


async def last_checkpoint(tx: Transaction) -> StoredCheckpoint | None:
    """Return the checkpoint signed last."""
    row = await tx.fetchrow(
        "SELECT number, first, last, token FROM message_log_checkpoint ORDER BY number DESC LIMIT 1"
    )
    return None if row is None else StoredCheckpoint(**dict(row))


async def checkpoint_over(tx: Transaction, position: int) -> StoredCheckpoint | None:
    """Return the checkpoint that covers a position."""
    row = await tx.fetchrow(
        "SELECT number, first, last, token FROM message_log_checkpoint WHERE last >= $1 ORDER BY last LIMIT 1",
        position,
    )
    return None if row is None else StoredCheckpoint(**dict(row))


async def checkpoints_between(tx: Transaction, after: int, last: int) -> list[StoredCheckpoint]:
    """Return the checkpoints whose last entry lies after a position and up to another, in order."""
    rows = await tx.fetch(
        "SELECT number, first, last, token FROM message_log_checkpoint WHERE last > $1 AND last <= $2 ORDER BY last",
        after,
        last,
    )
    return [StoredCheckpoint(**dict(row)) for row in rows]


async def add_checkpoint(tx: Transaction, one: StoredCheckpoint, at: datetime) -> None:
    """Keep a checkpoint."""
    await tx.execute(
        "INSERT INTO message_log_checkpoint (number, first, last, at, token) VALUES ($1, $2, $3, $4, $5)",
        one.number,
        one.first,
        one.last,
        at,
        one.token,
    )


async def hashes(tx: Transaction, first: int, last: int) -> list[bytes]:
    """Return the hashes of the entries from one position to another."""
    rows = await tx.fetch(
        "SELECT hash FROM message_log WHERE position BETWEEN $1 AND $2 ORDER BY position", first, last
    )
    return [row["hash"] for row in rows]


async def partner_head(tx: Transaction, partner: str) -> tuple[int, bytes] | None:
    """Return how far a partner's log went by its last digest."""
    row = await tx.fetchrow("SELECT position, hash FROM partner_log_head WHERE partner = $1", partner)
    return None if row is None else (row["position"], row["hash"])


async def note_partner_head(tx: Transaction, partner: str, position: int, seen: bytes, at: datetime) -> None:
    """Keep how far a partner's log goes."""
    await tx.execute(
        """
        INSERT INTO partner_log_head (partner, position, hash, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (partner) DO UPDATE SET position = excluded.position, hash = excluded.hash, at = excluded.at
        """,
        partner,
        position,
        seen,
        at,
    )


async def add_export(
    tx: Transaction, export_id: UUID, message_id: UUID, staff_id: UUID, reason: str, at: datetime
) -> None:
    """Note who takes evidence out, and why."""
    await tx.execute(
        "INSERT INTO evidence_export (id, message_id, staff_id, reason, at) VALUES ($1, $2, $3, $4, $5)",
        export_id,
        message_id,
        staff_id,
        reason,
        at,
    )


async def exports(tx: Transaction, before: int | None, limit: int) -> Sequence[dict[str, Any]]:
    """Return who took evidence out, the latest first."""
    rows = await tx.fetch(
        """
        SELECT id, position, message_id, staff_id, reason, at FROM evidence_export
        WHERE $1::bigint IS NULL OR position < $1 ORDER BY position DESC LIMIT $2
        """,
        before,
        limit,
    )
    return [dict(row) for row in rows]


def _link(row: asyncpg.Record, text: str) -> Link:
    entry = Entry(**{member: row[member] for member in _MEMBERS}, text=text)
    return Link(row["position"], entry, row["previous"], row["hash"])
