"""Every query on search keys. Only ranges and equality: nothing else may use an index under the floor."""

# ruff: noqa: S608 - only constants of this package are put into statements

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_registry.search.domain import Key, Look

_SHOWN = (
    "p.id, p.name, p.sex, p.birth_date, p.resident_id_sealed, p.marital_status, p.registered_area,"
    " p.present_area, p.alive"
)
_KEY = "<key>"
_INSERT = """
INSERT INTO person_key (person_id, kind, key, present_area, registered_area)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::bigint[], $5::bigint[])
"""
_REPLACE = """
WITH wanted AS (SELECT * FROM unnest($2::smallint[], $3::text[]) AS w (kind, key)),
gone AS (
    DELETE FROM person_key k WHERE k.person_id = $1
    AND NOT EXISTS (SELECT FROM wanted w WHERE w.kind = k.kind AND w.key = k.key)
)
INSERT INTO person_key (person_id, kind, key, present_area, registered_area)
SELECT $1, w.kind, w.key, $4, $5 FROM wanted w
ON CONFLICT (kind, key, person_id)
DO UPDATE SET present_area = excluded.present_area, registered_area = excluded.registered_area
"""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A person's keys and areas, to be written."""

    person_id: UUID
    keys: set[Key]
    present_area: int
    registered_area: int


@dataclass(slots=True)
class Conditions:
    """SQL conditions on ``p`` (the person) with their arguments, numbered as they come."""

    texts: list[str] = field(default_factory=list)
    arguments: list[Any] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """Return the placeholder of an argument."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def add(self, text: str, *values: Any) -> None:
        """Add a condition whose ``{}`` stand for values."""
        self.texts.append(text.format(*map(self.value, values)))


async def insert_many(tx: Transaction, rows: Sequence[Keyed]) -> None:
    """Write the keys of new persons."""
    flat = [(each, kind, key) for each in rows for kind, key in each.keys]
    await tx.execute(
        _INSERT,
        [each.person_id for each, _, _ in flat],
        [int(kind) for _, kind, _ in flat],
        [key for _, _, key in flat],
        [each.present_area for each, _, _ in flat],
        [each.registered_area for each, _, _ in flat],
    )


async def replace(tx: Transaction, row: Keyed) -> None:
    """Write exactly these keys of a person."""
    keys = sorted(row.keys)
    await tx.execute(
        _REPLACE,
        row.person_id,
        [int(kind) for kind, _ in keys],
        [key for _, key in keys],
        row.present_area,
        row.registered_area,
    )


async def delete(tx: Transaction, person_id: UUID) -> None:
    """Delete a person's keys."""
    await tx.execute("DELETE FROM person_key WHERE person_id = $1", person_id)


async def described(tx: Transaction, person_id: UUID) -> asyncpg.Record | None:
    """Return what a person's keys are made of."""
    return await tx.fetchrow(
        "SELECT name, registered_street, present_street, registered_area, present_area FROM person"
        " WHERE id = $1 AND NOT withdrawn",
        person_id,
    )


