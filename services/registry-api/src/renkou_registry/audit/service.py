"""Searching the audit log; an auditor's own searches are entries too."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.audit import log
from renkou_common.audit.acting import acting, origin
from renkou_common.audit.log import Noted, Wanted
from renkou_common.database import Transaction
from renkou_common.identity.principal import Access

SEARCH, EXPORT = "search", "export"
AUDIT_LOG = "audit_log"


async def search(
    tx: Transaction,
    access: Access,
    wanted: Wanted,
    before: tuple[datetime, int] | None,
    limit: int,
    now: datetime,
) -> list[asyncpg.Record]:
    """Return entries, the last first, and write down who looked for what; see :func:`log.search`."""
    found = await log.search(tx, wanted, before, limit)
    asked = [name for name in Wanted.__dataclass_fields__ if getattr(wanted, name)]
    person_ids = (wanted.person_id,) if wanted.person_id else ()
    await log.append(tx, [_noted(access, now, SEARCH, person_ids=person_ids, fields=tuple(asked))])
    return found


async def note_export(tx: Transaction, access: Access, reason: str, now: datetime) -> None:
    """Write down who takes the log out, and why."""
    await log.append(tx, [_noted(access, now, EXPORT, reason=reason)])


def _noted(
    access: Access,
    now: datetime,
    action: str,
    *,
    person_ids: tuple[UUID, ...] = (),
    fields: tuple[str, ...] = (),
    reason: str | None = None,
) -> Noted:
    who = acting()
    return Noted(
        at=now,
        actor_id=access.subject,
        actor_kind=access.kind,
        actor_name=access.name,
        action=action,
        what=AUDIT_LOG,
        person_ids=person_ids,
        fields=fields,
        purpose="audit",
        reason=reason,
        acting_for=who.acting_for if who else None,
        session=who.session if who else None,
        origin=origin(),
    )
