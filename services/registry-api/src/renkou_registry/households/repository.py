"""Every query on households and their own columns; memberships are in the second half."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common import bulk
from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import MembershipKind
from renkou_common.database import Reader, Transaction
from renkou_common.http.changes import NOTE
from renkou_common.scope import AreaScope
from renkou_registry.households.domain import HouseholdEntry, Member, Membership

_COLUMNS = (
    "h.id, h.number, h.kind, h.area, h.street, h.place_id, h.dissolved_on, h.version, h.recorded_at,"
    " h.recorded_by"
)
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE h.area BETWEEN s.lo AND s.hi)"
)
_ENTERED = bulk.Shape(
    "household", {"id": "uuid", "number": "text", "kind": "text", "area": "bigint", "street": "text"}
)
_UPSERT = """
INSERT INTO household (id, number, kind, area, street, version, recorded_at, recorded_by)
SELECT r.id, r.number, r.kind, r.area, r.street, 1, $1, $2 FROM <rows>
ON CONFLICT (area, number) DO UPDATE SET version = household.version + 1
RETURNING id, area, number, version
"""
_MEMBER = (
    "m.id, m.household_id, m.person_id, m.relation, m.kind, m.since, m.until, m.known_from, m.known_until,"
    " m.reason, m.cause"
)
_OPEN = "m.until IS NULL AND m.known_until IS NULL"
_JOINING = bulk.Shape(
    "household_member",
    {
        "id": "uuid",
        "household_id": "uuid",
        "person_id": "uuid",
        "relation": "text",
        "area": "bigint",
        "since": "date",
        "kind": "text",
    },
)
_ADD_MEMBERS = """
INSERT INTO household_member (id, household_id, person_id, relation, area, kind, since, known_from,
                              recorded_by)
SELECT r.id, r.household_id, r.person_id, r.relation, r.area,
       coalesce(r.kind, CASE WHEN p.registered_area = r.area AND NOT EXISTS
           (SELECT FROM household_member o WHERE o.person_id = p.id AND o.kind = 'registered'
            AND o.until IS NULL AND o.known_until IS NULL) THEN 'registered' ELSE 'living' END),
       r.since, $1, $2
FROM <rows>
JOIN person p ON p.id = r.person_id
ON CONFLICT DO NOTHING
"""
_WITHOUT_HEAD = f"""
 AND h.dissolved_on IS NULL
 AND EXISTS (SELECT FROM household_member m WHERE m.household_id = h.id AND {_OPEN})
 AND NOT EXISTS (SELECT FROM household_member m WHERE m.household_id = h.id AND {_OPEN}
   AND m.relation = '{Relation.HEAD}')
"""
_REPLACE = """
WITH ended AS (
    UPDATE household_member m SET known_until = greatest($5, m.known_from)
    FROM unnest($1::uuid[]) AS t (id) WHERE m.id = t.id AND m.known_until IS NULL
    RETURNING m.*
)
INSERT INTO household_member (id, household_id, person_id, relation, area, kind, since, until, reason, cause,
                              known_from, recorded_by)
SELECT t.new_id, e.household_id, e.person_id, e.relation, e.area, e.kind, coalesce($8, e.since), $3, $4, $7,
       greatest($5, e.known_from), $6
FROM ended e JOIN unnest($1::uuid[], $2::uuid[]) AS t (id, new_id) ON t.id = e.id
"""


def _membership(row: asyncpg.Record) -> Membership:
    values: dict[str, Any] = dict(row)
    return Membership(**values | {"kind": MembershipKind(row["kind"])})


def record_of(household_id: UUID, entry: HouseholdEntry) -> tuple[Any, ...]:
    """Return a household as :func:`upsert_many` takes it."""
    return household_id, entry.number, entry.kind, entry.area, entry.street


async def upsert_many(
    tx: Transaction, records: Sequence[tuple[Any, ...]], recorded_at: datetime, recorded_by: UUID
) -> dict[tuple[int, str], tuple[UUID, int]]:
    """Write households, each (area, number) once; returns id and version by it, of old and new ones."""
    source = await bulk.rows(tx, _ENTERED, records, after=2)
    upsert = _UPSERT.replace("<rows>", source.sql)
    rows = await tx.fetch(upsert, recorded_at, recorded_by, *source.arguments)
    return {(row["area"], row["number"]): (row["id"], row["version"]) for row in rows}


async def insert(
    tx: Transaction, household_id: UUID, entry: HouseholdEntry, recorded_at: datetime, recorded_by: UUID
) -> bool:
    """Write one household; False where its (area, number) is taken."""
    created = await tx.fetchval(
        "INSERT INTO household (id, number, kind, area, street, place_id, version, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $8, 1, $6, $7) ON CONFLICT (area, number) DO NOTHING RETURNING true",
        household_id,
        entry.number,
        entry.kind,
        entry.area,
        entry.street,
        recorded_at,
        recorded_by,
        entry.place_id,
    )
    return created is not None


async def find(
    tx: Transaction, household_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a household in scope."""
    return await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM household h WHERE h.id = $1 AND {_IN_SCOPE}{' FOR UPDATE' if lock else ''}",
        household_id,
        scope.lows,
        scope.highs,
    )


