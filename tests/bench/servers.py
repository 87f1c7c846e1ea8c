"""PostgreSQL and NATS for what is measured inside this process: durable, as in production."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from renkou_common.migration import upgrade
from renkou_local.databases import DatabaseAccess
from renkou_local.nats import EmbeddedNats
from renkou_local.postgres import EmbeddedPostgres

PROCESSES = max(1, min(os.process_cpu_count() or 1, 4))
"""How many processes answer requests, as the services decide by themselves; the limits get as many."""
OURS, LIMIT = "340103", "310115"
"""Two NATS accounts with the same streams: one for our relay, one for the bare publisher."""


@dataclass(frozen=True)
class Servers:
    """Running servers."""

    postgres: EmbeddedPostgres
    nats: EmbeddedNats

    async def migrated(self, service: str, scripts: Path) -> DatabaseAccess:
        """Return a new database of a service, brought up by its migrations."""
        access = DatabaseAccess(
            name=f"bench_{service}",
            address=self.postgres.address,
            owner_role=f"bench_{service}_owner",
            owner_password="owner-of-the-bench",
            app_role=f"bench_{service}_app",
            app_password="app-of-the-bench",
        )
        await self.postgres.create_database(access)
        os.environ["RENKOU_APP_ROLE"] = access.app_role
        try:
            await asyncio.to_thread(upgrade, scripts, access.owner_url)
        finally:
            del os.environ["RENKOU_APP_ROLE"]
        return access


@asynccontextmanager
async def servers(folder: Path) -> AsyncIterator[Servers]:
    """Run both servers on a folder of their own."""
    postgres = EmbeddedPostgres(folder / "postgres", durable=True)
    nats = EmbeddedNats(folder / "nats", {one: folder / "secrets" / one for one in (OURS, LIMIT)})
    try:
        await postgres.start()
        await nats.start()
        yield Servers(postgres, nats)
    finally:
        await nats.stop()
        await postgres.stop()
