"""Which copies of the worker there are, and how far apart their partitions stand."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_reporting.copies import repository
from renkou_reporting.copies.domain import assigned
from renkou_reporting.copies.membership import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the worker; one that is not heard of any more has no partitions."""

    id: UUID
    name: str
    since: datetime
    seen_at: datetime
    partitions: list[int]


async def copies(tx: Transaction) -> list[Copy]:
    """Return the copies heard of within the last minute, the one that leads first."""
    rows = await repository.copies(tx, PATIENCE_SECONDS)
    present = [row["id"] for row in rows if row["present"]]
    return [
        Copy(row["id"], row["name"], row["since"], row["seen_at"], sorted(assigned(row["id"], present)))
        for row in rows
    ]


async def furthest(tx: Transaction) -> dict[str, int]:
    """Return the number that the furthest partition of each feed has reached."""
    return {row["feed"]: row["highest"] for row in await repository.positions(tx)}
