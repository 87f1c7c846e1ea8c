"""Every query on duplicates, but for the moving of rows in :mod:`.moving`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

AT_MOST = 200
"""Of one blocking key: days that stand for an unknown birthday, and names that many have, end somewhere."""
_BLOCKS = f"""
WITH mine AS (SELECT id, name, sex, birth_date, phone_index FROM person
  WHERE id = ANY($1) AND NOT withdrawn AND NOT restricted)
SELECT m.id AS a, o.id AS b FROM mine m CROSS JOIN LATERAL (
  SELECT p.id FROM person p WHERE p.name = m.name AND p.id <> m.id AND NOT p.withdrawn AND NOT p.restricted
     AND (p.birth_date = m.birth_date
          OR extract(year FROM p.birth_date) = extract(year FROM m.birth_date)
          OR to_char(p.birth_date, 'MMDD') = to_char(m.birth_date, 'MMDD'))
   LIMIT {AT_MOST}) o
UNION
SELECT m.id, o.id FROM mine m CROSS JOIN LATERAL (
  SELECT p.id FROM person p WHERE p.birth_date = m.birth_date AND p.sex = m.sex AND p.id <> m.id
     AND NOT p.withdrawn AND NOT p.restricted
     AND (left(p.name, 1) = left(m.name, 1) OR right(p.name, 1) = right(m.name, 1))
   LIMIT {AT_MOST}) o
UNION
SELECT m.id, o.id FROM mine m CROSS JOIN LATERAL (
  SELECT p.id FROM person p WHERE p.phone_index = m.phone_index AND p.sex = m.sex AND p.id <> m.id
     AND NOT p.withdrawn AND NOT p.restricted
   LIMIT {AT_MOST}) o
UNION
SELECT m.id, o.id FROM unnest($2::uuid[], $3::bytea[]) AS f(id, phone) JOIN mine m ON m.id = f.id
CROSS JOIN LATERAL (
  SELECT p.id FROM person p WHERE p.phone_index = f.phone AND p.sex = m.sex AND p.id <> m.id AND NOT p.withdrawn
     AND NOT p.restricted
   LIMIT {AT_MOST}) o
"""
"""$2, $3: persons with the further indexes under which their phone may stand while index keys change."""
_TRAITS = """
SELECT id, name, sex, birth_date, registered_area, present_area, present_street, resident_id_sealed,
       phone_index, phone_sealed, mother_id, father_id, spouse_id
FROM person WHERE id = ANY($1)
"""
_PAIR_IN_SCOPE = """
EXISTS (SELECT FROM person p, unnest($1::bigint[], $2::bigint[]) s(lo, hi)
        WHERE p.id IN (c.first_id, c.second_id)
          AND (p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi))
"""
_UNRESTRICTED = (
    " AND (c.state <> 'open' OR NOT EXISTS (SELECT FROM person p WHERE p.id IN (c.first_id, c.second_id)"
    " AND p.restricted))"
)
"""Who is restricted is proposed to nobody; what was found before waits until the restriction is lifted."""


@dataclass(frozen=True, slots=True)
class Run:
    """A comparison of everybody in an area."""

    id: UUID
    area: int
    area_high: int
    state: str
    after_id: UUID
    compared: int
    found: int
    total: int
    started_at: datetime
    started_by: UUID
    ended_at: datetime | None


async def note(tx: Transaction, person_ids: Sequence[UUID]) -> None:
    """Put persons on the list of those to be compared."""
    await tx.execute("INSERT INTO duplicate_todo (person_id) SELECT unnest($1::uuid[])", person_ids)


async def take_todo(tx: Transaction, limit: int) -> list[UUID]:
    """Take persons off the list; another worker's are passed by."""
    rows = await tx.fetch(
        "DELETE FROM duplicate_todo WHERE position IN (SELECT position FROM duplicate_todo"
        " ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING person_id",
        limit,
    )
    return [row["person_id"] for row in rows]


async def pairs_of(
    tx: Transaction, person_ids: Sequence[UUID], phones: Sequence[tuple[UUID, bytes]]
) -> set[tuple[UUID, UUID]]:
    """Return the pairs that share a blocking key, the smaller id first.

    ``phones``: further indexes under which the phones of some of the persons may stand.
    """
    rows = await tx.fetch(_BLOCKS, person_ids, [each for each, _ in phones], [phone for _, phone in phones])
    return {(min(row["a"], row["b"]), max(row["a"], row["b"])) for row in rows}


