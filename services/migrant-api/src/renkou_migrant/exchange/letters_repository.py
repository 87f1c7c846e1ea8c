"""Queries of dead letters: what came from the hub and could not be taken."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction

_LETTER = ("id", "fingerprint", "sender", "code", "detail", "message_id", "size", "data", "whole")
_SHOWN = (
    "id, position, sender, code, detail, message_id, size, times, first_at, last_at, whole, outcome, replayed_at,"
    " replayed_by"
)
_KEPT = 2_000
"""Dead letters kept of one sender with their bytes; what comes beyond that is only counted."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What came from the hub and could not be taken."""

    id: UUID
    fingerprint: bytes
    sender: str
    code: str
    detail: str
    message_id: UUID | None
    size: int
    data: bytes
    whole: bool


async def keep(tx: Transaction, letters: Sequence[Letter], at: datetime) -> None:
    """Keep what could not be taken; the same bytes are counted, not kept twice."""
    once = {one.fingerprint: one for one in letters}
    kept = list(once.values())
    times = Counter(one.fingerprint for one in letters)
    await tx.execute(
        """
        INSERT INTO dead_letter (id, fingerprint, sender, code, detail, message_id, size, data, whole, times,
            first_at, last_at)
        SELECT id, fingerprint, sender, code, detail, message_id, size, data, whole, times, $1, $1
        FROM unnest($2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::int[],
            $9::bytea[], $10::bool[], $11::int[]) AS n(id, fingerprint, sender, code, detail, message_id, size,
            data, whole, times)
        ON CONFLICT (fingerprint) DO UPDATE SET times = dead_letter.times + excluded.times,
            last_at = excluded.last_at, code = excluded.code, detail = excluded.detail
        """,
        at,
        *([getattr(one, member) for one in kept] for member in _LETTER),
        [times[one.fingerprint] for one in kept],
    )


async def crowded(tx: Transaction, senders: Sequence[str]) -> set[str]:
    """Return those senders of whom so many dead letters are kept that further ones are only counted."""
    rows = await tx.fetch(
        """
        SELECT s.sender FROM unnest($1::text[]) AS s(sender)
        WHERE EXISTS (SELECT FROM dead_letter d WHERE d.sender = s.sender OFFSET $2)
        """,
        list(senders),
        _KEPT,
    )
    return {row["sender"] for row in rows}


async def page(tx: Transaction, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return what could not be taken from the hub, the latest first, without the bytes."""
    rows = await tx.fetch(
        f"SELECT {_SHOWN} FROM dead_letter WHERE $1::bigint IS NULL OR position < $1"
        " ORDER BY position DESC LIMIT $2",
        before,
        limit,
    )
    return [dict(row) for row in rows]


async def lock(tx: Transaction, letter_id: UUID) -> dict[str, Any] | None:
    """Return one dead letter with its bytes and lock it."""
    row = await tx.fetchrow(f"SELECT {_SHOWN}, data FROM dead_letter WHERE id = $1 FOR UPDATE", letter_id)
    return None if row is None else dict(row)


async def note_replay(tx: Transaction, letter_id: UUID, outcome: str, by: UUID, at: datetime) -> None:
    """Note who had a dead letter taken in again, when, and what became of it."""
    await tx.execute(
        "UPDATE dead_letter SET outcome = $2, replayed_by = $3, replayed_at = $4 WHERE id = $1",
        letter_id,
        outcome,
        by,
        at,
    )
