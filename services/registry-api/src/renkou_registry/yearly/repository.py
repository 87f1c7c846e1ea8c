"""Every query on papers of one year; table and parent are constants of the features' code."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


async def of_parent(tx: Transaction, table: str, parent: str, parent_id: UUID) -> list[asyncpg.Record]:
    """Return a record's papers, the newest year first."""
    return await tx.fetch(
        f"SELECT * FROM {table} WHERE {parent}_id = $1 ORDER BY year DESC LIMIT 100", parent_id
    )


async def lacking(
    tx: Transaction, table: str, parent: str, interval: tuple[int, int], year: int, limit: int
) -> list[asyncpg.Record]:
    """Return (id, area, since) of an area's records in force in a year that have no paper of that year."""
    return await tx.fetch(
        f"SELECT p.id, p.area, p.since FROM {parent} p WHERE p.area BETWEEN $1 AND $2 AND p.since <= $4"
        f" AND (p.ended_on IS NULL OR p.ended_on >= $5) AND NOT EXISTS"
        f" (SELECT FROM {table} t WHERE t.{parent}_id = p.id AND t.year = $3)"
        " ORDER BY p.area, p.id LIMIT $6",
        *interval,
        year,
        date(year, 12, 31),
        date(year, 1, 1),
        limit,
    )


async def insert_many(
    tx: Transaction,
    table: str,
    parent: str,
    year: int,
    papers: Sequence[tuple[UUID, UUID, int, date]],
    now: datetime,
    by: UUID,
) -> set[UUID]:
    """Write papers (id, parent, area, due) once; returns the ids of those that are new."""
    rows = await tx.fetch(
        f"INSERT INTO {table} (id, {parent}_id, area, year, due_on, state, version, recorded_at, recorded_by)"
        " SELECT t.id, t.parent, t.area, $5, t.due, 'due', 1, $6, $7"
        " FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::date[]) AS t (id, parent, area, due)"
        " ON CONFLICT DO NOTHING RETURNING id",
        [paper[0] for paper in papers],
        [paper[1] for paper in papers],
        [paper[2] for paper in papers],
        [paper[3] for paper in papers],
        year,
        now,
        by,
    )
    return {row["id"] for row in rows}
