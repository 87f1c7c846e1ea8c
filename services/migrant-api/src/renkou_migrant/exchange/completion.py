"""Fetches what an automatic notice has to say from the register, outside any transaction.

The draft was written with the event it follows from, so nothing is lost while registry-api is down: the
notice waits, later ones of its thread wait behind it, and all others go.
"""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError

from renkou_common.database import Transaction
from renkou_common.errors import NotFound, RenkouError
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_migrant.agreements import service as agreements
from renkou_migrant.exchange import amendments, local, repository
from renkou_migrant.exchange import amendments_repository as amending
from renkou_migrant.exchange.carried import Correction
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contents import compose, day_of, decrypt, encrypt
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.events import publish_changes
from renkou_migrant.exchange.offices import is_local
from renkou_migrant.exchange.repository import StoredMessage
from renkou_migrant.exchange.service import agreed_content
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 0.5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_BATCH = 50


class Completion:
    """Gives drafts their content. ``wake`` is set when one can be sent."""

    def __init__(self, runtime: Runtime, wake: asyncio.Event) -> None:
        self._runtime = runtime
        self._wake = wake

    async def run(self) -> None:
        """Complete drafts until cancelled; waits for registry-api and the database to come back."""
        pause = _FIRST_PAUSE
        while True:
            try:
                done = await self.complete()
            except (*TRANSIENT, RenkouError) as error:
                _log.warning("notices wait for the register", error=str(error), retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            if not done:
                await asyncio.sleep(_POLL_SECONDS)

    async def complete(self) -> int:
        """Complete the oldest drafts; returns how many. Raises Unavailable where the register is down."""
        async with self._runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
            waiting = await repository.unfinished(tx, _BATCH)
        for stored in waiting:
            await self._complete(stored)
        return len(waiting)

    async def _complete(self, stored: StoredMessage) -> None:
        try:
            if stored.message.kind is MessageKind.CORRECTION:
                await self._correct(stored)
            else:
                content = await compose(self._runtime, stored.message.kind, stored.wanted or {})
                await self._finish(stored, content)
        except NotFound:
            await self._give_up(stored.message.id, Refused.FACTS_GONE)
        except (ValidationError, KeyError) as error:
            _log.error(
                "facts of the register cannot be sent", message=str(stored.message.id), error=type(error)
            )
            await self._give_up(stored.message.id, Refused.FACTS_UNUSABLE)
        self._wake.set()

    async def _give_up(self, message_id: UUID, code: Refused) -> None:
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            await repository.give_up(tx, message_id, code, self._runtime.clock.now())

    async def _finish(self, stored: StoredMessage, content: BaseModel) -> None:
        """Give a draft its content, unless it was changed or taken back meanwhile."""
        before = stored.message
        occurred_on = None if before.occurred_on is None else day_of(content)
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            members = await _agreed(tx, stored.agreement_id, before.kind, content)
            sealed = encrypt(self._runtime, members)
            if not await repository.finish(tx, before.id, sealed, stored.wanted or {}, occurred_on):
                return
            await publish_changes(tx, self._runtime, [(before, replace(before, occurred_on=occurred_on))])
            await self._hand_over(tx, stored)

    async def _correct(self, stored: StoredMessage) -> None:
        """Compare what a notice would say now with what it said, and correct it where they differ."""
        of = stored.in_reply_to
        assert of is not None
        async with self._runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
            asked = await repository.get(tx, AreaScope.everything(), of)
        if asked is None or asked.source is None:
            raise KeyError("source")
        content = await compose(self._runtime, asked.message.kind, asked.source)
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            told = (await amending.lock(tx, [of]))[of]
            if told.source != asked.source:
                return  # corrected again meanwhile: asked anew at the next look
            members = await _agreed(tx, stored.agreement_id, asked.message.kind, content)
            if told.message.withdrawn or members == decrypt(self._runtime, told.content):
                await amending.forget_draft(tx, stored.message.id)
                return
            occurred_on = None if told.message.occurred_on is None else day_of(content)
            await amendments.say_instead(
                tx, self._runtime, told, members, stored.message.id, occurred_on=occurred_on
            )
            correction = encrypt(self._runtime, Correction(of=of, content=members))
            await repository.finish(tx, stored.message.id, correction, stored.wanted or {}, None)
            await self._hand_over(tx, stored)

    async def _hand_over(self, tx: Transaction, stored: StoredMessage) -> None:
        if is_local(stored.message.partner):
            await local.hand_over(tx, self._runtime, stored.message.id)


async def _agreed(
    tx: Transaction, agreement_id: UUID | None, kind: MessageKind, content: BaseModel
) -> dict[str, Any]:
    """Return what a notice may say; offices of one district have no agreement and say everything."""
    members = content.model_dump(mode="json")
    if agreement_id is None:
        return members
    return agreed_content(await agreements.get(tx, agreement_id), kind, members)
