"""The calendar of working days, as far as this service knows it."""

from renkou_common.codes.working_days import WorkingDays, calendar_of
from renkou_common.database import Transaction
from renkou_registry.calendar import repository


async def working_days(tx: Transaction) -> WorkingDays:
    """Return which days are worked."""
    return calendar_of(await repository.days(tx))
