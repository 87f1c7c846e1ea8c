"""Every query on facts and their sums that writes them or compares them."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from renkou_common.database import Transaction
from renkou_reporting.facts.domain import BALANCE_SIGNS, YEARLY_MEASURES, Fact, Sums

_INSERT_FACTS = """
INSERT INTO fact{shadow} (feed, seq, line_no, event_id, area, happened_on, month,
    population, measure, sex, birth_month, parity, value, detail)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::bigint[], $6::date[], $7::int[],
    $8::text[], $9::text[], $10::smallint[], $11::int[], $12::smallint[], $13::bigint[], $14::text[])
"""
_COPY_FACTS = """
INSERT INTO fact_shadow SELECT * FROM fact WHERE feed = $1 AND (seq > $2 OR seq = ANY($3::bigint[]))
"""


@dataclass(frozen=True, slots=True)
class _Store:
    """A table of sums: its key with types, the key in terms of a fact, and which facts count."""

    table: str
    key: tuple[tuple[str, str], ...]
    of_fact: tuple[str, ...]
    measures: tuple[str, ...] | None = None

    @property
    def columns(self) -> str:
        return ", ".join(name for name, _ in self.key)

    def add(self, *, shadow: bool) -> str:
        """Return the statement that adds sums, given as one array per column."""
        arrays = [*(kind for _, kind in self.key), "bigint"]
        given = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(arrays, 1))
        return self._adding(f"SELECT * FROM unnest({given})", shadow=shadow)

    def copy(self) -> str:
        """Return the statement that adds the sums of live facts ($1 to $3 choose them) to the shadow."""
        only = "" if self.measures is None else " AND measure = ANY($4::text[])"
        places = ", ".join(str(number) for number in range(1, len(self.key) + 1))
        return self._adding(
            f"SELECT {', '.join(self.of_fact)}, sum(value)::bigint FROM fact"
            f" WHERE feed = $1 AND (seq > $2 OR seq = ANY($3::bigint[])){only}"
            f" GROUP BY {places} ORDER BY {places}",
            shadow=True,
        )

    def differences(self) -> str:
        """Return the query for rows that live table and shadow do not agree on, up to $1 of them."""
        names = {name: name for name, _ in self.key} | {"year": "year * 100 AS month"}
        wanted = ("month" if "month" in self.columns else "year", *["population", "measure", "sex"])
        optional = [
            name if name in self.columns else f"{nothing} AS {name}"
            for name, nothing in (("parity", "0"), ("birth_month", "0"), ("detail", "''"))
        ]
        return (
            f"SELECT area, {', '.join(names[name] for name in wanted)}, {', '.join(optional)},"
            " l.value AS live, s.value AS rebuilt, count(*) OVER () AS total"
            f" FROM {self.table} l FULL JOIN {self.table}_shadow s USING ({self.columns})"
            f" WHERE l.value IS DISTINCT FROM s.value ORDER BY {self.columns} LIMIT $1"
        )

    def _adding(self, rows: str, *, shadow: bool) -> str:
        table = f"{self.table}_shadow" if shadow else self.table
        return (
            f"INSERT INTO {table} AS t ({self.columns}, value) {rows}"
            f" ON CONFLICT ({self.columns}) DO UPDATE SET value = t.value + excluded.value"
        )


_MONTHLY = (("area", "bigint"), ("month", "int"), ("population", "text"), ("measure", "text"))
_YEARLY = (("area", "bigint"), ("year", "int"), ("population", "text"), ("measure", "text"))
_COUNTED = (("sex", "smallint"), ("parity", "smallint"), ("detail", "text"))
CELL = _Store(
    "cell",
    (*_MONTHLY, *_COUNTED),
    ("area", "month", "population", "measure", "sex", "parity", "detail"),
)
YEAR = _Store(
    "year_cell",
    (*_YEARLY, *_COUNTED),
    ("area", "month / 100", "population", "measure", "sex", "parity", "detail"),
    tuple(sorted(YEARLY_MEASURES)),
)
COHORT = _Store(
    "cohort_cell",
    (*_MONTHLY, ("sex", "smallint"), ("birth_month", "int")),
    ("area", "month", "population", "measure", "sex", "birth_month"),
    tuple(sorted(BALANCE_SIGNS)),
)
STORES = (CELL, YEAR, COHORT)
_INSERT = {shadow: _INSERT_FACTS.format(shadow="_shadow" if shadow else "") for shadow in (False, True)}
_ADD = {shadow: [store.add(shadow=shadow) for store in STORES] for shadow in (False, True)}
_DIFFERENCES = {store.table: store.differences() for store in STORES}


async def insert(tx: Transaction, facts: Sequence[Fact], sums: Sums, *, shadow: bool) -> None:
    """Write facts and add their sums."""
    await tx.execute(_INSERT[shadow], *zip(*facts, strict=True))
    by_store: Sequence[Sequence[tuple[tuple[object, ...], int]]] = sums
    for statement, rows in zip(_ADD[shadow], by_store, strict=True):
        if rows:
            keys = zip(*(key for key, _ in rows), strict=True)
            await tx.execute(statement, *keys, [value for _, value in rows])


async def copy_to_shadow(tx: Transaction, feed: str, after: int, also: Sequence[int]) -> None:
    """Copy live facts numbered above ``after``, and those in ``also``, into the shadow with their sums."""
    await tx.execute(_COPY_FACTS, feed, after, also)
    for store in STORES:
        only = [] if store.measures is None else [store.measures]
        await tx.execute(store.copy(), feed, after, also, *only)


async def differences(tx: Transaction, limit: int) -> list[tuple[str, list[asyncpg.Record]]]:
    """Return by table the rows that differ between live and shadow, each with the number of all of them."""
    return [(table, await tx.fetch(query, limit)) for table, query in _DIFFERENCES.items()]


async def empty_shadow(tx: Transaction) -> None:
    """Throw the shadow's rows away."""
    await tx.execute("SELECT renkou_empty_shadow()")


async def swap_shadow(tx: Transaction) -> None:
    """Make the shadow live and the live tables the shadow; readers wait for the commit at most."""
    await tx.execute("SELECT renkou_swap_shadow()")
