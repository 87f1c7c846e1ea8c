"""A relay as a process of its own, so that a test can kill it: DSN, broker URL, seed file."""

import asyncio
import sys
from pathlib import Path

from renkou_common.database import Database
from renkou_common.messaging.nats_client import NatsClient
from renkou_common.messaging.relay import Relay


async def main(dsn: str, url: str, seed_file: str) -> None:
    """Run the relay until killed."""
    nats = NatsClient(url, name="relay", seed_file=Path(seed_file))
    relay = Relay(Database(dsn), nats, "registry", "REGISTRY")
    async with asyncio.TaskGroup() as group:
        group.create_task(nats.run())
        group.create_task(relay.run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
