"""The calendar of working days: the schedules that come with the program, and what staff enter for a year."""

import time
from collections.abc import Sequence
from datetime import date

from renkou_common.codes.working_days import CalendarDay, WorkingDays, calendar_of, published
from renkou_common.contracts.migrant import CalendarChanged, DayOfCalendar, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.ids import new_id
from renkou_migrant.calendar import repository
from renkou_migrant.runtime import Runtime

_FRESH_SECONDS = 30.0
_EVER = (date(1949, 10, 1), date(2999, 12, 31))


async def working_days(tx: Transaction, runtime: Runtime) -> WorkingDays:
    """Return the calendar as it is now; read again after half a minute, as other processes change it too."""
    cache_of = runtime.calendar
    if cache_of.current is None or time.monotonic() > cache_of.read_again:
        cache_of.current = calendar_of((one.day, one.working) for one in await repository.days(tx, *_EVER))
        cache_of.read_again = time.monotonic() + _FRESH_SECONDS
    return cache_of.current


async def add_working_days(tx: Transaction, runtime: Runtime, start: date, days: int) -> date:
    """Return the ``days``-th working day after ``start``."""
    return (await working_days(tx, runtime)).add(start, days)


async def year(tx: Transaction, wanted: int) -> Sequence[CalendarDay]:
    """Return the schedule of a year, by day; empty where none is published."""
    entered = await repository.days(tx, date(wanted, 1, 1), date(wanted, 12, 31))
    return entered or published().get(wanted, ())


async def enter(tx: Transaction, runtime: Runtime, wanted: int, found: Sequence[CalendarDay]) -> None:
    """Put a year's schedule in place of what was known of it; raises InvalidInput for days of other years."""
    seen: set[date] = set()
    for index, one in enumerate(found):
        if one.day.year != wanted:
            raise InvalidInput.field(
                f"/days/{index}/day", "other_year", f"应在 {wanted} 年内", f"must be a day of {wanted}"
            )
        if one.day in seen:
            raise InvalidInput.field(
                f"/days/{index}/day", "day_twice", "该日期重复", "this day is given more than once"
            )
        seen.add(one.day)
    await repository.replace_year(tx, wanted, found, runtime.clock.now())
    runtime.calendar.current = None
    schedule = [DayOfCalendar(day=one.day, working=one.working) for one in found]
    event = CalendarChanged(year=wanted, days=len(found), schedule=schedule)
    await runtime.outbox.append(tx, MigrantEventType.CALENDAR_CHANGED, new_id(), event)