async def is_free(tx: Transaction, area: int, number: str) -> bool:
    """Say whether a community has no household of this number."""
    taken: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM household WHERE area = $1 AND number = $2)", area, number
    )
    return not taken


async def update(tx: Transaction, household_id: UUID, changes: dict[str, Any], names: Sequence[str]) -> int:
    """Set columns of a household, count the version up and note what changed; returns the new version."""
    assignments = "".join(f"{column} = ${number}, " for number, column in enumerate(changes, 3))
    version: int = await tx.fetchval(
        f"WITH changed AS (UPDATE household SET {assignments} version = version + 1 WHERE id = $1"
        f" RETURNING id, version), noted AS ({NOTE} SELECT id, version, $2 FROM changed)"
        " SELECT version FROM changed",
        household_id,
        sorted(set(names)),
        *changes.values(),
    )
    return version


async def details_of(tx: Transaction, household_id: UUID) -> list[asyncpg.Record]:
    """Return what the columns of a household were over time, in the order of recording."""
    return await tx.fetch(
        "SELECT number, kind, area, street, place_id, dissolved, valid_from, recorded_at, recorded_by"
        " FROM household_detail WHERE household_id = $1 ORDER BY position",
        household_id,
    )


async def add_detail(
    tx: Transaction,
    household_id: UUID,
    row: Any,
    valid_from: date | None,
    recorded_at: datetime,
    recorded_by: UUID,
    *,
    is_dissolved: bool,
) -> None:
    """Write down a household's columns as they hold from a day on."""
    await tx.execute(
        "INSERT INTO household_detail (household_id, number, kind, area, street, place_id, dissolved,"
        " valid_from, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        household_id,
        *(row[name] for name in ("number", "kind", "area", "street", "place_id")),
        is_dissolved,
        valid_from,
        recorded_at,
        recorded_by,
    )


async def page(
    tx: Reader,
    interval: tuple[int, int],
    number: str,
    after: tuple[int, UUID] | None,
    limit: int,
    *,
    without_head: bool,
) -> list[asyncpg.Record]:
    """Return households of an area interval by (area, id); ``number`` is how theirs begins.

    ``without_head``: only those with members today of whom none is the head.
    """
    low, high = interval
    first = max(after or (-1, UUID(int=0)), (low - 1, UUID(int=2**128 - 1)))
    asked, given = (" AND h.number ^@ $4", [number]) if number else ("", [])
    if without_head:
        asked += _WITHOUT_HEAD
    return await tx.fetch(
        f"SELECT {_COLUMNS} FROM household h WHERE h.area <= $1{asked}"
        f" AND (h.area, h.id) > ($2, $3) ORDER BY h.area, h.id LIMIT {limit:d}",
        high,
        *first,
        *given,
    )


def member_record(member: Member) -> tuple[Any, ...]:
    """Return a membership as :func:`add_records` takes it."""
    entry = member.entry
    return (
        member.id,
        member.household_id,
        entry.person_id,
        entry.relation,
        member.area,
        entry.since,
        entry.kind,
    )


async def add_records(
    tx: Transaction, records: Sequence[tuple[Any, ...]], known_from: datetime, recorded_by: UUID
) -> int:
    """Write memberships; who is a member already stays as is. Returns how many are new."""
    source = await bulk.rows(tx, _JOINING, records, after=2)
    add = _ADD_MEMBERS.replace("<rows>", source.sql)
    return bulk.count(await tx.execute(add, known_from, recorded_by, *source.arguments))


async def add_members(
    tx: Transaction, members: Sequence[Member], known_from: datetime, recorded_by: UUID
) -> set[UUID]:
    """Write memberships; who is a member already stays as is. Returns the persons who are new."""
    added = await add_records(tx, list(map(member_record, members)), known_from, recorded_by)
    if added == len(members):
        return {each.entry.person_id for each in members}
    rows = await tx.fetch(
        "SELECT person_id FROM household_member WHERE id = ANY($1)", [each.id for each in members]
    )
    return {row["person_id"] for row in rows}


async def replace(
    tx: Transaction,
    ids: Sequence[UUID],
    new_ids: Sequence[UUID],
    until: date | None,
    reason: str | None,
    now: datetime,
    recorded_by: UUID,
    cause: UUID | None,
    *,
    since: date | None = None,
) -> None:
    """End what is known of memberships and write them anew with another ``until`` (None: they last), and with
    another ``since`` where one is given."""
    await tx.execute(_REPLACE, ids, new_ids, until, reason, now, recorded_by, cause, since)


async def forget(tx: Transaction, person_id: UUID, now: datetime) -> None:
    """End what is known of every membership of a person: there was none."""
    await tx.execute(
        "UPDATE household_member SET known_until = greatest($2, known_from)"
        " WHERE person_id = $1 AND known_until IS NULL",
        person_id,
        now,
    )


