"""Fills an empty register with made-up people of a real district, for trials and measurements.

    python -m renkou_registry.generate --persons 1000000 --seed 1 --district 340103 [--events]

Needs the environment of ``python -m renkou_registry.migrate`` (the owner role) and RENKOU_FIELD_KEYS_FILE, on
a migrated database without people. The same arguments give the same people. Ended half-way, it goes on where
it ended; until it has finished, the register is without indexes.
"""

import argparse
import asyncio
import sys
import time
from datetime import date

from renkou_registry.generator.bookkeeping import OtherLoad
from renkou_registry.generator.drawing import Plan
from renkou_registry.generator.loading import load
from renkou_registry.settings import load_settings

_HOUSEHOLDS_PER_PERSON = 0.35


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--households", type=int, help="default: 35 for 100 people")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--district", help="6 digits; default: the node's")
    parser.add_argument("--stock-date", type=date.fromisoformat, default=date(2025, 12, 31))
    parser.add_argument("--events", action="store_true", help="publish everybody, so that figures count them")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Command line entry."""
    given, settings, started = _arguments(), load_settings(), time.monotonic()
    households = given.households or round(given.persons * _HOUSEHOLDS_PER_PERSON)
    district = given.district or settings.district
    if district != settings.district:
        sys.exit(f"this node serves {settings.district}, not {district}")
    plan = Plan(given.persons, households, given.seed, district, given.stock_date)

    def say(text: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {text}", flush=True)

    try:
        done = asyncio.run(load(settings, plan, events=given.events, processes=given.processes, say=say))
    except OtherLoad as error:
        sys.exit(str(error))
    say(f"{done.persons:,} people: rows {done.copying:.1f} s, indexes {done.indexing:.1f} s")


if __name__ == "__main__":
    main()
