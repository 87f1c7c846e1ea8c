"""Every query on kin links. The state stands in ``person``; these are its history and what rules read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.codes.lists import KinKind
from renkou_common.database import Transaction
from renkou_registry.kin.domain import Link

_OPEN = """
INSERT INTO kin_link (id, kind, person_id, kin_id, counted, known_from, recorded_by)
SELECT t.*, $6, $7 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::boolean[]) AS t
ON CONFLICT (person_id, kind, kin_id) WHERE known_until IS NULL DO NOTHING
"""
_RELATIVES = """
WITH RECURSIVE above (id, depth) AS (
    SELECT unnest($1::uuid[]), 0
    UNION
    SELECT k.id, above.depth + 1 FROM above JOIN person p ON p.id = above.id
    CROSS JOIN LATERAL (VALUES (p.mother_id), (p.father_id)) AS k (id)
    WHERE k.id IS NOT NULL AND above.depth < 12
), wanted AS (
    SELECT id FROM above
    UNION SELECT p.spouse_id FROM person p WHERE p.id = ANY($1) AND p.spouse_id IS NOT NULL
)
SELECT p.id, p.sex, p.birth_date, p.alive AND NOT p.withdrawn AS alive, p.marital_status, p.mother_id,
       p.father_id, p.spouse_id, p.children_count,
       (SELECT count(*) FROM person c WHERE c.mother_id = p.id AND NOT c.withdrawn)
       + (SELECT count(*) FROM person c WHERE c.father_id = p.id AND NOT c.withdrawn) AS linked
FROM person p JOIN wanted ON wanted.id = p.id
"""


async def open_links(
    tx: Transaction, ids: Sequence[UUID], links: Sequence[Link], known_from: datetime, recorded_by: UUID
) -> None:
    """Write links that begin to be known; one that is open already stays."""
    await tx.execute(
        _OPEN,
        ids,
        [each.kind for each in links],
        [each.person_id for each in links],
        [each.kin_id for each in links],
        [each.counted for each in links],
        known_from,
        recorded_by,
    )


async def close_links(
    tx: Transaction, links: Sequence[Link], known_until: datetime, ended_by: UUID, reason: str | None
) -> None:
    """End what is known of links."""
    await tx.execute(
        "UPDATE kin_link k SET known_until = greatest($4, k.known_from), ended_by = $5, reason = $6"
        " FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS t (kind, person_id, kin_id)"
        " WHERE k.kind = t.kind AND k.person_id = t.person_id AND k.kin_id = t.kin_id"
        " AND k.known_until IS NULL",
        [each.kind for each in links],
        [each.person_id for each in links],
        [each.kin_id for each in links],
        known_until,
        ended_by,
        reason,
    )


async def close_all(tx: Transaction, person_id: UUID, known_until: datetime, ended_by: UUID) -> None:
    """End every link of a person who leaves the register."""
    await tx.execute(
        "UPDATE kin_link SET known_until = greatest($2, known_from), ended_by = $3"
        " WHERE (person_id = $1 OR kin_id = $1) AND known_until IS NULL",
        person_id,
        known_until,
        ended_by,
    )


async def known_links(
    tx: Transaction, person_ids: Sequence[UUID], known_at: datetime
) -> list[asyncpg.Record]:
    """Return (kind, person_id, kin_id) of the links of persons as known at a moment, of spouses either way."""
    known = "known_from <= $2 AND (known_until IS NULL OR known_until > $2)"
    return await tx.fetch(
        f"SELECT kind, person_id, kin_id FROM kin_link WHERE person_id = ANY($1) AND {known}"
        " UNION SELECT kind, kin_id, person_id FROM kin_link"
        f" WHERE kind = 'spouse' AND kin_id = ANY($1) AND {known}",
        person_ids,
        known_at,
    )


async def unlinked_spouses(tx: Transaction, person_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return (person_id, kin_id) of spouses whose last link ended with a reason of its own: by hand."""
    return await tx.fetch(
        "SELECT person_id, kin_id FROM (SELECT DISTINCT ON (person_id, kin_id) person_id, kin_id, known_until,"
        " reason FROM kin_link WHERE kind = 'spouse' AND person_id = ANY($1)"
        " ORDER BY person_id, kin_id, known_from DESC, id DESC) last"
        " WHERE known_until IS NOT NULL AND reason IS NOT NULL",
        person_ids,
    )


async def was_counted(tx: Transaction, link: Link) -> bool:
    """Say whether an open link had added one to the parent's number of children."""
    counted: bool | None = await tx.fetchval(
        "SELECT counted FROM kin_link WHERE kind = $1 AND person_id = $2 AND kin_id = $3"
        " AND known_until IS NULL",
        link.kind,
        link.person_id,
        link.kin_id,
    )
    return bool(counted)


async def relatives(tx: Transaction, person_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return persons with their ancestors and present spouses, as far as the transaction sees."""
    return await tx.fetch(_RELATIVES, person_ids)


async def kin_of(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return the present relatives of a person: parents, spouse, then children by age."""
    return await tx.fetch(
        "SELECT k.kind, p.id, p.name, p.sex, p.birth_date, p.alive, p.registered_area, p.present_area,"
        " p.resident_id_sealed FROM person me CROSS JOIN LATERAL ("
        " SELECT 1 AS place, 'mother' AS kind, me.mother_id AS id UNION ALL SELECT 2, 'father', me.father_id"
        " UNION ALL SELECT 3, 'spouse', me.spouse_id"
        " UNION ALL SELECT 4, 'child', c.id FROM person c WHERE c.mother_id = me.id"
        " UNION ALL SELECT 4, 'child', c.id FROM person c WHERE c.father_id = me.id) AS k"
        " JOIN person p ON p.id = k.id AND NOT p.withdrawn"
        " WHERE me.id = $1 ORDER BY k.place, p.birth_date, p.id LIMIT 200",
        person_id,
    )


async def history_of(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return every link of a person that was ever known, in the order in which they became known."""
    return await tx.fetch(
        "SELECT id, kind, person_id, kin_id, known_from, known_until, recorded_by, ended_by, reason"
        " FROM kin_link WHERE person_id = $1 UNION ALL"
        " SELECT id, kind, person_id, kin_id, known_from, known_until, recorded_by, ended_by, reason"
        " FROM kin_link WHERE kin_id = $1 ORDER BY known_from, id LIMIT 1000",
        person_id,
    )


async def naming(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return (kind, id) of the persons in the register who name somebody as mother, father or spouse."""
    return await tx.fetch(
        "SELECT 'mother' AS kind, id FROM person WHERE mother_id = $1 AND NOT withdrawn"
        " UNION ALL SELECT 'father', id FROM person WHERE father_id = $1 AND NOT withdrawn"
        " UNION ALL SELECT 'spouse', id FROM person WHERE spouse_id = $1 AND NOT withdrawn"
        " ORDER BY kind, id",
        person_id,
    )


async def counted_links(tx: Transaction, person_id: UUID) -> set[Link]:
    """Return the open links of a person that had added one to a parent's number of children."""
    rows = await tx.fetch(
        "SELECT kind, person_id, kin_id FROM kin_link WHERE person_id = $1 AND counted"
        " AND known_until IS NULL UNION ALL SELECT kind, person_id, kin_id FROM kin_link"
        " WHERE kin_id = $1 AND counted AND known_until IS NULL",
        person_id,
    )
    return {Link(KinKind(row["kind"]), row["person_id"], row["kin_id"], counted=True) for row in rows}
