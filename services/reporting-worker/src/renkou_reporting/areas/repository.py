"""Every query on the dated division tree."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from renkou_common.database import Reader, Transaction
from renkou_reporting.areas.domain import Division, Succession, Tree

EXPORTED = {
    "area": "SELECT key, level, title, valid_from, valid_to FROM area ORDER BY key, level",
    "area_succession": "SELECT DISTINCT since, area, successor, kind FROM area_succession ORDER BY 1, 2, 3, 4",
}
"""What an export holds of the dated tree: a query for each file."""


async def tree(tx: Reader) -> Tree:
    """Return every division and succession."""
    rows = await tx.fetch("SELECT key, level, title AS name, valid_from, valid_to FROM area")
    changes = await tx.fetch("SELECT DISTINCT since, area, successor FROM area_succession")
    divisions = {(row["key"], row["level"]): Division(**row) for row in rows}
    return Tree(divisions, [Succession(**row) for row in changes])


async def fingerprint(tx: Reader) -> tuple[object, ...]:
    """Return another value after every change of the tables that adds, renames or ends a division."""
    row = await tx.fetchrow(
        "SELECT (SELECT coalesce(sum(hashtextextended(a::text, 0)), 0) FROM area a) AS areas,"
        " (SELECT coalesce(sum(hashtextextended(s::text, 0)), 0) FROM area_succession s) AS successions"
    )
    assert row is not None
    return tuple(row)


TITLE = (
    "coalesce((SELECT f.title FROM area_former_name f WHERE f.key = a.key AND f.level = a.level"
    " AND f.valid_until > {day}::date ORDER BY f.valid_until LIMIT 1), a.title)"
)
"""What division ``a`` was called on a day, or is called now where that is NULL."""


async def titles(
    tx: Reader, keys: Sequence[int], levels: Sequence[int], day: date | None
) -> dict[tuple[int, int], str]:
    """Return what divisions (keys and levels side by side) were called on a day or, for None, are called now."""
    rows = await tx.fetch(
        f"SELECT a.key, a.level, {TITLE.format(day='$3')} AS title"
        " FROM unnest($1::bigint[], $2::smallint[]) AS w(key, level) JOIN area a USING (key, level)",
        keys,
        levels,
        day,
    )
    return {(row["key"], row["level"]): row["title"] for row in rows}


async def counted(tx: Reader, keys: Sequence[int]) -> set[int]:
    """Return those of the keys under which there are facts."""
    rows = await tx.fetch(
        "SELECT k FROM unnest($1::bigint[]) AS k WHERE EXISTS (SELECT FROM cell c WHERE c.area = k)", keys
    )
    return {row["k"] for row in rows}


async def store(tx: Transaction, divisions: Iterable[Division]) -> None:
    """Write divisions as registry-api has them now."""
    rows = [(each.key, each.level, each.name, each.valid_from, each.valid_to) for each in divisions]
    await tx.execute(
        "INSERT INTO area (key, level, title, valid_from, valid_to)"
        " SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::date[], $5::date[])"
        " ON CONFLICT (key, level) DO UPDATE SET title = excluded.title, valid_from = excluded.valid_from,"
        " valid_to = excluded.valid_to",
        *[list(column) for column in zip(*rows, strict=True)],
    )


async def found(tx: Transaction, division: Division) -> None:
    """Add a division from a day on; one that is known gets the name, and keeps the one before."""
    await tx.execute(
        "INSERT INTO area_former_name (key, level, valid_until, title)"
        " SELECT key, level, $4, title FROM area WHERE key = $1 AND level = $2 AND title <> $3"
        " ON CONFLICT DO NOTHING",
        division.key,
        division.level,
        division.name,
        division.valid_from,
    )
    await tx.execute(
        "INSERT INTO area (key, level, title, valid_from) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (key, level) DO UPDATE SET title = excluded.title",
        division.key,
        division.level,
        division.name,
        division.valid_from,
    )


async def end(tx: Transaction, key: int, level: int, last_day: date) -> None:
    """Let a division end."""
    await tx.execute("UPDATE area SET valid_to = $3 WHERE key = $1 AND level = $2", key, level, last_day)


async def succeed(tx: Transaction, change_id: UUID, kind: str, successions: Iterable[Succession]) -> None:
    """Write what a change leads to; what is written stays."""
    await tx.executemany(
        "INSERT INTO area_succession (change_id, area, successor, since, kind) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING",
        [(change_id, each.area, each.successor, each.since, kind) for each in successions],
    )


async def renamings(tx: Reader) -> list[tuple[int, date]]:
    """Return (key, day) of every change after which a code that was there before goes on."""
    rows = await tx.fetch("SELECT DISTINCT area, since FROM area_succession WHERE area = successor")
    return [(row["area"], row["since"]) for row in rows]


async def keep_former_name(tx: Transaction, division: Division, until: date, name: str) -> None:
    """Remember what a division was called before a day."""
    await tx.execute(
        "INSERT INTO area_former_name (key, level, valid_until, title) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        division.key,
        division.level,
        until,
        name,
    )
