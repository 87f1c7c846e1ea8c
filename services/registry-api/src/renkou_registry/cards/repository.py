"""Every query on cards and what was told on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.contracts.lines import Line
from renkou_common.database import Reader, Transaction
from renkou_common.scope import AreaScope
from renkou_registry.cards.domain import CardStanding

_CARD = (
    "c.id, c.serial, c.person_id, c.opened_on, c.state, c.population, c.area, c.closed_reason, c.closed_on,"
    " c.next_change_on, c.visits_declined_on, c.visits_resumed_on, c.version, c.recorded_at"
)
_WOMAN = (
    "p.ref, p.name, p.birth_date, p.marital_status, p.children_count, p.registered_area, p.registered_street,"
    " p.present_area, p.present_street, p.present_since, p.alive"
)
_TOLD = (  # OFFSET 0: looked up for each row shown, where the planner would hash the whole table
    "EXISTS (SELECT FROM card_fact f WHERE f.card_id = c.id AND f.kind = 'method' AND f.current OFFSET 0)"
    " AS method_told,"
    " EXISTS (SELECT FROM card_fact f WHERE f.card_id = c.id AND f.kind = 'expected_delivery' AND f.current"
    " OFFSET 0) AS expected_told"
)
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi)"
    " WHERE p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi)"
)
_FACT = (
    "f.id, f.card_id, f.person_id, f.kind, f.told_on, f.sealed, f.current, f.confirmed_on, f.taken_back_at"
)

_VISIT_CHANGED = "changed_in = (pg_current_xact_id()::text)::bigint, version = version + 1"

type Row = asyncpg.Record | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card that a transaction holds."""

    id: UUID
    person_id: UUID
    opened_on: date
    state: str
    population: str
    area: int
    visits_declined_on: date | None
    visits_resumed_on: date | None
    version: int

    @classmethod
    def of(cls, row: Row) -> "CardRow":
        return cls(**{name: row[name] for name in cls.__slots__})


async def insert(
    tx: Transaction,
    card_id: UUID,
    person_id: UUID,
    opened_on: date,
    stands: CardStanding,
    recorded_at: datetime,
    recorded_by: UUID,
) -> CardRow | None:
    """Write a card; None where the person has one already."""
    row = await tx.fetchrow(
        "INSERT INTO card (id, person_id, opened_on, state, population, area, closed_reason, closed_on,"
        " next_change_on, version, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11)"
        " ON CONFLICT (person_id) DO NOTHING RETURNING *",
        card_id,
        person_id,
        opened_on,
        stands.state,
        stands.population,
        stands.area,
        stands.closed_reason,
        stands.closed_on,
        stands.next_change_on,
        recorded_at,
        recorded_by,
    )
    return CardRow.of(row) if row else None


