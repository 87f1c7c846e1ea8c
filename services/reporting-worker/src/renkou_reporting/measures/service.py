"""The measures there are: those of the program, taken over when it starts, and those that staff add."""

import tomllib
from functools import cache
from pathlib import Path

from renkou_common.clock import Clock
from renkou_common.database import Reader, Transaction
from renkou_common.identity.principal import Access
from renkou_reporting.measures import repository
from renkou_reporting.measures.domain import MeasureEntry, Measures, parse_measures
from renkou_reporting.measures.errors import MeasureExists

MEASURES_FILE = Path(__file__).parent / "measures.toml"


@cache
def packaged_measures() -> Measures:
    """Return the measures that come with the program; raises ValueError for a file that is wrong."""
    return parse_measures(tomllib.loads(MEASURES_FILE.read_text(encoding="utf-8")))


async def current(tx: Reader) -> Measures:
    """Return every measure there is."""
    return await repository.all_measures(tx)


async def take_over_packaged(tx: Transaction, clock: Clock) -> int:
    """Store measures of the program that the database does not hold yet; returns how many."""
    return await repository.insert_packaged(tx, packaged_measures().values(), clock.now())


async def add(tx: Transaction, access: Access, clock: Clock, entry: MeasureEntry) -> None:
    """Store a measure that comes by aggregate return; raises MeasureExists."""
    if not await repository.insert(tx, entry, access.subject, clock.now()):
        raise MeasureExists(entry.code)
