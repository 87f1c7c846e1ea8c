"""Facts and their sums, without I/O: one fact per published line.

Three sums are kept up with the facts:

* a *cell* (汇总格) by area, month, population, measure, sex, parity and detail: every count;
* a *cohort cell* (出生队列格) by area, month, population, measure, sex and birth month: the five measures of the
  balance, from which people are counted by age. Their signed sums by town, district and year (*cohort stock*) are
  kept up by a job, from a log of what came in since: it would be six rows for a fact, and is few for many;
* an *area cell* (区域格): cells of a town or a district together; of measures whose stock is asked for also those
  of a whole year, of each level. So a figure of a district is not added up from all its communities, nor a stock
  from every month there has been.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from renkou_common.contracts.lines import Line, Measure

BALANCE_SIGNS: dict[str, int] = {
    Measure.OPENING.value: 1,
    Measure.BIRTH.value: 1,
    Measure.IN.value: 1,
    Measure.DEATH.value: -1,
    Measure.OUT.value: -1,
}
"""Stock on a day = the sum of these over all lines up to it."""
STOCK_MEASURES = frozenset(
    measure.value
    for measure in (
        Measure.CARD_DUE,
        Measure.CARD_OPEN,
        Measure.MARRIED_WOMEN,
        Measure.METHOD_USERS_MARRIED,
        Measure.METHOD_SUPPLIES,
        Measure.METHOD_IUD,
        Measure.METHOD_STERILISATION,
        Measure.METHOD_IMPLANT,
        Measure.METHOD_OTHER,
    )
)
"""Measures of the contract that are stocks in themselves: +1 from a day on, -1 until a day."""
YEARLY_MEASURES = STOCK_MEASURES | BALANCE_SIGNS.keys()
_DISTRICT, _TOWN, _COMMUNITY = 3, 4, 5
_LINES = TypeAdapter(list[Line])


class Fact(NamedTuple):
    """A signed count as it came: where from (feed, number, line), where, when, of whom, how many.

    ``area`` is a 12-digit key, ``month`` and ``birth_month`` are yyyymm (0: not told).
    """

    feed: str
    seq: int
    line_no: int
    event_id: UUID
    area: int
    happened_on: date
    month: int
    population: str
    measure: str
    sex: int
    birth_month: int
    parity: int
    value: int
    detail: str = ""


def month_number(day: date) -> int:
    """Return yyyymm of a day."""
    return day.year * 100 + day.month


def birth_month_number(text: str | None) -> int:
    """Return yyyymm of ``YYYY-MM``, 0 for None."""
    return int(text[:4] + text[5:7]) if text else 0


def read_lines(data: dict[str, Any]) -> Sequence[Line]:
    """Return the lines of an event's payload; raises pydantic's ValidationError for what is none."""
    lines = data.get("lines")
    return _LINES.validate_python(lines, strict=False) if lines else ()


def facts_of(feed: str, seq: int, event_id: UUID, lines: Iterable[Line], sign: int = 1) -> list[Fact]:
    """Return the facts of one event; ``sign`` -1 reverses them."""
    return [
        Fact(
            feed,
            seq,
            number,
            event_id,
            int(line.area),
            line.on,
            month_number(line.on),
            line.population.value,
            line.measure.value,
            line.sex,
            birth_month_number(line.birth_month),
            line.parity,
            line.value * sign,
            line.detail,
        )
        for number, line in enumerate(lines)
    ]


def level_of(interval: tuple[int, int]) -> int:
    """Return the level of the area cells that an interval of keys is made of: 3, 4, or 5 for any interval."""
    low, high = interval
    if low % 1_000_000 == 0 and high % 1_000_000 == 999_999:
        return _DISTRICT
    return _TOWN if low % 1000 == 0 and high % 1000 == 999 else _COMMUNITY
