"""Persons to be compared: noted in the transaction that enters or changes them, compared by the worker."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.database import Transaction
from renkou_registry.duplicates import repository


async def note(tx: Transaction, person_ids: Sequence[UUID]) -> None:
    """Have new or changed persons compared with everybody else soon."""
    if person_ids:
        await repository.note(tx, person_ids)
