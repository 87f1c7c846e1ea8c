"""Every query of disclosure; rows are added, never changed."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.disclosure.domain import Count, Range, Way, of_whom

_DECIDING = 5_820_332
"""Key of the lock under which it is decided what a version hides: one after the other."""
_WAYS = """
SELECT * FROM (
    SELECT DISTINCT ON (w.root) w.root, w.ahead, w.back, w.changes, w.first_month, w.last_month
    FROM way_out w JOIN published_version v ON v.id = w.version_id
    WHERE w.populations = $1 ORDER BY w.root, v.number DESC
) newest WHERE last_month >= $2 AND first_month <= $3 AND changes <> '[]' ORDER BY root
"""


async def one_at_a_time(tx: Transaction) -> None:
    """Wait until no other version is being decided on."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _DECIDING)


async def stay(tx: Transaction) -> None:
    """Let the database know that somebody is still there."""
    await tx.execute("SELECT 1")


async def periods(tx: Reader, area: int) -> list[Range]:
    """Return the first and last months of every period that was published."""
    rows = await tx.fetch(
        "SELECT DISTINCT first_month, last_month FROM published_version WHERE area = $1", area
    )
    return sorted((row["first_month"], row["last_month"]) for row in rows)


async def touching(tx: Reader, area: int, months: Range, populations: str) -> list[asyncpg.Record]:
    """Return the counts of versions of periods that have a month between two, by number."""
    return await tx.fetch(
        "SELECT v.number, v.first_month, v.last_month, c.counts, c.rests"
        " FROM published_count c JOIN published_version v ON v.id = c.version_id"
        " WHERE v.area = $1 AND v.last_month >= $2 AND v.first_month <= $3 AND c.populations = $4"
        " ORDER BY v.number",
        area,
        *months,
        populations,
    )


async def ways(tx: Reader, populations: str, months: Range) -> list[Way]:
    """Return the newest ways out of each root that touch months."""
    return [
        Way(row["root"], row["ahead"], row["back"], [_change(one) for one in row["changes"]])
        for row in await tx.fetch(_WAYS, populations, *months)
    ]


async def year_before(
    tx: Reader, area: int, months: Range, indicators: Sequence[str]
) -> list[asyncpg.Record]:
    """Return the newest published numbers of some indicators over a period."""
    return await tx.fetch(
        "SELECT c.area, c.population, c.indicator, c.dims, c.numerator, c.denominator, c.hidden"
        " FROM published_cell c WHERE c.indicator = ANY($4::text[]) AND c.version_id = (SELECT id"
        " FROM published_version WHERE area = $1 AND first_month = $2 AND last_month = $3"
        " ORDER BY version DESC LIMIT 1)",
        area,
        *months,
        indicators,
    )


async def insert_suppressed(
    tx: Transaction, version_id: UUID, rows: Sequence[tuple[int, str, str, str, str]]
) -> None:
    """Store what a version hides: area, population, indicator, dimensions, kind."""
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
    await tx.execute(
        "INSERT INTO suppression (version_id, area, population, indicator, dims, kind) SELECT $1, *"
        " FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])",
        version_id,
        *columns,
    )


async def insert_counts(
    tx: Transaction, version_id: UUID, populations: str, counts: list[Any], rests: list[Any]
) -> None:
    """Store the counts of a version."""
    await tx.execute(
        "INSERT INTO published_count (version_id, populations, counts, rests) VALUES ($1, $2, $3, $4)",
        version_id,
        populations,
        counts,
        rests,
    )


async def insert_ways(tx: Transaction, version_id: UUID, populations: str, ways: Iterable[Way]) -> None:
    """Store the ways out of a version."""
    await tx.executemany(
        "INSERT INTO way_out (version_id, root, populations, first_month, last_month, ahead, back, changes)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (
                version_id, way.root, populations, *way.months, way.ahead, way.back,
                [[*count, value, by] for count, value, by in way.changes],
            )
            for way in ways
        ],
    )  # fmt: skip


def _change(row: Sequence[Any]) -> tuple[Count, int, int]:
    area, population, measure, sex, parity, ages, details, first, last, value, by = row
    whom = of_whom(population, measure, sex, parity, ages, details)
    return Count(area, *whom, first, last), value, by
