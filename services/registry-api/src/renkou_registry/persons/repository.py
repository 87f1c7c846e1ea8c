"""Every query on persons. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common import bulk
from renkou_common.database import Reader, Transaction
from renkou_common.http.changes import NOTE
from renkou_common.scope import AreaScope
from renkou_registry.floor import PERSON_IN_SCOPE
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.persons.listing import Narrowing

_ENTERED = bulk.Shape(
    "person",
    {
        "id": "uuid",
        "ref": "uuid",
        "document_kind": "text",
        "resident_id_sealed": "bytea",
        "resident_id_index": "bytea",
        "name": "text",
        "sex": "smallint",
        "birth_date": "date",
        "nationality": "text",
        "marital_status": "text",
        "registered_area": "bigint",
        "registered_street": "text",
        "registered_since": "date",
        "present_area": "bigint",
        "present_street": "text",
        "present_since": "date",
        "phone_sealed": "bytea",
        "phone_index": "bytea",
        "employer": "text",
        "mother_id": "uuid",
        "father_id": "uuid",
        "spouse_id": "uuid",
        "children_count": "smallint",
        "other_document_kind": "text",
        "other_document_sealed": "bytea",
        "other_document_index": "bytea",
        "place_id": "uuid",
        "usual_area": "bigint",
        "usual_next_area": "bigint",
        "usual_next_on": "date",
    },
)
STORED = _ENTERED.names
_INSERT = f"""
INSERT INTO person ({", ".join(STORED)}, alive, withdrawn, version, recorded_at, recorded_by)
SELECT {", ".join(f"r.{name}" for name in STORED)}, true, false, 1, $1, $2 FROM <rows>
ON CONFLICT DO NOTHING
"""
_RECORD = ", ".join(f"p.{each.name}" for each in fields(PersonRecord))
_PROTECTED = (
    "p.document_kind, p.resident_id_sealed, p.other_document_kind, p.other_document_sealed, p.phone_sealed,"
    " p.former_names, p.recorded_at, p.recorded_by"
)
VIEW = f"{_RECORD}, {_PROTECTED}"
_LAST_ID = UUID(int=(1 << 128) - 1)
_USED = (  # every list has all of these arguments, whether a branch looks at them or not
    "$1::bigint IS NOT NULL AND $3::bigint IS NOT NULL AND $4::bigint IS NOT NULL AND $5::date IS NOT NULL"
    " AND $6::bigint IS NOT NULL AND $7::uuid IS NOT NULL AND $8::bigint IS NOT NULL AND $9::uuid IS NOT NULL"
)
_FIND = f"SELECT {VIEW} FROM person p WHERE p.id = $1 AND {PERSON_IN_SCOPE}"
_FIND_BY_REF = f"SELECT {VIEW} FROM person p WHERE p.ref = $1 AND {PERSON_IN_SCOPE}"
_FIND_BY_DOCUMENT = (
    f"SELECT {VIEW} FROM person p WHERE p.other_document_index = ANY($1::bytea[]) AND {PERSON_IN_SCOPE}"
)
_FIND_BY_INDEX = (
    f"SELECT {VIEW} FROM person p WHERE p.resident_id_index = ANY($1::bytea[]) AND {PERSON_IN_SCOPE}"
)


def _record(row: asyncpg.Record) -> PersonRecord:
    return PersonRecord(*row)


async def insert_many(
    tx: Transaction, records: Sequence[tuple[Any, ...]], recorded_at: datetime, recorded_by: UUID
) -> set[UUID]:
    """Write persons by their ``STORED`` columns; returns the ids of those whose document was not in the
    register yet."""
    source = await bulk.rows(tx, _ENTERED, records, after=2)
    done = await tx.execute(
        _INSERT.replace("<rows>", source.sql), recorded_at, recorded_by, *source.arguments
    )
    ids = [record[0] for record in records]
    if bulk.count(done) == len(records):
        return set(ids)
    inserted = await tx.fetch("SELECT id FROM person WHERE id = ANY($1)", ids)
    return {row["id"] for row in inserted}


async def known_indexes(tx: Transaction, indexes: Sequence[bytes]) -> set[bytes]:
    """Return which blind indexes of resident IDs are taken."""
    rows = await tx.fetch("SELECT resident_id_index FROM person WHERE resident_id_index = ANY($1)", indexes)
    return {row["resident_id_index"] for row in rows}


async def standing_indexes(tx: Transaction, indexes: Sequence[bytes]) -> set[bytes]:
    """Return which blind indexes of documents of any kind stand in a row that the transaction sees."""
    rows = await tx.fetch(
        "SELECT resident_id_index AS found FROM person WHERE resident_id_index = ANY($1::bytea[]) UNION ALL"
        " SELECT other_document_index FROM person WHERE other_document_index = ANY($1::bytea[])",
        indexes,
    )
    return {row["found"] for row in rows}


async def by_indexes(tx: Transaction, indexes: Sequence[bytes], scope: AreaScope) -> list[asyncpg.Record]:
    """Return (resident_id_index, id, name) of the persons in scope with one of the blind indexes."""
    return await tx.fetch(
        f"SELECT p.resident_id_index, p.id, p.name FROM person p"
        f" WHERE p.resident_id_index = ANY($1) AND {PERSON_IN_SCOPE}",
        indexes,
        scope.lows,
        scope.highs,
    )


async def by_names(
    tx: Transaction, names: Sequence[str], birth_dates: Sequence[date], scope: AreaScope
) -> list[asyncpg.Record]:
    """Return (id, name, birth_date, sex) of the persons in scope with one of the pairs of name and birth
    date.
    """
    return await tx.fetch(
        "SELECT DISTINCT p.id, p.name, p.birth_date, p.sex"
        " FROM unnest($1::text[], $4::date[]) AS t (name, born)"
        f" JOIN person p ON p.name = t.name AND p.birth_date = t.born WHERE {PERSON_IN_SCOPE} LIMIT 5000",
        names,
        scope.lows,
        scope.highs,
        birth_dates,
    )


async def find(tx: Reader, person_id: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Return one person in scope with sealed fields."""
    return await tx.fetchrow(_FIND, person_id, scope.lows, scope.highs)


