"""Queries of the calendar."""

from collections.abc import Sequence
from datetime import date, datetime

from renkou_common.codes.working_days import CalendarDay
from renkou_common.database import Transaction


async def days(tx: Transaction, first: date, last: date) -> list[CalendarDay]:
    """Return the days of published schedules from ``first`` to ``last``, in order."""
    rows = await tx.fetch(
        "SELECT day, working, name_zh, name_en, source FROM calendar_day"
        " WHERE day BETWEEN $1 AND $2 ORDER BY day",
        first,
        last,
    )
    return [CalendarDay(**dict(row)) for row in rows]


async def replace_year(tx: Transaction, year: int, found: Sequence[CalendarDay], at: datetime) -> None:
    """Put the schedule of a year in place of what was known of it."""
    await tx.execute(
        "DELETE FROM calendar_day WHERE day BETWEEN $1 AND $2", date(year, 1, 1), date(year, 12, 31)
    )
    await tx.execute(
        """
        INSERT INTO calendar_day (day, working, name_zh, name_en, source, entered_at)
        SELECT n.*, $6 FROM unnest($1::date[], $2::bool[], $3::text[], $4::text[], $5::text[]) AS n
        """,
        [one.day for one in found],
        [one.working for one in found],
        [one.name_zh for one in found],
        [one.name_en for one in found],
        [one.source for one in found],
        at,
    )
