"""Noted details (name, number) beside a state of the past: the one place where they come from."""

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from renkou_common.codes.masking import mask_resident_id
from renkou_common.database import Transaction
from renkou_registry.persons.reading import open_resident_id
from renkou_registry.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Details:
    """Name and masked number."""

    name: str
    resident_id: str | None


async def details_as_of(
    runtime: Runtime, tx: Transaction, row: asyncpg.Record, on: date, known_at: datetime
) -> Details:
    """Return the noted details of a person found before, those that the row holds."""
    number = open_resident_id(runtime, row)
    return Details(row["name"], mask_resident_id(number) if number else None)
