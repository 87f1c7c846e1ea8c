"""Noted details (name, number) beside a state of the past: the one place where they come from."""

from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from renkou_common.codes.masking import mask_resident_id
from renkou_common.database import Transaction
from renkou_registry.persons import details as noted
from renkou_registry.persons.registration import RESIDENT_ID
from renkou_registry.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Details:
    """Name and masked number."""

    name: str
    resident_id: str | None


async def details_as_of(
    runtime: Runtime, tx: Transaction, row: asyncpg.Record, on: date, known_at: datetime
) -> Details:
    """Return name and masked number of a person found before, as they held on a day, as known at a moment."""
    found = await noted.details_as_of(tx, row["id"], on, known_at)
    sealed = found["resident_id_sealed"]
    number = runtime.cipher.decrypt(sealed, RESIDENT_ID) if sealed is not None else None
    return Details(found["name"], mask_resident_id(number) if number else None)
