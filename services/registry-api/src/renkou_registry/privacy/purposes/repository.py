"""Every query on purposes and legal bases."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.privacy.purposes.domain import Purpose

_FIELDS = tuple(Purpose.__slots__)


def purpose_of(row: asyncpg.Record) -> Purpose:
    """Return a row as the domain knows it."""
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    return Purpose(**values | {"covers": tuple(row["covers"])})


async def bases(tx: Transaction) -> list[asyncpg.Record]:
    """Return every legal basis."""
    return await tx.fetch("SELECT * FROM legal_basis ORDER BY code")


async def is_consent(tx: Transaction, basis: str) -> bool | None:
    """Say whether a basis is the person's consent; None where there is no such basis."""
    found: bool | None = await tx.fetchval("SELECT is_consent FROM legal_basis WHERE code = $1", basis)
    return found


async def add_basis(tx: Transaction, code: str, articles: str, zh: str, en: str, is_consent: bool) -> bool:
    """Add a legal basis; False where its code is taken."""
    return bool(
        await tx.fetchval(
            "INSERT INTO legal_basis (code, articles, zh, en, is_consent) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT DO NOTHING RETURNING true",
            code,
            articles,
            zh,
            en,
            is_consent,
        )
    )


async def listed(tx: Transaction, covers: str | None, in_force_on: date | None) -> list[asyncpg.Record]:
    """Return purposes by code, those that cover something or are in force on a day where asked for."""
    return await tx.fetch(
        "SELECT * FROM purpose WHERE ($1::text IS NULL OR $1 = ANY(covers)) AND ($2::date IS NULL"
        " OR active_from <= $2 AND (active_to IS NULL OR $2 < active_to)) ORDER BY code",
        covers,
        in_force_on,
    )


async def find(tx: Transaction, code: str, *, lock: bool = False) -> asyncpg.Record | None:
    """Return a purpose by its code."""
    ending = " FOR UPDATE" if lock else ""
    return await tx.fetchrow(f"SELECT * FROM purpose WHERE code = $1{ending}", code)


async def versions(tx: Transaction, purpose_id: UUID) -> list[asyncpg.Record]:
    """Return how a purpose stood, the newest version first."""
    return await tx.fetch(
        "SELECT * FROM purpose_version WHERE purpose_id = $1 ORDER BY version DESC LIMIT 200", purpose_id
    )


async def insert(tx: Transaction, purpose_id: UUID, purpose: Purpose) -> bool:
    """Add a purpose; False where its code is taken."""
    places = ", ".join(f"${number}" for number in range(2, len(_FIELDS) + 2))
    return bool(
        await tx.fetchval(
            f"INSERT INTO purpose (id, {', '.join(_FIELDS)}, version) VALUES ($1, {places}, 1)"
            " ON CONFLICT (code) DO NOTHING RETURNING true",
            purpose_id,
            *_values(purpose),
        )
    )


async def update(tx: Transaction, purpose_id: UUID, purpose: Purpose) -> asyncpg.Record:
    """Change a purpose and count its version up."""
    changes = ", ".join(f"{name} = ${number}" for number, name in enumerate(_FIELDS, 2))
    row = await tx.fetchrow(
        f"UPDATE purpose SET {changes}, version = version + 1 WHERE id = $1 RETURNING *",
        purpose_id,
        *_values(purpose),
    )
    assert row is not None
    return row


async def note(tx: Transaction, row: asyncpg.Record, reason: str, at: datetime, by: UUID | None) -> None:
    """Write down how a purpose stands now."""
    content = asdict(purpose_of(row))
    days = {
        name: content[name].isoformat() if content[name] else None for name in ("active_from", "active_to")
    }
    await tx.execute(
        "INSERT INTO purpose_version (purpose_id, version, content, reason, changed_at, changed_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        row["id"],
        row["version"],
        content | days,
        reason,
        at,
        by,
    )


def _values(purpose: Purpose) -> Sequence[Any]:
    return [list(purpose.covers) if name == "covers" else getattr(purpose, name) for name in _FIELDS]
