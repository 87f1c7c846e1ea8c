"""Every query on search keys. Only ranges and equality: nothing else may use an index under the floor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from renkou_common import bulk
from renkou_common.database import Reader, Transaction
from renkou_registry.search.domain import Key, Look

_SHOWN = (
    "p.id, p.name, p.sex, p.birth_date, p.resident_id_sealed, p.marital_status, p.registered_area,"
    " p.present_area, p.alive"
)
_KEY = "<key>"
_ENTERED = bulk.Shape(
    "person_key",
    {
        "person_id": "uuid",
        "kind": "smallint",
        "key": "text",
        "present_area": "bigint",
        "other_area": "bigint",
    },
)
_REPLACE = """
WITH wanted AS (SELECT * FROM unnest($2::smallint[], $3::text[]) AS w (kind, key)),
gone AS (
    DELETE FROM person_key k WHERE k.person_id = $1
    AND NOT EXISTS (SELECT FROM wanted w WHERE w.kind = k.kind AND w.key = k.key)
)
INSERT INTO person_key (person_id, kind, key, present_area, other_area)
SELECT $1, w.kind, w.key, $4, $5 FROM wanted w
ON CONFLICT (kind, key, person_id)
DO UPDATE SET present_area = excluded.present_area, other_area = excluded.other_area
"""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A person's keys and areas, to be written; ``other_area`` is the registered one, or the one left."""

    person_id: UUID
    keys: set[Key]
    present_area: int
    other_area: int


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


def records_of(keyed: Keyed) -> list[tuple[Any, ...]]:
    """Return a person's keys as :func:`insert_many` takes them; the person's id stands first."""
    person_id, present_area, other_area = keyed.person_id, keyed.present_area, keyed.other_area
    return [(person_id, kind, key, present_area, other_area) for kind, key in keyed.keys]


async def insert_many(tx: Transaction, records: Sequence[tuple[Any, ...]]) -> None:
    """Write the keys of new persons."""
    source = await bulk.rows(tx, _ENTERED, records)
    await tx.execute(
        "INSERT INTO person_key (person_id, kind, key, present_area, other_area)"
        f" SELECT r.person_id, r.kind, r.key, r.present_area, r.other_area FROM {source.sql}",
        *source.arguments,
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
        row.other_area,
    )


async def delete(tx: Transaction, person_id: UUID) -> None:
    """Delete a person's keys."""
    await tx.execute("DELETE FROM person_key WHERE person_id = $1", person_id)


async def described(tx: Transaction, person_id: UUID) -> asyncpg.Record | None:
    """Return what a person's keys are made of."""
    return await tx.fetchrow(
        "SELECT name, former_names, registered_street, present_street, present_area,"
        " coalesce(left_area, registered_area) AS other_area FROM person WHERE id = $1 AND NOT withdrawn",
        person_id,
    )


