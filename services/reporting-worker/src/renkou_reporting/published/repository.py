"""Every query on published versions; rows are added, never changed."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Reader, Transaction
from renkou_reporting.published.domain import (
    Account,
    Cell,
    Difference,
    Key,
    NewVersion,
    ShownAccount,
    shown_account,
)
from renkou_reporting.published.signing import Signed

_NUMBERING = 5_820_331
"""Key of the lock under which versions get their numbers."""
_HEAD = (
    "id, number, closing_id, area, period, first_month, last_month, version, first_signed_by, first_signed_at,"
    " second_signed_by, second_signed_at, reason, positions, overrides, payload_hash"
)
_INSERT_VERSION = """
INSERT INTO published_version (id, number, closing_id, frozen_id, area, period, first_month, last_month, version,
    first_signed_by, first_signed_at, second_signed_by, second_signed_at, reason, positions, definitions,
    overrides, payload_hash, payload, protected, signature)
VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM published_version), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
    $12, $13, $14, $15, $16, $17, $18, $19, $20)
"""
_INSERT_CELLS = """
INSERT INTO published_cell (version_id, area, population, indicator, dims, numerator, denominator, value, reason,
    hidden)
SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::bool[])
"""
_PAIRS = """
SELECT v.first_month, v.last_month, c.area, c.population, c.indicator, c.dims, v.version, c.numerator, c.denominator,
    c.value, c.reason, v.definitions -> c.indicator AS definition, c.version_id, c.hidden
FROM published_cell c JOIN published_version v ON v.id = c.version_id
WHERE c.indicator = ANY($1::text[]) AND c.area = ANY($2::bigint[])
    AND (v.first_month, v.last_month) IN (SELECT * FROM unnest($3::int[], $4::int[]))
ORDER BY v.version
"""


async def insert(
    tx: Transaction,
    new: NewVersion,
    cells: Sequence[tuple[int, Cell]],
    accounts: Sequence[tuple[int, Account, Sequence[str]]],
    differences: Sequence[tuple[int, Difference]],
) -> None:
    """Store a version under the next number of the feed; areas are given as keys."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _NUMBERING)
    await tx.execute(
        _INSERT_VERSION, new.id, new.closing_id, new.frozen_id, new.area, new.period, new.first_month,
        new.last_month, new.version, new.first_signed_by, new.first_signed_at, new.second_signed_by,
        new.second_signed_at, new.reason, new.positions, new.definitions, new.overrides, new.signed.hash,
        new.signed.payload, new.signed.protected, new.signed.signature,
    )  # fmt: skip
    rows = [
        (area, *cell.key[1:], cell.numerator, cell.denominator, cell.value, cell.reason, cell.hidden)
        for area, cell in cells
    ]
    await tx.execute(_INSERT_CELLS, new.id, *(list(column) for column in zip(*rows, strict=True)))
    await tx.executemany(
        "INSERT INTO published_account (version_id, area, population, parts, hidden) VALUES ($1, $2, $3, $4, $5)",
        [
            (new.id, area, population, list(parts), list(hidden))
            for area, (_, population, parts), hidden in accounts
        ],
    )
    await tx.executemany(
        "INSERT INTO published_difference (version_id, area, population, indicator, dims, before, after,"
        " definition_changed, events, hidden) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            (
                new.id, area, *one.key[1:], one.shown()["before"], one.shown()["after"], one.definition_changed,
                one.shown()["events"], one.hidden,
            )
            for area, one in differences
        ],
    )  # fmt: skip


async def page(tx: Reader, period: str | None, before: int | None, limit: int) -> list[asyncpg.Record]:
    """Return heads of versions, the newest first."""
    return await tx.fetch(
        f"SELECT {_HEAD} FROM published_version WHERE ($1::text IS NULL OR period = $1)"
        " AND ($2::bigint IS NULL OR number < $2) ORDER BY number DESC LIMIT $3",
        period,
        before,
        limit,
    )


