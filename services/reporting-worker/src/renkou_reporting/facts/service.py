"""Adding facts, and what a rebuild does with their shadow. The caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_reporting.facts import cohort_repository, repository
from renkou_reporting.facts.domain import Fact

FOLD = 20_000
SUMMED = (("cell", "area_cell"), ("cohort_cell",))
"""Tables of sums that are made one after the other; the groups can be made side by side."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of sums that live tables and rebuild do not agree on; None where one side has no such row.

    ``kind`` is the table of sums: cell, area_cell, cohort_cell or cohort_stock (of a whole year its month is yyyy;
    the stock is what it and its log make together, under the measure ``stock``).
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


async def add_facts(tx: Transaction, facts: Sequence[Fact]) -> None:
    """Append facts and keep their sums up in the same transaction."""
    if facts:
        await repository.insert(tx, facts)


async def add_origins(tx: Transaction, origins: Sequence[tuple[str, int, str, datetime]]) -> None:
    """Note with which event facts came: feed, number, type, and when it was recorded."""
    if origins:
        await repository.insert_events(tx, origins)


async def begin_shadow(tx: Transaction) -> None:
    """Start a rebuild with an empty shadow."""
    await repository.empty_shadow(tx)


async def fill_shadow(tx: Transaction, rows: str) -> None:
    """Append rows of facts to the shadow, as COPY reads them; they are summed up when all are there."""
    if rows:
        await repository.copy_to_shadow(tx, rows)


async def empty_sums(tx: Transaction) -> None:
    """Throw away what an earlier attempt summed up."""
    await repository.empty_sums(tx)


async def sum_shadow(tx: Transaction, tables: Sequence[str]) -> None:
    """Sum the shadow's facts up into some of its empty tables of sums; :data:`SUMMED` says which together."""
    await repository.sum_shadow(tx, tables)


async def complete_shadow(tx: Transaction, feed: str, after: int, also: Sequence[int]) -> None:
    """Take over what the live tables hold beyond a rebuild's position: both then stand at the same marks."""
    await repository.take_over_late(tx, feed, after, also)


async def compare_shadow(tx: Transaction, limit: int) -> tuple[list[Difference], int]:
    """Return up to ``limit`` differing rows of each table of sums, and the number of all."""
    found: list[Difference] = []
    total = 0
    for table, rows in await repository.differences(tx, limit):
        found += [Difference(table, *row[:10]) for row in rows]
        total += rows[0]["total"] if rows else 0
    return found, total


async def hold_writers(tx: Transaction) -> None:
    """Let nobody but the caller add facts until its transaction ends."""
    await repository.hold_writers(tx)


async def keep_tables(tx: Transaction) -> None:
    """Let no rebuild take the tables' place before the end of a transaction that is of one moment.

    It would not see the rows of new tables that were written after its moment. To be called before it reads.
    """
    await repository.keep_tables(tx)


async def swap_shadow(tx: Transaction, *, stock_differs: bool) -> None:
    """Let the rebuilt tables take the place of the live ones at the caller's commit.

    The cohort stock stays as it is where it came out equal, else it is made anew. Raises
    ``LockNotAvailableError`` where somebody reads for long; then the caller tries again.
    """
    await repository.swap_shadow(tx)
    if stock_differs:
        await cohort_repository.reset(tx)


async def put_right(tx: Transaction, run: UUID, wrong: Sequence[Fact], right: Sequence[Fact]) -> None:
    """Let facts take the place of wrong ones of the same feed, and sum anew what either counts in.

    The log of the reconciliation ``run`` has the wrong ones already; :func:`hold_writers` holds.
    """
    await repository.remove_logged(tx, run, wrong)
    await repository.insert_facts(tx, right)
    if await repository.sum_anew(tx, [*wrong, *right]):
        await cohort_repository.reset(tx)


async def fold_cohorts(tx: Transaction) -> bool:
    """Move a portion of recent changes into the cohort stock; says whether there may be more."""
    return await cohort_repository.fold(tx, FOLD) == FOLD
