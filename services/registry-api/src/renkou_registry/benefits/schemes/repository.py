"""Every query on benefit schemes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def insert(tx: Transaction, scheme_id: UUID, code: str, at: datetime, by: UUID) -> bool:
    """Write a scheme; False where its code is taken."""
    made = await tx.fetchval(
        "INSERT INTO benefit_scheme (id, code, created_at, created_by) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (code) DO NOTHING RETURNING true",
        scheme_id,
        code,
        at,
        by,
    )
    return made is not None


async def lock(tx: Transaction, scheme_id: UUID) -> asyncpg.Record | None:
    """Lock a scheme, so that its versions change one after the other."""
    return await tx.fetchrow("SELECT * FROM benefit_scheme WHERE id = $1 FOR UPDATE", scheme_id)


async def find(tx: Transaction, scheme_id: UUID) -> asyncpg.Record | None:
    """Return a scheme."""
    return await tx.fetchrow("SELECT * FROM benefit_scheme WHERE id = $1", scheme_id)


async def id_of_code(tx: Transaction, code: str) -> UUID | None:
    """Return the id of the scheme of a code."""
    found: UUID | None = await tx.fetchval("SELECT id FROM benefit_scheme WHERE code = $1", code)
    return found


async def page(tx: Transaction, after: str, limit: int) -> list[asyncpg.Record]:
    """Return schemes by code, each with its newest version."""
    return await tx.fetch(
        "SELECT s.id, s.code, v.number, v.state, v.name_zh, v.name_en, v.valid_from, v.valid_to"
        " FROM benefit_scheme s JOIN LATERAL (SELECT * FROM benefit_scheme_version v"
        " WHERE v.scheme_id = s.id ORDER BY v.number DESC LIMIT 1) v ON true"
        " WHERE s.code > $1 ORDER BY s.code LIMIT $2",
        after,
        limit,
    )


async def insert_version(
    tx: Transaction,
    version_id: UUID,
    scheme_id: UUID,
    number: int,
    texts: dict[str, str | None],
    validity: tuple[date, date | None],
    definition: dict[str, Any],
    at: datetime,
    by: UUID,
) -> None:
    """Write a draft."""
    await tx.execute(
        "INSERT INTO benefit_scheme_version (id, scheme_id, number, state, name_zh, name_en, legal_basis,"
        " source, valid_from, valid_to, definition, proposed_by, proposed_at, version)"
        " VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11, $12, 1)",
        version_id,
        scheme_id,
        number,
        texts["name_zh"],
        texts["name_en"],
        texts["legal_basis"],
        texts["source"],
        *validity,
        definition,
        by,
        at,
    )


async def versions(tx: Transaction, scheme_id: UUID) -> list[asyncpg.Record]:
    """Return the versions of a scheme, the first first."""
    return await tx.fetch(
        "SELECT * FROM benefit_scheme_version WHERE scheme_id = $1 ORDER BY number", scheme_id
    )


async def activate(tx: Transaction, version_id: UUID, at: datetime, by: UUID) -> None:
    """Put a draft into force."""
    await tx.execute(
        "UPDATE benefit_scheme_version SET state = 'active', activated_at = $2, activated_by = $3,"
        " version = version + 1 WHERE id = $1",
        version_id,
        at,
        by,
    )


async def end(tx: Transaction, version_id: UUID, last_day: date) -> None:
    """Let a version end on a day."""
    await tx.execute(
        "UPDATE benefit_scheme_version SET valid_to = $2, version = version + 1 WHERE id = $1",
        version_id,
        last_day,
    )
