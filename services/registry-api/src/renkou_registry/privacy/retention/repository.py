"""Every query on retention: what is due, what is held, what was removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Uuid

from renkou_common.database import Transaction
from renkou_registry.me.repository import parents, person_columns
from renkou_registry.metadata import metadata
from renkou_registry.privacy.retention.rules import BY_TABLE

BATCH = 500
_OF_A_DAY = "AT TIME ZONE 'Asia/Shanghai'"


@dataclass(frozen=True, slots=True)
class Due:
    """How due records are found (``id`` and ``person_id`` of those that ended on or before $1) and removed ($1).

    ``numbered``: the id is a number, which no hold names. Without ``removed`` another feature deletes them. ``others``:
    the persons beside ``person_id`` whom record ``d`` names.
    """

    found: str
    removed: tuple[str, ...] = ()
    numbered: bool = False
    others: str = ""


_A_MONTH_AGO = "clock_timestamp() - interval '30 days'"
"""Sign-ins run in real time: nothing of the last month is due, whatever day the node's clock says."""
_HAPPENED = f"(i.happened_at {_OF_A_DAY})::date <= $1 AND i.happened_at < {_A_MONTH_AGO}"
RETRACTED = "retracted_entries"
_DUE: dict[str, Due] = {
    "declined_visits": Due(
        "SELECT id, person_id FROM visit WHERE state = 'declined' AND settled_on <= $1",
        ("DELETE FROM visit WHERE id = ANY($1) AND state = 'declined'",),
    ),
    "device_reports": Due(
        "SELECT id, NULL::uuid AS person_id FROM visit_batch b"
        f" WHERE (received_at {_OF_A_DAY})::date <= $1 AND NOT EXISTS (SELECT FROM visit_batch_item i"
        " WHERE i.batch_id = b.id AND i.state = 'conflict')",
        (
            "DELETE FROM visit_batch_item WHERE batch_id = ANY($1)",
            "DELETE FROM visit_batch WHERE id = ANY($1)",
        ),
        others="SELECT i.person_id FROM visit_batch_item i WHERE i.batch_id = d.id",
    ),
    "refused_corrections": Due(
        "SELECT id, person_id FROM correction_request"
        f" WHERE state IN ('rejected', 'withdrawn') AND (decided_at {_OF_A_DAY})::date <= $1",
        ("DELETE FROM correction_request WHERE id = ANY($1) AND state IN ('rejected', 'withdrawn')",),
    ),
    "privacy_requests": Due(
        f"SELECT id, person_id FROM privacy_request WHERE (closed_at {_OF_A_DAY})::date <= $1",
        ("DELETE FROM privacy_request WHERE id = ANY($1) AND closed_at IS NOT NULL",),
    ),
    "closed_accounts": Due(
        f"SELECT id, person_id FROM person_account WHERE NOT active AND (closed_at {_OF_A_DAY})::date <= $1",
        ("DELETE FROM person_account WHERE id = ANY($1) AND NOT active",),
    ),
    "import_jobs": Due(
        "SELECT id, NULL::uuid AS person_id FROM import_job WHERE state IN ('checked', 'done', 'failed')"
        f" AND (coalesce(finished_at, checked_at, created_at) {_OF_A_DAY})::date <= $1",
        ("DELETE FROM import_job WHERE id = ANY($1)",),
    ),
    "export_jobs": Due(
        "SELECT id, NULL::uuid AS person_id FROM export_job WHERE state IN ('expired', 'failed')"
        f" AND (coalesce(finished_at, created_at) {_OF_A_DAY})::date <= $1",
        ("DELETE FROM export_job WHERE id = ANY($1)",),
    ),
    "ended_sessions": Due(
        "SELECT s.id, a.person_id FROM sign_in_session s LEFT JOIN person_account a ON a.id = s.subject"
        f" WHERE (coalesce(s.ended_at, s.expires_at) {_OF_A_DAY})::date <= $1"
        f" AND coalesce(s.ended_at, s.expires_at) < {_A_MONTH_AGO}",
        ("DELETE FROM sign_in_session WHERE id = ANY($1)",),
    ),
    "sign_ins": Due(
        "SELECT i.id, a.person_id FROM sign_in_event i LEFT JOIN person_account a ON a.id = i.subject"
        f" WHERE (i.subject IS NOT NULL OR i.name IS NOT NULL) AND {_HAPPENED}",
        ("SELECT renkou_trim_sign_ins($1)",),
        numbered=True,
    ),
    "unknown_sign_ins": Due(
        "SELECT i.id, NULL::uuid AS person_id FROM sign_in_event i"
        f" WHERE i.subject IS NULL AND i.name IS NULL AND {_HAPPENED}",
        ("SELECT renkou_trim_sign_ins($1)",),
        numbered=True,
    ),
    RETRACTED: Due(
        "SELECT p.id, p.id AS person_id FROM person p WHERE p.withdrawn"
        f" AND (SELECT (max(e.recorded_at) {_OF_A_DAY})::date FROM life_event e WHERE e.person_id = p.id"
        " AND e.kind = 'retraction') <= $1"
        " AND NOT EXISTS (SELECT FROM duplicate_merge m WHERE m.gone_id = p.id AND m.undone_at IS NULL)"
        " AND NOT EXISTS (SELECT FROM erasure x WHERE x.person_id = p.id AND (x.state = 'running' OR x.ordered_at >"
        " (SELECT max(e.recorded_at) FROM life_event e WHERE e.person_id = p.id AND e.kind = 'retraction')))",
    ),
}
_IN_FORCE = "h.lifted_at IS NULL AND (h.until IS NULL OR $2 < h.until)"
_HELD_PERSONS = f"""
WITH RECURSIVE held (id) AS (
    (SELECT h.person_id FROM retention_hold h WHERE h.person_id IS NOT NULL AND {_IN_FORCE}
     UNION SELECT c.person_id FROM correction_request c WHERE c.state = 'requested')
    UNION SELECT CASE held.id WHEN m.gone_id THEN m.kept_id ELSE m.gone_id END
    FROM held JOIN duplicate_merge m ON held.id IN (m.gone_id, m.kept_id) WHERE m.undone_at IS NULL
)
"""
"""Persons under a hold, or with a correction that nobody has decided yet; with them whose records were joined: rows
move between these, and a hold stays where it was placed."""
CLOCKED = frozenset(_DUE)


