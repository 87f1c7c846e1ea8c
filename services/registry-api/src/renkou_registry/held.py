"""Held events for the operator: ``python -m renkou_registry.held list | replay FEED SEQ``."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from renkou_common.database import Database
from renkou_common.messaging.inbox import Apply
from renkou_common.messaging.operating import operate
from renkou_registry.bootstrap import open_runtime
from renkou_registry.life_events.consumers import apply
from renkou_registry.settings import load_settings


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Database, Mapping[str, Apply]]]:
    """Connect the service's database; give what applies each feed."""
    async with open_runtime(load_settings()) as runtime:
        yield runtime.database, {"migrant": partial(apply, runtime)}


if __name__ == "__main__":
    sys.exit(asyncio.run(operate(opened())))
