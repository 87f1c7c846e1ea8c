"""Every query on external lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common.codes.findings import Finding
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

_LIST = """
SELECT id, source, kind, purpose, legal_basis, columns, scope, state, content_hash, created_by, created_at,
       matched_at, keep_until, attempts, failure_code, failure_zh, failure_en
FROM external_list
"""


@dataclass(frozen=True, slots=True)
class List:
    """An external list as it stands."""

    id: UUID
    source: str
    kind: str
    purpose: str
    legal_basis: str
    columns: dict[str, str]
    scope: AreaScope
    state: str
    content_hash: bytes | None
    created_by: UUID
    created_at: datetime
    matched_at: datetime | None
    keep_until: date
    attempts: int
    failure: Finding | None


@dataclass(frozen=True, slots=True)
class MatchedRow:
    """A row that was matched, to be kept."""

    row: int
    sealed: bytes
    match: str
    score: int
    candidates: list[dict[str, Any]]
    findings: list[dict[str, Any]]


def _list(row: asyncpg.Record) -> List:
    values: dict[str, Any] = dict(row)
    code, zh, en = (values.pop(f"failure_{part}") for part in ("code", "zh", "en"))
    values["scope"] = AreaScope.of((span.lower, span.upper - 1) for span in values["scope"])
    return List(**values, failure=Finding(code, zh, en) if code else None)


async def insert_profile(
    tx: Transaction,
    profile_id: UUID,
    name: str,
    source: str,
    kind: str,
    columns: dict[str, str],
    created_by: UUID,
    created_at: datetime,
) -> bool:
    """Add a profile; False where its name is taken."""
    made = await tx.fetchval(
        "INSERT INTO external_profile (id, name, source, kind, columns, created_by, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING RETURNING true",
        profile_id,
        name,
        source,
        kind,
        columns,
        created_by,
        created_at,
    )
    return made is not None


async def profiles(tx: Transaction) -> list[asyncpg.Record]:
    """Return every profile by name."""
    return await tx.fetch("SELECT * FROM external_profile ORDER BY name LIMIT 500")


async def profile(tx: Transaction, profile_id: UUID) -> asyncpg.Record | None:
    """Return a profile."""
    return await tx.fetchrow("SELECT * FROM external_profile WHERE id = $1", profile_id)


async def insert(
    tx: Transaction,
    list_id: UUID,
    *,
    source: str,
    kind: str,
    purpose: str,
    legal_basis: str,
    columns: dict[str, str],
    scope: AreaScope,
    created_by: UUID,
    created_at: datetime,
    keep_until: date,
) -> None:
    """Add a list whose file is on its way."""
    await tx.execute(
        "INSERT INTO external_list (id, source, kind, purpose, legal_basis, columns, scope, state,"
        " created_by, created_at, keep_until)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7::text::int8multirange, 'receiving', $8, $9, $10)",
        list_id,
        source,
        kind,
        purpose,
        legal_basis,
        columns,
        scope.multirange,
        created_by,
        created_at,
        keep_until,
    )


async def queue(tx: Transaction, list_id: UUID, content_hash: bytes) -> None:
    """Let a worker match a list whose file is complete, and wake one."""
    await tx.execute(
        "UPDATE external_list SET state = 'queued', content_hash = $2 WHERE id = $1", list_id, content_hash
    )
    await tx.execute("NOTIFY renkou_jobs")


async def discard(tx: Transaction, list_id: UUID) -> None:
    """Forget a list whose file was not completed or not needed."""
    await tx.execute("DELETE FROM external_list WHERE id = $1 AND state = 'receiving'", list_id)


async def add_part(tx: Transaction, list_id: UUID, part: int, sealed: bytes) -> None:
    """Keep a sealed part of the file."""
    await tx.execute(
        "INSERT INTO external_list_file (list_id, part, sealed) VALUES ($1, $2, $3)", list_id, part, sealed
    )


async def file_part(tx: Transaction, list_id: UUID, part: int) -> bytes | None:
    """Return a sealed part of the file; None after the last."""
    found: bytes | None = await tx.fetchval(
        "SELECT sealed FROM external_list_file WHERE list_id = $1 AND part = $2", list_id, part
    )
    return found


async def find(tx: Transaction, list_id: UUID, scope: AreaScope) -> List | None:
    """Return a list whose clerk's areas lie inside ``scope``."""
    row = await tx.fetchrow(
        f"{_LIST} WHERE id = $1 AND state <> 'receiving' AND $2::text::int8multirange @> scope",
        list_id,
        scope.multirange,
    )
    return _list(row) if row else None


async def page(
    tx: Transaction, scope: AreaScope, after: tuple[datetime, UUID] | None, limit: int
) -> list[List]:
    """Return lists, the latest first."""
    at, list_id = after or (None, UUID(int=0))
    rows = await tx.fetch(
        f"{_LIST} WHERE $1::text::int8multirange @> scope AND state <> 'receiving'"
        " AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))"
        " ORDER BY created_at DESC, id DESC LIMIT $4",
        scope.multirange,
        at,
        list_id,
        limit,
    )
    return [_list(row) for row in rows]


async def same_before(tx: Transaction, found: List) -> UUID | None:
    """Return an earlier list with the same file."""
    earlier: UUID | None = await tx.fetchval(
        "SELECT id FROM external_list WHERE content_hash = $1 AND kind = $2 AND created_at < $3 AND id <> $4"
        " ORDER BY created_at DESC LIMIT 1",
        found.content_hash,
        found.kind,
        found.created_at,
        found.id,
    )
    return earlier


