"""Taking a feed in, inside one transaction: positions, known numbers, held events and incidents.

Kinds of incident:

``conflict``  the same number came with other content: somebody rewrote the feed, or it isn't this feed
``corrupt``   an envelope that is not readable or does not match its own content hash
``missing``   the feed doesn't hold the next number any more (retention ran out, or rows were lost)
``behind``    the feed ends before what was taken in already (its database was set back)
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from renkou_common.database import TRANSIENT_ERRORS, Transaction
from renkou_common.errors import NotFound, Unavailable
from renkou_common.messaging.envelope import Event, parse_body

type Apply = Callable[[Transaction, Sequence[Event]], Awaitable[None]]

TRANSIENT = (*TRANSIENT_ERRORS, Unavailable)
"""What passes by itself: never a reason to hold an event."""

_REASON_LENGTH = 2000


class NotApplicable(Exception):
    """The driver refused what an event's handler asked for although the connection is well."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a batch: the new position, numbers in conflict, whether it has a gap before its end."""

    high_water: int
    conflicts: frozenset[int]
    gap: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay did: events applied, events of the subject still held, and why it stopped."""

    applied: int
    remaining: int
    reason: str | None


async def high_water(tx: Transaction, feed: str) -> int:
    """Return the position in a feed; 0 before the first event."""
    return int(await tx.fetchval("SELECT high_water FROM feed_position WHERE feed = $1", feed) or 0)


async def take_in(tx: Transaction, feed: str, events: Sequence[Event], apply: Apply) -> Intake:
    """Apply the events that come next, skip known ones, stop before a gap; the caller commits.

    Events of a subject that already has a held event are held as well ('blocked'). Whatever ``apply`` raises
    passes through, and the transaction has to be rolled back.
    """
    high = await _lock_position(tx, feed)
    fresh, known, gap = split(high, events)
    if fresh:
        blocked = await _blocked_subjects(tx, feed, fresh)
        free = [event for event in fresh if event.subject not in blocked]
        waiting = [event for event in fresh if event.subject in blocked]
        await _hold(tx, feed, waiting, "blocked", "an earlier event of the same subject is held")
        if free:
            await call(apply, tx, free)
        await _advance(tx, feed, fresh)
        high = fresh[-1].seq
    conflicts = await find_conflicts(tx, feed, known)
    return Intake(high, frozenset(conflicts), gap)


async def hold_failed(tx: Transaction, feed: str, event: Event, error: BaseException) -> None:
    """Hold the next event as 'failed' and move past it; does nothing if it isn't the next any more."""
    if await _lock_position(tx, feed) == event.seq - 1:
        await _hold(tx, feed, [event], "failed", describe(error))
        await _advance(tx, feed, [event])


async def record_incident(tx: Transaction, feed: str, seq: int, kind: str, detail: dict[str, Any]) -> None:
    """Keep an incident once: for ``missing`` and ``behind`` once per number, else once per detail."""
    await tx.execute(
        """
        INSERT INTO feed_incident (feed, seq, kind, detail)
        SELECT $1, $2, $3, $4::jsonb WHERE NOT EXISTS (
            SELECT FROM feed_incident WHERE feed = $1 AND seq = $2 AND kind = $3
            AND (kind IN ('missing', 'behind') OR detail = $4::jsonb)
        )
        """,
        feed,
        seq,
        kind,
        detail,
    )


