"""Every query on forms and reporters."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

_LOCK = "renkou.forms"
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(low, high)"
    " WHERE r.area BETWEEN s.low AND s.high)"
)


class Reporter(NamedTuple):
    """A unit that hands in forms; ``area`` is a 12-digit key."""

    code: str
    area: int
    zh: str
    en: str
    forms: list[str]
    valid_from: date
    valid_to: date | None
    version: int = 1


async def lock(tx: Transaction) -> None:
    """Let one writer of forms at a time go on, until the caller's commit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext($1))", _LOCK)


async def versions(tx: Transaction, code: str | None = None, *, active: bool = False) -> list[asyncpg.Record]:
    """Return versions by code, the newest first; of one form, or only those that are active."""
    return await tx.fetch(
        "SELECT * FROM form_version WHERE ($1::text IS NULL OR code = $1) AND (NOT $2 OR state = 'active')"
        " ORDER BY code, version DESC",
        code,
        active,
    )


async def version(tx: Transaction, code: str, number: int) -> asyncpg.Record | None:
    """Return a version."""
    return await tx.fetchrow("SELECT * FROM form_version WHERE code = $1 AND version = $2", code, number)


async def insert(
    tx: Transaction,
    code: str,
    number: int,
    definition: dict[str, Any],
    *,
    state: str,
    edition: str | None,
    reason: str,
    made_by: UUID | None,
    made_at: datetime,
) -> None:
    """Store a version."""
    await tx.execute(
        "INSERT INTO form_version (code, version, state, definition, edition, reason, made_by, made_at,"
        " activated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $9 THEN $8::timestamptz END)",
        code,
        number,
        state,
        definition,
        edition,
        reason,
        made_by,
        made_at,
        state == "active",
    )


async def activate(tx: Transaction, code: str, number: int, by: UUID, at: datetime) -> None:
    """Put a version in force."""
    await tx.execute(
        "UPDATE form_version SET state = 'active', activated_by = $3, activated_at = $4"
        " WHERE code = $1 AND version = $2",
        code,
        number,
        by,
        at,
    )


async def reporters(
    tx: Transaction, areas: AreaScope, form: str | None, after: str, limit: int | None
) -> list[Reporter]:
    """Return units in the caller's areas by code, those that hand in ``form`` where it is given."""
    rows = await tx.fetch(
        "SELECT code, area, zh, en, forms, valid_from, valid_to, version FROM form_reporter r"
        f" WHERE {_IN_SCOPE} AND ($3::text IS NULL OR $3 = ANY(forms)) AND code > $4 ORDER BY code LIMIT $5",
        areas.lows,
        areas.highs,
        form,
        after,
        limit,
    )
    return [Reporter(*row) for row in rows]


async def reporter(tx: Transaction, areas: AreaScope, code: str, *, lock: bool = False) -> Reporter | None:
    """Return a unit, None outside the caller's areas."""
    row = await tx.fetchrow(
        "SELECT code, area, zh, en, forms, valid_from, valid_to, version FROM form_reporter r"
        f" WHERE {_IN_SCOPE} AND code = $3 {'FOR UPDATE' if lock else ''}",
        areas.lows,
        areas.highs,
        code,
    )
    return Reporter(*row) if row else None


async def insert_reporter(tx: Transaction, one: Reporter, by: UUID, at: datetime) -> bool:
    """Register a unit; False where the code is taken."""
    made = await tx.fetchval(
        "INSERT INTO form_reporter (code, area, zh, en, forms, valid_from, valid_to, version, entered_by,"
        " entered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING true",
        *one,
        by,
        at,
    )
    return made is not None


async def change_reporter(tx: Transaction, one: Reporter) -> None:
    """Store a unit's names, forms and end."""
    await tx.execute(
        "UPDATE form_reporter SET zh = $2, en = $3, forms = $4, valid_to = $5, version = $6 WHERE code = $1",
        one.code,
        one.zh,
        one.en,
        one.forms,
        one.valid_to,
        one.version,
    )
