"""Periods of requests."""

from datetime import date, timedelta

from renkou_common.codes.period import Period, PeriodError, PeriodKind
from renkou_common.errors import InvalidInput


def month_text(month: int) -> str:
    """Return yyyymm as YYYY-MM."""
    return f"{month // 100:04d}-{month % 100:02d}"


def parse_period(text: str, pointer: str = "/query/period") -> Period:
    """Return a period; raises InvalidInput at ``pointer``."""
    try:
        return Period.parse(text)
    except PeriodError as error:
        raise InvalidInput.field(pointer, error.code, error.zh, error.en) from error


def year_before(period: Period, pointer: str = "/query/period") -> Period:
    """Return the same period of the year before; raises InvalidInput where the calendar does not reach back."""
    try:
        return Period(period.kind, period.year - 1, period.number)
    except PeriodError as error:
        raise InvalidInput.field(pointer, error.code, error.zh, error.en) from error


def just_before(period: Period, pointer: str = "/query/period") -> Period:
    """Return the period of the same kind before one; raises InvalidInput where the calendar does not reach back."""
    try:
        return period_before(period)
    except PeriodError as error:
        raise InvalidInput.field(pointer, error.code, error.zh, error.en) from error


def period_before(period: Period, number: int = 1) -> Period:
    """Return the period of the same kind that lies so many before another; raises PeriodError."""
    in_a_year = 12 // len(period.months())
    index = period.year * in_a_year + period.number - 1 - number
    return Period(period.kind, index // in_a_year, index % in_a_year + 1)


def parse_month(text: str, pointer: str) -> Period:
    """Return a month (YYYY-MM); raises InvalidInput at ``pointer``."""
    period = parse_period(text, pointer)
    if period.kind is not PeriodKind.MONTH:
        raise InvalidInput.field(pointer, "month", "应为月份 YYYY-MM", "must be a month, YYYY-MM")
    return period


def last_day_counted(period: Period, through: str | None) -> date:
    """Return the period's last day, or that of the month ``through`` inside it; raises InvalidInput."""
    if through is None:
        return period.end
    month = parse_month(through, "/query/through")
    if not period.contains(month.start):
        raise InvalidInput.field(
            "/query/through",
            "through_outside",
            "截止月份应在统计期内",
            "the last month must lie within the period",
        )
    return month.end


def period_of(kind: PeriodKind, day: date) -> Period:
    """Return the period of a kind that a day lies in."""
    match kind:
        case PeriodKind.MONTH:
            return Period.month_of(day)
        case PeriodKind.QUARTER:
            return Period(kind, day.year, (day.month + 2) // 3)
        case PeriodKind.HALF_YEAR:
            return Period(kind, day.year, (day.month + 5) // 6)
        case PeriodKind.YEAR:
            return Period(kind, day.year)
        case PeriodKind.STATISTICAL_YEAR:
            return Period(kind, day.year + (day.month >= 10))
        case PeriodKind.STATISTICAL_HALF_YEAR:
            return Period(kind, day.year + (day.month >= 10), 2 if 4 <= day.month < 10 else 1)


def steps_of(kind: PeriodKind, start: date, end: date) -> list[Period]:
    """Return the periods of a kind from the one of ``start`` to the one of ``end``, in order."""
    steps = []
    day = start
    while day <= end:
        period = period_of(kind, day)
        steps.append(period)
        day = period.end + timedelta(days=1)
    return steps
