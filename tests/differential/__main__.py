"""``python -m tests.differential --facts N --seed S``: every figure of a random history beside its recomputation.

Runs PostgreSQL in a folder of its own that is taken away at the end. Ends with 1 where a figure differs.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from renkou_local.databases import DatabaseAccess
from renkou_local.postgres import EmbeddedPostgres
from tests.differential.comparing import Comparison
from tests.differential.district import opened
from tests.facts.history import History
from tests.facts.places import changing

_SHOWN = 40


async def _run(facts: int, seed: int, towns: int, communities: int) -> int:
    with tempfile.TemporaryDirectory(prefix="differential-") as name:
        folder = Path(name)
        postgres = EmbeddedPostgres(folder / "postgres", durable=False)
        await postgres.start()
        try:
            access = DatabaseAccess("figures", postgres.address, "owner", "owner-here", "app", "app-here")
            await postgres.create_database(access)
            async with opened(access) as district:
                history = History(facts, seed, changing(towns, communities))
                report = await Comparison(district, history, folder / "facts", seed).run()
        finally:
            await postgres.stop()
    print(report.summary)
    for told in report.differences[:_SHOWN]:
        print(told)
    return 1 if report.differences else 0


def main() -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tests.differential", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--facts", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--towns", type=int, default=3, help="at least 2")
    parser.add_argument("--communities", type=int, default=4, help="of each town, at least 4")
    given = parser.parse_args()
    return asyncio.run(_run(given.facts, given.seed, given.towns, given.communities))


if __name__ == "__main__":
    sys.exit(main())