async def open_lists(tx: Transaction) -> list[UUID]:
    """Return the lists to be matched, oldest first."""
    rows = await tx.fetch(
        "SELECT id FROM external_list WHERE state IN ('queued', 'matching') ORDER BY created_at LIMIT 100"
    )
    return [row["id"] for row in rows]


async def take_up(tx: Transaction, list_id: UUID) -> List | None:
    """Count an attempt and return the list, its rows gone; None where it is not open any more."""
    taken = await tx.fetchval(
        "UPDATE external_list SET attempts = attempts + 1, state = 'matching' WHERE id = $1"
        " AND state IN ('queued', 'matching') RETURNING true",
        list_id,
    )
    if not taken:
        return None
    await tx.execute("DELETE FROM external_list_row WHERE list_id = $1", list_id)
    return await find(tx, list_id, AreaScope.everything())


async def add_rows(tx: Transaction, list_id: UUID, rows: Sequence[MatchedRow]) -> None:
    """Keep matched rows."""
    await tx.execute(
        "INSERT INTO external_list_row (list_id, row, sealed, match, score, candidates, findings)"
        " SELECT $1, t.row, t.sealed, t.match, t.score, t.candidates::jsonb, t.findings::jsonb"
        " FROM unnest($2::int[], $3::bytea[], $4::text[], $5::smallint[], $6::text[], $7::text[])"
        " AS t (row, sealed, match, score, candidates, findings)",
        list_id,
        [each.row for each in rows],
        [each.sealed for each in rows],
        [each.match for each in rows],
        [each.score for each in rows],
        [orjson.dumps(each.candidates).decode() for each in rows],  # a list in a list would be one array
        [orjson.dumps(each.findings).decode() for each in rows],
    )


async def finish(tx: Transaction, list_id: UUID, now: datetime) -> None:
    """Close the matching; the file is not needed any more."""
    await tx.execute("DELETE FROM external_list_file WHERE list_id = $1", list_id)
    await tx.execute(
        "UPDATE external_list SET state = 'matched', matched_at = $2, attempts = 0 WHERE id = $1",
        list_id,
        now,
    )


async def fail(tx: Transaction, list_id: UUID, failure: Finding) -> None:
    """Close a list whose file cannot be taken."""
    for table in ("external_list_file", "external_list_row"):
        await tx.execute(f"DELETE FROM {table} WHERE list_id = $1", list_id)
    await tx.execute(
        "UPDATE external_list SET state = 'failed', failure_code = $2, failure_zh = $3, failure_en = $4"
        " WHERE id = $1",
        list_id,
        failure.code,
        failure.zh,
        failure.en,
    )


async def counts(tx: Transaction, list_id: UUID) -> list[asyncpg.Record]:
    """Return (match, rows, settled) of a list."""
    return await tx.fetch(
        "SELECT match, count(*) AS rows, count(action) AS settled FROM external_list_row WHERE list_id = $1"
        " GROUP BY match",
        list_id,
    )


_ROW = (
    "SELECT list_id, row, sealed, match, score, candidates, findings, action, person_id, event_id, reason, settled_by,"
    " settled_at FROM external_list_row"
)


async def about(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return the rows settled with a person, and those not settled that certainly mean the person."""
    return await tx.fetch(
        f"{_ROW} WHERE person_id = $1::uuid"
        " OR (action IS NULL AND match = 'exact'"
        " AND candidates @> jsonb_build_array(jsonb_build_object('person_id', $1::uuid::text)))"
        " ORDER BY list_id, row",
        person_id,
    )


async def rows(
    tx: Transaction, list_id: UUID, match: str | None, settled: bool | None, after: int, limit: int
) -> list[asyncpg.Record]:
    """Return rows in the order of the file, those after number ``after``."""
    return await tx.fetch(
        f"{_ROW} WHERE list_id = $1 AND ($2::text IS NULL OR match = $2)"
        " AND ($3::boolean IS NULL OR (action IS NOT NULL) = $3) AND row > $4::bigint ORDER BY row LIMIT $5",
        list_id,
        match,
        settled,
        after,
        limit,
    )


async def lock_row(tx: Transaction, list_id: UUID, number: int) -> asyncpg.Record | None:
    """Return a row, locked until the transaction ends."""
    return await tx.fetchrow(f"{_ROW} WHERE list_id = $1 AND row = $2 FOR UPDATE", list_id, number)


async def settle(
    tx: Transaction,
    list_id: UUID,
    number: int,
    *,
    action: str,
    person_id: UUID | None,
    event_id: UUID | None,
    reason: str | None,
    settled_by: UUID,
    settled_at: datetime,
) -> None:
    """Write down how a row was settled."""
    await tx.execute(
        "UPDATE external_list_row SET action = $3, person_id = $4, event_id = $5, reason = $6,"
        " settled_by = $7, settled_at = $8 WHERE list_id = $1 AND row = $2",
        list_id,
        number,
        action,
        person_id,
        event_id,
        reason,
        settled_by,
        settled_at,
    )


async def trim(tx: Transaction, today: date, abandoned_before: datetime) -> None:
    """Delete the rows of lists whose time is over, and uploads that were never completed."""
    for table in ("external_list_file", "external_list_row"):
        await tx.execute(
            f"DELETE FROM {table} t USING external_list l"
            " WHERE l.id = t.list_id AND l.state IN ('matched', 'failed') AND l.keep_until < $1",
            today,
        )
    await tx.execute(
        "UPDATE external_list SET state = 'deleted' WHERE state IN ('matched', 'failed') AND keep_until < $1",
        today,
    )
    await tx.execute(
        "DELETE FROM external_list WHERE state = 'receiving' AND created_at < $1", abandoned_before
    )
