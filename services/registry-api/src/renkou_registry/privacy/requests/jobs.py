"""The worker's task: answers requests whose deletion is carried out."""

from uuid import UUID

from renkou_common.scope import AreaScope
from renkou_registry import background
from renkou_registry.privacy.requests import repository, service
from renkou_registry.records import Desk
from renkou_registry.runtime import Runtime

_EVERY_SECONDS = 5.0
_EVERYWHERE = AreaScope.everything()
_NOBODY = UUID(int=0)


async def answer_once(runtime: Runtime) -> int:
    """Answer every request whose deletion is carried out, each in a transaction; returns how many."""
    async with runtime.database.transaction(_EVERYWHERE, read_only=True) as tx:
        waiting = await repository.carrying_out(tx)
    answered = 0
    for request_id in waiting:
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            desk = Desk(runtime, tx, _EVERYWHERE, _NOBODY)
            answered += await service.answer_when_carried_out(desk, request_id)
    return answered


async def run_answers(runtime: Runtime) -> None:
    """Answer until cancelled; a lost database is waited for."""
    await background.again_and_again(runtime, "answers to persons' requests", answer_once, _EVERY_SECONDS)
