"""Every query on facts and their sums that writes them or compares them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from uuid import UUID

import asyncpg

from renkou_common import bulk
from renkou_common.database import Transaction
from renkou_reporting.facts import cohort_repository
from renkou_reporting.facts.adding import ADD_GIVEN, ADD_LISTED, EMPTY_GIVEN, GIVEN, MANY
from renkou_reporting.facts.domain import BALANCE_SIGNS, YEARLY_MEASURES, Fact

_TAKE_LATE = """
CREATE TEMPORARY TABLE late_fact ON COMMIT DROP AS
SELECT * FROM fact f WHERE feed = $1 AND (seq > $2 OR seq = ANY($3::bigint[])) AND NOT EXISTS (
    SELECT FROM fact_shadow s WHERE s.feed = f.feed AND s.seq = f.seq AND s.line_no = f.line_no)
"""
_TAKE_OVER = "INSERT INTO fact_shadow SELECT * FROM late_fact"
_LONG = 3600.0
"""Seconds that a statement over all facts may take."""
_UNHURRIED = (
    "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '256MB'"
)


@dataclass(frozen=True, slots=True)
class _Store:
    """A table of sums: its key with types, the key in terms of facts, and which facts count ($1: measures).

    All are summed up at once from the table ``source``, which has a value to add up, in about the order in which
    the key is ``stored``.
    """

    table: str
    key: tuple[tuple[str, str], ...]
    of_fact: tuple[str, ...]
    facts: str = "{facts}"
    measures: tuple[str, ...] | None = None
    where: str = "measure = ANY($1::text[])"
    source: str = "fact"
    stored: str = "population, measure, area, month"

    @property
    def columns(self) -> str:
        return ", ".join(name for name, _ in self.key)

    @property
    def only(self) -> list[tuple[str, ...]]:
        """The argument of statements over facts: the measures that count, where not all do."""
        return [] if self.measures is None else [self.measures]

    def late(self) -> str:
        """Return the statement that adds the sums of late facts to the shadow; $1 are measures."""
        return (
            f"INSERT INTO {self.table}_shadow AS t ({self.columns}, value)"
            f" {self._summed('late_fact')} ORDER BY {self._places}"
            f" ON CONFLICT ({self.columns}) DO UPDATE SET value = t.value + excluded.value"
        )

    def fill(self, *, shadow: bool) -> str:
        """Return the statement that sums all facts into the empty table; $1 are measures."""
        suffix = "_shadow" if shadow else ""
        rows = self._summed(f"{self.source}{suffix}")
        return f"INSERT INTO {self.table}{suffix} ({self.columns}, value) {rows} ORDER BY {self.stored}"

    @property
    def _places(self) -> str:
        return ", ".join(str(number) for number in range(1, len(self.key) + 1))

    def _summed(self, facts: str) -> str:
        only = "" if self.measures is None else f" WHERE {self.where}"
        return (
            f"SELECT {', '.join(self.of_fact)}, sum(value)::bigint FROM {self.facts.format(facts=facts)}{only}"
            f" GROUP BY {self._places}"
        )

    def put_right(self) -> str:
        """Return the statement that sums anew what the facts in ``healed_fact`` count in; $1 are measures."""
        touched = f"SELECT DISTINCT {', '.join(self.of_fact)} FROM {self.facts.format(facts='healed_fact')}"
        if self.measures is not None:
            touched += f" WHERE {self.where}"
        return (
            f"INSERT INTO {self.table} AS t ({self.columns}, value)"
            f" SELECT {self.columns}, coalesce(s.value, 0) FROM ({touched}) AS k ({self.columns})"
            f" LEFT JOIN ({self._summed(self.source)}) AS s ({self.columns}, value) USING ({self.columns})"
            f" ON CONFLICT ({self.columns}) DO UPDATE SET value = excluded.value WHERE t.value <> excluded.value"
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
            f" WHERE coalesce(l.value, 0) <> coalesce(s.value, 0) ORDER BY {self.columns} LIMIT $1"
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
    "{facts} CROSS JOIN LATERAL (VALUES (4, area / 1000 * 1000, month), (3, area / 1000000 * 1000000, month),"
    " (5, area, month / 100), (4, area / 1000 * 1000, month / 100),"
    " (3, area / 1000000 * 1000000, month / 100)) AS v(level, of_area, of_month)",
    tuple(sorted(YEARLY_MEASURES)),
    "(of_month > 9999 OR measure = ANY($1::text[]))",
    source="cell",
    stored="level, population, measure, of_area, of_month",
)
COHORT = _Store(
    "cohort_cell",
    (*_WHERE, ("birth_month", "int")),
    ("area", "month", "population", "measure", "sex", "birth_month"),
    measures=tuple(sorted(BALANCE_SIGNS)),
    stored="population, area, month, birth_month",
)
STORES = (CELL, AREA, COHORT)
STOCK = "cohort_stock"
_PATIENCE_MS = 200
_DIFFERENCES = {store.table: store.differences() for store in STORES}
_LIVE = ("fact", *(store.table for store in STORES))
_SHADOWS = tuple(f"{table}_shadow" for table in _LIVE)


async def insert(tx: Transaction, facts: Sequence[Fact]) -> None:
    """Write facts and add their sums."""
    if len(facts) < MANY:
        await tx.execute(ADD_LISTED, *zip(*facts, strict=True))
        return
    await tx.execute(EMPTY_GIVEN)
    await tx.copy_records_to_table(GIVEN, records=facts)
    await tx.execute(ADD_GIVEN)


async def insert_events(tx: Transaction, events: Sequence[tuple[str, int, str, datetime]]) -> None:
    """Note which event stood behind each number of a feed (feed, number, type, recorded at)."""
    await tx.execute(
        "INSERT INTO fact_event (feed, seq, type, recorded_at)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[])",
        *zip(*events, strict=True),
    )


async def copy_to_shadow(tx: Transaction, rows: str) -> None:
    """Write rows of facts to the shadow without their sums: making them texts costs half of what columns cost."""
    await tx.copy_to_table("fact_shadow", source=BytesIO(rows.encode()), columns=Fact._fields)


async def sum_shadow(tx: Transaction, tables: Sequence[str]) -> None:
    """Sum the shadow's facts into these of its tables, which are empty and without a key; then give them one."""
    await tx.execute(_UNHURRIED)
    for store in STORES:
        if store.table in tables:
            await tx.execute(store.fill(shadow=True), *store.only, timeout=_LONG)
            await tx.execute("SELECT renkou_key_sums($1)", store.table, timeout=_LONG)


