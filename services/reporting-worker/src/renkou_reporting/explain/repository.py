"""Every query behind an explanation: cells and facts of pieces, and their sums by area and cause."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_reporting.explain.domain import Counting
from renkou_reporting.facts.service import keep_tables
from renkou_reporting.figures.domain import Span

# Areas are intervals of keys ($10, $11); what they are told apart by are intervals with a code ($12 to $14).
_PIECES = """
unnest($1::int[], $2::text[], $3::text[], $4::smallint[], $5::int[], $6::int[], $7::text[], $8::int[], $9::int[],
    $15::int[], $16::int[])
    AS p(piece, population, measure, sex, low, high, detail, born, born_to, month, month_to)
"""
_COUNTED = """{c}.population = p.population AND {c}.measure = p.measure AND {c}.area BETWEEN a.low AND a.high
    AND {c}.month BETWEEN p.month AND p.month_to AND (p.sex IS NULL OR {c}.sex = p.sex)"""
_PLAIN = "{c}.parity BETWEEN p.low AND p.high AND (p.detail IS NULL OR {c}.detail = p.detail)"
_AREAS = "unnest($10::bigint[], $11::bigint[]) AS a(low, high)"
_PLACES = """
places AS MATERIALIZED (
    SELECT k.area, coalesce((
        SELECT min(b.code) FROM unnest($12::bigint[], $13::bigint[], $14::text[]) AS b(low, high, code)
        WHERE k.area BETWEEN b.low AND b.high
    ), k.area::text) AS code
    FROM (SELECT DISTINCT area FROM counted) AS k
)
"""
# People are told apart by age for what came in with a month of birth; of all others parity and detail are looked at.
_OF_FACT = f"""
{_COUNTED.format(c="f")} AND {_PLAIN.format(c="f")} AND (p.born IS NULL OR f.birth_month BETWEEN p.born AND p.born_to)
"""
# Numbers of a feed above the first of a pair and up to the second; of a feed without a pair none.
_BETWEEN = """
({limits}::jsonb IS NULL OR f.seq > coalesce(({limits}::jsonb -> f.feed ->> 0)::bigint, 0)
    AND f.seq <= coalesce(({limits}::jsonb -> f.feed ->> 1)::bigint, 0))
"""
_CELLS = f"""
WITH counted AS MATERIALIZED ({{counted}}), {_PLACES}
SELECT piece, code AS area, month, sex, parity, detail, sum(value)::bigint AS value
FROM counted JOIN places USING (area)
GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(value) <> 0
"""
_KEPT = _CELLS.format(
    counted=f"""
    SELECT p.piece, c.area, c.month, c.sex, c.parity::int AS parity, c.detail, sum(c.value) AS value
    FROM {_PIECES} CROSS JOIN {_AREAS} JOIN cell c ON {_COUNTED.format(c="c")} AND {_PLAIN.format(c="c")}
    WHERE p.born IS NULL GROUP BY 1, 2, 3, 4, 5, 6
    UNION ALL
    SELECT p.piece, c.area, c.month, c.sex, -1, '', sum(c.value)
    FROM {_PIECES} CROSS JOIN {_AREAS} JOIN cohort_cell c ON {_COUNTED.format(c="c")}
    WHERE c.birth_month BETWEEN p.born AND p.born_to GROUP BY 1, 2, 3, 4
"""
)
_TAKEN_IN = _CELLS.format(
    counted=f"""
    SELECT p.piece, f.area, f.month, f.sex, CASE WHEN p.born IS NULL THEN f.parity::int ELSE -1 END AS parity,
        CASE WHEN p.born IS NULL THEN f.detail ELSE '' END AS detail, sum(f.value) AS value
    FROM {_PIECES} CROSS JOIN {_AREAS} JOIN fact f ON {_OF_FACT}
    WHERE {_BETWEEN.format(limits="$24")} GROUP BY 1, 2, 3, 4, 5, 6
"""
)
_PAGE = """
SELECT * FROM ({cells}) AS cells
WHERE (piece, area, month, sex, parity, detail) > ($17::int, $18::text, $19::int, $20::int, $21::int, $22::text)
ORDER BY piece, area, month, sex, parity, detail LIMIT $23
"""
_KEPT_PAGE, _TAKEN_IN_PAGE = _PAGE.format(cells=_KEPT), _PAGE.format(cells=_TAKEN_IN)
_CELL_SUMS = f"SELECT piece, area, sum(value)::bigint AS value FROM ({_KEPT}) AS cells GROUP BY 1, 2"
# Taking stock of who is there is never late.
_LATE = """
f.measure <> 'opening' AND (e.recorded_at AT TIME ZONE 'Asia/Shanghai')::date
    >= (date_trunc('month', f.happened_on::timestamp) + interval '1 month')::date
"""
_CORRECTION = "(e.type = ANY({types}) OR f.value < 0 AND f.measure <> ALL({stocks}))"
# A page goes on from (piece, area, month, feed, number, line) along an index of facts, however many there are.
_AFTER = ", ".join(
    f"CASE WHEN p.piece = $12::int THEN ${number}::{kind} ELSE {least} END"
    for number, kind, least in (
        (13, "bigint", -1),
        (14, "int", -1),
        (17, "text", "''"),
        (18, "bigint", -1),
        (19, "int", -1),
    )
)
_FACTS = f"""
SELECT p.piece, f.feed, f.seq, f.line_no, f.event_id, f.happened_on, f.month, f.area, f.population, f.measure, f.sex,
    f.parity, f.detail, f.value, e.type, e.recorded_at, coalesce({_LATE}, false) AS late,
    coalesce({_CORRECTION.format(types="$20::text[]", stocks="$21::text[]")}, false) AS correction
