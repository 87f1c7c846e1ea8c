"""Reading the log of readings: by the person whom it is about, or by an auditor."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.readings import repository


async def of_person(
    tx: Transaction, person_id: UUID, before: tuple[datetime, str], limit: int
) -> list[asyncpg.Record]:
    """Return who read a person's record, the last first: read_at, key, reader, what, purpose.

    Callers have made sure that the person is asking, or somebody with the right to audit.
    """
    return await repository.of_person(tx, person_id, before, limit)
