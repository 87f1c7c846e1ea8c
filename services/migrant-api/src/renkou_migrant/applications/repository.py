"""Queries of applications. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_migrant.applications.domain import Application, ApplicationState
from renkou_migrant.certificates.domain import Kind
from renkou_migrant.certificates.steps_repository import Steps

STEPS = Steps("certificate_application_step", "application_id")
_SELECT = """
SELECT a.id, a.position, a.person_id, a.person_ref, a.registered_area, a.kind, a.reason, a.groups,
    a.holder_key, a.replaces, a.state, a.applied_on, a.applied_at, a.closed_on, a.certificate_id, a.version
FROM certificate_application a
"""
_IN_SCOPE = """
EXISTS (
    SELECT FROM unnest($1::bigint[], $2::bigint[]) s(lo, hi) WHERE a.registered_area BETWEEN s.lo AND s.hi
)
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None means everything."""

    person_id: UUID | None = None
    state: ApplicationState | None = None
    area: tuple[int, int] | None = None


def _application(row: asyncpg.Record) -> Application:
    values = dict(row)
    values["kind"] = Kind(row["kind"])
    values["state"] = ApplicationState(row["state"])
    values["groups"] = tuple(row["groups"])
    return Application(**values)


async def insert(tx: Transaction, new: Application) -> bool:
    """Write an application; returns False where the person has an open one. Its position is the database's."""
    made = await tx.fetchval(
        """
        INSERT INTO certificate_application (id, person_id, person_ref, registered_area, kind, reason, groups,
            holder_key, replaces, state, applied_on, applied_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (person_ref) WHERE closed_on IS NULL DO NOTHING RETURNING true
        """,
        new.id,
        new.person_id,
        new.person_ref,
        new.registered_area,
        new.kind,
        new.reason,
        list(new.groups),
        new.holder_key,
        new.replaces,
        new.state,
        new.applied_on,
        new.applied_at,
    )
    return bool(made)


async def update(tx: Transaction, changed: Application) -> None:
    """Write what may change of an application under its next version."""
    await tx.execute(
        """
        UPDATE certificate_application SET state = $2, groups = $3, holder_key = $4, closed_on = $5,
            certificate_id = $6, registered_area = $7, person_ref = $8, person_id = $9, version = version + 1
        WHERE id = $1
        """,
        changed.id,
        changed.state,
        list(changed.groups),
        changed.holder_key,
        changed.closed_on,
        changed.certificate_id,
        changed.registered_area,
        changed.person_ref,
        changed.person_id,
    )


async def find(
    tx: Transaction, scope: AreaScope, application_id: UUID, *, lock: bool = False
) -> Application | None:
    """Return an application in scope."""
    row = await tx.fetchrow(
        f"{_SELECT} WHERE a.id = $3 AND {_IN_SCOPE} {'FOR UPDATE' if lock else ''}",
        scope.lows,
        scope.highs,
        application_id,
    )
    return None if row is None else _application(row)


async def open_of(tx: Transaction, refs: Sequence[UUID]) -> list[Application]:
    """Return and lock the open applications of some persons."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE a.person_ref = ANY($1::uuid[]) AND a.closed_on IS NULL ORDER BY a.id FOR UPDATE",
        list(refs),
    )
    return [_application(row) for row in rows]


async def of_persons(tx: Transaction, refs: Sequence[UUID]) -> list[Application]:
    """Return and lock every application of some persons, the first first."""
    rows = await tx.fetch(
        f"{_SELECT} WHERE a.person_ref = ANY($1::uuid[]) ORDER BY a.position FOR UPDATE", list(refs)
    )
    return [_application(row) for row in rows]


async def find_many(tx: Transaction, ids: Collection[UUID]) -> list[Application]:
    """Return and lock applications by id, the first first."""
    rows = await tx.fetch(f"{_SELECT} WHERE a.id = ANY($1::uuid[]) ORDER BY a.position FOR UPDATE", list(ids))
    return [_application(row) for row in rows]


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[Application]:
    """Return applications, the last first, before a position."""
    rows = await tx.fetch(
        f"""{_SELECT}
        WHERE {_IN_SCOPE}
          AND ($3::bigint IS NULL OR a.position < $3)
          AND ($4::uuid IS NULL OR a.person_id = $4)
          AND ($5::text IS NULL OR a.state = $5)
          AND ($6::bigint IS NULL OR a.registered_area BETWEEN $6 AND $7::bigint)
        ORDER BY a.position DESC LIMIT $8
        """,
        scope.lows,
        scope.highs,
        before,
        filters.person_id,
        filters.state,
        filters.area[0] if filters.area else None,
        filters.area[1] if filters.area else None,
        limit,
    )
    return [_application(row) for row in rows]
