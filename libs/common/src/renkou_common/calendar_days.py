"""Working days (工作日历) as migrant-api keeps them and the other services take them over from its feed.

Each service has a table ``calendar_day`` of its own; years without a schedule follow those that come with the program.
"""

from collections.abc import Sequence
from datetime import date

from renkou_common.codes.working_days import WorkingDays, calendar_of
from renkou_common.contracts.migrant import CalendarChanged, MigrantEventType
from renkou_common.database import Reader, Transaction
from renkou_common.messaging.envelope import Event


async def working_days(tx: Reader) -> WorkingDays:
    """Return which days are worked, as far as this service knows."""
    rows = await tx.fetch("SELECT day, working FROM calendar_day")
    return calendar_of([(row["day"], row["working"]) for row in rows])


async def take_over_calendar(tx: Transaction, events: Sequence[Event]) -> None:
    """Take the schedules among ``events``, which are in the feed's order: each carries a whole year, the last one of a
    year stands. Other types pass."""
    for event in events:
        if event.type == MigrantEventType.CALENDAR_CHANGED:
            change = CalendarChanged.model_validate(event.data)
            if change.schedule:
                await _replace_year(tx, change.year, [(one.day, one.working) for one in change.schedule])


async def _replace_year(tx: Transaction, year: int, schedule: Sequence[tuple[date, bool]]) -> None:
    await tx.execute(
        "DELETE FROM calendar_day WHERE day BETWEEN $1 AND $2", date(year, 1, 1), date(year, 12, 31)
    )
    await tx.execute(
        "INSERT INTO calendar_day (day, working) SELECT * FROM unnest($1::date[], $2::bool[])",
        [day for day, _ in schedule],
        [working for _, working in schedule],
    )
