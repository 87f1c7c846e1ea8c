"""Task of the worker: carry approved reissues out."""

import asyncio

import structlog

from renkou_common.errors import Unauthenticated, Unavailable
from renkou_common.messaging.inbox import TRANSIENT
from renkou_migrant.reissues import service
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 2.0
_PAUSE_SECONDS = 5.0


async def reissuing(runtime: Runtime) -> None:
    """Work until cancelled; a database or register that is away is waited for."""
    while True:
        try:
            if not await service.step(runtime):
                await asyncio.sleep(_POLL_SECONDS)
        except (*TRANSIENT, Unavailable, Unauthenticated) as error:
            _log.warning("reissue waits", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)
