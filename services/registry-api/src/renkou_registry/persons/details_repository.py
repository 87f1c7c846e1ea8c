"""Every query on what is noted of persons over time."""

from collections.abc import Sequence
from datetime import date, timedelta
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


async def use_unmasking(
    tx: Transaction, caller: UUID, kind: str, within: timedelta, limit: int
) -> timedelta | None:
    """Count one more reading in the clear of a caller, unless ``limit`` of its kind lie ``within`` that time.

    Returns None, or how long it is until one may be read again. One request of a caller after the other, in all
    processes. Real time, by the database's clock: the domain's, which may be moved, opens nothing.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('unmask ' || $1, 0))", str(caller))
    await tx.execute(
        "DELETE FROM unmask_use WHERE read_by = $1 AND read_at <= clock_timestamp() - $2::interval",
        caller,
        within,
    )
    wait = await used_up(tx, caller, kind, within, limit)
    if wait is None:
        await use(tx, caller, kind)
    return wait


async def used_up(
    tx: Transaction, caller: UUID, kind: str, within: timedelta, limit: int
) -> timedelta | None:
    """Return None unless ``limit`` uses of a kind lie ``within`` that time; else how long until one lies before it."""
    wait: timedelta | None = await tx.fetchval(
        "SELECT read_at + $3::interval - clock_timestamp() FROM unmask_use WHERE read_by = $1 AND kind = $2"
        " AND read_at > clock_timestamp() - $3::interval ORDER BY read_at DESC OFFSET $4 LIMIT 1",
        caller,
        kind,
        within,
        limit - 1,
    )
    return wait


async def uses(tx: Transaction, caller: UUID, kind: str, within: timedelta) -> int:
    """Return how many uses of a kind lie ``within`` that time."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM unmask_use WHERE read_by = $1 AND kind = $2"
        " AND read_at > clock_timestamp() - $3::interval",
        caller,
        kind,
        within,
    )
    return count


async def use(tx: Transaction, caller: UUID, kind: str) -> None:
    """Count one use of a kind."""
    await tx.execute(
        "INSERT INTO unmask_use (read_by, read_at, kind) VALUES ($1, clock_timestamp(), $2)", caller, kind
    )