async def forget_memberships(tx: Transaction, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """End what is known of memberships that last: there were none; returns their households."""
    rows = await tx.fetch(
        "UPDATE household_member SET known_until = greatest($2, known_from)"
        " WHERE id = ANY($1) AND until IS NULL AND known_until IS NULL RETURNING household_id",
        ids,
        now,
    )
    return [row["household_id"] for row in rows]


async def follow_area(tx: Transaction, household_id: UUID, area: int) -> None:
    """Let the memberships of a household lie where it lies."""
    await tx.execute(
        "UPDATE household_member SET area = $2 WHERE household_id = $1 AND area <> $2", household_id, area
    )


async def memberships_of(tx: Transaction, household_id: UUID) -> list[Membership]:
    """Return everything ever known of a household's memberships."""
    rows = await tx.fetch(
        f"SELECT {_MEMBER} FROM household_member m WHERE m.household_id = $1 ORDER BY m.known_from, m.id",
        household_id,
    )
    return [_membership(row) for row in rows]


async def members_of(tx: Transaction, household_id: UUID) -> list[Membership]:
    """Return what is known now of the memberships of a household, those that ended too."""
    rows = await tx.fetch(
        f"SELECT {_MEMBER} FROM household_member m WHERE m.household_id = $1 AND m.known_until IS NULL"
        " ORDER BY m.until IS NOT NULL, m.relation <> '02', m.relation, m.id",
        household_id,
    )
    return [_membership(row) for row in rows]


async def open_members(tx: Transaction, household_id: UUID) -> list[Membership]:
    """Return who belongs to a household now, by person."""
    rows = await tx.fetch(
        f"SELECT {_MEMBER} FROM household_member m WHERE m.household_id = $1 AND {_OPEN}"
        " ORDER BY m.person_id",
        household_id,
    )
    return [_membership(row) for row in rows]


async def of_person(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return what is known now of a person's memberships with their households, the latest first."""
    return await tx.fetch(
        f"SELECT {_MEMBER}, h.number, h.area, h.kind AS household_kind, h.street FROM household_member m"
        " JOIN household h ON h.id = m.household_id WHERE m.person_id = $1 AND m.known_until IS NULL"
        " ORDER BY m.until IS NOT NULL, m.since DESC NULLS LAST, m.id LIMIT 200",
        person_id,
    )


async def ever_of_person(tx: Transaction, person_id: UUID) -> list[Membership]:
    """Return everything ever known of a person's memberships."""
    rows = await tx.fetch(
        f"SELECT {_MEMBER} FROM household_member m WHERE m.person_id = $1 ORDER BY m.known_from, m.id",
        person_id,
    )
    return [_membership(row) for row in rows]


async def ended_by(tx: Transaction, person_id: UUID, cause: UUID) -> list[Membership]:
    """Return a person's memberships that a life event ended."""
    rows = await tx.fetch(
        f"SELECT {_MEMBER} FROM household_member m WHERE m.cause = $2 AND m.person_id = $1"
        " AND m.known_until IS NULL ORDER BY m.id",
        person_id,
        cause,
    )
    return [_membership(row) for row in rows]


async def lock_many(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """Lock households in the order of their ids, as far as the transaction sees."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM household h WHERE h.id = ANY($1) ORDER BY h.id FOR UPDATE", ids
    )
    return {row["id"]: row for row in rows}


async def headed(tx: Transaction, numbers: Sequence[str]) -> list[asyncpg.Record]:
    """Return (number, area) of the households that have a head now, of those with one of the numbers."""
    return await tx.fetch(
        "SELECT h.number, h.area FROM household h WHERE h.number = ANY($1::text[]) AND EXISTS"
        " (SELECT FROM household_member m"
        f" WHERE m.household_id = h.id AND m.relation = '02' AND {_OPEN})",
        list(numbers),
    )


async def members_without_resident_id(tx: Transaction, numbers: Sequence[str]) -> list[asyncpg.Record]:
    """Return (number, id, name, birth_date, registered_area, present_area) of present members who carry no resident
    ID."""
    return await tx.fetch(
        "SELECT h.number, p.id, p.name, p.birth_date, p.registered_area, p.present_area FROM household h"
        f" JOIN household_member m ON m.household_id = h.id AND {_OPEN}"
        " JOIN person p ON p.id = m.person_id AND p.resident_id_index IS NULL AND NOT p.withdrawn"
        " WHERE h.number = ANY($1::text[])",
        list(numbers),
    )


async def in_areas(tx: Transaction, areas: Sequence[int], after: UUID, limit: int) -> list[asyncpg.Record]:
    """Return (id, area, number, street, head_area) of households in areas by id; ``head_area`` is where the head
    lives now, null without one."""
    return await tx.fetch(
        "SELECT h.id, h.area, h.number, h.street, (SELECT p.present_area FROM household_member m"
        " JOIN person p ON p.id = m.person_id WHERE m.household_id = h.id AND m.relation = '02'"
        " AND m.until IS NULL LIMIT 1) AS head_area"
        " FROM household h WHERE h.area = ANY($1::bigint[]) AND h.id > $2 ORDER BY h.id LIMIT $3",
        list(areas),
        after,
        limit,
    )
