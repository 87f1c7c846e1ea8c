"""Separation from registration: list and count. Callers hold the transaction; nothing here commits."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope
from renkou_registry.persons import service as persons
from renkou_registry.separated import repository
from renkou_registry.separated.domain import THRESHOLDS, Direction, full_months, stayed_since


@dataclass(frozen=True, slots=True)
class Separated:
    """A separated person: the row, the area by which the list runs, and the full months of the stay."""

    row: asyncpg.Record
    area: int
    months: int


async def page(
    tx: Transaction,
    scope: AreaScope,
    area: AreaCode,
    direction: Direction,
    at_least_months: int,
    on: date,
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[Separated]:
    """Return a page of an area's separated persons whose stay lasts so long on a day; raises NotFound."""
    interval = _interval(scope, area)
    begun_by = stayed_since(at_least_months, on)
    found = await repository.page(tx, direction, interval, begun_by, after, limit)
    rows = {row["id"]: row for row in await persons.find_many(tx, [row["id"] for row in found], scope)}
    return [
        Separated(rows[row["id"]], row["area"], full_months(row["present_since"], on))
        for row in found
        if row["id"] in rows
    ]


async def counts(
    tx: Transaction, scope: AreaScope, area: AreaCode, direction: Direction, on: date
) -> dict[int, int]:
    """Return how many stays last 0, 1, 3 and 6 full months or more on a day; raises NotFound."""
    steps = (0, *THRESHOLDS)
    days = [stayed_since(months, on) for months in steps]
    row = await repository.counts(tx, direction, _interval(scope, area), days)
    return dict(zip(steps, row.values(), strict=True))


def _interval(scope: AreaScope, area: AreaCode) -> tuple[int, int]:
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    return interval
