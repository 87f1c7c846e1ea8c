"""Every query on aggregate returns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_common.scope import AreaScope
from renkou_reporting.figures.domain import add_months
from renkou_reporting.returns.domain import FEED, OPEN_STATES, Count, Entry, State, Step

_COUNT_COLUMNS = "area, happened_on, population, measure, sex, birth_month, parity, value, detail"
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(low, high)"
    " WHERE r.area BETWEEN s.low AND s.high)"
)
_LIST = f"""
SELECT r.* FROM aggregate_return r
WHERE {_IN_SCOPE} AND r.area BETWEEN $3 AND $4 AND ($5::text IS NULL OR r.form = $5)
    AND ($6::text IS NULL OR r.period = $6) AND ($7::text IS NULL OR r.state = $7)
    AND ($8::uuid IS NULL OR r.id < $8)
ORDER BY r.id DESC LIMIT $9
"""
_SAME_PLACE = (
    "r.form = $1 AND r.period = $2 AND r.area = $3 AND r.reporter = $4 AND r.occurrence = $5"
    " AND r.state = ANY($6::text[])"
)
_INSERT_LINES = """
INSERT INTO return_line (return_id, line_no, area, happened_on, population, measure, sex, birth_month,
    parity, value, detail)
SELECT $1, n - 1, area, happened_on, population, measure, sex, birth_month, parity, value, detail
FROM unnest($2::bigint[], $3::date[], $4::text[], $5::text[], $6::smallint[], $7::int[], $8::smallint[],
    $9::bigint[], $10::text[]) WITH ORDINALITY
    AS u(area, happened_on, population, measure, sex, birth_month, parity, value, detail, n)
"""
_EARLIER = """
SELECT r.period, v.content FROM aggregate_return r
JOIN return_revision v ON v.return_id = r.id AND v.revision = r.revision
WHERE r.form = $1 AND r.area = $2 AND r.reporter = $3 AND r.state = 'signed' AND r.first_month < $4
ORDER BY r.first_month DESC LIMIT $5
"""
_OTHERS = """
SELECT v.content FROM aggregate_return r
JOIN return_revision v ON v.return_id = r.id AND v.revision = r.revision
WHERE r.form = $1 AND r.period = $2 AND (r.area <> $3 OR r.reporter <> $4)
    AND r.state IN ('filled', 'checked', 'signed')
ORDER BY r.area, r.reporter LIMIT $5
"""
# Of the forms that count some measures: their versions in force, their units, and their signed returns; and the lines
# of open lists that count them.
_SIGNED_OF = """
WITH counting AS MATERIALIZED (
    SELECT code, version, made_by, made_at, definition ->> 'open_lines' = 'true' AS open
    FROM form_version WHERE state = 'active' AND code IN (
        SELECT code FROM form_version WHERE state = 'active'
            AND (definition ->> 'open_lines' = 'true' OR definition::text LIKE ANY($1::text[])))
)
SELECT
    (SELECT jsonb_agg(jsonb_build_array(code, version, made_by, made_at) ORDER BY code, version DESC)
        FROM counting) AS forms,
    (SELECT jsonb_agg(jsonb_build_array(p.code, p.area, p.forms, p.valid_from, p.valid_to)) FROM form_reporter p
        WHERE p.forms && (SELECT array_agg(code) FROM counting)) AS reporters,
    (SELECT jsonb_agg(jsonb_build_array(r.form, r.form_version, r.area, r.reporter, r.occurrence, r.period))
        FROM aggregate_return r WHERE r.state = 'signed' AND r.form IN (SELECT code FROM counting WHERE NOT open)
            AND r.first_month <= $3 AND r.last_month >= $2) AS signed,
    (SELECT jsonb_agg(DISTINCT jsonb_build_array(l.area, l.happened_on, l.measure, l.population, l.sex, l.parity,
        l.detail))
        FROM aggregate_return r JOIN return_line l ON l.return_id = r.id
        WHERE r.state = 'signed' AND r.form IN (SELECT code FROM counting WHERE open)
            AND r.first_month <= $3 AND r.last_month >= $2 AND l.measure = ANY($4::text[])) AS lines
