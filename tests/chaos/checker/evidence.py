"""What the checker looks at: the running districts after healing, and what their clients remember."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from renkou_local.stack import Stack
from tests.chaos.clients.acknowledged import Acknowledged
from tests.chaos.clients.load import Load
from tests.e2e.api import Api
from tests.e2e.journey import Journey


@dataclass
class Evidence:
    """Everything at hand after a run. ``auditors`` read the logs of their districts; ``folder`` is for exports."""

    stack: Stack
    journey: Journey
    acknowledged: Acknowledged
    load: Load
    auditors: Mapping[str, Api]
    folder: Path

    @property
    def districts(self) -> list[str]:
        """Codes of the districts."""
        return list(self.stack.nodes)

    @asynccontextmanager
    async def database(self, district: str, service: str) -> AsyncIterator[asyncpg.Connection]:
        """Look into a service's database past its rules, as a superuser."""
        connection = await self.stack.postgres.connect(f"{service}_{district}")
        try:
            yield connection
        finally:
            await connection.close()
