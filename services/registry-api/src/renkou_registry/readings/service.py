"""Who read a person's record: for the person whom it is about."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.audit import log
from renkou_common.audit.log import Wanted
from renkou_common.database import Transaction
from renkou_registry.readings.recorder import EXPORT, READ, UNMASK


async def of_person(
    tx: Transaction, person_id: UUID, before: tuple[datetime, int] | None, limit: int
) -> list[asyncpg.Record]:
    """Return who read a person's record, the last first, as the audit log has it; ``before`` is (at, id) of the last
    one seen.

    Callers have made sure that the person is asking, or somebody with the right to audit.
    """
    return await log.search(tx, Wanted(person_id=person_id, actions=(READ, UNMASK, EXPORT)), before, limit)
