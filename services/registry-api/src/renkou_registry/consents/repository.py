"""Every query on consents.

A consent stands while the person has not taken it back. Where records were joined, rows of both are there: a consent
that one record has ends with a later withdrawal that the other brought, so that the person's last word holds.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction

_TAKEN_BACK = """
(SELECT min(w.withdrawn_at) FROM consent w WHERE w.person_id = c.person_id AND w.purpose = c.purpose
    AND w.id <> c.id AND c.given_at < w.withdrawn_at)
"""
_STANDS = f"c.withdrawn_at IS NULL AND {_TAKEN_BACK} IS NULL"


async def give(
    tx: Transaction, consent_id: UUID, person_id: UUID, purpose: str, at: datetime, by: UUID
) -> datetime | None:
    """Write a consent and return from when; None where it stands already. It is not older than the last withdrawal,
    whichever clock timed that."""
    await tx.execute(
        f"UPDATE consent c SET withdrawn_at = {_TAKEN_BACK}, withdrawn_by = $3"
        f" WHERE person_id = $1 AND purpose = $2 AND withdrawn_at IS NULL AND {_TAKEN_BACK} IS NOT NULL",
        person_id,
        purpose,
        by,
    )
    given_at: datetime | None = await tx.fetchval(
        "INSERT INTO consent (id, person_id, purpose, given_at, given_by)"
        " SELECT $1::uuid, $2::uuid, $3::text, greatest($4::timestamptz, max(withdrawn_at)), $5::uuid"
        " FROM consent WHERE person_id = $2 AND purpose = $3"
        " ON CONFLICT (person_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING RETURNING given_at",
        consent_id,
        person_id,
        purpose,
        at,
        by,
    )
    return given_at


async def withdraw(tx: Transaction, person_id: UUID, purpose: str, at: datetime, by: UUID) -> datetime | None:
    """End the consent in force and return from when, not before it began; None where there is none."""
    withdrawn_at: datetime | None = await tx.fetchval(
        "UPDATE consent SET withdrawn_at = greatest($3, given_at), withdrawn_by = $4"
        " WHERE person_id = $1 AND purpose = $2 AND withdrawn_at IS NULL RETURNING withdrawn_at",
        person_id,
        purpose,
        at,
        by,
    )
    return withdrawn_at


async def of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return every consent of a person, given and withdrawn, in the order they were given; ``ended_at`` is None
    where it stands."""
    return await tx.fetch(
        f"SELECT c.*, coalesce(c.withdrawn_at, {_TAKEN_BACK}) AS ended_at FROM consent c"
        " WHERE person_id = $1 ORDER BY given_at, id",
        person_id,
    )


async def in_force(tx: Transaction, person_id: UUID, purpose: str) -> bool:
    """Say whether a consent stands."""
    return bool(
        await tx.fetchval(
            f"SELECT EXISTS (SELECT FROM consent c WHERE person_id = $1 AND purpose = $2 AND {_STANDS})",
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


async def history(tx: Transaction, record_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return every consent given and withdrawn in the records of a person, the last first."""
    return await tx.fetch(
        "SELECT * FROM consent_change WHERE person_id = ANY($1) ORDER BY changed_at DESC, id DESC LIMIT 500",
        list(record_ids),
    )


async def withdrawn(tx: Transaction, person_id: UUID, purpose: str) -> bool:
    """Say whether a person has withdrawn a consent and not given it again."""
    return bool(
        await tx.fetchval(
            f"SELECT NOT bool_or({_STANDS}) FROM consent c WHERE person_id = $1 AND purpose = $2",
            person_id,
            purpose,
        )
    )


async def consenting(tx: Transaction, person_ids: Sequence[UUID], purpose: str) -> set[UUID]:
    """Return those of some persons whose consent to a purpose stands."""
    rows = await tx.fetch(
        f"SELECT person_id FROM consent c WHERE person_id = ANY($1) AND purpose = $2 AND {_STANDS}",
        list(person_ids),
        purpose,
    )
    return {row["person_id"] for row in rows}
