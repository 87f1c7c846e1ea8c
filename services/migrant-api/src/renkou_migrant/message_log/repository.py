"""Queries of the message log."""

from dataclasses import fields

import asyncpg

from renkou_common.database import Transaction
from renkou_migrant.message_log.domain import Entry, Link

_MEMBERS = tuple(field.name for field in fields(Entry))


async def lock_head(tx: Transaction) -> tuple[int, bytes]:
    """Return position and hash of the last entry; nobody else appends until the transaction ends."""
    row = await tx.fetchrow("SELECT position, hash FROM message_log_head FOR UPDATE")
    assert row is not None
    return row["position"], row["hash"]


async def insert(tx: Transaction, links: list[Link]) -> None:
    """Write links and move the head to the last one."""
    await tx.execute(
        """
        INSERT INTO message_log (position, at, direction, partner, message_id, kind, pair_seq, outcome,
            digest, kid, signature, previous, hash)
        SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[], $6::text[],
            $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[])
        """,
        [link.position for link in links],
        *([getattr(link.entry, member) for link in links] for member in _MEMBERS),
        [link.previous for link in links],
        [link.hash for link in links],
    )
    await tx.execute(
        "UPDATE message_log_head SET position = $1, hash = $2", links[-1].position, links[-1].hash
    )


async def page(tx: Transaction, after: int, limit: int) -> list[Link]:
    """Return entries after a position, in order."""
    rows = await tx.fetch(
        "SELECT * FROM message_log WHERE position > $1 ORDER BY position LIMIT $2", after, limit
    )
    return [_link(row) for row in rows]


def _link(row: asyncpg.Record) -> Link:
    entry = Entry(**{member: row[member] for member in _MEMBERS})
    return Link(row["position"], entry, row["previous"], row["hash"])
