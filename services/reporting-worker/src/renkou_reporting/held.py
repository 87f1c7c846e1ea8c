"""Held events for the operator: ``python -m renkou_reporting.held list | replay FEED SEQ``."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from renkou_common.database import Database
from renkou_common.messaging.inbox import Apply
from renkou_common.messaging.operating import operate
from renkou_reporting.bootstrap import open_runtime
from renkou_reporting.copies.intake import replay_held
from renkou_reporting.settings import load_settings
from renkou_reporting.subscriptions import APPLY


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Database, Mapping[str, Apply]]]:
    """Connect the service's database; give what applies each feed."""
    async with open_runtime(load_settings()) as runtime:
        yield runtime.database, APPLY


if __name__ == "__main__":
    sys.exit(asyncio.run(operate(opened(), replay=replay_held)))
