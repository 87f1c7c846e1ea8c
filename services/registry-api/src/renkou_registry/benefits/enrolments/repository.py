"""Every query on enrolments, their steps, notices and objections."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.benefits.enrolments.domain import Action

_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE e.area BETWEEN s.lo AND s.hi)"
)
_INSERT = """
INSERT INTO benefit_enrolment (id, scheme_id, person_id, area, state, origin, applied_on, declared_sealed,
    confirmed, account_sealed, previous_id, version, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, 'applied', $5, $6, $7, '{}', $8, $9, 1, $10, $11)
ON CONFLICT (scheme_id, person_id) WHERE state NOT IN ('ended', 'rejected', 'withdrawn') DO NOTHING
RETURNING true
"""


async def insert(
    tx: Transaction,
    enrolment_id: UUID,
    scheme_id: UUID,
    person_id: UUID,
    area: int,
    origin: str,
    applied_on: date,
    sealed: tuple[bytes, bytes],
    previous_id: UUID | None,
    at: datetime,
    by: UUID,
) -> bool:
    """Write an application; ``sealed`` are what was declared and the account. False where one is open."""
    declared, account = sealed
    made = await tx.fetchval(
        _INSERT,
        enrolment_id,
        scheme_id,
        person_id,
        area,
        origin,
        applied_on,
        declared,
        account,
        previous_id,
        at,
        by,
    )
    return made is not None


async def latest_of(tx: Transaction, scheme_id: UUID, person_id: UUID) -> UUID | None:
    """Return the newest case of a person in a scheme."""
    found: UUID | None = await tx.fetchval(
        "SELECT id FROM benefit_enrolment WHERE scheme_id = $1 AND person_id = $2 ORDER BY id DESC LIMIT 1",
        scheme_id,
        person_id,
    )
    return found


async def find(
    tx: Transaction, enrolment_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a case in scope, locked until the transaction ends where asked."""
    return await tx.fetchrow(
        f"SELECT e.* FROM benefit_enrolment e WHERE e.id = $1 AND {_IN_SCOPE}"
        + (" FOR UPDATE" if lock else ""),
        enrolment_id,
        scope.lows,
        scope.highs,
    )


