"""The outflow as certificates and departures ask for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.reach import reaching_all
from renkou_migrant.outflow import repository
from renkou_migrant.outflow.domain import Mark

__all__ = ["Mark", "add", "lock_persons", "marks_of"]


async def lock_persons(tx: Transaction, refs: Sequence[UUID]) -> None:
    """Hold these persons until the transaction ends, so that marks and certificates change one at a time."""
    await repository.lock_persons(tx, refs)


async def marks_of(tx: Transaction, refs: Sequence[UUID]) -> dict[UUID, Counter[Mark]]:
    """Return each person's marks, wherever the person was registered; see :func:`.domain.times_away`.

    Callers have found the person in their own area: whether somebody is away hangs on every earlier area too.
    """
    async with reaching_all(tx):
        return await repository.marks_of(tx, refs)


async def add(tx: Transaction, changes: Mapping[UUID, Counter[Mark]]) -> None:
    """Add what the register has published; hold the persons first."""
    await repository.add(tx, changes)
