"""Every query on separation; it reads persons' state through the persons feature's view."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.separated.domain import Direction

_SIDES = {
    Direction.REGISTERED_HERE: ("registered_area", "present_area"),
    Direction.LIVING_HERE: ("present_area", "registered_area"),
}
_SEPARATED = "p.present_area <> p.registered_area AND p.alive AND NOT p.withdrawn"  # fits the partial indexes


async def page(
    tx: Transaction,
    direction: Direction,
    interval: tuple[int, int],
    begun_by: date,
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return (id, area, since) of separated persons of an area whose stay began by a day, by (area, id).

    Who only lives in another community of the same area is in the list too: every community has its own.
    """
    here, _ = _SIDES[direction]
    area, person_id = after or (-1, UUID(int=0))
    return await tx.fetch(
        f"SELECT p.id, p.{here} AS area, p.present_since FROM person p"
        f" WHERE p.{here} BETWEEN $1 AND $2 AND {_SEPARATED} AND p.present_since <= $3"
        f" AND (p.{here}, p.id) > ($4::bigint, $5::uuid) ORDER BY p.{here}, p.id LIMIT $6",
        *interval,
        begun_by,
        area,
        person_id,
        limit,
    )


async def counts(
    tx: Transaction, direction: Direction, interval: tuple[int, int], begun_by: Sequence[date]
) -> asyncpg.Record:
    """Return how many stays had begun by each of four days, of the separated persons of an area."""
    here, _ = _SIDES[direction]
    row = await tx.fetchrow(
        "SELECT "
        + ", ".join(
            f"count(*) FILTER (WHERE p.present_since <= ${number}) AS by_{number - 3}"
            for number in range(3, 7)
        )
        + f" FROM person p WHERE p.{here} BETWEEN $1 AND $2 AND {_SEPARATED}",
        *interval,
        *begun_by,
    )
    assert row is not None
    return row
