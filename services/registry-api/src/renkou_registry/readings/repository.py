"""Every query on readings."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Database, Transaction
from renkou_registry.readings.domain import Reading

_INSERT = """
INSERT INTO reading (read_at, read_by, reader_kind, what, purpose, person_ids)
SELECT at, reader, kind, what, purpose, ids::uuid[]
FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
  AS t (at, reader, kind, what, purpose, ids)
"""
_OF_PERSON = """
SELECT found.*, s.display_name AS reader FROM (
  (SELECT r.read_at, 'r' || r.id AS key, r.read_by, r.reader_kind, r.what, r.purpose,
     '{}'::text[] AS fields FROM reading r WHERE r.person_ids @> ARRAY[$1::uuid] AND (r.read_at, 'r' || r.id) < ($2, $3)
   ORDER BY r.read_at DESC, 'r' || r.id DESC LIMIT $4)
  UNION ALL
  (SELECT u.read_at, 'u' || u.id AS key, u.read_by, NULL, u.kind, coalesce(u.purpose, u.reason),
     u.fields FROM unmask_log u WHERE u.person_id = $1 AND (u.read_at, 'u' || u.id) < ($2, $3)
   ORDER BY u.read_at DESC, 'u' || u.id DESC LIMIT $4)
) AS found LEFT JOIN staff_account s ON s.id = found.read_by
ORDER BY found.read_at DESC, found.key DESC LIMIT $4
"""


async def append(database: Database, readings: Sequence[Reading]) -> None:
    """Write readings in this order, all or none."""
    await database.execute(
        _INSERT,
        [each.read_at for each in readings],
        [each.read_by for each in readings],
        [each.reader_kind for each in readings],
        [each.what for each in readings],
        [each.purpose for each in readings],
        ["{" + ",".join(map(str, each.person_ids)) + "}" for each in readings],
    )


async def of_person(
    tx: Transaction, person_id: UUID, before: tuple[datetime, str], limit: int
) -> list[asyncpg.Record]:
    """Return readings of a person, protected fields in the clear among them, the last first.

    ``before`` is (read_at, key) of the last row of the page before.
    """
    return await tx.fetch(_OF_PERSON, person_id, *before, limit)
