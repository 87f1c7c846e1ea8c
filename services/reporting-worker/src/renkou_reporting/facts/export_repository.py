"""Every query of an export; all of one export run in one snapshot."""

from collections.abc import Callable, Coroutine
from typing import Any

from renkou_common.database import Session

_LONGEST = 3_600.0
"""Seconds that a file may take."""
POSITIONS = "SELECT feed, high_water FROM feed_position ORDER BY feed"
HELD = "SELECT feed, count(*) AS held FROM held_event WHERE resolved_at IS NULL GROUP BY feed ORDER BY feed"
FACTS = """
SELECT feed, seq, line_no, area, happened_on, population, measure, sex, birth_month, parity, detail, value
FROM fact ORDER BY feed, seq, line_no
"""


async def begin(connection: Session) -> None:
    """Hold the state of this moment: whatever is read afterwards belongs together."""
    await connection.execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;"
        " SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL timezone = 'Asia/Shanghai'"
    )


async def numbers(connection: Session, query: str) -> dict[str, int]:
    """Return what a query of names and numbers gives."""
    return {row[0]: row[1] for row in await connection.fetch(query)}


async def copy(connection: Session, query: str, write: Callable[[bytes], Coroutine[Any, Any, None]]) -> int:
    """Hand the rows of a query to ``write`` as CSV with a head; returns how many."""
    status = await connection.copy_from_query(
        query, output=write, format="csv", header=True, encoding="UTF8", timeout=_LONGEST
    )
    return int(status.split()[-1])
