"""Every query on the division tree."""

from collections.abc import Sequence
from datetime import date

import asyncpg

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.divisions import read_divisions
from renkou_common.database import Session, Transaction
from renkou_registry.areas.domain import AreaRecord

_COLUMNS = "a.key, a.level, a.name, a.valid_from, a.valid_to, a.successor"


def _code(key: int, level: int) -> AreaCode:
    return AreaCode(str(key)[: AreaLevel(level).digits])


def _record(row: asyncpg.Record) -> AreaRecord:
    successor = row["successor"]
    return AreaRecord(
        code=_code(row["key"], row["level"]),
        name=row["name"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        successor=_code(successor, row["level"]) if successor is not None else None,
    )


async def areas_of(tx: Transaction, codes: Sequence[AreaCode]) -> dict[AreaCode, AreaRecord]:
    """Return those of the codes that are known."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM unnest($1::bigint[], $2::smallint[]) AS wanted (key, level)"
        " JOIN area a ON a.key = wanted.key AND a.level = wanted.level",
        [code.key for code in codes],
        [int(code.level) for code in codes],
    )
    records = [_record(row) for row in rows]
    return {record.code: record for record in records}


async def children_of(tx: Transaction, code: AreaCode, after: int, limit: int) -> list[AreaRecord]:
    """Return up to ``limit`` divisions directly below ``code`` in the order of their codes."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM area a WHERE a.parent = $1 AND a.level = $2 AND a.key > $3"
        " ORDER BY a.key LIMIT $4",
        code.key,
        int(code.level) + 1,
        after,
        limit,
    )
    return [_record(row) for row in rows]


async def successors_of(tx: Transaction, area: int) -> list[tuple[str, str]]:
    """Return (code, name) of the divisions that took the place of one."""
    rows = await tx.fetch(
        "SELECT s.successor, a.name FROM area_successor s JOIN area a ON a.key = s.successor AND a.level = $2"
        " WHERE s.area = $1 ORDER BY s.successor",
        area,
        int(AreaCode.from_key(area).level),
    )
    return [(AreaCode.from_key(row["successor"]).value, row["name"]) for row in rows]


async def name_on(tx: Transaction, area: int, level: int, on: date) -> str | None:
    """Return what a division was called on a day if that was another name than today's."""
    name: str | None = await tx.fetchval(
        "SELECT name FROM area_former_name WHERE key = $1 AND level = $2 AND valid_until > $3"
        " ORDER BY valid_until LIMIT 1",
        area,
        level,
        on,
    )
    return name


async def load_divisions(connection: Session) -> int:
    """Copy the shipped division list into an empty table, in one transaction; returns how many came in."""
    async with connection.transaction():
        await connection.execute("LOCK TABLE area IN SHARE ROW EXCLUSIVE MODE")
        if await connection.fetchval("SELECT EXISTS (SELECT FROM area)"):
            return 0
        status = await connection.copy_records_to_table(
            "area",
            records=((each.key, each.level, each.parent, each.name) for each in read_divisions()),
            columns=("key", "level", "parent", "name"),
        )
        await connection.execute("ANALYZE area")
    return int(status.split()[-1])
