"""The worker's task: answers requests whose deletion is carried out."""

import asyncio
from uuid import UUID

import structlog

from renkou_common.database import TRANSIENT_ERRORS
from renkou_common.errors import Unavailable
from renkou_common.scope import AreaScope
from renkou_registry.privacy.requests import service
from renkou_registry.records import Desk
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
_EVERY_SECONDS = 5.0
_EVERYWHERE = AreaScope.everything()
_NOBODY = UUID(int=0)


async def answer_once(runtime: Runtime) -> int:
    """Answer every request whose deletion is carried out, each in a transaction; returns how many."""
    async with runtime.database.transaction(_EVERYWHERE, read_only=True) as tx:
        waiting = await service.waiting_for_deletion(Desk(runtime, tx, _EVERYWHERE, _NOBODY))
    answered = 0
    for request_id in waiting:
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            desk = Desk(runtime, tx, _EVERYWHERE, _NOBODY)
            answered += await service.answer_when_carried_out(desk, request_id)
    return answered


async def run_answers(runtime: Runtime) -> None:
    """Answer until cancelled; a lost database is waited for."""
    while True:
        try:
            await answer_once(runtime)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning("answers to persons' requests wait for the database", error=repr(error))
        await asyncio.sleep(_EVERY_SECONDS)