async def traits_of(tx: Transaction, person_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return what is compared of persons."""
    return await tx.fetch(_TRAITS, person_ids)


async def insert(
    tx: Transaction,
    candidates: Sequence[tuple[UUID, UUID, UUID, float, Sequence[str]]],
    found_at: datetime,
) -> int:
    """Write candidates (id, first, second, probability, traits); a pair that is known keeps its state.

    Returns how many pairs were new.
    """
    rows = await tx.fetch(
        "INSERT INTO duplicate_candidate (id, first_id, second_id, probability, traits, state, found_at,"
        " version) SELECT id, a, b, p, string_to_array(t, ','), 'open', $6, 1"
        " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::float8[], $5::text[]) AS x (id, a, b, p, t)"
        " ON CONFLICT (first_id, second_id) DO UPDATE SET probability = excluded.probability,"
        " traits = excluded.traits, version = duplicate_candidate.version + 1"
        " WHERE duplicate_candidate.state = 'open'"
        " AND duplicate_candidate.probability <> excluded.probability"
        " RETURNING (xmax = 0) AS new",
        [each[0] for each in candidates],
        [each[1] for each in candidates],
        [each[2] for each in candidates],
        [each[3] for each in candidates],
        [",".join(each[4]) for each in candidates],
        found_at,
    )
    return sum(row["new"] for row in rows)


async def page(
    tx: Transaction,
    scope: AreaScope,
    state: str,
    person_id: UUID | None,
    after: tuple[float, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return candidates of which the caller sees at least one person, the most probable first.

    ``person_id`` narrows to those of one person.
    """
    probability, candidate_id = after or (2.0, UUID(int=(1 << 128) - 1))
    of_person = " AND $7 IN (c.first_id, c.second_id)" if person_id is not None else ""
    return await tx.fetch(
        f"SELECT c.* FROM duplicate_candidate c WHERE c.state = $3 AND {_PAIR_IN_SCOPE}{of_person}{_UNRESTRICTED}"
        " AND (c.probability, c.id) < ($4, $5) ORDER BY c.probability DESC, c.id DESC LIMIT $6",
        scope.lows,
        scope.highs,
        state,
        probability,
        candidate_id,
        limit,
        *([person_id] if person_id is not None else []),
    )


async def find(
    tx: Transaction, candidate_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return one candidate."""
    ending = " FOR UPDATE OF c" if lock else ""
    return await tx.fetchrow(
        f"SELECT c.* FROM duplicate_candidate c WHERE c.id = $3 AND {_PAIR_IN_SCOPE}{ending}",
        scope.lows,
        scope.highs,
        candidate_id,
    )


async def of_pair(tx: Transaction, a: UUID, b: UUID) -> asyncpg.Record | None:
    """Return and lock the candidate of a pair."""
    return await tx.fetchrow(
        "SELECT * FROM duplicate_candidate WHERE first_id = $1 AND second_id = $2 FOR UPDATE",
        min(a, b),
        max(a, b),
    )


async def settle(
    tx: Transaction, candidate_id: UUID, state: str, by: UUID | None, at: datetime | None, reason: str | None
) -> None:
    """Write what a candidate turned out to be, or open it again."""
    await tx.execute(
        "UPDATE duplicate_candidate SET state = $2, settled_by = $3, settled_at = $4, reason = $5,"
        " version = version + 1 WHERE id = $1",
        candidate_id,
        state,
        by,
        at,
        reason,
    )


def _run(row: asyncpg.Record | None) -> Run | None:
    return Run(**dict(row)) if row else None


async def start_run(
    tx: Transaction, run_id: UUID, interval: tuple[int, int], total: int, at: datetime, by: UUID
) -> None:
    """Write a new run."""
    await tx.execute(
        "INSERT INTO duplicate_run (id, area, area_high, state, after_id, compared, found, total, started_at,"
        " started_by) VALUES ($1, $2, $3, 'running', $4, 0, 0, $5, $6, $7)",
        run_id,
        *interval,
        UUID(int=0),
        total,
        at,
        by,
    )


async def run(tx: Transaction, run_id: UUID) -> Run | None:
    """Return a run."""
    return _run(await tx.fetchrow("SELECT * FROM duplicate_run WHERE id = $1", run_id))


async def take_run(tx: Transaction) -> Run | None:
    """Return and lock the oldest run that nobody is working on."""
    return _run(
        await tx.fetchrow(
            "SELECT * FROM duplicate_run WHERE state = 'running' ORDER BY started_at LIMIT 1"
            " FOR UPDATE SKIP LOCKED"
        )
    )


async def advance(
    tx: Transaction, run_id: UUID, after_id: UUID, compared: int, found: int, ended_at: datetime | None
) -> None:
    """Count a step of a run; ``ended_at`` ends it."""
    await tx.execute(
        "UPDATE duplicate_run SET after_id = $2, compared = compared + $3, found = found + $4,"
        " ended_at = $5::timestamptz,"
        " state = CASE WHEN $5::timestamptz IS NULL THEN 'running' ELSE 'done' END"
        " WHERE id = $1",
        run_id,
        after_id,
        compared,
        found,
        ended_at,
    )


async def ids_of_area(tx: Transaction, interval: tuple[int, int], after: UUID, limit: int) -> list[UUID]:
    """Return persons living in an area by id, those after ``after``."""
    rows = await tx.fetch(
        "SELECT id FROM person WHERE id > $3 AND present_area BETWEEN $1 AND $2 AND NOT withdrawn"
        " ORDER BY id LIMIT $4",
        *interval,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def count_of_area(tx: Transaction, interval: tuple[int, int]) -> int:
    """Return how many persons live in an area."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM person WHERE present_area BETWEEN $1 AND $2 AND NOT withdrawn", *interval
    )
    return found


async def insert_merge(
    tx: Transaction,
    merge_id: UUID,
    kept_id: UUID,
    gone_id: UUID,
    event_id: UUID,
    *,
    document_taken: bool,
    reason: str,
    at: datetime,
    by: UUID,
    joined: dict[str, Any],
) -> None:
    """Write a merge; ``joined`` is what the features need to undo it."""
    await tx.execute(
        "INSERT INTO duplicate_merge (id, kept_id, gone_id, event_id, document_taken, reason, merged_at,"
        " merged_by, joined, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
        merge_id,
        kept_id,
        gone_id,
        event_id,
        document_taken,
        reason,
        at,
        by,
        joined,
    )


async def merge(
    tx: Transaction, merge_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a merge whose kept person the caller sees."""
    ending = " FOR UPDATE OF m" if lock else ""
    return await tx.fetchrow(
        "SELECT m.* FROM duplicate_merge m WHERE m.id = $3 AND EXISTS (SELECT FROM person p,"
        " unnest($1::bigint[], $2::bigint[]) s(lo, hi) WHERE p.id = m.kept_id AND NOT p.withdrawn"
        " AND (p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi))" + ending,
        scope.lows,
        scope.highs,
        merge_id,
    )


async def merges_of(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return the merges that a visible person was part of, the first first."""
    return await tx.fetch(
        "SELECT * FROM duplicate_merge WHERE kept_id = $1 OR gone_id = $1 ORDER BY merged_at, id", person_id
    )


async def joined_to(tx: Transaction, person_id: UUID) -> list[UUID]:
    """Return the records that have joined one, also by way of others."""
    rows = await tx.fetch(
        "WITH RECURSIVE joined (id) AS (SELECT gone_id FROM duplicate_merge WHERE kept_id = $1"
        " AND undone_at IS NULL UNION SELECT m.gone_id FROM duplicate_merge m JOIN joined j ON m.kept_id = j.id"
        " WHERE m.undone_at IS NULL) SELECT id FROM joined ORDER BY id",
        person_id,
    )
    return [row["id"] for row in rows]


async def standing_for(tx: Transaction, person_id: UUID) -> UUID:
    """Return the record that one has joined, also by way of others; itself where it has joined none."""
    found: UUID = await tx.fetchval(
        "WITH RECURSIVE standing (id, far) AS (SELECT $1::uuid, 0 UNION SELECT m.kept_id, s.far + 1"
        " FROM duplicate_merge m JOIN standing s ON m.gone_id = s.id WHERE m.undone_at IS NULL)"
        " SELECT id FROM standing ORDER BY far DESC LIMIT 1",
        person_id,
    )
    return found


async def undo(tx: Transaction, merge_id: UUID, at: datetime, by: UUID) -> None:
    """Write that a merge was undone."""
    await tx.execute(
        "UPDATE duplicate_merge SET undone_at = $2, undone_by = $3, version = version + 1 WHERE id = $1",
        merge_id,
        at,
        by,
    )