async def find(tx: Reader, area: int, period: str, version: int | None) -> asyncpg.Record | None:
    """Return a version with its definitions, the newest where none is named."""
    return await tx.fetchrow(
        f"SELECT {_HEAD}, definitions FROM published_version WHERE area = $1 AND period = $2"
        " AND ($3::int IS NULL OR version = $3) ORDER BY version DESC LIMIT 1",
        area,
        period,
        version,
    )


async def heads(tx: Reader, version_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the heads of some versions with their definitions, the first first."""
    return await tx.fetch(
        f"SELECT {_HEAD}, definitions FROM published_version WHERE id = ANY($1::uuid[]) ORDER BY number",
        version_ids,
    )


async def signed(tx: Reader, version_id: UUID) -> Signed:
    """Return a version's signed document."""
    row = await tx.fetchrow(
        "SELECT payload, protected, signature FROM published_version WHERE id = $1", version_id
    )
    assert row is not None
    return Signed(row["payload"], row["protected"], row["signature"])


async def documents(tx: Reader, after: int, limit: int) -> list[tuple[int, Signed]]:
    """Return signed documents by their numbers in the feed."""
    rows = await tx.fetch(
        "SELECT number, payload, protected, signature FROM published_version WHERE number > $1"
        " ORDER BY number LIMIT $2",
        after,
        limit,
    )
    return [(row["number"], Signed(row["payload"], row["protected"], row["signature"])) for row in rows]


async def cells(
    tx: Reader, version_id: UUID, interval: tuple[int, int], population: str | None, indicator: str | None
) -> list[Cell]:
    """Return a version's figures of areas between two keys."""
    rows = await tx.fetch(
        "SELECT area, population, indicator, dims, numerator, denominator, value, reason, hidden"
        " FROM published_cell WHERE version_id = $1 AND area BETWEEN $2 AND $3"
        " AND ($4::text IS NULL OR population = $4) AND ($5::text IS NULL OR indicator = $5)"
        " ORDER BY area, population, indicator, dims",
        version_id, *interval, population, indicator,
    )  # fmt: skip
    return [Cell(Key(AreaCode.from_key(row["area"]).value, *row[1:4]), *row[4:9]) for row in rows]


async def cells_of(
    tx: Reader, version_id: UUID, areas: Sequence[int], indicators: Sequence[str]
) -> list[Cell]:
    """Return a version's figures of some areas, themselves and not what is below."""
    rows = await tx.fetch(
        "SELECT area, population, indicator, dims, numerator, denominator, value, reason, hidden"
        " FROM published_cell WHERE version_id = $1 AND area = ANY($2::bigint[]) AND indicator = ANY($3::text[])",
        version_id, areas, indicators,
    )  # fmt: skip
    return [Cell(Key(AreaCode.from_key(row["area"]).value, *row[1:4]), *row[4:9]) for row in rows]


async def differences(tx: Reader, version_id: UUID, interval: tuple[int, int]) -> list[asyncpg.Record]:
    """Return what a version changed, of areas between two keys."""
    return await tx.fetch(
        "SELECT area, population, indicator, dims, before, after, definition_changed, events, hidden"
        " FROM published_difference WHERE version_id = $1 AND area BETWEEN $2 AND $3"
        " ORDER BY area, population, indicator, dims",
        version_id,
        *interval,
    )


async def accounts(tx: Reader, version_id: UUID, interval: tuple[int, int]) -> list[ShownAccount]:
    """Return a version's population accounts of areas between two keys, as they are shown."""
    rows = await tx.fetch(
        "SELECT area, population, parts, hidden FROM published_account WHERE version_id = $1 AND area BETWEEN $2 AND $3"
        " ORDER BY area, population",
        version_id,
        *interval,
    )
    return [
        shown_account((AreaCode.from_key(row["area"]).value, row["population"], row["parts"]), row["hidden"])
        for row in rows
    ]


async def pairs(
    tx: Reader, indicators: Sequence[str], areas: Sequence[int], months: Sequence[tuple[int, int]]
) -> list[asyncpg.Record]:
    """Return every published number of some figures, the first version first."""
    firsts, lasts = [first for first, _ in months], [last for _, last in months]
    return await tx.fetch(_PAIRS, indicators, areas, firsts, lasts)
