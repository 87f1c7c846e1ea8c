"""Every query on what districts published."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.province.document import Document
from renkou_reporting.published.signing import Signed

_NEWEST = """
SELECT DISTINCT ON (district) district, period, version, payload_hash, definitions, pulled_at
FROM district_version WHERE period = $1 AND district = ANY($2::text[]) ORDER BY district, version DESC
"""
_FIGURES = """
SELECT f.district, f.population, f.indicator, f.dims, f.numerator, f.denominator,
    f.reason
FROM unnest($1::text[], $3::int[]) AS v(district, version)
    JOIN district_figure f ON f.district = v.district AND f.period = $2 AND f.version = v.version
WHERE $4::text IS NULL OR f.population = $4
ORDER BY f.population, f.indicator, f.dims, f.district
"""
_ACCOUNTS = """
SELECT a.district, a.population, a.parts
FROM unnest($1::text[], $3::int[]) AS v(district, version)
    JOIN district_account a ON a.district = v.district AND a.period = $2 AND a.version = v.version
WHERE $4::text IS NULL OR a.population = $4
ORDER BY a.population, a.district
"""


async def position(tx: Reader, district: str) -> int:
    """Return the number of a district's last document, 0 before the first."""
    found: int | None = await tx.fetchval(
        "SELECT position FROM district_source WHERE district = $1", district
    )
    return found or 0


async def lock_position(tx: Transaction, district: str, at: datetime) -> int:
    """Return the number of a district's last document, 0 before the first; nobody else adds one until the end of
    the transaction."""
    await tx.execute(
        "INSERT INTO district_source (district, position, asked_at) VALUES ($1, 0, $2)"
        " ON CONFLICT (district) DO NOTHING",
        district,
        at,
    )
    position: int = await tx.fetchval(
        "SELECT position FROM district_source WHERE district = $1 FOR UPDATE", district
    )
    return position


async def note_page(tx: Transaction, district: str, at: datetime) -> None:
    """Note that a page of a district's feed was read and nothing is wrong with it."""
    await tx.execute(
        "INSERT INTO district_source (district, position, asked_at) VALUES ($1, 0, $2)"
        " ON CONFLICT (district) DO UPDATE SET asked_at = $2, problem = NULL, problem_since = NULL",
        district,
        at,
    )


async def note_problem(tx: Transaction, district: str, at: datetime, problem: str) -> None:
    """Note what is wrong with a district's feed, since when it is is kept."""
    await tx.execute(
        "INSERT INTO district_source AS s (district, position, asked_at, problem, problem_since)"
        " VALUES ($1, 0, $2, $3, $2) ON CONFLICT (district) DO UPDATE SET asked_at = $2, problem = $3,"
        " problem_since = CASE WHEN s.problem = $3 THEN s.problem_since ELSE $2 END",
        district,
        at,
        problem,
    )


async def sources(tx: Reader) -> dict[str, asyncpg.Record]:
    """Return the state of every district's feed."""
    rows = await tx.fetch("SELECT district, position, asked_at, problem, problem_since FROM district_source")
    return {row["district"]: row for row in rows}


async def hash_of(tx: Reader, district: str, period: str, version: int) -> bytes | None:
    """Return the hash of a version, None for one that was not pulled."""
    found: bytes | None = await tx.fetchval(
        "SELECT payload_hash FROM district_version WHERE district = $1 AND period = $2 AND version = $3",
        district,
        period,
        version,
    )
    return found


async def hash_of_number(tx: Reader, district: str, number: int) -> bytes | None:
    """Return the hash of the document under a number of a district's feed."""
    found: bytes | None = await tx.fetchval(
        "SELECT payload_hash FROM district_version WHERE district = $1 AND number = $2", district, number
    )
    return found


async def insert(tx: Transaction, document: Document, number: int, signed: Signed, at: datetime) -> None:
    """Store a checked version with the figures and accounts of the whole district, as the last of its feed."""
    district, period, version = document.district, document.period, document.version
    await tx.execute(
        "INSERT INTO district_version (district, period, version, number, definitions, payload_hash, payload,"
        " protected, signature, pulled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        district, period, version, number, document.definitions, signed.hash, signed.payload, signed.protected,
        signed.signature, at,
    )  # fmt: skip
    await tx.executemany(
        "INSERT INTO district_figure (district, period, version, population, indicator, dims, numerator,"
        " denominator, value, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [(district, period, version, *row[1:]) for row in document.own_figures()],
    )
    await tx.executemany(
        "INSERT INTO district_account (district, period, version, population, parts) VALUES ($1, $2, $3, $4, $5)",
        [(district, period, version, row[0], row[1:]) for row in document.own_accounts()],
    )
    await tx.execute("UPDATE district_source SET position = $2 WHERE district = $1", district, number)


async def newest(tx: Reader, period: str, districts: Sequence[str]) -> list[asyncpg.Record]:
    """Return the newest version of a period of each district that published one."""
    return await tx.fetch(_NEWEST, period, districts)


async def figures(
    tx: Reader, period: str, versions: Mapping[str, int], population: str | None
) -> list[asyncpg.Record]:
    """Return the figures of districts' versions."""
    return await tx.fetch(_FIGURES, list(versions), period, list(versions.values()), population)


async def accounts(
    tx: Reader, period: str, versions: Mapping[str, int], population: str | None
) -> list[asyncpg.Record]:
    """Return the population accounts of districts' versions."""
    return await tx.fetch(_ACCOUNTS, list(versions), period, list(versions.values()), population)
