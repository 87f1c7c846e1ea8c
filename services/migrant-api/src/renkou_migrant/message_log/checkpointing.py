"""Signs checkpoints of the log from time to time, so that its end can't be cut off unnoticed for long."""

import asyncio

import structlog

from renkou_common.audit.sealing import last_root
from renkou_common.errors import RenkouError
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_migrant.message_log import service
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
                of_register = await self._newest_root()
                async with self._runtime.database.transaction(AreaScope.nothing()) as tx:
                    own = await last_root(tx)
                    roots = {service.REGISTER: of_register, service.OURSELVES: own["token"] if own else None}
                    now = self._runtime.clock.now()
                    for whose, root in roots.items():
                        if root is not None:
                            await service.note_audit_root(tx, self._runtime.cipher, whose, root, now)
                    await cover(tx, self._runtime)
            except TRANSIENT as error:
                _log.warning("checkpoints wait", error=repr(error))
            await asyncio.sleep(self._runtime.settings.checkpoint_seconds)

    async def _newest_root(self) -> str | None:
        """What the register's audit log has come to; checkpoints do not wait for it."""
        try:
            return await self._runtime.registry.newest_audit_root()
        except RenkouError as error:
            _log.warning("the register's audit root waits", error=error.code)
            return None
