"""Every query on facts and their sums that writes them or compares them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
    """A table of sums: its key with types, the key in terms of facts, and which facts count ($4: measures)."""

    table: str
    key: tuple[tuple[str, str], ...]
    of_fact: tuple[str, ...]
    facts: str = "fact"
    measures: tuple[str, ...] | None = None
    where: str = "measure = ANY($4::text[])"

    @property
    def columns(self) -> str:
        return ", ".join(name for name, _ in self.key)

    def add(self, *, shadow: bool) -> str:
        """Return the statement that adds sums, given as one array per column."""
        arrays = [*(kind for _, kind in self.key), "bigint"]
        given = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(arrays, 1))
        return self._adding(f"SELECT * FROM unnest({given})", shadow=shadow)

    def copy(self, *, shadow: bool) -> str:
        """Return the statement that adds the sums of live facts; $1 to $3 choose them."""
        only = "" if self.measures is None else f" AND {self.where}"
        places = ", ".join(str(number) for number in range(1, len(self.key) + 1))
        return self._adding(
            f"SELECT {', '.join(self.of_fact)}, sum(value)::bigint FROM {self.facts}"
            f" WHERE feed = $1 AND (seq > $2 OR seq = ANY($3::bigint[])){only}"
            f" GROUP BY {places} ORDER BY {places}",
            shadow=shadow,
        )

    def differences(self) -> str:
        """Return the query for rows that live table and shadow do not agree on, up to $1 of them."""
        absent = {"parity": "0", "birth_month": "0", "detail": "''"}
        told = ", ".join(
            f"{absent[name]} AS {name}" if name in absent and name not in dict(self.key) else name
            for name in ("area", "month", "population", "measure", "sex", *absent)
        )
        return (
            f"SELECT {told}, l.value AS live, s.value AS rebuilt, count(*) OVER () AS total"
            f" FROM {self.table} l FULL JOIN {self.table}_shadow s USING ({self.columns})"
            f" WHERE l.value IS DISTINCT FROM s.value ORDER BY {self.columns} LIMIT $1"
        )

    def _adding(self, rows: str, *, shadow: bool) -> str:
        table = f"{self.table}_shadow" if shadow else self.table
        return (
            f"INSERT INTO {table} AS t ({self.columns}, value) {rows}"
            f" ON CONFLICT ({self.columns}) DO UPDATE SET value = t.value + excluded.value"
        )


_WHERE = (
    ("area", "bigint"),
    ("month", "int"),
    ("population", "text"),
    ("measure", "text"),
    ("sex", "smallint"),
)
_COUNTED = (("parity", "smallint"), ("detail", "text"))
CELL = _Store(
    "cell",
    (*_WHERE, *_COUNTED),
    ("area", "month", "population", "measure", "sex", "parity", "detail"),
)
AREA = _Store(
    "area_cell",
    (("level", "smallint"), *_WHERE, *_COUNTED),
    ("level", "of_area", "of_month", "population", "measure", "sex", "parity", "detail"),
    "fact CROSS JOIN LATERAL (VALUES (4, area / 1000 * 1000, month), (3, area / 1000000 * 1000000, month),"
    " (5, area, month / 100), (4, area / 1000 * 1000, month / 100),"
    " (3, area / 1000000 * 1000000, month / 100)) AS v(level, of_area, of_month)",
    tuple(sorted(YEARLY_MEASURES)),
    "(of_month > 9999 OR measure = ANY($4::text[]))",
)
COHORT = _Store(
    "cohort_cell",
    (*_WHERE, ("birth_month", "int")),
    ("area", "month", "population", "measure", "sex", "birth_month"),
    measures=tuple(sorted(BALANCE_SIGNS)),
)
STORES = (CELL, AREA, COHORT)
_LOG_COHORTS = """
INSERT INTO cohort_recent (area, month, population, sex, birth_month, value)
SELECT area, month, population, sex, birth_month, CASE WHEN measure IN ('death', 'out') THEN -value ELSE value END
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::smallint[], $6::int[], $7::bigint[])
    AS u(area, month, population, measure, sex, birth_month, value)
WHERE value <> 0
"""
_FOLD = """
WITH taken AS (
    DELETE FROM cohort_recent WHERE id IN (SELECT id FROM cohort_recent ORDER BY id LIMIT $1) RETURNING *
), added AS (
    INSERT INTO cohort_stock AS s (level, population, area, month, birth_month, sex, value)
    SELECT level, population, of_area, of_month, birth_month, sex, sum(value)::bigint
    FROM taken CROSS JOIN LATERAL (VALUES (4, area / 1000 * 1000, month), (3, area / 1000000 * 1000000, month),
        (5, area, month / 100), (4, area / 1000 * 1000, month / 100), (3, area / 1000000 * 1000000, month / 100)
    ) AS v(level, of_area, of_month)
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(value) <> 0
    ON CONFLICT (level, population, area, month, birth_month, sex) DO UPDATE SET value = s.value + excluded.value
)
SELECT count(*) FROM taken
"""
_FOLD_LOCK = 0x434F484F5254  # "COHORT": one fold at a time
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
    if sums.cohorts and not shadow:
        keys = zip(*(key for key, _ in sums.cohorts), strict=True)
        await tx.execute(_LOG_COHORTS, *keys, [value for _, value in sums.cohorts])


async def insert_events(tx: Transaction, events: Sequence[tuple[str, int, str, datetime]]) -> None:
    """Note which event stood behind each number of a feed (feed, number, type, recorded at); known ones stay."""
    await tx.execute(
        "INSERT INTO fact_event (feed, seq, type, recorded_at)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[]) ON CONFLICT DO NOTHING",
        *zip(*events, strict=True),
    )


async def fold_cohorts(tx: Transaction, limit: int) -> int:
    """Move up to ``limit`` rows of the log into the cohort stock; returns how many, 0 while somebody else does."""
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock($1)", _FOLD_LOCK):
        return 0
    moved: int = await tx.fetchval(_FOLD, limit)
    return moved


async def reset_cohorts(tx: Transaction) -> None:
    """Make the cohort stock anew from the cohort cells."""
    await tx.execute("SELECT renkou_reset_cohorts()")


async def copy_to_shadow(tx: Transaction, feed: str, after: int, also: Sequence[int]) -> None:
    """Copy live facts numbered above ``after``, and those in ``also``, into the shadow with their sums."""
    await tx.execute(_COPY_FACTS, feed, after, also)
    for store in STORES:
        only = [] if store.measures is None else [store.measures]
        await tx.execute(store.copy(shadow=True), feed, after, also, *only)


async def differences(tx: Transaction, limit: int) -> list[tuple[str, list[asyncpg.Record]]]:
    """Return by table the rows that differ between live and shadow, each with the number of all of them."""
    return [(table, await tx.fetch(query, limit)) for table, query in _DIFFERENCES.items()]


async def empty_shadow(tx: Transaction) -> None:
    """Throw the shadow's rows away."""
    await tx.execute("SELECT renkou_empty_shadow()")


async def swap_shadow(tx: Transaction) -> None:
    """Make the shadow live and the live tables the shadow; readers wait for the commit at most."""
    await tx.execute("SELECT renkou_swap_shadow()")
