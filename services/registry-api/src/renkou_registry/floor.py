"""The row-level floor and the few statements that have to reach past the caller's own area."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from renkou_common.database import Transaction
from renkou_common.reach import reaching_all
from renkou_common.scope import AreaScope

__all__ = ["PERSON_IN_SCOPE", "reaching", "reaching_all", "reaching_everywhere"]

PERSON_IN_SCOPE = """
NOT p.withdrawn AND EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi)
WHERE p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi
OR p.left_area BETWEEN s.lo AND s.hi)
"""
"""Whether person ``p`` is in the register and of the caller's area ($2, $3: its intervals), or was until leaving
the district. For rows found by their key; a list takes the area's own column."""
_SET = "SELECT set_config('renkou.areas', $1, true)"


@asynccontextmanager
async def reaching(tx: Transaction, own: AreaScope, *areas: int) -> AsyncIterator[None]:
    """Let the statements inside also touch rows of these areas (12-digit keys), and nothing else besides.

    A person who moves away leaves the caller's area within the statement that records it; the floor would
    refuse the new row. Callers have checked their right before. An error leaves the transaction to be rolled
    back.
    """
    if all(own.contains(area) for area in areas):
        yield
        return
    wider = AreaScope.of([*own.intervals, *((area, area) for area in areas)])
    await tx.execute(_SET, wider.multirange)
    yield
    await tx.execute(_SET, own.multirange)


@asynccontextmanager
async def reaching_everywhere(tx: Transaction, own: AreaScope) -> AsyncIterator[None]:
    """Let the statements inside reach what belongs to a visible person but lies elsewhere (kin)."""
    await tx.execute(_SET, AreaScope.everything().multirange)
    yield
    await tx.execute(_SET, own.multirange)