async def page(
    tx: Transaction,
    interval: tuple[int, int],
    scheme_id: UUID,
    state: str | None,
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return cases of a scheme in an area by (area, id)."""
    area, enrolment_id = after or (-1, UUID(int=0))
    return await tx.fetch(
        "SELECT e.* FROM benefit_enrolment e WHERE e.scheme_id = $1 AND e.area BETWEEN $2 AND $3"
        " AND ($4::text IS NULL OR e.state = $4) AND (e.area, e.id) > ($5, $6)"
        " ORDER BY e.area, e.id LIMIT $7",
        scheme_id,
        *interval,
        state,
        area,
        enrolment_id,
        limit,
    )


async def of_person(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return every case of a person, the newest first."""
    return await tx.fetch("SELECT * FROM benefit_enrolment WHERE person_id = $1 ORDER BY id DESC", person_id)


async def lock_for_persons(tx: Transaction, person_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Lock the cases that payments were or are made for, of these persons, in the order of their ids."""
    return await tx.fetch(
        "SELECT * FROM benefit_enrolment WHERE person_id = ANY($1) AND active_on IS NOT NULL"
        " ORDER BY id FOR UPDATE",
        person_ids,
    )


async def lock_many(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Lock cases that the transaction's scope shows, in the order of their ids."""
    return await tx.fetch("SELECT * FROM benefit_enrolment WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids)


async def states(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return where cases stand."""
    rows = await tx.fetch("SELECT id, state FROM benefit_enrolment WHERE id = ANY($1)", ids)
    return {row["id"]: row["state"] for row in rows}


async def has_open(tx: Transaction, scheme_id: UUID, person_id: UUID) -> bool:
    """Say whether a person has an open case in a scheme."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM benefit_enrolment WHERE scheme_id = $1 AND person_id = $2"
        " AND state NOT IN ('ended', 'rejected', 'withdrawn'))",
        scheme_id,
        person_id,
    )
    return found


async def move_person(tx: Transaction, merged: UUID, survivor: UUID) -> None:
    """Let the cases of a merged person be the survivor's; those that would be double are closed."""
    await tx.execute(
        "UPDATE benefit_enrolment SET person_id = $2, merged_person_id = $1, version = version + 1"
        " WHERE person_id = $1",
        merged,
        survivor,
    )


async def restore_person(tx: Transaction, merged: UUID, survivor: UUID) -> None:
    """Undo :func:`move_person`."""
    await tx.execute(
        "UPDATE benefit_enrolment SET person_id = $1, merged_person_id = NULL, version = version + 1"
        " WHERE person_id = $2 AND merged_person_id = $1",
        merged,
        survivor,
    )


async def lock_page(
    tx: Transaction, scheme_id: UUID, interval: tuple[int, int], after: UUID, limit: int
) -> list[asyncpg.Record]:
    """Lock the next cases of an area that payments are or were made for, by id."""
    return await tx.fetch(
        "SELECT * FROM benefit_enrolment WHERE scheme_id = $1 AND area BETWEEN $2 AND $3"
        " AND active_on IS NOT NULL AND id > $4 ORDER BY id LIMIT $5 FOR UPDATE",
        scheme_id,
        *interval,
        after,
        limit,
    )


async def lock_active(tx: Transaction, after: UUID, limit: int) -> list[asyncpg.Record]:
    """Lock the next active cases by id."""
    return await tx.fetch(
        "SELECT * FROM benefit_enrolment WHERE state = 'active' AND id > $1 ORDER BY id LIMIT $2 FOR UPDATE",
        after,
        limit,
    )


async def update(tx: Transaction, enrolment_id: UUID, changes: dict[str, Any]) -> None:
    """Set columns of a case and count its version up."""
    assignments = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, 2))
    await tx.execute(
        f"UPDATE benefit_enrolment SET {assignments}, version = version + 1 WHERE id = $1",
        enrolment_id,
        *changes.values(),
    )


async def add_step(
    tx: Transaction, enrolment_id: UUID, action: str, state: str, note: str | None, by: UUID, at: datetime
) -> None:
    """Write a step down."""
    await tx.execute(
        "INSERT INTO benefit_step (enrolment_id, action, state, note, taken_by, taken_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        enrolment_id,
        action,
        state,
        note,
        by,
        at,
    )


async def steps(tx: Transaction, enrolment_id: UUID) -> list[asyncpg.Record]:
    """Return the steps of a case, the first first."""
    return await tx.fetch(
        "SELECT * FROM benefit_step WHERE enrolment_id = $1 ORDER BY position", enrolment_id
    )


async def actions_by(tx: Transaction, enrolment_ids: Sequence[UUID], by: UUID) -> dict[UUID, list[Action]]:
    """Return which steps somebody took of these cases."""
    rows = await tx.fetch(
        "SELECT enrolment_id, action FROM benefit_step WHERE enrolment_id = ANY($1) AND taken_by = $2",
        enrolment_ids,
        by,
    )
    found: dict[UUID, list[Action]] = {each: [] for each in enrolment_ids}
    for row in rows:
        found[row["enrolment_id"]].append(Action(row["action"]))
    return found


async def lock_approved(
    tx: Transaction, scheme_id: UUID, interval: tuple[int, int], limit: int
) -> list[asyncpg.Record]:
    """Lock approved cases of an area that wait for a notice."""
    return await tx.fetch(
        "SELECT * FROM benefit_enrolment WHERE scheme_id = $1 AND area BETWEEN $2 AND $3"
        " AND state = 'approved' ORDER BY id LIMIT $4 FOR UPDATE",
        scheme_id,
        *interval,
        limit,
    )


async def insert_notice(
    tx: Transaction,
    notice_id: UUID,
    scheme_id: UUID,
    area: int,
    days: tuple[date, date],
    by: UUID,
    at: datetime,
) -> None:
    """Write a notice."""
    await tx.execute(
        "INSERT INTO benefit_notice (id, scheme_id, area, from_on, to_on, published_by, published_at,"
        " version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
        notice_id,
        scheme_id,
        area,
        *days,
        by,
        at,
    )


async def insert_entries(
    tx: Transaction, notice_id: UUID, entries: Sequence[tuple[UUID, int, str, str | None]]
) -> None:
    """Write a notice's lines: (enrolment, area, masked name, masked number)."""
    columns = list(zip(*entries, strict=True))
    await tx.execute(
        "INSERT INTO benefit_notice_entry (notice_id, place, enrolment_id, area, masked_name, masked_number)"
        " SELECT $1, place, e, a, n, m FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[])"
        " WITH ORDINALITY AS t (e, a, n, m, place)",
        notice_id,
        *(list(column) for column in columns),
    )


async def find_notice(tx: Transaction, notice_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    """Return a notice."""
    return await tx.fetchrow(
        "SELECT * FROM benefit_notice WHERE id = $1" + (" FOR UPDATE" if lock else ""), notice_id
    )


async def close_notice(tx: Transaction, notice_id: UUID, at: datetime) -> None:
    """Mark a notice as closed."""
    await tx.execute(
        "UPDATE benefit_notice SET closed_at = $2, version = version + 1 WHERE id = $1", notice_id, at
    )


async def entries(tx: Transaction, notice_id: UUID, after: int, limit: int) -> list[asyncpg.Record]:
    """Return lines of a notice by place."""
    return await tx.fetch(
        "SELECT * FROM benefit_notice_entry WHERE notice_id = $1 AND place > $2::bigint ORDER BY place LIMIT $3",
        notice_id,
        after,
        limit,
    )


async def lock_noticed(tx: Transaction, notice_id: UUID) -> list[asyncpg.Record]:
    """Lock the cases of a notice that still wait for its end."""
    return await tx.fetch(
        "SELECT * FROM benefit_enrolment WHERE notice_id = $1 AND state = 'noticed' ORDER BY id FOR UPDATE",
        notice_id,
    )


async def insert_objection(
    tx: Transaction, objection_id: UUID, enrolment: asyncpg.Record, words: bytes, by: UUID, at: datetime
) -> None:
    """Write an objection to a noticed case."""
    await tx.execute(
        "INSERT INTO benefit_objection (id, notice_id, enrolment_id, area, words_sealed, state, recorded_by,"
        " recorded_at, version) VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, 1)",
        objection_id,
        enrolment["notice_id"],
        enrolment["id"],
        enrolment["area"],
        words,
        by,
        at,
    )


async def objections(tx: Transaction, notice_id: UUID) -> list[asyncpg.Record]:
    """Return the objections to a notice, the first first."""
    return await tx.fetch("SELECT * FROM benefit_objection WHERE notice_id = $1 ORDER BY id", notice_id)


async def find_objection(tx: Transaction, objection_id: UUID) -> asyncpg.Record | None:
    """Return an objection, locked."""
    return await tx.fetchrow("SELECT * FROM benefit_objection WHERE id = $1 FOR UPDATE", objection_id)


async def resolve_objection(
    tx: Transaction, objection_id: UUID, state: str, resolution: str, by: UUID, at: datetime
) -> None:
    """Write down how an objection was settled."""
    await tx.execute(
        "UPDATE benefit_objection SET state = $2, resolution = $3, resolved_by = $4, resolved_at = $5,"
        " version = version + 1 WHERE id = $1",
        objection_id,
        state,
        resolution,
        by,
        at,
    )
