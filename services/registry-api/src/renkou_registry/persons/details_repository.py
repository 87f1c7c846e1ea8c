"""Every query on what is noted of persons over time, and on the log of protected fields that were read."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def noted(tx: Transaction, person_id: UUID) -> asyncpg.Record | None:
    """Return the present values of what is noted of a visible person, with who recorded it when."""
    return await tx.fetchrow(
        "SELECT name, nationality, employer, registered_street, present_street, place_id, document_kind,"
        " phone_sealed, resident_id_sealed, other_document_kind, other_document_sealed, recorded_at,"
        " recorded_by FROM person WHERE id = $1",
        person_id,
    )


async def details_of(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return every noted value of a visible person in the order of recording."""
    return await tx.fetch(
        "SELECT field, value, sealed, valid_from, correction, recorded_at, recorded_by FROM person_detail"
        " WHERE person_id = $1 ORDER BY position",
        person_id,
    )


async def last_days(tx: Transaction, person_id: UUID) -> dict[str, date | None]:
    """Return for each field with a history the day from which its present value holds."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (field) field, valid_from FROM person_detail WHERE person_id = $1"
        " ORDER BY field, position DESC",
        person_id,
    )
    return {row["field"]: row["valid_from"] for row in rows}


async def append_details(tx: Transaction, person_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Write noted values in this order."""
    names = ("field", "value", "sealed", "valid_from", "correction", "recorded_at", "recorded_by")
    await tx.execute(
        f"INSERT INTO person_detail (person_id, {', '.join(names)})"
        " SELECT $1, field, value, sealed, valid_from, correction, recorded_at, recorded_by FROM unnest("
        "$2::text[], $3::text[], $4::bytea[], $5::date[], $6::boolean[], $7::timestamptz[], $8::uuid[])"
        f" WITH ORDINALITY AS t ({', '.join(names)}, place) ORDER BY place",
        person_id,
        *([row[name] for row in rows] for name in names),
    )


async def log_reading(
    tx: Transaction,
    *,
    log_id: UUID,
    person_id: UUID,
    kind: str,
    names: Sequence[str],
    purpose: str | None,
    reason: str | None,
    read_by: UUID,
    read_at: datetime,
) -> None:
    """Write down that protected fields of a person were read."""
    await tx.execute(
        "INSERT INTO unmask_log (id, person_id, kind, fields, purpose, reason, read_by, read_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        log_id,
        person_id,
        kind,
        names,
        purpose,
        reason,
        read_by,
        read_at,
    )


async def log_readings(
    tx: Transaction,
    log_ids: Sequence[UUID],
    person_ids: Sequence[UUID],
    *,
    names: Sequence[str],
    purpose: str,
    read_by: UUID,
    read_at: datetime,
) -> None:
    """Write down that the same protected fields of many persons were read for a purpose."""
    await tx.execute(
        "INSERT INTO unmask_log (id, person_id, kind, fields, purpose, read_by, read_at)"
        " SELECT t.id, t.person_id, 'unmask', $3, $4, $5, $6"
        " FROM unnest($1::uuid[], $2::uuid[]) AS t (id, person_id)",
        log_ids,
        person_ids,
        names,
        purpose,
        read_by,
        read_at,
    )