def _owner(name: str, alias: str = "t", seen: frozenset[str] = frozenset()) -> str | None:
    """Return an expression for the person of a row, by the row itself or by what it hangs on; None where it is
    nobody's."""
    table, seen = metadata.tables[name], seen | {name}
    own = [each for each in person_columns(table) if not each.endswith("_ids")]
    if own:
        return f"{alias}.{own[0]}"
    for column, parent, there in parents(table):
        found = None if parent in seen else _owner(parent, f"{alias}_", seen)
        if found is not None:
            return f"(SELECT {found} FROM {parent} {alias}_ WHERE {alias}_.{there} = {alias}.{column})"
    return None


def _whose() -> str:
    parts = []
    for name in sorted(BY_TABLE):
        columns = metadata.tables[name].columns
        if "id" in columns and isinstance(columns["id"].type, Uuid):
            parts.append(f"SELECT {_owner(name) or 'NULL::uuid'} AS person_id FROM {name} t WHERE t.id = $1")
    return " UNION ALL ".join(parts)


_WHOSE = f"{_whose()} LIMIT 1"


def _held(code: str) -> str:
    others = _DUE[code].others
    named = f" OR EXISTS (SELECT FROM ({others}) o JOIN held ON held.id = o.person_id)" if others else ""
    return (
        "(EXISTS (SELECT FROM held WHERE held.id = d.person_id) OR EXISTS (SELECT FROM retention_hold h"
        f" WHERE h.record_id = d.record_id AND {_IN_FORCE}){named})"
    )


def _found(code: str) -> str:
    record_id = "NULL::uuid" if _DUE[code].numbered else "f.id"
    return f"SELECT f.*, {record_id} AS record_id FROM ({_DUE[code].found}) f"


async def rules(tx: Transaction) -> list[asyncpg.Record]:
    """Return the periods that the administrator sets."""
    return await tx.fetch("SELECT * FROM retention_rule ORDER BY code")


async def lock_rule(tx: Transaction, code: str) -> asyncpg.Record | None:
    """Return a period, locked until the transaction ends."""
    return await tx.fetchrow("SELECT * FROM retention_rule WHERE code = $1 FOR UPDATE", code)


async def add_rule(tx: Transaction, rule_id: UUID, code: str, days: int) -> bool:
    """Add a period; False where it is there."""
    return bool(
        await tx.fetchval(
            "INSERT INTO retention_rule (id, code, days, version) VALUES ($1, $2, $3, 1)"
            " ON CONFLICT (code) DO NOTHING RETURNING true",
            rule_id,
            code,
            days,
        )
    )


async def set_days(
    tx: Transaction, code: str, days: int, reason: str, at: datetime, by: UUID
) -> asyncpg.Record:
    """Set a period, and write down why."""
    await tx.execute(
        "INSERT INTO retention_change (code, days, reason, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)",
        code,
        days,
        reason,
        at,
        by,
    )
    row = await tx.fetchrow(
        "UPDATE retention_rule SET days = $2, version = version + 1 WHERE code = $1 RETURNING *", code, days
    )
    assert row is not None
    return row


