"""What is overdue on either side, and reminders (催办): from office to office, never to a person."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.errors import NotFound, VersionMismatch
from renkou_common.ids import new_id
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_migrant.exchange import errors, overdue_repository, repository
from renkou_migrant.exchange.carried import Reminder
from renkou_migrant.exchange.contents import encrypt
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import MessageState, may_remind
from renkou_migrant.exchange.events import publish
from renkou_migrant.exchange.repository import Draft, StoredMessage, shanghai_day
from renkou_migrant.exchange.service import write
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_BATCH = 200


async def page(
    tx: Transaction,
    areas: AreaScope,
    today: date,
    direction: str | None,
    partner: str | None,
    after: tuple[date, int] | None,
    limit: int,
) -> list[StoredMessage]:
    """Return messages inside ``areas`` whose reply was due before today, the longest overdue first."""
    return await overdue_repository.page(tx, areas, today, direction, partner, after, limit)


async def counts(tx: Transaction, areas: AreaScope, today: date) -> list[dict[str, Any]]:
    """Return by partner how much is overdue on either side."""
    return await overdue_repository.counts(tx, areas, today)


async def remind_by_hand(
    tx: Transaction, runtime: Runtime, areas: AreaScope, message_id: UUID, version: int
) -> StoredMessage:
    """Remind the other office of a message of ours; raises NotFound, VersionMismatch, Conflict."""
    told = await repository.get(tx, areas, message_id, lock=True)
    if told is None:
        raise NotFound.of("通报", "notice")
    if told.message.revision != version:
        raise VersionMismatch(told.message.revision)
    pause = runtime.settings.reminder_pause_days
    reminded_on = shanghai_day(told.reminded_at)
    read = told.message.state is MessageState.READ
    if not read or not may_remind(told.message, runtime.clock.today(), reminded_on, pause):
        raise errors.reminder_not_possible(pause)
    await _remind(tx, runtime, told)
    found = await repository.get(tx, areas, message_id)
    assert found is not None
    return found


async def remind_overdue(tx: Transaction, runtime: Runtime) -> int:
    """Remind other offices of what they have read and not replied to in time; returns of how many messages."""
    today, pause = runtime.clock.today(), timedelta(days=runtime.settings.reminder_pause_days)
    not_since = datetime.combine(today - pause + timedelta(days=1), time(), SHANGHAI)
    waiting = await overdue_repository.to_remind(tx, today, not_since, _BATCH)
    for told in waiting:
        await _remind(tx, runtime, told)
    return len(waiting)


async def _remind(tx: Transaction, runtime: Runtime, told: StoredMessage) -> None:
    message = told.message
    now = runtime.clock.now()
    await overdue_repository.count_reminder(tx, message.id, now)
    await publish(tx, runtime, message, message, reminded=True)
    draft = Draft(
        id=new_id(),
        partner=message.partner,
        kind=MessageKind.REMINDER,
        thread=message.thread,
        area=message.area,
        agreement_id=told.agreement_id,
        drafted_at=now,
        content=encrypt(runtime, Reminder(of=message.id)),
        in_reply_to=message.id,
    )
    await write(tx, runtime, draft)


class Reminding:
    """The task that looks for what is overdue now and then."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Remind until cancelled; waits for the database to come back."""
        while True:
            try:
                while await self.remind() == _BATCH:
                    pass
            except TRANSIENT as error:
                _log.warning("reminding waits", error=repr(error))
            await asyncio.sleep(self._runtime.settings.reminder_check_seconds)

    async def remind(self) -> int:
        """Remind of one batch; returns of how many messages."""
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            return await remind_overdue(tx, self._runtime)
