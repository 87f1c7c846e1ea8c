"""Searching the audit log; an auditor's own searches are entries too."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.audit import log
from renkou_common.audit.log import EXPORT, SEARCH, Noted, Wanted
from renkou_common.database import Transaction

AUDIT_LOG = "audit_log"
PURPOSE = "audit"


async def search(
    tx: Transaction,
    auditor: UUID,
    wanted: Wanted,
    before: tuple[datetime, int] | None,
    limit: int,
    now: datetime,
) -> list[asyncpg.Record]:
    """Return entries, the last first, and write down who looked for what; see :func:`log.search`."""
    found = await log.search(tx, wanted, before, limit)
    asked = tuple(
        name.replace("person_ids", "person_id")
        for name in Wanted.__dataclass_fields__
        if getattr(wanted, name)
    )
    looked = Noted.by_who_acts(
        *(now, SEARCH, AUDIT_LOG),
        actor_id=auditor,
        person_ids=wanted.person_ids,
        fields=asked,
        purpose=PURPOSE,
    )
    await log.append(tx, [looked])
    return found


async def note_export(tx: Transaction, auditor: UUID, reason: str, now: datetime) -> None:
    """Write down who takes the log out, and why."""
    taken = Noted.by_who_acts(now, EXPORT, AUDIT_LOG, actor_id=auditor, purpose=PURPOSE, reason=reason)
    await log.append(tx, [taken])