async def find_by(
    reader: Reader,
    column: str,
    indexes: Sequence[bytes],
    conditions: Conditions,
    after: UUID | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return persons with one of some blind indexes in a column, by id."""
    conditions.add(f"p.{column} = ANY({{}}::bytea[])", indexes)
    if after is not None:
        conditions.add("p.id > {}", after)
    return await reader.fetch(
        f"SELECT 0 AS branch, '' AS key, {_SHOWN} FROM person p WHERE {' AND '.join(conditions.texts)}"
        f" ORDER BY p.id LIMIT {limit:d}",
        *conditions.arguments,
    )


async def find_in_household(
    reader: Reader, number: str, conditions: Conditions, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return who belongs now to households with this number, by id."""
    conditions.add(
        "p.id IN (SELECT m.person_id FROM household h JOIN household_member m ON m.household_id = h.id"
        " WHERE h.number = {} AND m.until IS NULL AND m.known_until IS NULL)",
        number,
    )
    if after is not None:
        conditions.add("p.id > {}", after)
    return await reader.fetch(
        f"SELECT 0 AS branch, '' AS key, {_SHOWN} FROM person p WHERE {' AND '.join(conditions.texts)}"
        f" ORDER BY p.id LIMIT {limit:d}",
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
    branch, key, person_id = after or (0, "", None)
    arguments = [*conditions.arguments, scope]
    for look in looks:
        arguments += [look.low] if look.high is None else [look.low, look.high]
    for ring in rings:
        arguments += [*dict.fromkeys(ring.outer or ()), *(ring.inner or ())]
    if person_id is not None:
        arguments += [key, person_id]
    if branch >= len(looks) * len(rings):
        return []
    shape = _Shape(
        tuple((int(look.kind), look.high is None) for look in looks),
        tuple((len(set(ring.outer or ())), ring.inner is not None) for ring in rings),
        tuple(conditions.texts),
        len(conditions.arguments),
        branch,
        person_id is not None,
        limit,
    )
    return await reader.fetch(_statement(shape), *arguments)


class _Shape(NamedTuple):
    """What a statement on keys depends on beside its arguments."""

    looks: tuple[tuple[int, bool], ...]  # kind, exact
    rings: tuple[tuple[int, bool], ...]  # bounds outside (one: a single community), whether bounded inside
    conditions: tuple[str, ...]
    taken: int  # arguments of the conditions
    start: int
    continued: bool
    limit: int


@lru_cache(maxsize=512)
def _statement(shape: _Shape) -> str:
    """Return the statement of a shape; its arguments come in the order in which they are numbered here."""
    numbers = count(shape.taken + 1)

    def value() -> str:
        return f"${next(numbers)}"

    area, size = f"(SELECT {value()}::text::int8multirange)", f"{shape.limit:d}"
    bounds = [(value(), None if exact else value()) for _, exact in shape.looks]
    places = [_place(_KEY, kind, *each) for (kind, _), each in zip(shape.looks, bounds, strict=True)]
    rings = [_ring(value, outer=outer, inner=inner) for outer, inner in shape.rings]
    selects = []
    for branch in range(shape.start, len(places) * len(rings)):
        number = branch // len(rings)
        texts = [
            places[number].replace(_KEY, "k"),
            f"(k.present_area <@ {area} OR k.other_area <@ {area})",
            *rings[branch % len(rings)],
            *_narrowed(shape.conditions, places, number, *bounds[number]),
        ]
        if branch == shape.start and shape.continued:
            texts.append(f"(k.key, k.person_id) > ({value()}, {value()})")
        selects.append(
            f"(SELECT {branch} AS branch, k.key, k.person_id FROM person_key k WHERE {' AND '.join(texts)}"
            f" ORDER BY k.key, k.person_id LIMIT {size})"
        )
    found = selects[0] if len(selects) == 1 else f"({' UNION ALL '.join(selects)} LIMIT {size})"
    return (
        f"SELECT f.branch, f.key, {_SHOWN} FROM {found} AS f"
        " JOIN person p ON p.id = f.person_id ORDER BY f.branch, f.key, f.person_id"
    )


def key_condition(looks: Sequence[Look], conditions: Conditions) -> None:
    """Add that a person has a key at one of these places."""
    places = [
        _place("k", look.kind, conditions.value(look.low), conditions.value(look.high) if look.high else None)
        for look in looks
    ]
    found = " OR ".join(f"({each})" for each in places)
    conditions.texts.append(f"EXISTS (SELECT FROM person_key k WHERE k.person_id = p.id AND ({found}))")


def household_condition(number: str, conditions: Conditions) -> None:
    """Add that a person belongs now to a household with this number."""
    conditions.add(
        "EXISTS (SELECT FROM household h JOIN household_member m ON m.household_id = h.id"
        " WHERE m.person_id = p.id AND m.until IS NULL AND m.known_until IS NULL AND h.number = {})",
        number,
    )


def _place(name: str, kind: int, low: str, high: str | None) -> str:
    """Return the condition that a key of ``name`` lies where a look goes."""
    bounds = f"{name}.key = {low}" if high is None else f"{name}.key >= {low} AND {name}.key < {high}"
    return f"{name}.kind = {int(kind)} AND {bounds}"


def _narrowed(
    conditions: Sequence[str], places: Sequence[str], number: int, low: str, high: str | None
) -> Sequence[str]:
    """Return what is asked beyond key and areas: conditions on the person, then that the person is new.

    The latter costs more; naming the row of the person keeps PostgreSQL from asking it first.
    """
    if not conditions:
        return _not_before(places, number, low, high, "k.person_id")
    asked = " AND ".join([*conditions, *_not_before(places, number, low, high, "p.id")])
    return [f"EXISTS (SELECT FROM person p WHERE p.id = k.person_id AND {asked})"]


def _not_before(places: Sequence[str], number: int, low: str, high: str | None, person: str) -> list[str]:
    """Return the condition that an earlier look, or an earlier key of this one, does not find the person."""
    earlier = [f"({place.replace(_KEY, 'o')})" for place in places[:number]]
    if high is not None:
        earlier.append(f"({places[number].replace(_KEY, 'o')} AND o.key < k.key)")
    if not earlier:
        return []
    found = " OR ".join(earlier)
    # OFFSET 0: one look at the person's few keys, never a join with everybody whom the earlier looks find.
    new = f"NOT EXISTS (SELECT FROM person_key o WHERE o.person_id = {person} AND ({found}) OFFSET 0)"
    # Nothing comes before the lowest key of the first look, where most of what is asked for stands.
    return [new] if number else [f"(k.key = {low} OR {new})"]


def _ring(value: Callable[[], str], *, outer: int, inner: bool) -> list[str]:
    """Return the conditions of a ring. Only a single community is found by its area: wider ones by the key."""
    found = [f"k.present_area + 0 BETWEEN {value()} AND {value()}"] if outer > 1 else []
    if outer == 1:
        found.append(f"k.present_area = {value()}")
    return [*found, f"NOT k.present_area BETWEEN {value()} AND {value()}"] if inner else found
