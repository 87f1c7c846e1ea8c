"""Every query on addresses over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common import bulk
from renkou_common.database import Transaction
from renkou_registry.life_events.addresses import AddressKind, Place, Spell

_COLUMNS = (
    "a.kind, a.area, a.valid_from, a.counted_from, a.valid_until, a.event_id, a.street, a.place_id,"
    " a.known_from, a.known_until"
)
_WRITTEN = bulk.Shape(
    "person_address",
    {
        "person_id": "uuid",
        "kind": "text",
        "area": "bigint",
        "valid_from": "date",
        "counted_from": "date",
        "valid_until": "date",
        "event_id": "uuid",
        "street": "text",
        "place_id": "uuid",
    },
)
_INSERT = f"""
INSERT INTO person_address ({", ".join(_WRITTEN.names)}, known_from)
SELECT {", ".join(f"r.{name}" for name in _WRITTEN.names)}, $1 FROM <rows>
"""
_HELD = """
a.counted_from <= $4 AND (a.valid_until IS NULL OR a.valid_until > $4)
AND a.known_from <= $5 AND (a.known_until IS NULL OR a.known_until > $5)
"""
_ELSEWHERE = f"""
NOT EXISTS (SELECT FROM person_address o WHERE o.person_id = a.person_id AND o.kind = $8
  AND o.area BETWEEN $6 AND $7 AND {_HELD.replace("a.", "o.")})
"""


@dataclass(frozen=True, slots=True)
class KnownSpell:
    """A spell with the time during which it was what the register said."""

    spell: Spell
    known_from: datetime
    known_until: datetime | None


def _known(row: asyncpg.Record) -> KnownSpell:
    spell = Spell(
        kind=AddressKind(row["kind"]),
        area=row["area"],
        valid_from=row["valid_from"],
        counted_from=row["counted_from"],
        valid_until=row["valid_until"],
        event_id=row["event_id"],
        place=Place(row["street"], row["place_id"]),
    )
    return KnownSpell(spell, row["known_from"], row["known_until"])


def record_of(person_id: UUID, spell: Spell) -> tuple[Any, ...]:
    """Return a person's spell as :func:`insert_many` takes it; the person's id stands first."""
    return (
        person_id,
        spell.kind,
        spell.area,
        spell.valid_from,
        spell.counted_from,
        spell.valid_until,
        spell.event_id,
        spell.place.street,
        spell.place.place_id,
    )


async def insert_many(tx: Transaction, records: Sequence[tuple[Any, ...]], known_from: datetime) -> None:
    """Write spells."""
    source = await bulk.rows(tx, _WRITTEN, records, after=1)
    await tx.execute(_INSERT.replace("<rows>", source.sql), known_from, *source.arguments)


async def of_person(tx: Transaction, person_id: UUID) -> list[KnownSpell]:
    """Return everything ever written about a person's addresses, oldest knowledge first."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM person_address a WHERE a.person_id = $1"
        " ORDER BY a.known_from, a.valid_from, a.kind",
        person_id,
    )
    return [_known(row) for row in rows]


async def of_persons(tx: Transaction, person_ids: Sequence[UUID]) -> dict[UUID, list[KnownSpell]]:
    """Return for each person everything ever written about the addresses, oldest knowledge first."""
    rows = await tx.fetch(
        f"SELECT a.person_id, {_COLUMNS} FROM person_address a WHERE a.person_id = ANY($1)"
        " ORDER BY a.known_from, a.valid_from, a.kind",
        person_ids,
    )
    found: dict[UUID, list[KnownSpell]] = {person_id: [] for person_id in person_ids}
    for row in rows:
        found[row["person_id"]].append(_known(row))
    return found


async def supersede(tx: Transaction, person_id: UUID, spells: Sequence[Spell], now: datetime) -> None:
    """End the knowledge of spells; what was written in this same moment was never known and goes."""
    keys = [each.kind for each in spells], [each.valid_from for each in spells]
    chosen = (
        "a.person_id = $1 AND a.known_until IS NULL"
        " AND (a.kind, a.valid_from) IN (SELECT * FROM unnest($2::text[], $3::date[]))"
    )
    await tx.execute(
        f"DELETE FROM person_address a WHERE {chosen} AND a.known_from >= $4", person_id, *keys, now
    )
    await tx.execute(f"UPDATE person_address a SET known_until = $4 WHERE {chosen}", person_id, *keys, now)


async def present_on(
    tx: Transaction,
    kind: AddressKind,
    interval: tuple[int, int],
    on: date,
    known_at: datetime,
    elsewhere: tuple[AddressKind, tuple[int, int]] | None,
    after: tuple[int, UUID],
    limit: int,
) -> list[asyncpg.Record]:
    """Return (area, person_id, street, valid_from) of those with this kind of address in an area interval on
    a day as known at a moment, by area and person.

    ``elsewhere`` leaves out whoever had another kind of address in another interval that day.
    """
    values = [kind, *interval, on, known_at]
    other = ""
    if elsewhere is not None:
        values += [*elsewhere[1], elsewhere[0]]
        other = f" AND {_ELSEWHERE}"
    next_number = len(values) + 1
    return await tx.fetch(
        "SELECT a.area, a.person_id, a.street, a.valid_from FROM person_address a"
        f" WHERE a.kind = $1 AND a.area BETWEEN $2 AND $3 AND {_HELD}{other}"
        f" AND (a.area, a.person_id) > (${next_number}, ${next_number + 1})"
        f" ORDER BY a.area, a.person_id LIMIT ${next_number + 2}",
        *values,
        *after,
        limit,
    )


async def count_on(
    tx: Transaction,
    kind: AddressKind,
    interval: tuple[int, int],
    on: date,
    known_at: datetime,
    elsewhere: tuple[AddressKind, tuple[int, int]] | None,
) -> int:
    """Return how many :func:`present_on` would list."""
    values = [kind, *interval, on, known_at]
    other = ""
    if elsewhere is not None:
        values += [*elsewhere[1], elsewhere[0]]
        other = f" AND {_ELSEWHERE}"
    found: int = await tx.fetchval(
        "SELECT count(*) FROM person_address a"
        f" WHERE a.kind = $1 AND a.area BETWEEN $2 AND $3 AND {_HELD}{other}",
        *values,
    )
    return found
