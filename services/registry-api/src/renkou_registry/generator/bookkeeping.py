"""How far a load has come, in a schema of its own that goes with its end: so it can be taken up again.

The schema also keeps the statements that make the dropped indexes and constraints anew.
"""

from collections.abc import Sequence

import asyncpg

from renkou_registry.generator.drawing import Plan

type Connection = asyncpg.Connection[asyncpg.Record]

_CREATE = """
CREATE SCHEMA generator;
CREATE TABLE generator.plan (described text NOT NULL);
CREATE TABLE generator.chunk (number int PRIMARY KEY);
CREATE TABLE generator.rebuild (
    place int GENERATED ALWAYS AS IDENTITY, phase int NOT NULL, statement text NOT NULL, done boolean NOT NULL
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
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i
WHERE i.indrelid = ANY($1::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'))
ORDER BY name
"""
UNIQUE, INDEX, FOREIGN = 1, 2, 3


class OtherLoad(RuntimeError):
    """The register is not empty, or another load was begun."""


def _described(plan: Plan, events: bool) -> str:
    return f"{plan} events={events}"


async def begin(connection: Connection, plan: Plan, tables: Sequence[str], *, events: bool) -> bool:
    """Prepare an empty register, or take up the load that was begun; returns whether it is taken up.

    Raises OtherLoad.
    """
    if await connection.fetchval("SELECT to_regnamespace('generator') IS NOT NULL"):
        begun = await connection.fetchval("SELECT described FROM generator.plan")
        if begun != _described(plan, events):
            raise OtherLoad(f"another load was begun and has to be finished first: {begun}")
        await _open(connection, tables)
        return True
    async with connection.transaction():
        await _open(connection, tables)
        if await connection.fetchval("SELECT EXISTS (SELECT FROM person)"):
            raise OtherLoad("there are people in the register already")
        await connection.execute(_CREATE)
        await connection.execute("INSERT INTO generator.plan VALUES ($1)", _described(plan, events))
        await _drop_indexes(connection, tables)
    return False


async def _open(connection: Connection, tables: Sequence[str]) -> None:
    """Let the owner write below the floor and without triggers, which look into indexes that are dropped; the
    app role stays under it."""
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER")


async def _drop_indexes(connection: Connection, tables: Sequence[str]) -> None:
    """Drop what slows loading down, and write down how to make it again."""
    for row in await connection.fetch(_CONSTRAINTS, list(tables)):
        statement = f'ALTER TABLE {row["owner"]} ADD CONSTRAINT "{row["name"]}" {row["definition"]}'
        await _remember(connection, FOREIGN if row["foreign_key"] else UNIQUE, statement)
        await connection.execute(f'ALTER TABLE {row["owner"]} DROP CONSTRAINT "{row["name"]}"')
    for row in await connection.fetch(_INDEXES, list(tables)):
        await _remember(connection, INDEX, row["definition"])
        await connection.execute(f"DROP INDEX {row['name']}")


async def _remember(connection: Connection, phase: int, statement: str) -> None:
    await connection.execute(
        "INSERT INTO generator.rebuild (phase, statement, done) VALUES ($1, $2, false)", phase, statement
    )


async def done_chunks(connection: Connection) -> set[int]:
    """Return the chunks that are loaded."""
    return {row["number"] for row in await connection.fetch("SELECT number FROM generator.chunk")}


async def statements(connection: Connection, phase: int) -> list[tuple[int, str]]:
    """Return what is still to be made anew in a phase."""
    rows = await connection.fetch(
        "SELECT place, statement FROM generator.rebuild WHERE phase = $1 AND NOT done ORDER BY place", phase
    )
    return [(row["place"], row["statement"]) for row in rows]


async def make(connection: Connection, place: int, statement: str) -> None:
    """Make one index or constraint anew."""
    async with connection.transaction():
        await connection.execute(statement)
        await connection.execute("UPDATE generator.rebuild SET done = true WHERE place = $1", place)


async def finish(connection: Connection, tables: Sequence[str], floored: Sequence[str]) -> None:
    """Close the floor again and forget the load."""
    async with connection.transaction():
        for table in tables:
            await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in floored:
            await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        await connection.execute("DROP SCHEMA generator CASCADE")