"""


@dataclass(frozen=True, slots=True)
class NewReturn:
    """The head of a return to be stored."""

    id: UUID
    form: str
    form_version: int
    area: int
    reporter: str
    occurrence: str
    period: str
    first_month: int
    last_month: int
    title: str
    source: str
    replaces: UUID | None
    begun_by: UUID
    begun_at: datetime
    handed_in_at: datetime | None = None


async def insert(tx: Transaction, head: NewReturn) -> None:
    """Store a return without values."""
    await tx.execute(
        "INSERT INTO aggregate_return (id, form, form_version, area, reporter, occurrence, period, first_month,"
        " last_month, title, source, replaces, begun_by, begun_at, handed_in_at, state, version, revision)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'draft', 0, 0)",
        head.id,
        head.form,
        head.form_version,
        head.area,
        head.reporter,
        head.occurrence,
        head.period,
        head.first_month,
        head.last_month,
        head.title,
        head.source,
        head.replaces,
        head.begun_by,
        head.begun_at,
        head.handed_in_at,
    )


async def find_at(
    tx: Transaction,
    form: str,
    period: str,
    area: int,
    reporter: str,
    occurrence: str,
    states: Sequence[State] = (*OPEN_STATES, State.SIGNED),
) -> asyncpg.Record | None:
    """Return the return of a form for a place and period, an open one before a signed one."""
    return await tx.fetchrow(
        f"SELECT r.* FROM aggregate_return r WHERE {_SAME_PLACE} ORDER BY state = 'signed' LIMIT 1",
        form,
        period,
        area,
        reporter,
        occurrence,
        list(states),
    )


async def lock_place(tx: Transaction, *place: str | int) -> None:
    """Let one caller at a time begin a return for a place and period, until the caller's commit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"return {place}")


async def find(tx: Transaction, areas: AreaScope, return_id: UUID, *, lock: bool) -> asyncpg.Record | None:
    """Return a return's head, None outside the caller's areas; with ``lock`` it changes no more meanwhile."""
    return await tx.fetchrow(
        f"SELECT r.* FROM aggregate_return r WHERE {_IN_SCOPE} AND r.id = $3 {'FOR UPDATE' if lock else ''}",
        areas.lows,
        areas.highs,
        return_id,
    )


