"""Every query on what districts published."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.published.signing import Signed

_NEWEST = """
SELECT DISTINCT ON (district) district, period, version, payload_hash, definitions, pulled_at
FROM district_version WHERE period = $1 AND district = ANY($2::text[]) ORDER BY district, version DESC
"""
_FIGURES = """
SELECT f.district, f.population, f.indicator, f.dims, f.numerator, f.denominator, f.value, f.reason
FROM unnest($1::text[], $3::int[]) AS v(district, version)
    JOIN district_figure f ON f.district = v.district AND f.period = $2 AND f.version = v.version
ORDER BY f.population, f.indicator, f.dims, f.district
"""
_ACCOUNTS = """
SELECT a.population, a.parts
FROM unnest($1::text[], $3::int[]) AS v(district, version)
    JOIN district_account a ON a.district = v.district AND a.period = $2 AND a.version = v.version
ORDER BY a.population, a.district
"""


async def source(tx: Reader, district: str) -> tuple[int, str | None]:
    """Return number and cursor of the last document of a district; (0, None) before the first."""
    row = await tx.fetchrow("SELECT position, cursor FROM district_source WHERE district = $1", district)
    return (0, None) if row is None else (row["position"], row["cursor"].decode() or None)


async def save_source(
    tx: Transaction, district: str, position: int, cursor: str | None, at: datetime, problem: str | None
) -> None:
    """Note how far a district's feed is pulled, and what is wrong with it."""
    await tx.execute(
        "INSERT INTO district_source (district, position, cursor, asked_at, problem) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (district) DO UPDATE SET position = $2, cursor = $3, asked_at = $4, problem = $5",
        district,
        position,
        (cursor or "").encode(),
        at,
        problem,
    )


async def sources(tx: Reader) -> dict[str, asyncpg.Record]:
    """Return the state of every district's feed."""
    rows = await tx.fetch("SELECT district, position, asked_at, problem FROM district_source")
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


async def insert(
    tx: Transaction, content: Mapping[str, Any], number: int, signed: Signed, at: datetime
) -> None:
    """Store a checked version with the figures and accounts of the whole district."""
    district, period, version = content["district"], content["period"], content["version"]
    await tx.execute(
        "INSERT INTO district_version (district, period, version, number, definitions, payload_hash, payload,"
        " protected, signature, pulled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        district, period, version, number, content["definitions"], signed.hash, signed.payload, signed.protected,
        signed.signature, at,
    )  # fmt: skip
    await tx.executemany(
        "INSERT INTO district_figure (district, period, version, population, indicator, dims, numerator,"
        " denominator, value, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [(district, period, version, *row[1:]) for row in content["figures"] if row[0] == district],
    )
    await tx.executemany(
        "INSERT INTO district_account (district, period, version, population, parts) VALUES ($1, $2, $3, $4, $5)",
        [(district, period, version, row[1], row[2:]) for row in content["accounts"] if row[0] == district],
    )


async def newest(tx: Reader, period: str, districts: Sequence[str]) -> list[asyncpg.Record]:
    """Return the newest version of a period of each district that published one."""
    return await tx.fetch(_NEWEST, period, districts)


async def figures(tx: Reader, period: str, versions: Mapping[str, int]) -> list[asyncpg.Record]:
    """Return the figures of districts' versions."""
    return await tx.fetch(_FIGURES, list(versions), period, list(versions.values()))


async def accounts(tx: Reader, period: str, versions: Mapping[str, int]) -> list[asyncpg.Record]:
    """Return the population accounts of districts' versions."""
    return await tx.fetch(_ACCOUNTS, list(versions), period, list(versions.values()))