async def find_by_ref(tx: Transaction, ref: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Return one person in scope by the reference that events carry."""
    return await tx.fetchrow(_FIND_BY_REF, ref, scope.lows, scope.highs)


async def find_by_index(tx: Transaction, indexes: Sequence[bytes], scope: AreaScope) -> asyncpg.Record | None:
    """Return one person in scope by the blind indexes of the resident ID."""
    return await tx.fetchrow(_FIND_BY_INDEX, indexes, scope.lows, scope.highs)


async def find_by_document(
    tx: Transaction, indexes: Sequence[bytes], scope: AreaScope
) -> asyncpg.Record | None:
    """Return one person in scope by the blind indexes of a passport or a birth certificate."""
    return await tx.fetchrow(_FIND_BY_DOCUMENT, indexes, scope.lows, scope.highs)


async def is_taken(tx: Transaction, column: str, indexes: Sequence[bytes], person_id: UUID) -> bool:
    """Say whether another person whom the transaction sees carries a document with one of these blind indexes."""
    taken: bool = await tx.fetchval(
        f"SELECT EXISTS (SELECT FROM person WHERE {column} = ANY($1::bytea[]) AND id <> $2)",
        indexes,
        person_id,
    )
    return taken


async def find_many(tx: Transaction, ids: Sequence[UUID], scope: AreaScope) -> list[asyncpg.Record]:
    """Return those of the persons that are in scope, by id."""
    return await tx.fetch(
        f"SELECT {VIEW} FROM person p WHERE p.id = ANY($1) AND {PERSON_IN_SCOPE} ORDER BY p.id LIMIT 1000",
        ids,
        scope.lows,
        scope.highs,
    )


async def find_many_by_ref(tx: Transaction, refs: Sequence[UUID], scope: AreaScope) -> list[asyncpg.Record]:
    """Return those of the persons that are in scope, by the references that events carry."""
    return await tx.fetch(
        f"SELECT {VIEW} FROM person p WHERE p.ref = ANY($1) AND {PERSON_IN_SCOPE} ORDER BY p.ref LIMIT 1000",
        refs,
        scope.lows,
        scope.highs,
    )


async def find_ever(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return those of the persons that are or were in the register, by id; the floor alone holds."""
    return await tx.fetch(f"SELECT {VIEW} FROM person p WHERE p.id = ANY($1) ORDER BY p.id", ids)


async def in_areas(tx: Transaction, areas: Sequence[int], after: UUID, limit: int) -> list[UUID]:
    """Return living persons registered, living or usually resident in one of the areas, by id."""
    branches = " UNION ".join(
        f"(SELECT p.id FROM person p WHERE p.{column} = ANY($1::bigint[]) AND p.id > $2 AND p.alive"
        " AND NOT p.withdrawn ORDER BY p.id LIMIT $3)"
        for column in ("registered_area", "present_area", "usual_area")
    )
    rows = await tx.fetch(f"SELECT id FROM ({branches}) AS found ORDER BY id LIMIT $3", areas, after, limit)
    return [row["id"] for row in rows]


async def lock(tx: Transaction, ids: Sequence[UUID], scope: AreaScope) -> dict[UUID, PersonRecord]:
    """Lock persons in scope until the transaction ends, in the order of their ids."""
    rows = await tx.fetch(
        f"SELECT {_RECORD} FROM person p WHERE p.id = ANY($1) AND {PERSON_IN_SCOPE} ORDER BY p.id FOR UPDATE",
        ids,
        scope.lows,
        scope.highs,
    )
    return {row["id"]: _record(row) for row in rows}


async def lock_hidden(tx: Transaction, person_id: UUID) -> PersonRecord | None:
    """Lock a record that is out of the register."""
    row = await tx.fetchrow(
        f"SELECT {_RECORD} FROM person p WHERE p.id = $1 AND p.withdrawn FOR UPDATE", person_id
    )
    return _record(row) if row else None


async def hand_over_document(tx: Transaction, giver_id: UUID, taker_id: UUID) -> bool:
    """Move the document from one locked row to another that has none; False where that cannot be."""
    row = await tx.fetchrow(
        "UPDATE person g SET document_kind = 'none', resident_id_sealed = NULL, resident_id_index = NULL,"
        " version = g.version + 1 FROM person o WHERE g.id = $1 AND o.id = g.id"
        " AND o.resident_id_sealed IS NOT NULL"
        " AND EXISTS (SELECT FROM person t WHERE t.id = $2 AND t.resident_id_sealed IS NULL)"
        " RETURNING o.document_kind, o.resident_id_sealed, o.resident_id_index",
        giver_id,
        taker_id,
    )
    if row is None:
        return False
    await update(tx, taker_id, dict(row), ["document_kind", "resident_id"])
    return True


async def has_document(tx: Transaction, person_id: UUID) -> bool:
    """Say whether a row carries an identity document."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM person WHERE id = $1 AND resident_id_sealed IS NOT NULL)", person_id
    )
    return found


async def id_of_ref(tx: Transaction, ref: UUID) -> UUID | None:
    """Return the person that a reference means."""
    person_id: UUID | None = await tx.fetchval("SELECT id FROM person WHERE ref = $1 AND NOT withdrawn", ref)
    return person_id


async def is_alive(tx: Transaction, person_id: UUID) -> bool:
    """Say whether a person is in the register and alive."""
    alive: bool | None = await tx.fetchval(
        "SELECT alive FROM person WHERE id = $1 AND NOT withdrawn", person_id
    )
    return bool(alive)


async def update(
    tx: Transaction, person_id: UUID, changes: dict[str, Any], names: Iterable[str] | None = None
) -> None:
    """Set columns of a person, count the version up and note the names of the fields that changed.

    Without ``names`` the fields are called like the columns.
    """
    assignments = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, 3))
    await tx.execute(
        f"WITH changed AS (UPDATE person SET {assignments}, version = version + 1 WHERE id = $1"
        f" RETURNING id, version) {NOTE} SELECT id, version, $2 FROM changed",
        person_id,
        sorted(set(changes if names is None else names)),
        *changes.values(),
    )


async def of_places(
    tx: Transaction, places: Sequence[UUID], scope: AreaScope, after: tuple[UUID, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return persons in scope of places, by (place, id); ``after`` is the last row's."""
    place, person = after or (UUID(int=0), UUID(int=0))
    return await tx.fetch(
        f"SELECT found.* FROM unnest($1::uuid[]) AS q (id) CROSS JOIN LATERAL (SELECT {VIEW} FROM person p"
        f" WHERE p.place_id = q.id AND {PERSON_IN_SCOPE} AND (q.id > $4 OR p.id > $5) ORDER BY p.id LIMIT $6)"
        " AS found WHERE q.id >= $4 ORDER BY q.id, found.id LIMIT $6",
        places,
        scope.lows,
        scope.highs,
        place,
        person,
        limit,
    )


async def refs_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the references that events carry, also of persons whose entry was retracted."""
    rows = await tx.fetch("SELECT id, ref FROM person WHERE id = ANY($1)", ids)
    return {row["id"]: row["ref"] for row in rows}


async def page(
    tx: Reader,
    branches: Sequence[tuple[str, str]],
    interval: tuple[int, int],
    district: tuple[int, int],
    today: date,
    narrowing: Narrowing,
    after: tuple[int, int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return up to ``limit`` persons of an area in the order of (branch, area, id).

    Each branch is an area column, whose index gives the order, and a condition of its own (constants of
    :mod:`.listing`). ``after`` is the last row's (branch, area, id). What is asked for and the limit stand in
    the statement itself, and each branch begins at the place to go on from: a plan made once for everything
    would sort a district's people for each page.
    """
    part, area, person_id = after or (-1, 0, UUID(int=0))
    first = max((area, person_id), (interval[0] - 1, _LAST_ID))
    arguments: list[Any] = [*interval, *district, today, interval[0] - 1, _LAST_ID, *first]
    asked = "".join(
        f" AND {text.format(f'${len(arguments) + number}')}"
        for number, (text, value) in enumerate(_asked(narrowing), 1)
    )
    arguments += [value for _, value in _asked(narrowing)]
    selects = [
        f"(SELECT {number} AS part, p.{column} AS listed_area, {VIEW} FROM person p"
        f" WHERE p.{column} <= $2 AND NOT p.withdrawn AND ({condition}){asked}"
        f" AND (p.{column}, p.id) > ({'$8, $9' if number == part else '$6, $7'})"
        f" ORDER BY p.{column}, p.id LIMIT {limit:d})"
        for number, (column, condition) in enumerate(branches)
        if number >= part
    ]
    if not selects:
        return []
    return await tx.fetch(
        f"SELECT * FROM ({' UNION ALL '.join(selects)}) AS found WHERE {_USED}"
        f" ORDER BY part, listed_area, id LIMIT {limit:d}",
        *arguments,
    )


def _asked(narrowing: Narrowing) -> list[tuple[str, Any]]:
    """Return the conditions that narrow a list, with their values."""
    conditions = {
        "p.name ^@ {}": narrowing.name or None,
        "p.sex = {}": narrowing.sex,
        "p.marital_status = {}": narrowing.marital_status,
        "p.birth_date >= {}": narrowing.born_from,
        "p.birth_date < {}": narrowing.born_before,
    }
    return [(text, value) for text, value in conditions.items() if value is not None]


async def with_contact(tx: Transaction, person_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return those of some records that name a phone or an employer, by id; also records out of the register."""
    return await tx.fetch(
        "SELECT id, ref, present_area, registered_area, withdrawn, phone_sealed IS NOT NULL AS phone,"
        " employer IS NOT NULL AS employer FROM person"
        " WHERE id = ANY ($1) AND (phone_sealed IS NOT NULL OR employer IS NOT NULL) ORDER BY id",
        list(person_ids),
    )


async def restricted(tx: Transaction, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some persons whose processing is restricted."""
    rows = await tx.fetch("SELECT id FROM person WHERE id = ANY ($1) AND restricted", list(person_ids))
    return {row["id"] for row in rows}