FROM {_PIECES} CROSS JOIN {_AREAS}
CROSS JOIN LATERAL (
    SELECT * FROM fact f
    WHERE {_OF_FACT} AND (f.area, f.month, f.feed, f.seq, f.line_no) > ({_AFTER})
        AND {_BETWEEN.format(limits="$23")}
    ORDER BY f.area, f.month, f.feed, f.seq, f.line_no LIMIT $22
) AS f
LEFT JOIN fact_event e ON e.feed = f.feed AND e.seq = f.seq
WHERE p.piece >= $12::int
ORDER BY p.piece, f.area, f.month, f.feed, f.seq, f.line_no LIMIT $22
"""
_CAUSES = f"""
WITH counted AS MATERIALIZED (
    SELECT p.piece, f.area,
        CASE WHEN f.detail = $21 OR e.type = ANY($19::text[]) THEN 'boundary'
            WHEN {_CORRECTION.format(types="$17::text[]", stocks="$18::text[]")} THEN 'correction'
            WHEN {_LATE} THEN 'late' ELSE 'new' END AS cause,
        count(*) AS facts, sum(f.value) AS value
    FROM {_PIECES} CROSS JOIN {_AREAS} JOIN fact f ON {_OF_FACT}
    LEFT JOIN fact_event e ON e.feed = f.feed AND e.seq = f.seq
    WHERE {_BETWEEN.format(limits="$20")} GROUP BY 1, 2, 3
), {_PLACES}
SELECT piece, code AS area, cause, sum(facts)::bigint AS facts, sum(value)::bigint AS value
FROM counted JOIN places USING (area) GROUP BY 1, 2, 3
"""


type Limits = Mapping[str, tuple[int, int]]
"""By feed: only facts numbered above the first and up to the second; none of a feed that is not there."""


class Where(NamedTuple):
    """Intervals of 12-digit keys that are looked at, and the areas by which they are told apart."""

    intervals: Sequence[tuple[int, int]]
    below: Sequence[Span]


class Kinds(NamedTuple):
    """Which facts are corrections, and which follow a changed division."""

    correcting: Sequence[str]
    stocks: Sequence[str]
    dividing: Sequence[str]
    area_change: str


async def cell_page(
    tx: Reader,
    counts: Sequence[Counting],
    where: Where,
    after: tuple[int, str, int, int, int, str],
    limit: int,
    between: Limits | None = None,
) -> list[asyncpg.Record]:
    """Return cells by (piece, area, month, sex, parity, detail): parity -1 where told apart by age instead.

    With ``between`` they are added up from the facts within these limits.
    """
    given = _arguments(counts, where)
    if between is None:
        return await tx.fetch(_KEPT_PAGE, *given, *after, limit)
    return await tx.fetch(_TAKEN_IN_PAGE, *given, *after, limit, _limits(between))


async def cell_sums(tx: Reader, counts: Sequence[Counting], where: Where) -> list[asyncpg.Record]:
    """Return the sums of cells by piece and area."""
    return await tx.fetch(_CELL_SUMS, *_arguments(counts, where))


async def fact_page(
    tx: Reader,
    counts: Sequence[Counting],
    where: Where,
    kinds: Kinds,
    after: tuple[int, int, int, str, int, int],
    limit: int,
    between: Limits | None = None,
) -> list[asyncpg.Record]:
    """Return facts by (piece, area, month, feed, number, line) with what is known of their events."""
    given = _arguments(counts, where)
    piece, area, month, *rest = after
    return await tx.fetch(
        _FACTS, *given[:11], piece, area, month, *given[14:], *rest, kinds.correcting, kinds.stocks, limit,
        _limits(between),
    )  # fmt: skip


async def by_cause(
    tx: Reader,
    counts: Sequence[Counting],
    where: Where,
    kinds: Kinds,
    between: Limits | None = None,
) -> list[asyncpg.Record]:
    """Return the sums of facts by piece, area and cause."""
    given = _arguments(counts, where)
    return await tx.fetch(_CAUSES, *given, *kinds[:3], _limits(between), kinds.area_change)


async def one_snapshot(tx: Transaction) -> None:
    """Let all statements of a transaction see the same state; to be called first."""
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    await keep_tables(tx)


def _limits(between: Limits | None) -> dict[str, list[int]] | None:
    return None if between is None else {feed: list(pair) for feed, pair in between.items()}


def _arguments(counts: Sequence[Counting], where: Where) -> list[object]:
    rows = [
        (
            number, count.population, count.measure, count.sex, *count.parity, count.detail,
            *(count.born or (None, None)),
        )
        for number, count in enumerate(counts)
    ]  # fmt: skip
    below = [(*interval, span.code) for span in where.below for interval in span.intervals]
    return [
        *_columns(rows, 9),
        *_columns(sorted(where.intervals), 2),
        *_columns(below, 3),
        *_columns([count.months for count in counts], 2),
    ]


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
