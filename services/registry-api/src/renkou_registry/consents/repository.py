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


async def note(
    tx: Transaction,
    change_id: UUID,
    person_id: UUID,
    purpose: str,
    given: bool,
    how: str,
    at: datetime,
    by: UUID,
) -> None:
    """Write down how a consent was given or withdrawn."""
    await tx.execute(
        "INSERT INTO consent_change (id, person_id, purpose, given, how, changed_at, changed_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        change_id,
        person_id,
        purpose,
        given,
        how,
        at,
        by,
    )


async def history(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return every consent given and withdrawn by a person, the last first."""
    return await tx.fetch(
        "SELECT * FROM consent_change WHERE person_id = $1 ORDER BY changed_at DESC, id DESC LIMIT 500",
        person_id,
    )


async def withdrawn(tx: Transaction, person_id: UUID, purpose: str) -> bool:
    """Say whether a person has withdrawn a consent and not given it again."""
    return bool(
        await tx.fetchval(
            "SELECT bool_and(withdrawn_at IS NOT NULL) FROM consent WHERE person_id = $1 AND purpose = $2",
            person_id,
            purpose,
        )
    )


async def consenting(tx: Transaction, person_ids: Sequence[UUID], purpose: str) -> set[UUID]:
    """Return those of some persons whose consent to a purpose stands."""
    rows = await tx.fetch(
        "SELECT person_id FROM consent WHERE person_id = ANY($1) AND purpose = $2 AND withdrawn_at IS NULL",
        list(person_ids),
        purpose,
    )
    return {row["person_id"] for row in rows}
