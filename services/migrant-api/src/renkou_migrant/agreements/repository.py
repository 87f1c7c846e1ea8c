"""Queries of agreements."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_migrant.agreements.domain import AgreedDirection, Agreement

_SELECT = """
SELECT a.id, a.partner, a.valid_from, a.valid_to, a.ended_on, a.legal_basis, a.revision,
    (SELECT jsonb_object_agg(k.kind, k.direction) FROM agreement_kind k WHERE k.agreement_id = a.id) AS kinds
FROM agreement a
"""


def _agreement(row: asyncpg.Record) -> Agreement:
    kinds: Mapping[str, str] = row["kinds"] or {}
    return Agreement(
        id=row["id"],
        partner=row["partner"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        ended_on=row["ended_on"],
        legal_basis=row["legal_basis"],
        kinds={kind: AgreedDirection(direction) for kind, direction in kinds.items()},
        revision=row["revision"],
    )


async def insert(tx: Transaction, agreement: Agreement, recorded_at: datetime, recorded_by: UUID) -> bool:
    """Write an agreement; returns False where its id is taken already."""
    written = await tx.fetchval(
        """
        INSERT INTO agreement (id, partner, valid_from, valid_to, legal_basis, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING RETURNING true
        """,
        agreement.id,
        agreement.partner,
        agreement.valid_from,
        agreement.valid_to,
        agreement.legal_basis,
        recorded_at,
        recorded_by,
    )
    if not written:
        return False
    await tx.executemany(
        "INSERT INTO agreement_kind (agreement_id, kind, direction) VALUES ($1, $2, $3)",
        [(agreement.id, kind, direction) for kind, direction in agreement.kinds.items()],
    )
    return True


async def get(tx: Transaction, agreement_id: UUID, *, lock: bool = False) -> Agreement | None:
    """Return one agreement."""
    row = await tx.fetchrow(f"{_SELECT} WHERE a.id = $1 {'FOR UPDATE' if lock else ''}", agreement_id)
    return None if row is None else _agreement(row)


async def get_many(tx: Transaction, ids: list[UUID]) -> dict[UUID, Agreement]:
    """Return agreements by id."""
    rows = await tx.fetch(f"{_SELECT} WHERE a.id = ANY($1::uuid[])", ids)
    return {row["id"]: _agreement(row) for row in rows}


async def of_partner(tx: Transaction, partner: str) -> list[Agreement]:
    """Return a partner's agreements, the newest first."""
    rows = await tx.fetch(f"{_SELECT} WHERE a.partner = $1 ORDER BY a.valid_from DESC, a.id", partner)
    return [_agreement(row) for row in rows]


async def page(
    tx: Transaction, partner: str | None, after: tuple[str, UUID] | None, limit: int
) -> list[Agreement]:
    """Return a page of agreements by partner and id."""
    rows = await tx.fetch(
        f"""{_SELECT}
        WHERE ($1::text IS NULL OR a.partner = $1)
          AND ($2::text IS NULL OR (a.partner, a.id) > ($2, $3::uuid))
        ORDER BY a.partner, a.id LIMIT $4
        """,
        partner,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [_agreement(row) for row in rows]


async def end(tx: Transaction, agreement_id: UUID, ended_on: date) -> None:
    """Write the first day without the agreement."""
    await tx.execute(
        "UPDATE agreement SET ended_on = $2, revision = revision + 1 WHERE id = $1", agreement_id, ended_on
    )
