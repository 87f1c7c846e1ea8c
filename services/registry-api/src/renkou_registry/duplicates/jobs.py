"""The worker's side: compares new persons and carries runs on, each step in one transaction."""

import asyncio

import structlog

from renkou_common.database import TRANSIENT_ERRORS
from renkou_common.errors import Unavailable
from renkou_common.scope import AreaScope
from renkou_registry import background
from renkou_registry.duplicates import repository, service
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
STEP = 100
"""Small: scoring holds the process, and the relay of events runs in it as well."""
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 1.0


async def run_comparisons(runtime: Runtime) -> None:
    """Work until cancelled; a lost database is waited for."""
    while True:
        try:
            await background.give_way()
            if not await step(runtime):
                await asyncio.sleep(_POLL_SECONDS)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning("comparisons wait for the database", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)


async def step(runtime: Runtime) -> bool:
    """Compare some new persons, else some of a run; says whether there was anything to do."""
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        waiting = await repository.take_todo(tx, STEP)
        if waiting:
            await service.compare(runtime, tx, waiting)
            return True
        run = await repository.take_run(tx)
        if run is None:
            return False
        ids = await repository.ids_of_area(tx, (run.area, run.area_high), run.after_id, STEP)
        found = await service.compare(runtime, tx, ids) if ids else 0
        ended_at = runtime.clock.now() if len(ids) < STEP else None
        after = ids[-1] if ids else run.after_id
        await repository.advance(tx, run.id, after, len(ids), found, ended_at)
    return True
