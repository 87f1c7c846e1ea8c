"""The worker's task: looks every few seconds for deletions that can go on."""

import asyncio

import structlog

from renkou_common.database import TRANSIENT_ERRORS
from renkou_common.errors import Unavailable
from renkou_registry.privacy.erasure.carrying import erase_once
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
_EVERY_SECONDS = 5.0


async def run_erasures(runtime: Runtime) -> None:
    """Carry deletions out until cancelled; a lost database is waited for, and what it refused is tried again."""
    while True:
        try:
            await erase_once(runtime)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning("deletions on request wait for the database", error=repr(error))
        await asyncio.sleep(_EVERY_SECONDS)
