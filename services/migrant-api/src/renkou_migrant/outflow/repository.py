"""Queries of the outflow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.outflow.domain import Mark, MarkKind


async def lock_persons(tx: Transaction, refs: Sequence[UUID]) -> None:
    """Wait for every other transaction that looks at these persons' marks and certificates together."""
    await tx.execute(
        """
        SELECT pg_advisory_xact_lock(key) FROM (
            SELECT DISTINCT hashtextextended(ref::text, 20251) AS key
            FROM unnest($1::uuid[]) AS ref ORDER BY key
        ) AS ordered
        """,
        list(refs),
    )


async def marks_of(tx: Transaction, refs: Sequence[UUID]) -> dict[UUID, Counter[Mark]]:
    """Return the marks of each person."""
    rows = await tx.fetch(
        """
        SELECT person_ref, area, happened_on, kind, count FROM outflow_mark
        WHERE person_ref = ANY($1::uuid[])
        """,
        list(refs),
    )
    found: dict[UUID, Counter[Mark]] = {ref: Counter() for ref in refs}
    for row in rows:
        mark = Mark(row["area"], row["happened_on"], MarkKind(row["kind"]))
        found[row["person_ref"]][mark] = row["count"]
    return found


async def add(tx: Transaction, changes: Mapping[UUID, Counter[Mark]]) -> None:
    """Add counts to marks; a mark that comes to nothing is deleted."""
    rows = [(ref, *mark, count) for ref, marks in changes.items() for mark, count in marks.items()]
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    await tx.execute(
        """
        INSERT INTO outflow_mark AS m (person_ref, area, happened_on, kind, count)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::date[], $4::text[], $5::integer[])
        ON CONFLICT (person_ref, area, happened_on, kind) DO UPDATE SET count = m.count + excluded.count
        """,
        *columns,
    )
    await tx.execute(
        "DELETE FROM outflow_mark WHERE person_ref = ANY($1::uuid[]) AND count = 0", list(changes)
    )
