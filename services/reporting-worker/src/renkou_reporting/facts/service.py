"""Adding facts, and what a rebuild does with their shadow. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from renkou_common.database import Transaction
from renkou_reporting.facts import repository
from renkou_reporting.facts.domain import Fact, aggregate

FOLD = 20_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of sums that live tables and rebuild do not agree on; None where one side has no such row.

    ``kind`` is the table of sums: cell, area_cell (of a whole year its month is yyyy) or cohort_cell.
    """

    kind: str
    area: int
    month: int
    population: str
    measure: str
    sex: int
    parity: int
    birth_month: int
    detail: str
    live: int | None
    rebuilt: int | None


async def add_facts(tx: Transaction, facts: Sequence[Fact], *, shadow: bool = False) -> None:
    """Append facts and keep their sums up in the same transaction."""
    if facts:
        await repository.insert(tx, facts, aggregate(facts), shadow=shadow)


async def add_origins(tx: Transaction, origins: Sequence[tuple[str, int, str, datetime]]) -> None:
    """Note with which event facts came: feed, number, type, and when it was recorded."""
    if origins:
        await repository.insert_events(tx, origins)


async def begin_shadow(tx: Transaction) -> None:
    """Start a rebuild with an empty shadow."""
    await repository.empty_shadow(tx)


async def complete_shadow(tx: Transaction, feed: str, after: int, also: Sequence[int]) -> None:
    """Take over what the live tables hold beyond a rebuild's position: both then stand at the same marks."""
    await repository.copy_to_shadow(tx, feed, after, also)


async def compare_shadow(tx: Transaction, limit: int) -> tuple[list[Difference], int]:
    """Return up to ``limit`` differing rows of each table of sums, and the number of all."""
    found: list[Difference] = []
    total = 0
    for table, rows in await repository.differences(tx, limit):
        found += [Difference(table, *row[:10]) for row in rows]
        total += rows[0]["total"] if rows else 0
    return found, total


async def swap_shadow(tx: Transaction, found: Sequence[Difference]) -> None:
    """Let the rebuilt tables take the place of the live ones at the caller's commit.

    The cohort stock stays as it is where the cohort cells came out equal, else it is made anew.
    """
    await repository.swap_shadow(tx)
    if any(one.kind == "cohort_cell" for one in found):
        await repository.reset_cohorts(tx)


async def fold_cohorts(tx: Transaction) -> bool:
    """Move a portion of recent changes into the cohort stock; says whether there may be more."""
    return await repository.fold_cohorts(tx, FOLD) == FOLD
