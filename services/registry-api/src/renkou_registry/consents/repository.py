"""Every query on consents."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def give(
    tx: Transaction, consent_id: UUID, person_id: UUID, purpose: str, at: datetime, by: UUID
) -> bool:
    """Write a consent; False where it stands already."""
    return bool(
        await tx.fetchval(
            "INSERT INTO consent (id, person_id, purpose, given_at, given_by) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (person_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING RETURNING true",
            consent_id,
            person_id,
            purpose,
            at,
            by,
        )
    )


async def withdraw(tx: Transaction, person_id: UUID, purpose: str, at: datetime, by: UUID) -> bool:
    """End the consent in force; False where there is none."""
    return bool(
        await tx.fetchval(
            "UPDATE consent SET withdrawn_at = greatest($3, given_at), withdrawn_by = $4"
            " WHERE person_id = $1 AND purpose = $2 AND withdrawn_at IS NULL RETURNING true",
            person_id,
            purpose,
            at,
            by,
        )
    )


async def of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return every consent of a person, given and withdrawn, in the order they were given."""
    return await tx.fetch("SELECT * FROM consent WHERE person_id = $1 ORDER BY given_at, id", person_id)


async def in_force(tx: Transaction, person_id: UUID, purpose: str) -> bool:
    """Say whether a consent stands."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM consent WHERE person_id = $1 AND purpose = $2"
            " AND withdrawn_at IS NULL)",
            person_id,
            purpose,
        )
    )
