"""Adding facts, and what a rebuild does with their shadow. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from renkou_common.database import Transaction
from renkou_reporting.facts import repository
from renkou_reporting.facts.domain import CellKey, Fact, aggregate


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that live tables and rebuild do not agree on; None where one side has no such cell."""

    cell: CellKey
    live: int | None
    rebuilt: int | None


async def add_facts(tx: Transaction, facts: Sequence[Fact], *, shadow: bool = False) -> None:
    """Append facts and keep the cells up in the same transaction."""
    if facts:
        await repository.insert(tx, facts, aggregate(facts), shadow=shadow)


async def begin_shadow(tx: Transaction) -> None:
    """Start a rebuild with an empty shadow."""
    await repository.empty_shadow(tx)


async def complete_shadow(tx: Transaction, feed: str, after: int, also: Sequence[int]) -> None:
    """Take over what the live tables hold beyond a rebuild's position: both then stand at the same marks."""
    await repository.copy_to_shadow(tx, feed, after, also)


async def compare_shadow(tx: Transaction, limit: int) -> tuple[list[Difference], int]:
    """Return up to ``limit`` differing cells and the number of all."""
    rows = await repository.differences(tx, limit)
    found = [Difference(CellKey(*row[:8]), row["live"], row["rebuilt"]) for row in rows]
    return found, (rows[0]["total"] if rows else 0)


async def swap_shadow(tx: Transaction) -> None:
    """Let the rebuilt tables take the place of the live ones at the caller's commit."""
    await repository.swap_shadow(tx)