async def changes(tx: Transaction, code: str) -> list[asyncpg.Record]:
    """Return who set a period and why, the last first."""
    return await tx.fetch(
        "SELECT * FROM retention_change WHERE code = $1 ORDER BY position DESC LIMIT 200", code
    )


async def count_due(tx: Transaction, code: str, ended_by: date, today: date) -> tuple[int, int]:
    """Return how many records of a rule are due, and how many more are held."""
    row = await tx.fetchrow(
        f"{_HELD_PERSONS} SELECT count(*) FILTER (WHERE NOT f.is_held) AS due, count(*) FILTER (WHERE f.is_held)"
        f" AS held FROM (SELECT {_held(code)} AS is_held FROM ({_found(code)}) d) f",
        ended_by,
        today,
    )
    assert row is not None
    return row["due"], row["held"]


async def due_batch(tx: Transaction, code: str, ended_by: date, today: date) -> list[Any]:
    """Return the ids of some records of a rule that are due and not held."""
    rows = await tx.fetch(
        f"{_HELD_PERSONS} SELECT d.id FROM ({_found(code)}) d WHERE NOT {_held(code)} ORDER BY d.id LIMIT {BATCH}",
        ended_by,
        today,
    )
    return [row["id"] for row in rows]


async def remove(tx: Transaction, code: str, ids: Sequence[Any]) -> int:
    """Remove records of a rule; returns how many, without those that are no longer as they were found due."""
    removed = len(ids)
    for statement in _DUE[code].removed if ids else ():
        done: str = await tx.execute(statement, ids)
        removed = int(done.rsplit(" ", 1)[-1]) if done.startswith("DELETE") else len(ids)
    return removed


async def note_run(
    tx: Transaction, code: str, on: date, days: int, removed: int, held: int, at: datetime, *, finished: bool
) -> None:
    """Write down what was done; nobody's name, no id."""
    await tx.execute(
        "INSERT INTO retention_run (code, ran_on, days, removed, held, finished, ran_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        code,
        on,
        days,
        removed,
        held,
        finished,
        at,
    )


async def is_finished(tx: Transaction, code: str, on: date) -> bool:
    """Say whether a rule is through with a day."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM retention_run WHERE code = $1 AND ran_on = $2 AND finished)", code, on
        )
    )


async def runs(tx: Transaction, before: int | None, limit: int) -> list[asyncpg.Record]:
    """Return what was done, the last first."""
    return await tx.fetch(
        "SELECT * FROM retention_run WHERE $1::bigint IS NULL OR position < $1"
        " ORDER BY position DESC LIMIT $2",
        before,
        limit,
    )


async def whose(tx: Transaction, record_id: UUID) -> tuple[bool, UUID | None]:
    """Say whether the floor shows a record of that id in a table about people, and whose it is."""
    row = await tx.fetchrow(_WHOSE, record_id)
    return row is not None, row["person_id"] if row else None


async def place(
    tx: Transaction,
    hold_id: UUID,
    person_id: UUID | None,
    record_id: UUID | None,
    about_id: UUID | None,
    cause: str,
    reason: str,
    until: date | None,
    at: datetime,
    by: UUID,
) -> None:
    """Write a hold."""
    await tx.execute(
        "INSERT INTO retention_hold (id, person_id, record_id, about_id, cause, reason, until, placed_at, placed_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        hold_id,
        person_id,
        record_id,
        about_id,
        cause,
        reason,
        until,
        at,
        by,
    )


async def lift(tx: Transaction, hold_id: UUID, at: datetime, by: UUID) -> bool:
    """End a hold; False where it has ended."""
    return bool(
        await tx.fetchval(
            "UPDATE retention_hold SET lifted_at = $2, lifted_by = $3 WHERE id = $1 AND lifted_at IS NULL"
            " RETURNING true",
            hold_id,
            at,
            by,
        )
    )


async def find_hold(tx: Transaction, hold_id: UUID) -> asyncpg.Record | None:
    """Return a hold that the floor shows."""
    return await tx.fetchrow("SELECT * FROM retention_hold WHERE id = $1", hold_id)


async def holds(tx: Transaction, person_id: UUID | None, today: date) -> list[asyncpg.Record]:
    """Return holds in force that the floor shows, those of one person where asked for."""
    return await tx.fetch(
        "SELECT * FROM retention_hold WHERE lifted_at IS NULL AND (until IS NULL OR $2 < until)"
        " AND ($1::uuid IS NULL OR person_id = $1) ORDER BY placed_at DESC, id LIMIT 500",
        person_id,
        today,
    )
