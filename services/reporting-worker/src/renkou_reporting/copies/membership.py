"""A copy among others: says that it is there, sees who else is, and so knows its partitions.

Nothing hangs on all copies agreeing at every moment: where two take themselves for the one that works on a
partition, the second finds the position moved on (see :mod:`.intake`).
"""

import asyncio
import os
import socket
from uuid import uuid4

import structlog

from renkou_common.database import Database
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_reporting.copies import repository
from renkou_reporting.copies.domain import FIRST, assigned

BEAT_SECONDS = 0.5
PATIENCE_SECONDS = 3.0
"""A copy not heard of for so long has died or hangs; the others share its partitions."""
_log = structlog.get_logger(__name__)


class Membership:
    """One copy of the worker; ``name`` is host and process number unless given."""

    def __init__(self, database: Database, name: str = "") -> None:
        self.id = uuid4()
        self.name = name or f"{socket.gethostname()}/{os.getpid()}"
        self.owned: frozenset[int] = frozenset()
        self._database = database
        self._leading = asyncio.Event()

    @property
    def leads(self) -> bool:
        """Whether this copy does what one copy does for all."""
        return FIRST in self.owned

    async def lead(self) -> None:
        """Return as soon as this copy leads."""
        await self._leading.wait()

    async def run(self) -> None:
        """Stay a member until cancelled; then say goodbye, so that the others need not wait."""
        try:
            while True:
                try:
                    await self.beat()
                except TRANSIENT as error:
                    _log.warning("copy is not heard", error=repr(error))
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            await self.leave()

    async def beat(self) -> None:
        """Say that this copy is there and take up the partitions that follow from who else is."""
        async with self._database.transaction(AreaScope.nothing()) as tx:
            present = await repository.announce(tx, self.id, self.name, PATIENCE_SECONDS)
        owned = assigned(self.id, present)
        if owned != self.owned:
            _log.info("partitions", copy=self.name, copies=len(present), partitions=sorted(owned))
        self.owned = owned
        if self.leads:
            self._leading.set()
        else:
            self._leading.clear()

    async def leave(self) -> None:
        """Give the partitions back to the others."""
        self.owned = frozenset()
        try:
            async with asyncio.timeout(2), self._database.transaction(AreaScope.nothing()) as tx:
                await repository.leave(tx, self.id)
        except TRANSIENT as error:
            _log.warning("copy could not say goodbye", error=repr(error))
