"""The worker's side of changes of communities: one batch after another until none waits."""

import asyncio

import structlog

from renkou_common.database import TRANSIENT_ERRORS
from renkou_common.errors import Unavailable
from renkou_registry.areas.following import carry_on
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 1.0


async def run_area_changes(runtime: Runtime) -> None:
    """Carry changes on until cancelled; a lost database is waited for."""
    while True:
        try:
            busy = await carry_on(runtime)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning("area changes wait for the database", error=repr(error))
            busy = False
        if not busy:
            await asyncio.sleep(_POLL_SECONDS)
