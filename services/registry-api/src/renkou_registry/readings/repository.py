"""Every query on readings."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.readings.domain import Reading

_INSERT = """
INSERT INTO reading (read_at, read_by, reader_kind, what, purpose, person_ids)
SELECT at, reader, kind, what, purpose, ids::uuid[]
FROM unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
  AS t (at, reader, kind, what, purpose, ids)
"""
_OF_PERSON = """
SELECT r.id, r.read_at, r.read_by, r.reader_kind, r.what, r.purpose, s.display_name AS reader
FROM reading r LEFT JOIN staff_account s ON s.id = r.read_by
WHERE r.person_ids @> ARRAY[$1::uuid] AND r.id < $2
ORDER BY r.id DESC LIMIT $3
"""


async def append(tx: Transaction, readings: Sequence[Reading]) -> None:
    """Write readings in this order."""
    await tx.execute(
        _INSERT,
        [each.read_at for each in readings],
        [each.read_by for each in readings],
        [each.reader_kind for each in readings],
        [each.what for each in readings],
        [each.purpose for each in readings],
        ["{" + ",".join(map(str, each.person_ids)) + "}" for each in readings],
    )


async def of_person(tx: Transaction, person_id: UUID, before: int, limit: int) -> list[asyncpg.Record]:
    """Return readings of a person, the last first, those with a smaller number than ``before``."""
    return await tx.fetch(_OF_PERSON, person_id, before, limit)