async def held_events(tx: Transaction, feed: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
    """Return held events not yet resolved, by feed and number: everything a person needs but the body."""
    rows = await tx.fetch(
        """
        SELECT feed, seq, event_id, subject, type, reason, state, held_at FROM held_event
        WHERE resolved_at IS NULL AND ($1::text IS NULL OR feed = $1) ORDER BY feed, seq LIMIT $2
        """,
        feed,
        limit,
    )
    return [dict(row) for row in rows]


async def replay_held(tx: Transaction, feed: str, seq: int, apply: Apply) -> Replay:
    """Apply the held events of the subject of event ``seq``, in order and each in a savepoint.

    Stops at the first that fails again, which is then the 'failed' one; the caller commits either way.
    Raises NotFound where ``seq`` isn't held.
    """
    await _lock_position(tx, feed)
    rows = await tx.fetch(
        """
        SELECT seq, body FROM held_event WHERE feed = $1 AND resolved_at IS NULL AND subject = (
            SELECT subject FROM held_event WHERE feed = $1 AND seq = $2 AND resolved_at IS NULL
        ) ORDER BY seq
        """,
        feed,
        seq,
    )
    if not rows:
        raise NotFound.of("留置事件", "held event")
    for done, row in enumerate(rows):
        reason = await replay_one(tx, parse_body(row["body"], row["seq"]), apply)
        if reason is not None:
            await tx.execute(
                "UPDATE held_event SET state = 'failed', reason = $3 WHERE feed = $1 AND seq = $2",
                feed,
                row["seq"],
                reason,
            )
            return Replay(done, len(rows) - done, reason)
        await tx.execute(
            "UPDATE held_event SET resolved_at = now() WHERE feed = $1 AND seq = $2", feed, row["seq"]
        )
    return Replay(len(rows), 0, None)


async def status(tx: Transaction) -> list[dict[str, Any]]:
    """Return for each feed its position, how many events are held and how many incidents were kept."""
    rows = await tx.fetch(
        """
        SELECT p.feed, p.high_water, p.updated_at,
            (SELECT count(*) FROM held_event h WHERE h.feed = p.feed AND h.resolved_at IS NULL) AS held,
            (SELECT count(*) FROM feed_incident i WHERE i.feed = p.feed) AS incidents
        FROM feed_position p ORDER BY p.feed
        """
    )
    return [dict(row) for row in rows]


def describe(error: BaseException) -> str:
    """Return an error as the text kept with a held event."""
    return f"{type(error).__name__}: {error}".replace("\x00", "")[:_REASON_LENGTH]


async def _lock_position(tx: Transaction, feed: str) -> int:
    await tx.execute(
        "INSERT INTO feed_position (feed, high_water) VALUES ($1, 0) ON CONFLICT DO NOTHING", feed
    )
    return int(await tx.fetchval("SELECT high_water FROM feed_position WHERE feed = $1 FOR UPDATE", feed))


def split(high: int, events: Sequence[Event]) -> tuple[list[Event], list[Event], bool]:
    """Return the unbroken run after ``high``, what is known or doubled, and whether there is a gap."""
    fresh: list[Event] = []
    known: list[Event] = []
    following = high + 1
    for event in sorted(events, key=lambda one: one.seq):
        if event.seq < following:
            known.append(event)
        elif event.seq == following:
            fresh.append(event)
            following += 1
        else:
            return fresh, known, True
    return fresh, known, False


async def find_conflicts(tx: Transaction, feed: str, known: Sequence[Event]) -> set[int]:
    """Return which of these numbers came with another content before; each is an incident."""
    if not known:
        return set()
    rows = await tx.fetch(
        "SELECT seq, event_id, content_hash FROM applied_event WHERE feed = $1 AND seq = ANY($2::bigint[])",
        feed,
        [event.seq for event in known],
    )
    applied = {row["seq"]: row for row in rows}
    conflicts = set()
    for event in known:
        first = applied.get(event.seq)
        if first is not None and first["content_hash"] != event.content_hash:
            conflicts.add(event.seq)
            detail = {
                "applied": {"id": str(first["event_id"]), "hash": first["content_hash"].hex()},
                "received": {"id": str(event.id), "hash": event.content_hash.hex(), "type": event.type},
            }
            await record_incident(tx, feed, event.seq, "conflict", detail)
    return conflicts


async def _blocked_subjects(tx: Transaction, feed: str, events: Sequence[Event]) -> set[str]:
    rows = await tx.fetch(
        """
        SELECT DISTINCT subject FROM held_event
        WHERE feed = $1 AND resolved_at IS NULL AND subject = ANY($2::text[])
        """,
        feed,
        list({event.subject for event in events}),
    )
    return {row["subject"] for row in rows}


async def _hold(tx: Transaction, feed: str, events: Sequence[Event], state: str, reason: str) -> None:
    if not events:
        return
    await tx.executemany(
        """
        INSERT INTO held_event (feed, seq, event_id, subject, type, body, reason, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        [(feed, e.seq, e.id, e.subject, e.type, e.body, reason, state) for e in events],
    )


async def _advance(tx: Transaction, feed: str, events: Sequence[Event]) -> None:
    await note_applied(tx, feed, events)
    await tx.execute(
        "UPDATE feed_position SET high_water = $2, updated_at = now() WHERE feed = $1", feed, events[-1].seq
    )


async def note_applied(tx: Transaction, feed: str, events: Sequence[Event]) -> None:
    """Note which event stood behind each number."""
    await tx.execute(
        """
        INSERT INTO applied_event (feed, seq, event_id, content_hash)
        SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bytea[])
        """,
        feed,
        [event.seq for event in events],
        [event.id for event in events],
        [event.content_hash for event in events],
    )


async def call(apply: Apply, tx: Transaction, events: Sequence[Event]) -> None:
    """Apply events; raises NotApplicable for what the driver refuses although the connection is well."""
    try:
        await apply(tx, events)
    except asyncpg.InterfaceError as error:
        # The driver raises it for a lost connection and for wrong calls alike; only the first passes.
        if tx.is_closed():
            raise
        raise NotApplicable(describe(error)) from error


async def replay_one(tx: Transaction, event: Event, apply: Apply) -> str | None:
    """Apply a held event in a savepoint; returns why it cannot be, None where it was."""
    await tx.execute("SAVEPOINT replay")
    try:
        await call(apply, tx, [event])
    except TRANSIENT:
        raise
    except Exception as error:
        await tx.execute("ROLLBACK TO SAVEPOINT replay")
        return describe(error)
    await tx.execute("RELEASE SAVEPOINT replay")
    return None