async def take_over_late(tx: Transaction, feed: str, after: int, also: Sequence[int]) -> None:
    """Take live facts numbered above ``after``, and those in ``also``, into the shadow with their sums."""
    await tx.execute(_TAKE_LATE, feed, after, also)
    await tx.execute(_TAKE_OVER)
    for store in STORES:
        await tx.execute(store.late(), *store.only)
    await tx.execute("DROP TABLE late_fact")


async def differences(tx: Transaction, limit: int) -> list[tuple[str, list[asyncpg.Record]]]:
    """Return by table the rows that differ between live and shadow, each with the number of all of them."""
    await tx.execute(_UNHURRIED)
    found = [(table, await tx.fetch(query, limit, timeout=_LONG)) for table, query in _DIFFERENCES.items()]
    return [*found, (STOCK, await cohort_repository.differences(tx, limit, _LONG))]


async def empty_shadow(tx: Transaction) -> None:
    """Throw the shadow's rows away."""
    await tx.execute("SELECT renkou_empty_shadow()")


async def empty_sums(tx: Transaction) -> None:
    """Throw the sums of the shadow's facts away, and their keys: they are made faster when all sums are there."""
    await tx.execute("SELECT renkou_empty_sums()")


async def hold_writers(tx: Transaction) -> None:
    """Let nobody but the caller write facts and sums until its transaction ends; readers go on.

    First the automatic vacuum is ended where it is at one of these tables: while that takes its second, nobody
    else is held up. Then tables are locked in the order in which facts are added to them.
    """
    await tx.execute(f"LOCK TABLE {', '.join((*_LIVE, *_SHADOWS))} IN SHARE UPDATE EXCLUSIVE MODE")
    await tx.execute("LOCK TABLE area_cell, cohort_cell, cell, fact IN SHARE ROW EXCLUSIVE MODE")


async def keep_tables(tx: Transaction) -> None:
    """Keep the tables that a swap changes, whoever reads or writes them besides."""
    await tx.execute(f"LOCK TABLE {', '.join(_LIVE)}, cohort_stock, cohort_recent IN ACCESS SHARE MODE")


async def swap_shadow(tx: Transaction) -> None:
    """Make the shadow live and the live tables the shadow.

    Readers wait for the caller's commit. Where one holds the tables for long, this gives up with
    ``LockNotAvailableError`` rather than let all others queue behind it.
    """
    await tx.execute(f"SET LOCAL lock_timeout = '{_PATIENCE_MS}ms'")
    await tx.execute("SELECT renkou_swap_shadow()")


async def remove_logged(tx: Transaction, run: UUID, wrong: Sequence[Fact]) -> None:
    """Take out facts of one feed that a reconciliation's log says are wrong; no others go."""
    if wrong:
        places = [one.seq for one in wrong], [one.line_no for one in wrong]
        await tx.execute("SELECT renkou_remove_facts($1, $2, $3, $4)", run, wrong[0].feed, *places)


async def insert_facts(tx: Transaction, facts: Sequence[Fact]) -> None:
    """Write facts without their sums."""
    await tx.copy_records_to_table("fact", records=facts, columns=Fact._fields)


async def sum_anew(tx: Transaction, changed: Sequence[Fact]) -> bool:
    """Sum anew whatever these facts count in, whether they are still there or not; says whether cohorts changed."""
    await tx.execute(_UNHURRIED)
    await tx.execute("CREATE TEMPORARY TABLE healed_fact (LIKE fact) ON COMMIT DROP")
    await tx.copy_records_to_table("healed_fact", records=changed, columns=Fact._fields)
    cohorts = 0
    for store in STORES:
        done = await tx.execute(store.put_right(), *store.only, timeout=_LONG)
        if store is COHORT:
            cohorts = bulk.count(done)
    await tx.execute("DROP TABLE healed_fact")
    return cohorts > 0
