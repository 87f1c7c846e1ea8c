"""Signs checkpoints of the log from time to time, so that its end can't be cut off unnoticed for long."""

import asyncio

import structlog

from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_migrant.message_log.evidence import cover
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)


class Checkpointing:
    """The worker's task."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Sign until cancelled, first at once; waits for the database to come back."""
        while True:
            try:
                async with self._runtime.database.transaction(AreaScope.nothing()) as tx:
                    await cover(tx, self._runtime)
            except TRANSIENT as error:
                _log.warning("checkpoints wait", error=repr(error))
            await asyncio.sleep(self._runtime.settings.checkpoint_seconds)
