"""Every query on copies, partitions and what is held for some of them only."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.copies.domain import PARTITIONS

_GATE = 0x46454544  # "FEED"
_MAKE = f"""
INSERT INTO feed_partition (feed, partition, high_water)
SELECT p.feed, n, p.high_water FROM feed_position p, generate_series(0, {PARTITIONS - 1}) AS n WHERE p.feed = $1
ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT partition, high_water FROM feed_partition WHERE feed = $1 AND partition = ANY($2::smallint[])
ORDER BY partition FOR UPDATE
"""
_BLOCKED = """
SELECT h.subject, p.partition FROM held_event h LEFT JOIN held_partition p USING (feed, seq)
WHERE h.feed = $1 AND h.resolved_at IS NULL AND h.subject = ANY($2::text[])
"""
_FORGET_RESOLVED = """
DELETE FROM held_partition p USING held_event h
WHERE h.feed = p.feed AND h.seq = p.seq AND p.feed = $1 AND p.seq = ANY($2::bigint[]) AND h.resolved_at IS NOT NULL
"""
_HOLD = """
INSERT INTO held_event AS h (feed, seq, event_id, subject, type, body, reason, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (feed, seq) DO UPDATE SET reason = excluded.reason, state = excluded.state, held_at = now(),
    resolved_at = NULL
WHERE h.resolved_at IS NOT NULL OR excluded.state = 'failed'
"""
_HOLD_FOR = """
INSERT INTO held_partition (feed, seq, partition) SELECT $1, $2, unnest($3::smallint[]) ON CONFLICT DO NOTHING
"""


async def pass_gate(tx: Transaction) -> None:
    """Keep the gate open until the end of the transaction: nobody has all partitions stand still."""
    await tx.execute(f"SELECT pg_advisory_xact_lock_shared({_GATE})")


async def close_gate(tx: Transaction) -> None:
    """Wait until nothing is being taken in, and let nothing be until the end of the transaction."""
    await tx.execute(f"SELECT pg_advisory_xact_lock({_GATE})")


async def lock(tx: Transaction, feed: str, partitions: Collection[int]) -> dict[int, int]:
    """Return the positions of partitions, which nobody else moves before the end of the transaction."""
    rows = await tx.fetch(_LOCK, feed, partitions)
    if len(rows) < len(partitions):
        await tx.execute(
            "INSERT INTO feed_position (feed, high_water) VALUES ($1, 0) ON CONFLICT DO NOTHING", feed
        )
        await tx.execute(_MAKE, feed)
        rows = await tx.fetch(_LOCK, feed, partitions)
    return {row["partition"]: row["high_water"] for row in rows}


async def lowest(tx: Transaction, feed: str, partitions: Collection[int]) -> int:
    """Return the lowest position of partitions; that of the feed where they have none yet."""
    found = await tx.fetchval(
        "SELECT coalesce(min(high_water), (SELECT high_water FROM feed_position WHERE feed = $1), 0)"
        " FROM feed_partition WHERE feed = $1 AND partition = ANY($2::smallint[])",
        feed,
        partitions,
    )
    return int(found)


async def advance(tx: Transaction, feed: str, partitions: Collection[int], to: int) -> None:
    """Move partitions on, those that are further already excepted, and with them what the feed has in all."""
    await tx.execute(
        "UPDATE feed_partition SET high_water = $3, updated_at = now()"
        " WHERE feed = $1 AND partition = ANY($2::smallint[]) AND high_water < $3",
        feed,
        partitions,
        to,
    )
    if len(partitions) < PARTITIONS:
        # Only under this lock does the next statement see what other copies committed.
        await tx.execute("SELECT FROM feed_position WHERE feed = $1 FOR UPDATE", feed)
    await tx.execute(
        "UPDATE feed_position SET updated_at = now(),"
        " high_water = (SELECT min(high_water) FROM feed_partition WHERE feed = $1) WHERE feed = $1",
        feed,
    )


async def blocked(tx: Transaction, feed: str, events: Sequence[Event]) -> dict[str, set[int | None]]:
    """Return for which partitions earlier events of these events' subjects are held; None: for all."""
    found: dict[str, set[int | None]] = {}
    for row in await tx.fetch(_BLOCKED, feed, list({event.subject for event in events})):
        found.setdefault(row["subject"], set()).add(row["partition"])
    return found


async def hold(
    tx: Transaction, feed: str, held: Sequence[tuple[Event, Collection[int]]], state: str, reason: str
) -> None:
    """Hold events for partitions; one that another copy holds already is held for these as well."""
    if not held:
        return
    await tx.execute(_FORGET_RESOLVED, feed, [event.seq for event, _ in held])
    for event, partitions in held:
        await tx.execute(
            _HOLD, feed, event.seq, event.id, event.subject, event.type, event.body, reason, state
        )
        await tx.execute(_HOLD_FOR, feed, event.seq, partitions)


async def held_for(tx: Transaction, feed: str, seq: int) -> Mapping[int, frozenset[int]]:
    """Return for which partitions the held events of one's subject are held, by number; not told: for all."""
    rows = await tx.fetch(
        "SELECT seq, array_agg(partition) AS partitions FROM held_partition WHERE feed = $1 AND seq IN ("
        " SELECT seq FROM held_event WHERE feed = $1 AND resolved_at IS NULL"
        " AND subject = (SELECT subject FROM held_event WHERE feed = $1 AND seq = $2)) GROUP BY seq",
        feed,
        seq,
    )
    return {row["seq"]: frozenset(row["partitions"]) for row in rows}


async def announce(tx: Transaction, copy: UUID, name: str, patience: float) -> list[UUID]:
    """Say that a copy is there; returns all heard of within ``patience`` seconds, the oldest first.

    Those not heard of for a minute are forgotten.
    """
    await tx.execute(
        "INSERT INTO worker_copy (id, process, since, seen_at) VALUES ($1, $2, clock_timestamp(), clock_timestamp())"
        " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        copy,
        name,
    )
    await tx.execute("DELETE FROM worker_copy WHERE seen_at < clock_timestamp() - interval '1 minute'")
    rows = await tx.fetch(
        "SELECT id FROM worker_copy WHERE seen_at > clock_timestamp() - make_interval(secs => $1)"
        " ORDER BY since, id",
        patience,
    )
    return [row["id"] for row in rows]


async def leave(tx: Transaction, copy: UUID) -> None:
    """Take a copy off the list."""
    await tx.execute("DELETE FROM worker_copy WHERE id = $1", copy)


async def positions(tx: Transaction) -> list[asyncpg.Record]:
    """Return each feed's lowest and highest position."""
    return await tx.fetch(
        "SELECT feed, min(high_water) AS lowest, max(high_water) AS highest FROM feed_partition"
        " GROUP BY feed ORDER BY feed"
    )


async def copies(tx: Transaction, patience: float) -> list[asyncpg.Record]:
    """Return every copy that is listed, the oldest first, and whether it was heard of within ``patience`` seconds."""
    return await tx.fetch(
        "SELECT id, process AS name, since, seen_at, seen_at > clock_timestamp() - make_interval(secs => $1) AS present"
        " FROM worker_copy ORDER BY present DESC, since, id",
        patience,
    )