async def find_by(
    reader: Reader, column: str, index: bytes, conditions: Conditions, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return persons with a blind index in a column, by id."""
    conditions.add(f"p.{column} = {{}}", index)
    if after is not None:
        conditions.add("p.id > {}", after)
    return await reader.fetch(
        f"SELECT 0 AS branch, '' AS key, {_SHOWN} FROM person p WHERE {' AND '.join(conditions.texts)}"
        f" ORDER BY p.id LIMIT {conditions.value(limit)}",
        *conditions.arguments,
    )


async def find_in_household(
    reader: Reader, number: str, conditions: Conditions, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return who belongs now to households with this number, by id."""
    conditions.add(
        "p.id IN (SELECT m.person_id FROM household h JOIN household_member m ON m.household_id = h.id"
        " WHERE h.number = {} AND m.until IS NULL)",
        number,
    )
    if after is not None:
        conditions.add("p.id > {}", after)
    return await reader.fetch(
        f"SELECT 0 AS branch, '' AS key, {_SHOWN} FROM person p WHERE {' AND '.join(conditions.texts)}"
        f" ORDER BY p.id LIMIT {conditions.value(limit)}",
        *conditions.arguments,
    )


@dataclass(frozen=True, slots=True)
class Ring:
    """Present areas at one distance: inside ``outer``, but not inside ``inner``; None has no bound."""

    outer: tuple[int, int] | None
    inner: tuple[int, int] | None = None


async def find_by_keys(
    reader: Reader,
    looks: Sequence[Look],
    rings: Sequence[Ring],
    scope: str,
    conditions: Conditions,
    after: tuple[int, str, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return persons by (branch, key, id); a branch is a look in a ring, look by look, nearest ring first.

    ``scope`` is the multirange of areas to look in. Who was found by an earlier look is not found again.
    PostgreSQL takes the branches one after another and stops at the limit, so that a look that is not
    needed costs nothing.
    """
    start, after_key, after_id = after or (0, "", None)
    value = conditions.value
    places = {look: _place(look, _KEY, value) for look in looks}
    area = f"(SELECT {value(scope)}::text::int8multirange)"
    size = value(limit)
    selects = []
    for branch in range(start, len(looks) * len(rings)):
        number, ring = branch // len(rings), rings[branch % len(rings)]
        texts = [
            places[looks[number]].replace(_KEY, "k"),
            f"(k.present_area <@ {area} OR k.registered_area <@ {area})",
            *_ring(ring, value),
            *_not_before(looks, number, places),
            *_person(conditions),
        ]
        if branch == start and after_id is not None:
            texts.append(f"(k.key, k.person_id) > ({value(after_key)}, {value(after_id)})")
        selects.append(
            f"(SELECT {branch} AS branch, k.key, k.person_id FROM person_key k WHERE {' AND '.join(texts)}"
            f" ORDER BY k.key, k.person_id LIMIT {size})"
        )
    if not selects:
        return []
    return await reader.fetch(
        f"SELECT f.branch, f.key, {_SHOWN} FROM ({' UNION ALL '.join(selects)} LIMIT {size}) AS f"
        " JOIN person p ON p.id = f.person_id ORDER BY f.branch, f.key, f.person_id",
        *conditions.arguments,
    )


def key_condition(looks: Sequence[Look], conditions: Conditions) -> None:
    """Add that a person has a key at one of these places."""
    places = " OR ".join(f"({_place(look, 'k', conditions.value)})" for look in looks)
    conditions.texts.append(f"EXISTS (SELECT FROM person_key k WHERE k.person_id = p.id AND ({places}))")


def household_condition(number: str, conditions: Conditions) -> None:
    """Add that a person belongs now to a household with this number."""
    conditions.add(
        "EXISTS (SELECT FROM household h JOIN household_member m ON m.household_id = h.id"
        " WHERE m.person_id = p.id AND m.until IS NULL AND h.number = {})",
        number,
    )


def _place(look: Look, name: str, value: Any) -> str:
    """Return the condition that a key of ``name`` lies where a look goes."""
    if look.high is None:
        return f"{name}.kind = {int(look.kind)} AND {name}.key = {value(look.low)}"
    bounds = f"{name}.key >= {value(look.low)} AND {name}.key < {value(look.high)}"
    return f"{name}.kind = {int(look.kind)} AND {bounds}"


def _not_before(looks: Sequence[Look], number: int, places: dict[Look, str]) -> list[str]:
    """Return the condition that an earlier look, or an earlier key of this one, does not find the person."""
    earlier = [f"({places[look].replace(_KEY, 'o')})" for look in looks[:number]]
    if looks[number].high is not None:
        earlier.append(f"({places[looks[number]].replace(_KEY, 'o')} AND o.key < k.key)")
    if not earlier:
        return []
    found = " OR ".join(earlier)
    return [f"NOT EXISTS (SELECT FROM person_key o WHERE o.person_id = k.person_id AND ({found}))"]


def _person(conditions: Conditions) -> list[str]:
    """Return the condition on the person, none where keys and areas tell all that is asked."""
    if not conditions.texts:
        return []
    return [f"EXISTS (SELECT FROM person p WHERE p.id = k.person_id AND {' AND '.join(conditions.texts)})"]


def _ring(ring: Ring, value: Any) -> list[str]:
    found = []
    if ring.outer is not None:
        found.append(f"k.present_area BETWEEN {value(ring.outer[0])} AND {value(ring.outer[1])}")
    if ring.inner is not None:
        found.append(f"NOT k.present_area BETWEEN {value(ring.inner[0])} AND {value(ring.inner[1])}")
    return found
