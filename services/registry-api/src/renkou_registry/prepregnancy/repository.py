"""Every query on pre-pregnancy checks. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE c.area BETWEEN s.lo AND s.hi)"
)


@dataclass(frozen=True, slots=True)
class NewCheck:
    """A check to be written."""

    id: UUID
    first_person_id: UUID
    second_person_id: UUID | None
    area: int
    population: str
    state: str
    registered_on: date


@dataclass(frozen=True, slots=True)
class NewStep:
    """What a step found in one person, sealed."""

    id: UUID
    check_id: UUID
    person_id: UUID
    step: str
    revision: int
    done_on: date
    form_version: str
    values_sealed: bytes
    reason: str | None = None


async def insert(tx: Transaction, check: NewCheck, recorded_at: datetime, recorded_by: UUID) -> None:
    """Write a check."""
    await tx.execute(
        "INSERT INTO prepregnancy_check (id, first_person_id, second_person_id, area, population, state,"
        " registered_on, ended_on, version, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, 1, $8, $9)",
        check.id,
        check.first_person_id,
        check.second_person_id,
        check.area,
        check.population,
        check.state,
        check.registered_on,
        recorded_at,
        recorded_by,
    )


async def find(
    tx: Transaction, check_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a check in scope, locked until the transaction ends if asked."""
    locking = "FOR UPDATE" if lock else ""
    return await tx.fetchrow(
        f"SELECT c.* FROM prepregnancy_check c WHERE c.id = $1 AND {_IN_SCOPE} {locking}",
        check_id,
        scope.lows,
        scope.highs,
    )


async def set_state(tx: Transaction, check_id: UUID, state: str, ended_on: date | None) -> None:
    """Write the state and count the version up."""
    await tx.execute(
        "UPDATE prepregnancy_check SET state = $2, ended_on = $3, version = version + 1 WHERE id = $1",
        check_id,
        state,
        ended_on,
    )


async def add_consent(
    tx: Transaction,
    consent_id: UUID,
    check_id: UUID,
    person_id: UUID,
    given_on: date,
    given_how: str,
    recorded_at: datetime,
    recorded_by: UUID,
) -> bool:
    """Write a person's consent; False where it is on record already."""
    added = await tx.fetchval(
        "INSERT INTO prepregnancy_consent"
        " (id, check_id, person_id, given_on, given_how, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (check_id, person_id) DO NOTHING RETURNING true",
        consent_id,
        check_id,
        person_id,
        given_on,
        given_how,
        recorded_at,
        recorded_by,
    )
    return added is not None


async def consents_of(tx: Transaction, check_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the consents of a check that the caller was found to see."""
    return await tx.fetch(
        "SELECT person_id, given_on, given_how FROM prepregnancy_consent WHERE check_id = $1 ORDER BY id",
        check_id,
    )


async def add_steps(
    tx: Transaction, steps: Sequence[NewStep], recorded_at: datetime, recorded_by: UUID
) -> None:
    """Write what a step found."""
    await tx.executemany(
        "INSERT INTO prepregnancy_step (id, check_id, person_id, step, revision, done_on, form_version,"
        " values_sealed, reason, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            (
                each.id,
                each.check_id,
                each.person_id,
                each.step,
                each.revision,
                each.done_on,
                each.form_version,
                each.values_sealed,
                each.reason,
                recorded_at,
                recorded_by,
            )
            for each in steps
        ],
    )


async def steps_of(tx: Transaction, check_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the last revision of each step of each person of a check that the caller was found to see."""
    return await tx.fetch(
        "SELECT DISTINCT ON (step, person_id) * FROM prepregnancy_step WHERE check_id = $1"
        " ORDER BY step, person_id, revision DESC",
        check_id,
    )


async def delete_steps(tx: Transaction, check_id: UUID) -> None:
    """Delete everything that was found, every revision."""
    await tx.execute("DELETE FROM prepregnancy_step WHERE check_id = $1", check_id)


async def leave(tx: Transaction, check_id: UUID, person_id: UUID) -> None:
    """Take one of a couple out of a check, with what was found and the consent; the other stays."""
    for table in ("prepregnancy_step", "prepregnancy_consent"):
        await tx.execute(f"DELETE FROM {table} WHERE check_id = $1 AND person_id = $2", check_id, person_id)
    await tx.execute(
        "UPDATE prepregnancy_check SET second_person_id = NULL, first_person_id ="
        " CASE WHEN first_person_id = $2 THEN second_person_id ELSE first_person_id END WHERE id = $1",
        check_id,
        person_id,
    )


async def of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the checks of a visible person, the latest first."""
    return await tx.fetch(
        "SELECT * FROM prepregnancy_check WHERE first_person_id = $1 OR second_person_id = $1"
        " ORDER BY registered_on DESC, id DESC LIMIT 50",
        person_id,
    )


async def page(
    tx: Transaction,
    interval: tuple[int, int],
    days: tuple[date, date],
    after: tuple[int, date, UUID],
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return checks of an area that couples take part in, by (area, day of registration, id)."""
    return await tx.fetch(
        "SELECT c.* FROM prepregnancy_check c WHERE c.area BETWEEN $1 AND $2"
        " AND c.registered_on BETWEEN $3 AND $4 AND c.state NOT IN ('declined', 'withdrawn')"
        " AND EXISTS (SELECT FROM person p WHERE p.id IN (c.first_person_id, c.second_person_id)"
        " AND NOT p.withdrawn OFFSET 0)"
        " AND (c.area, c.registered_on, c.id) > ($5, $6, $7)"
        " ORDER BY c.area, c.registered_on, c.id LIMIT $8",
        *interval,
        *days,
        *after,
        limit,
    )