async def page(
    tx: Transaction,
    areas: AreaScope,
    within: tuple[int, int],
    form: str | None,
    period: str | None,
    state: str | None,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return heads of returns, newest first."""
    return await tx.fetch(_LIST, areas.lows, areas.highs, *within, form, period, state, after, limit)


async def of_periods(tx: Transaction, form: str, periods: Sequence[str]) -> list[asyncpg.Record]:
    """Return the returns of a form for some periods: those that are open or signed."""
    return await tx.fetch(
        "SELECT * FROM aggregate_return WHERE form = $1 AND period = ANY($2::text[])"
        " AND state IN ('draft', 'filled', 'checked', 'signed') ORDER BY state = 'signed'",
        form,
        periods,
    )


async def signed_of(tx: Reader, measures: Collection[str], first: int, last: int) -> asyncpg.Record:
    """Return the forms that count some measures, their units, and what is signed of them over months (yyyymm).

    Up to the month after the last: a form may count on the day before its period.
    """
    patterns = [f'%"{one}"%' for one in measures]
    row = await tx.fetchrow(_SIGNED_OF, patterns, first, add_months(last, 1), list(measures))
    assert row is not None
    return row


async def form_versions(tx: Reader, codes: Sequence[str]) -> list[tuple[list[Any], asyncpg.Record]]:
    """Return the active versions of forms, each with its head as :func:`signed_of` tells it."""
    rows = await tx.fetch(
        "SELECT jsonb_build_array(code, version, made_by, made_at) AS head, version, definition FROM form_version"
        " WHERE state = 'active' AND code = ANY($1::text[])",
        codes,
    )
    return [(row["head"], row) for row in rows]


async def save(
    tx: Transaction,
    return_id: UUID,
    revision: int,
    content: Mapping[str, Any],
    way: str,
    by: UUID,
    at: datetime,
) -> None:
    """Store what was entered as a new revision."""
    await tx.execute(
        "INSERT INTO return_revision (return_id, revision, content, way, saved_by, saved_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        return_id,
        revision,
        content,
        way,
        by,
        at,
    )
    await tx.execute(
        "UPDATE aggregate_return SET revision = $2, version = version + 1 WHERE id = $1", return_id, revision
    )


async def content(tx: Transaction, return_id: UUID, revision: int) -> dict[str, Any]:
    """Return what was entered as a revision."""
    found: dict[str, Any] = await tx.fetchval(
        "SELECT content FROM return_revision WHERE return_id = $1 AND revision = $2", return_id, revision
    )
    return found


async def revision(tx: Transaction, return_id: UUID, number: int) -> asyncpg.Record | None:
    """Return what was entered as a revision, by whom, when and how."""
    return await tx.fetchrow(
        "SELECT revision, content, way, saved_by, saved_at FROM return_revision"
        " WHERE return_id = $1 AND revision = $2",
        return_id,
        number,
    )


async def fillers(tx: Transaction, return_id: UUID) -> set[UUID]:
    """Return everybody who entered something into a return or handed it in."""
    rows = await tx.fetch(
        "SELECT saved_by AS by FROM return_revision WHERE return_id = $1"
        " UNION SELECT by FROM return_step WHERE return_id = $1 AND step = 'filled'",
        return_id,
    )
    return {row["by"] for row in rows}


async def append_step(
    tx: Transaction, return_id: UUID, step: Step, revision: int, by: UUID, at: datetime, reason: str = ""
) -> None:
    """Append to a return's history."""
    await tx.execute(
        "INSERT INTO return_step (return_id, step, revision, by, at, reason) VALUES ($1, $2, $3, $4, $5, $6)",
        return_id,
        step.value,
        revision,
        by,
        at,
        reason,
    )


async def history(tx: Transaction, return_id: UUID) -> list[asyncpg.Record]:
    """Return a return's steps in order."""
    return await tx.fetch(
        "SELECT step, revision, by, at, reason FROM return_step WHERE return_id = $1 ORDER BY id", return_id
    )


async def mark_filled(tx: Transaction, return_id: UUID, by: UUID, at: datetime) -> None:
    """Record who handed a return in; the first time is kept beside."""
    await tx.execute(
        "UPDATE aggregate_return SET state = 'filled', version = version + 1, filled_by = $2, filled_at = $3,"
        " handed_in_at = coalesce(handed_in_at, $3) WHERE id = $1",
        return_id,
        by,
        at,
    )


async def mark_checked(tx: Transaction, return_id: UUID, by: UUID, at: datetime) -> None:
    """Record who checked a return."""
    await tx.execute(
        "UPDATE aggregate_return SET state = 'checked', version = version + 1, checked_by = $2,"
        " checked_at = $3 WHERE id = $1",
        return_id,
        by,
        at,
    )


async def mark_signed(tx: Transaction, return_id: UUID, by: UUID, at: datetime) -> None:
    """Record who signed a return."""
    await tx.execute(
        "UPDATE aggregate_return SET state = 'signed', version = version + 1, signed_by = $2, signed_at = $3"
        " WHERE id = $1",
        return_id,
        by,
        at,
    )


async def mark_sent_back(tx: Transaction, return_id: UUID) -> None:
    """Make a return a draft again; who handed it in and checked it stays in its history."""
    await tx.execute(
        "UPDATE aggregate_return SET state = 'draft', version = version + 1, filled_by = NULL,"
        " filled_at = NULL, checked_by = NULL, checked_at = NULL WHERE id = $1",
        return_id,
    )


async def mark_corrected(tx: Transaction, return_id: UUID) -> None:
    """Record that another return took the place of a signed one."""
    await tx.execute(
        "UPDATE aggregate_return SET state = 'corrected', version = version + 1 WHERE id = $1", return_id
    )


async def mark_withdrawn(tx: Transaction, return_id: UUID, by: UUID, at: datetime, reason: str) -> None:
    """Record who withdrew a return, when and why."""
    await tx.execute(
        "UPDATE aggregate_return SET state = 'withdrawn', version = version + 1, withdrawn_by = $2,"
        " withdrawn_at = $3, withdrawal_reason = $4 WHERE id = $1",
        return_id,
        by,
        at,
        reason,
    )


async def insert_counts(tx: Transaction, return_id: UUID, counts: Sequence[Count]) -> None:
    """Store what a return counts."""
    if counts:
        await tx.execute(_INSERT_LINES, return_id, *zip(*counts, strict=True))


async def by_events(
    tx: Transaction, event_ids: Sequence[UUID], lows: Sequence[int], highs: Sequence[int]
) -> list[asyncpg.Record]:
    """Return (event_id, return_id, sign) of entries of returns between keys of areas, in their order."""
    return await tx.fetch(
        "SELECT e.event_id, e.return_id, e.sign FROM return_entry e JOIN aggregate_return r ON r.id = e.return_id"
        " WHERE e.event_id = ANY($1::uuid[]) AND EXISTS ("
        "SELECT FROM unnest($2::bigint[], $3::bigint[]) AS a(low, high) WHERE r.area BETWEEN a.low AND a.high)"
        " ORDER BY e.seq",
        event_ids,
        lows,
        highs,
    )


async def append_entry(tx: Transaction, return_id: UUID, event_id: UUID, sign: int) -> Entry:
    """Give the next number of the returns' feed to an entry; writers wait for each other here."""
    seq = await tx.fetchval(
        "INSERT INTO feed_position AS p (feed, high_water) VALUES ($1, 1)"
        " ON CONFLICT (feed) DO UPDATE SET high_water = p.high_water + 1, updated_at = now()"
        " RETURNING high_water",
        FEED,
    )
    await tx.execute(
        "INSERT INTO return_entry (seq, event_id, return_id, sign) VALUES ($1, $2, $3, $4)",
        seq,
        event_id,
        return_id,
        sign,
    )
    return Entry(seq, event_id, sign)


async def entries(tx: Transaction, after: int, until: int, limit: int) -> list[tuple[Entry, UUID]]:
    """Return entries numbered ``after`` < seq <= ``until`` in order, each with its return."""
    rows = await tx.fetch(
        "SELECT seq, event_id, sign, return_id FROM return_entry"
        " WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
        after,
        until,
        limit,
    )
    return [(Entry(row["seq"], row["event_id"], row["sign"]), row["return_id"]) for row in rows]


async def counts(tx: Transaction, return_id: UUID) -> list[Count]:
    """Return what a signed return counts, in order."""
    rows = await tx.fetch(
        f"SELECT {_COUNT_COLUMNS} FROM return_line WHERE return_id = $1 ORDER BY line_no",
        return_id,
    )
    return [Count(*row) for row in rows]


async def earlier(
    tx: Transaction, form: str, area: int, reporter: str, before_month: int, limit: int
) -> list[tuple[str, dict[str, Any]]]:
    """Return periods and contents of a place's signed returns before a month, the newest first."""
    rows = await tx.fetch(_EARLIER, form, area, reporter, before_month, limit)
    return [(row["period"], row["content"]) for row in rows]


async def others(
    tx: Transaction, form: str, period: str, area: int, reporter: str, limit: int
) -> list[dict[str, Any]]:
    """Return the contents of other places' returns of a period, once handed in."""
    return [row["content"] for row in await tx.fetch(_OTHERS, form, period, area, reporter, limit)]