async def find(tx: Transaction, card_id: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Return a card in scope with what the record says of the woman, and whether she has told anything."""
    return await tx.fetchrow(
        f"SELECT {_CARD}, {_WOMAN}, {_TOLD} FROM card c JOIN person p ON p.id = c.person_id"
        f" WHERE c.id = $1 AND {_IN_SCOPE} AND NOT p.withdrawn",
        card_id,
        scope.lows,
        scope.highs,
    )


async def of_person(tx: Transaction, person_id: UUID) -> asyncpg.Record | None:
    """Return the card of a person whom the caller was found to see."""
    return await tx.fetchrow(
        f"SELECT {_CARD}, {_WOMAN}, {_TOLD} FROM card c JOIN person p ON p.id = c.person_id"
        " WHERE c.person_id = $1",
        person_id,
    )


async def lock_of_person(tx: Transaction, person_id: UUID) -> CardRow | None:
    """Return the card of a locked person as it is now."""
    row = await tx.fetchrow("SELECT * FROM card WHERE person_id = $1 FOR UPDATE", person_id)
    return CardRow.of(row) if row else None


async def person_of(tx: Transaction, card_id: UUID) -> UUID | None:
    """Return whose card it is, where the floor shows it."""
    found: UUID | None = await tx.fetchval("SELECT person_id FROM card WHERE id = $1", card_id)
    return found


async def page(
    tx: Reader,
    interval: tuple[int, int],
    *,
    by_place: bool,
    state: str | None,
    reason: str | None,
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return cards by (area, id): by where they count, or by where the women live.

    The limit and the conditions asked for stand in the statement itself, and the interval begins as the place
    to go on from: a plan made once for any limit, condition and interval would take the interval for a small
    one and sort a district's cards for each page.
    """
    column, key = ("p.present_area", "p.id") if by_place else ("c.area", "c.id")
    low, high = interval
    area, last = max(after or (0, UUID(int=0)), (low - 1, UUID(int=2**128 - 1)))
    wanted = {"c.state": state, "c.closed_reason": reason}
    given = {name: value for name, value in wanted.items() if value is not None}
    conditions = "".join(f" AND {name} = ${number}" for number, name in enumerate(given, 4))
    return await tx.fetch(
        f"SELECT {_CARD}, {_WOMAN}, {_TOLD}, {column} AS listed_area, {key} AS listed_id"
        " FROM card c JOIN person p ON p.id = c.person_id AND NOT p.withdrawn"
        f" WHERE {column} <= $1 AND ({column}, {key}) > ($2, $3){conditions}"
        f" ORDER BY {column}, {key} LIMIT {limit:d}",
        high,
        area,
        last,
        *given.values(),
    )


async def save(tx: Transaction, card_id: UUID, columns: Mapping[str, Any]) -> CardRow:
    """Set columns of a card and count its version up."""
    assignments = "".join(f"{name} = ${number}, " for number, name in enumerate(columns, 2))
    row = await tx.fetchrow(
        f"UPDATE card SET {assignments}version = version + 1 WHERE id = $1 RETURNING *",
        card_id,
        *columns.values(),
    )
    assert row is not None
    return CardRow.of(row)


async def changing(tx: Transaction, today: date, limit: int) -> list[UUID]:
    """Return whose cards stand otherwise by now than is written."""
    rows = await tx.fetch(
        f"SELECT person_id FROM card WHERE next_change_on <= $1 ORDER BY next_change_on, id LIMIT {limit:d}",
        today,
    )
    return [row["person_id"] for row in rows]


async def insert_fact(
    tx: Transaction,
    fact_id: UUID,
    card: CardRow,
    kind: str,
    told_on: date,
    sealed: bytes,
    recorded_at: datetime,
    recorded_by: UUID,
) -> None:
    """Write what was told; it takes the place of the current fact of its kind."""
    await tx.execute(
        "UPDATE card_fact SET current = false WHERE card_id = $1 AND kind = $2 AND current", card.id, kind
    )
    await tx.execute(
        "INSERT INTO card_fact (id, card_id, person_id, kind, told_on, consent, sealed, current, recorded_at,"
        " recorded_by) VALUES ($1, $2, $3, $4, $5, true, $6, true, $7, $8)",
        fact_id,
        card.id,
        card.person_id,
        kind,
        told_on,
        sealed,
        recorded_at,
        recorded_by,
    )


async def facts(
    tx: Transaction, card_id: UUID, kind: str | None = None, *, current: bool = False
) -> list[asyncpg.Record]:
    """Return what was told on a card, the newest first."""
    return await tx.fetch(
        f"SELECT {_FACT} FROM card_fact f WHERE f.card_id = $1 AND ($2::text IS NULL OR f.kind = $2)"
        " AND (f.current OR NOT $3) ORDER BY f.kind, f.id DESC",
        card_id,
        kind,
        current,
    )


async def take_back(tx: Transaction, card_id: UUID, fact_id: UUID, at: datetime, by: UUID) -> bool:
    """Destroy the content of a fact; False where the card has no such fact with content."""
    done = await tx.fetchval(
        "UPDATE card_fact SET sealed = NULL, current = false, confirmed_on = NULL, taken_back_at = $3,"
        " taken_back_by = $4 WHERE id = $2 AND card_id = $1 AND sealed IS NOT NULL RETURNING true",
        card_id,
        fact_id,
        at,
        by,
    )
    return done is not None


async def with_content(tx: Transaction, fact_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return those of some facts that were not taken back, by id, with their cards."""
    return await tx.fetch(
        "SELECT id, card_id FROM card_fact WHERE id = ANY ($1) AND sealed IS NOT NULL ORDER BY id",
        list(fact_ids),
    )


async def confirm(tx: Transaction, fact_id: UUID, on: date | None) -> None:
    """Note the day on which she said that the fact still holds."""
    await tx.execute(
        "UPDATE card_fact SET confirmed_on = $2 WHERE id = $1 AND sealed IS NOT NULL", fact_id, on
    )


# Opening a whole area's cards


async def insert_opening(
    tx: Transaction, opening_id: UUID, interval: tuple[int, int], at: datetime, by: UUID
) -> None:
    """Write down that an area's cards are to be opened."""
    await tx.execute(
        "INSERT INTO card_opening (id, area, area_high, state, part, after_area, after_person, examined,"
        " opened, requested_at, requested_by) VALUES ($1, $2, $3, 'queued', 0, -1, $4, 0, 0, $5, $6)",
        opening_id,
        *interval,
        UUID(int=0),
        at,
        by,
    )


async def opening(tx: Transaction, opening_id: UUID) -> asyncpg.Record | None:
    """Return a job where the floor shows it."""
    return await tx.fetchrow("SELECT * FROM card_opening WHERE id = $1", opening_id)


async def take_opening(tx: Transaction) -> asyncpg.Record | None:
    """Return the oldest open job that no other worker holds, locked until the transaction ends."""
    return await tx.fetchrow(
        "SELECT * FROM card_opening WHERE state <> 'done' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )


async def candidates(tx: Transaction, job: Row, born: tuple[date, date], limit: int) -> list[asyncpg.Record]:
    """Return the next women of an area born in a span who have no card: (area, id) in the job's order."""
    column = "registered_area" if job["part"] == 0 else "present_area"
    return await tx.fetch(
        f"SELECT p.{column} AS listed_area, p.id FROM person p WHERE p.{column} BETWEEN $1 AND $2"
        f" AND (p.{column}, p.id) > ($3, $4) AND p.sex = 2 AND p.alive AND NOT p.withdrawn"
        " AND p.birth_date BETWEEN $5 AND $6"
        " AND NOT EXISTS (SELECT FROM card c WHERE c.person_id = p.id)"
        f" ORDER BY p.{column}, p.id LIMIT {limit:d}",
        job["area"],
        job["area_high"],
        job["after_area"],
        job["after_person"],
        *born,
    )


async def save_opening(tx: Transaction, opening_id: UUID, columns: Mapping[str, Any]) -> None:
    """Set columns of a job."""
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
    await tx.execute(f"UPDATE card_opening SET {assignments} WHERE id = $1", opening_id, *columns.values())


# Counting methods


async def counted(tx: Transaction, day: date) -> bool:
    """Say whether the count of a day was made."""
    return await tx.fetchval("SELECT true FROM method_count_day WHERE counted_on = $1", day) is not None


async def begin_count(tx: Transaction, day: date, at: datetime) -> bool:
    """Claim the count of a day; False where it was made already."""
    claimed = await tx.fetchval(
        "INSERT INTO method_count_day (counted_on, counted_at) VALUES ($1, $2)"
        " ON CONFLICT DO NOTHING RETURNING true",
        day,
        at,
    )
    return claimed is not None


async def to_count(tx: Transaction, after: UUID, limit: int) -> list[asyncpg.Record]:
    """Return cards, open or not, by id: whose they are and from when on they count."""
    return await tx.fetch(
        f"SELECT id, person_id, opened_on FROM card WHERE id > $1 ORDER BY id LIMIT {limit:d}", after
    )


async def methods_told(tx: Transaction, card_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return every method ever told on cards, sealed, in the order in which they were written down."""
    return await tx.fetch(
        "SELECT card_id, told_on, sealed FROM card_fact WHERE kind = 'method' AND card_id = ANY($1)"
        " ORDER BY id",
        card_ids,
    )


async def published_counts(tx: Transaction) -> list[asyncpg.Record]:
    """Return the sums of what was published so far."""
    return await tx.fetch("SELECT population, area, on_day, measure, value FROM method_count")


async def save_counts(tx: Transaction, sums: Sequence[tuple[Line, int]]) -> None:
    """Write what was published by now of the day of each line."""
    await tx.execute(
        "INSERT INTO method_count (population, area, on_day, measure, value)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::date[], $4::text[], $5::int[])"
        " ON CONFLICT (population, area, on_day, measure) DO UPDATE SET value = excluded.value",
        [line.population for line, _ in sums],
        [int(line.area) for line, _ in sums],
        [line.on for line, _ in sums],
        [line.measure for line, _ in sums],
        [value for _, value in sums],
    )
    await tx.execute("DELETE FROM method_count WHERE value = 0")


async def give_to(tx: Transaction, card_id: UUID, person_id: UUID) -> None:
    """Let a card, what was told on it and its visits be another record's of the same person."""
    await tx.execute(
        "UPDATE card SET person_id = $2, version = version + 1 WHERE id = $1", card_id, person_id
    )
    await tx.execute("UPDATE card_fact SET person_id = $2 WHERE card_id = $1", card_id, person_id)
    await tx.execute(
        f"UPDATE visit SET person_id = $2, {_VISIT_CHANGED} WHERE card_id = $1", card_id, person_id
    )


async def put_on(
    tx: Transaction, card_id: UUID, other_id: UUID, person_id: UUID
) -> tuple[list[tuple[UUID, bool]], list[UUID]]:
    """Put what stands on a closed card on another; of two current facts of a kind that card's stays so.

    Returns (fact, whether it was current) and the visits that were put there.
    """
    facts = await tx.fetch(
        "WITH was AS (SELECT id, current FROM card_fact WHERE card_id = $1)"
        " UPDATE card_fact f SET card_id = $2, person_id = $3, current = f.current AND NOT EXISTS"
        " (SELECT FROM card_fact o WHERE o.card_id = $2 AND o.kind = f.kind AND o.current)"
        " FROM was WHERE f.id = was.id RETURNING f.id, was.current",
        card_id,
        other_id,
        person_id,
    )
    moved = await tx.fetch(
        f"UPDATE visit SET card_id = $2, person_id = $3, {_VISIT_CHANGED} WHERE card_id = $1 RETURNING id",
        card_id,
        other_id,
        person_id,
    )
    return [(row["id"], row["current"]) for row in facts], [row["id"] for row in moved]


async def take_off(
    tx: Transaction,
    facts: Sequence[tuple[UUID, bool]],
    visit_ids: Sequence[UUID],
    card_id: UUID,
    person_id: UUID,
) -> None:
    """Undo :func:`put_on`; a fact that was taken back since stays taken back."""
    await tx.execute(
        "UPDATE card_fact f SET card_id = $3, person_id = $4, current = t.current AND f.taken_back_at IS NULL"
        " FROM unnest($1::uuid[], $2::boolean[]) AS t (id, current) WHERE f.id = t.id",
        [fact_id for fact_id, _ in facts],
        [current for _, current in facts],
        card_id,
        person_id,
    )
    await tx.execute(
        f"UPDATE visit SET card_id = $2, person_id = $3, {_VISIT_CHANGED} WHERE id = ANY($1)",
        visit_ids,
        card_id,
        person_id,
    )


async def offers_since(
    tx: Transaction, fact_ids: Sequence[UUID], moved: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Return and lock the open offers that follow from facts, but for those that were moved with them."""
    return await tx.fetch(
        "SELECT * FROM visit WHERE basis = ANY($1) AND state IN ('offered', 'accepted')"
        " AND id <> ALL($2) ORDER BY id FOR UPDATE",
        fact_ids,
        moved,
    )


async def visit_of(tx: Transaction, visit_id: UUID) -> asyncpg.Record | None:
    """Return and lock a visit."""
    return await tx.fetchrow("SELECT * FROM visit WHERE id = $1 FOR UPDATE", visit_id)


async def forget_offer(tx: Transaction, visit_id: UUID) -> None:
    """Delete an offer that was withdrawn before anybody took it up."""
    await tx.execute(
        "DELETE FROM visit WHERE id = $1 AND state = 'withdrawn' AND accepted_on IS NULL", visit_id
    )
