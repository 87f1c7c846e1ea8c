"""What a woman's card adds to the stocks of married women and of women by method (综合避孕率). No I/O.

The stock of a month is the sum of all lines up to its end, the stock so far the sum up to today: on those days
it equals what the record, as it is known now, says of that day. A line is dated at the first of the month in
which something began or ended, so that none tells the day of an operation, a wedding or a birthday.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from renkou_common.codes.cards import ContraceptiveMethod
from renkou_common.contracts.lines import LineKey, Measure
from renkou_registry.cards.domain import Period

MEASURES = {
    ContraceptiveMethod.SUPPLIES: Measure.METHOD_SUPPLIES,
    ContraceptiveMethod.IUD: Measure.METHOD_IUD,
    ContraceptiveMethod.STERILISATION: Measure.METHOD_STERILISATION,
    ContraceptiveMethod.IMPLANT: Measure.METHOD_IMPLANT,
    ContraceptiveMethod.OTHER: Measure.METHOD_OTHER,
}


@dataclass(frozen=True, slots=True)
class Telling:
    """What a woman told once: of the days from ``since`` on, that she uses ``method`` to before ``until``.

    ``method`` is None where she uses none, and where she took back what she told: then nothing is known of
    the days from the telling on.
    """

    since: date
    method: ContraceptiveMethod | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Marriage:
    """Whether she is married from a day on."""

    since: date
    married: bool


def method_on(tellings: Sequence[Telling], day: date) -> ContraceptiveMethod | None:
    """Return the method of a day: what was told last (``tellings`` are in that order) of those days holds."""
    last = next((each for each in reversed(tellings) if each.since <= day), None)
    if last is None or (last.until is not None and last.until <= day):
        return None
    return last.method


def stock_lines(
    periods: Iterable[Period], marriages: Sequence[Marriage], tellings: Sequence[Telling], today: date
) -> Counter[LineKey]:
    """Return a card's lines up to today; ``periods`` are when it is open, ``marriages`` in their order."""

    def measures_on(day: date) -> list[Measure]:
        married = next((each.married for each in reversed(marriages) if each.since <= day), False)
        method = method_on(tellings, day)
        return [
            *([Measure.MARRIED_WOMEN] if married else []),
            *([MEASURES[method]] if method is not None else []),
            *([Measure.METHOD_USERS_MARRIED] if married and method is not None else []),
        ]

    changes = {each.since for each in marriages}
    changes |= {each.since for each in tellings}
    changes |= {each.until for each in tellings if each.until is not None}
    lines: Counter[LineKey] = Counter()
    for period in periods:
        if period.start <= today:
            for key, value in _of_period(period, changes, measures_on, today).items():
                lines[key] += value
    return Counter({key: value for key, value in lines.items() if value})


def _of_period(
    period: Period, changes: set[date], measures_on: Callable[[date], list[Measure]], today: date
) -> Counter[LineKey]:
    """Return +1 from the beginning and -1 from the end of every stretch of a period without a change."""
    days = sorted({period.start, *(each for each in changes if period.start < each < period.end)})
    lines: Counter[LineKey] = Counter()
    for begin, end in zip(days, [*days[1:], period.end], strict=True):
        if begin > today:
            break
        for measure in measures_on(begin):
            lines[_key(period, begin, measure)] += 1
            if end <= today:
                lines[_key(period, end, measure)] -= 1
    return lines


def _key(period: Period, day: date, measure: Measure) -> LineKey:
    return LineKey(period.population, f"{period.area:012d}", day.replace(day=1), measure)
