"""Keeping search keys true: called in the transaction that enters, changes, moves or withdraws a person."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.search import repository
from renkou_registry.search.domain import keys_of
from renkou_registry.search.repository import Keyed


def keyed(entry: PersonEntry) -> Keyed:
    """Return the keys of a person who enters the register."""
    keys = keys_of([entry.name], [entry.present_street, entry.registered_street])
    return Keyed(entry.id, keys, entry.present_area, entry.registered_area)


def entry_records(entry: PersonEntry) -> list[tuple[Any, ...]]:
    """Return the keys of a person who enters, ready to be written; the person's id stands first."""
    return repository.records_of(keyed(entry))


async def index_records(tx: Transaction, records: Sequence[tuple[Any, ...]]) -> None:
    """Write the keys of persons who were just entered."""
    if records:
        await repository.insert_many(tx, records)


async def refresh(tx: Transaction, person_id: UUID) -> None:
    """Bring a person's keys up to the names, streets and areas of the row, which this transaction changed."""
    row = await repository.described(tx, person_id)
    if row is None:
        await repository.delete(tx, person_id)
        return
    keys = keys_of([row["name"], *row["former_names"]], [row["present_street"], row["registered_street"]])
    await repository.replace(tx, Keyed(person_id, keys, row["present_area"], row["other_area"]))


async def forget(tx: Transaction, person_id: UUID) -> None:
    """Delete the keys of a person whose entry was retracted."""
    await repository.delete(tx, person_id)
