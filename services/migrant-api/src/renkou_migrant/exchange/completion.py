"""Fetches what an automatic notice has to say from the register, outside any transaction.

The draft was written with the event it follows from, so nothing is lost while registry-api is down: the
notice waits, later ones of its thread wait behind it, and all others go.
"""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, ValidationError

from renkou_common.errors import NotFound, RenkouError, Unavailable
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_migrant.agreements import service as agreements
from renkou_migrant.exchange import repository
from renkou_migrant.exchange.contracts import BirthNotice, Child, MessageKind, ServiceNotice, Subject
from renkou_migrant.exchange.repository import StoredMessage
from renkou_migrant.exchange.service import agreed_content, encrypt
from renkou_migrant.registry_client import PersonFacts
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
        content: BaseModel | None = None
        code = ""
        try:
            content = await self._fetch(stored.message.kind, stored.wanted or {})
        except NotFound:
            code = "facts_gone"
        except (ValidationError, KeyError) as error:
            code = "facts_unusable"
            _log.error(
                "facts of the register cannot be sent", message=str(stored.message.id), error=type(error)
            )
        async with self._runtime.database.transaction(AreaScope.everything()) as tx:
            if content is None or stored.agreement_id is None:
                await repository.give_up(tx, stored.message.id, code, self._runtime.clock.now())
            else:
                agreement = await agreements.get(tx, stored.agreement_id)
                less = agreed_content(agreement, stored.message.kind, content.model_dump(mode="json"))
                await repository.finish(tx, stored.message.id, encrypt(self._runtime, less))
        self._wake.set()

    async def _fetch(self, kind: MessageKind, wanted: dict[str, Any]) -> BaseModel:
        if kind is MessageKind.BIRTH_NOTICE:
            return await self._birth(wanted)
        if kind is MessageKind.SERVICE_NOTICE:
            return await self._service(wanted)
        raise KeyError(kind)

    async def _birth(self, wanted: dict[str, Any]) -> BirthNotice:
        mother = await self._facts(wanted["mother"], MessageKind.BIRTH_NOTICE)
        child = await self._facts(wanted["child"], MessageKind.BIRTH_NOTICE)
        return BirthNotice(
            subject=_subject(mother, wanted),
            child=Child(
                name=child.name, sex=child.sex, birth_date=child.birth_date, parity=int(wanted["parity"])
            ),
            birth_area=wanted["area"],
        )

    async def _service(self, wanted: dict[str, Any]) -> ServiceNotice:
        person = await self._facts(wanted["person"], MessageKind.SERVICE_NOTICE)
        return ServiceNotice(
            subject=_subject(person, wanted),
            service=wanted["service"],
            given_on=wanted["given_on"],
            consent=True,
        )

    async def _facts(self, person_ref: str, kind: MessageKind) -> PersonFacts:
        try:
            return await self._runtime.registry.facts_by_ref(UUID(person_ref), kind.value)
        except (NotFound, Unavailable):
            raise
        except RenkouError as error:
            raise Unavailable("registry_refused", "人口登记服务拒绝了请求", str(error)) from error


def _subject(person: PersonFacts, wanted: dict[str, Any]) -> Subject:
    return Subject(name=person.name, resident_id=person.resident_id, home_area=wanted["home_area"])
