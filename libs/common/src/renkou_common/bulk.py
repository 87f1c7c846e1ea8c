"""Rows on their way into a statement: few as array parameters, many by COPY into a temporary table.

    source = await bulk.rows(tx, SHAPE, records, after=2)
    await tx.execute(f"INSERT INTO t SELECT r.*, $1, $2 FROM {source.sql}", now, by, *source.arguments)

PostgreSQL refuses COPY into a table under row-level security, but not into a temporary one: from there one
statement takes the rows, under the policies like any other. Arrays cost the driver about four times as much
for each value, a temporary table two round trips more. Its rows go with the end of the transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from renkou_common.database import Transaction

MANY = 200
"""Rows from which on the round trips of a temporary table are worth it."""


@dataclass(frozen=True)
class Shape:
    """What rows look like: a name of their own among temporary tables, and each column's PostgreSQL type.

    A type is one that the driver sends in binary: jsonb travels as text. ``ordered`` rows have a ``place``
    besides, for statements that write them in the order given.
    """

    name: str
    columns: dict[str, str]
    ordered: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns in the order in which records hold them."""
        return tuple(self.columns)

    @cached_property
    def empty(self) -> str:
        """The statements that leave an empty temporary table."""
        given = {"place": "int", **self.columns} if self.ordered else self.columns
        columns = ", ".join(f"{name} {kind}" for name, kind in given.items())
        return (
            f"CREATE TEMPORARY TABLE IF NOT EXISTS given_{self.name} ({columns})"
            f" ON COMMIT DELETE ROWS; TRUNCATE given_{self.name}"
        )


@dataclass(frozen=True, slots=True)
class Source:
    """What stands after FROM: rows called ``r`` with the shape's columns, those of an ordered one with
    ``place``, 1, 2, ... in the order given; and the arguments it takes."""

    sql: str
    arguments: list[Any]


async def rows(tx: Transaction, shape: Shape, records: Sequence[Sequence[Any]], *, after: int = 0) -> Source:
    """Return records as the source of a statement that has ``after`` arguments of its own before."""
    if len(records) < MANY:
        arrays = [[record[place] for record in records] for place in range(len(shape.columns))]
        listed = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(shape.columns.values(), after + 1))
        return Source(f"unnest({listed}) WITH ORDINALITY AS r ({', '.join(shape.names)}, place)", arrays)
    await tx.execute(shape.empty)
    given = [(place, *record) for place, record in enumerate(records, 1)] if shape.ordered else records
    await tx.copy_records_to_table(f"given_{shape.name}", records=given)
    return Source(f"given_{shape.name} AS r", [])


def count(status: str) -> int:
    """Return how many rows a statement wrote, from what the server says at its end (``INSERT 0 12``)."""
    return int(status.rpartition(" ")[2])
