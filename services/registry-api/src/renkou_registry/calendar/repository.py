"""Queries of the calendar."""

from collections.abc import Sequence
from datetime import date

from renkou_common.database import Transaction


async def days(tx: Transaction) -> list[tuple[date, bool]]:
    """Return every entered day and whether it is worked."""
    return [(row["day"], row["working"]) for row in await tx.fetch("SELECT day, working FROM calendar_day")]


async def replace_year(tx: Transaction, year: int, found: Sequence[tuple[date, bool]]) -> None:
    """Put a year's schedule in place of what was known of it."""
    await tx.execute(
        "DELETE FROM calendar_day WHERE day BETWEEN $1 AND $2", date(year, 1, 1), date(year, 12, 31)
    )
    await tx.execute(
        "INSERT INTO calendar_day (day, working) SELECT * FROM unnest($1::date[], $2::bool[])",
        [day for day, _ in found],
        [working for _, working in found],
    )
