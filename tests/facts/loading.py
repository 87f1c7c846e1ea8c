"""A history straight into the tables by COPY: for measurements with millions of facts."""

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import batched

import asyncpg

from renkou_reporting.facts.repository import STORES
from tests.facts.history import History

COLUMNS = (
    "feed", "seq", "line_no", "event_id", "area", "happened_on", "month", "population", "measure", "sex",
    "birth_month", "parity", "value", "detail",
)  # fmt: skip
FEEDS = ("registry", "migrant", "return")
_CHUNK = 20_000
_LONGEST = 3_600.0

type Connection = asyncpg.Connection[asyncpg.Record]


def rows(history: History) -> Iterator[str]:
    """Yield rows of ``fact`` in COPY's text form; each occurrence has the next number of its feed."""
    days = [f"{day}\t{day.year * 100 + day.month}" for day in history.days]
    numbers = dict.fromkeys(FEEDS, 0)
    for feed, counts, _, _ in history.occurrences():
        numbers[feed] += 1
        head = f"{feed}\t{numbers[feed]}\t"
        for at, (area, on, who, measure, sex, born, parity, detail, value) in enumerate(counts):
            yield (
                f"{head}{at}\t00000000-0000-7000-8000-{numbers[feed]:012x}\t{area}\t{days[on]}\t{who}\t{measure}"
                f"\t{sex}\t{born}\t{parity}\t{value}\t{detail}\n"
            )


async def _chunks(rows: Iterable[str]) -> AsyncIterator[bytes]:
    for some in batched(rows, _CHUNK, strict=False):
        yield "".join(some).encode()


async def load(connection: Connection, rows: Iterable[str]) -> None:
    """Fill an empty database as its owner: facts in COPY's text form, their sums, and the feeds' positions."""
    await connection.copy_to_table("fact", source=_chunks(rows), columns=COLUMNS, timeout=_LONGEST)
    await sum_up(connection)
    await connection.execute(
        "INSERT INTO feed_position (feed, high_water) SELECT feed, max(seq) FROM fact GROUP BY feed"
    )


async def sum_up(connection: Connection) -> None:
    """Make the sums of all facts, where none are yet, as a rebuild does."""
    for store in STORES:
        await connection.execute(store.fill(shadow=False), *store.only, timeout=_LONGEST)
    await connection.execute("SELECT renkou_reset_cohorts()", timeout=_LONGEST)
