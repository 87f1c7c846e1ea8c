"""`python -m renkou_local up` with stand-ins instead of the services; the tests end it in every way.

python run_stack.py DATA_FOLDER DISTRICT[,DISTRICT]
"""

import asyncio
import contextlib
import sys
from pathlib import Path

from renkou_local.__main__ import say, up
from renkou_local.databases import SERVICES
from renkou_local.stack import Stack

STAND_IN = str(Path(__file__).with_name("stand_in.py"))
PROGRAMS = {
    (service, role): [sys.executable, STAND_IN, role]
    for service in SERVICES
    for role in ("migrate", "main", "worker")
}

if __name__ == "__main__":
    stack = Stack(Path(sys.argv[1]), sys.argv[2].split(","), programs=PROGRAMS, progress=say)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(up(stack))
