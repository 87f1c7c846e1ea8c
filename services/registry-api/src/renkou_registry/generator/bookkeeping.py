"""How far a load has come, in a schema of its own that goes with its end: so it can be taken up again.

The schema also keeps the statements that make the dropped indexes and constraints anew, and the moment at
which the load was begun, which every record carries.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from renkou_registry.generator.drawing import Plan

type Connection = asyncpg.Connection[asyncpg.Record]

_CREATE = """
CREATE SCHEMA generator;
CREATE TABLE generator.plan (described text NOT NULL, begun_at timestamptz NOT NULL);
CREATE TABLE generator.chunk (number int PRIMARY KEY);
CREATE TABLE generator.vacuumed (owner text PRIMARY KEY);
CREATE TABLE generator.rebuild (
    place int GENERATED ALWAYS AS IDENTITY, owner text NOT NULL, phase int NOT NULL, statement text NOT NULL,
    done boolean NOT NULL
);
"""
_CONSTRAINTS = """
SELECT c.conrelid::regclass::text AS owner, c.conname AS name, c.contype = 'f' AS foreign_key,
       pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint c
WHERE c.contype IN ('p', 'u', 'f')
  AND (c.conrelid = ANY($1::regclass[]) OR (c.contype = 'f' AND c.confrelid = ANY($1::regclass[])))
ORDER BY foreign_key DESC, c.conrelid, c.contype, c.conname
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS owner,
       pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i
WHERE i.indrelid = ANY($1::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
ORDER BY name
"""
_WAITING = """
SELECT r.place, r.owner, r.statement
FROM generator.rebuild r
WHERE r.phase = ANY($1::int[]) AND NOT r.done
ORDER BY pg_relation_size(r.owner::regclass) DESC, r.owner, r.place
"""
UNIQUE, INDEX, FOREIGN, VALIDATED = 1, 2, 3, 4
"""What is made anew, in this order: a reference is declared first and compared with the rows afterwards."""
type Waiting = tuple[str, list[tuple[int, str]]]
"""A table and what is still to be made of it: place and statement."""


class OtherLoad(RuntimeError):
    """The register is not empty, or another load was begun."""


def _described(plan: Plan, events: bool) -> str:
    return f"{plan} events={events}"


async def begin(
    connection: Connection, plan: Plan, tables: Sequence[str], *, events: bool, now: datetime
) -> datetime | None:
    """Prepare an empty register, or take up the load that was begun; returns when that was, None for a new one.

    Raises OtherLoad.
    """
    if await connection.fetchval("SELECT to_regnamespace('generator') IS NOT NULL"):
        begun = await connection.fetchrow("SELECT described, begun_at FROM generator.plan")
        assert begun is not None
        if begun["described"] != _described(plan, events):
            raise OtherLoad(f"another load was begun and has to be finished first: {begun['described']}")
        await _open(connection, tables)
        return datetime.fromisoformat(begun["begun_at"].isoformat())
    async with connection.transaction():
        await _open(connection, tables)
        if await connection.fetchval("SELECT EXISTS (SELECT FROM person)"):
            raise OtherLoad("there are people in the register already")
        await connection.execute(_CREATE)
        await connection.execute("INSERT INTO generator.plan VALUES ($1, $2)", _described(plan, events), now)
        await _drop_indexes(connection, tables)
    return None


async def _open(connection: Connection, tables: Sequence[str]) -> None:
    """Let the owner write below the floor and without triggers, which look into indexes that are dropped; the
    app role stays under it, and nothing is tidied up meanwhile."""
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER")
        await connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")


async def _drop_indexes(connection: Connection, tables: Sequence[str]) -> None:
    """Drop what slows loading down, and write down how to make it again."""
    for row in await connection.fetch(_CONSTRAINTS, list(tables)):
        owner, named = row["owner"], f'ALTER TABLE {row["owner"]} ADD CONSTRAINT "{row["name"]}"'
        if row["foreign_key"]:
            await _remember(connection, owner, FOREIGN, f"{named} {row['definition']} NOT VALID")
            validated = f'ALTER TABLE {owner} VALIDATE CONSTRAINT "{row["name"]}"'
            await _remember(connection, owner, VALIDATED, validated)
        else:
            await _remember(connection, owner, UNIQUE, f"{named} {row['definition']}")
        await connection.execute(f'ALTER TABLE {owner} DROP CONSTRAINT "{row["name"]}"')
    for row in await connection.fetch(_INDEXES, list(tables)):
        await _remember(connection, row["owner"], INDEX, row["definition"])
        await connection.execute(f"DROP INDEX {row['name']}")


async def _remember(connection: Connection, owner: str, phase: int, statement: str) -> None:
    await connection.execute(
        "INSERT INTO generator.rebuild (owner, phase, statement, done) VALUES ($1, $2, $3, false)",
        owner,
        phase,
        statement,
    )


async def done_chunks(connection: Connection) -> set[int]:
    """Return the chunks that are loaded."""
    return {row["number"] for row in await connection.fetch("SELECT number FROM generator.chunk")}


async def waiting(connection: Connection, *phases: int) -> list[Waiting]:
    """Return what is still to be made anew in some phases by table, the largest first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for row in await connection.fetch(_WAITING, list(phases)):
        found.setdefault(row["owner"], []).append((row["place"], row["statement"]))
    return list(found.items())


async def make(connection: Connection, place: int, statement: str) -> None:
    """Make one index or constraint anew."""
    async with connection.transaction():
        await connection.execute(statement)
        await connection.execute("UPDATE generator.rebuild SET done = true WHERE place = $1", place)


async def vacuum(connection: Connection, table: str) -> None:
    """Give the planner its statistics and index-only scans their visibility, once for each table."""
    if await connection.fetchval("SELECT EXISTS (SELECT FROM generator.vacuumed WHERE owner = $1)", table):
        return
    await connection.execute(f"VACUUM (ANALYZE) {table}")
    await connection.execute("INSERT INTO generator.vacuumed VALUES ($1)", table)


async def finish(connection: Connection, tables: Sequence[str], floored: Sequence[str]) -> None:
    """Close the floor again and forget the load."""
    async with connection.transaction():
        for table in tables:
            await connection.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")
            await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in floored:
            await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        await connection.execute("DROP SCHEMA generator CASCADE")
