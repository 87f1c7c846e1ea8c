"""Rules of aggregate returns, without I/O: what may be handed in, and its facts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Measure, Population
from renkou_common.errors import FieldError, Text
from renkou_reporting.facts.domain import Fact, month_number
from renkou_reporting.populations import MEASURES_OF

FEED = "returns"
_LONG_NUMBER = re.compile(r"\d{11}")
_EARLIEST_BIRTH_YEAR = 1880


class Count(NamedTuple):
    """A checked line of a return; ``area`` is a 12-digit key, ``birth_month`` yyyymm or 0."""

    area: int
    happened_on: date
    population: str
    measure: str
    sex: int
    birth_month: int
    parity: int
    value: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A step of the returns' feed: a return's counts enter (sign 1) or leave (sign -1) the figures."""

    seq: int
    event_id: UUID
    sign: int


def facts_of_entry(entry: Entry, counts: Sequence[Count]) -> list[Fact]:
    """Return the facts of an entry."""
    return [
        Fact(
            FEED,
            entry.seq,
            number,
            entry.event_id,
            count.area,
            count.happened_on,
            month_number(count.happened_on),
            count.population,
            count.measure,
            count.sex,
            count.birth_month,
            count.parity,
            count.value * entry.sign,
        )
        for number, count in enumerate(counts)
    ]


def text_errors(pointer: str, text: str) -> Iterator[FieldError]:
    """Yield an error where free text holds a number as long as a phone or ID number: no place for these."""
    if _LONG_NUMBER.search(text):
        yield _error(
            pointer,
            "personal_number",
            "不得填写证件号码或电话号码",
            "must not hold an ID number or a phone number",
        )


def line_errors(
    pointer: str, within: AreaCode, month: Period, area: str, count: Count
) -> Iterator[FieldError]:
    """Yield what is wrong with a line beyond its form; ``area`` is its code as given."""
    try:
        if not within.contains(AreaCode.parse(area)):
            yield _error(
                f"{pointer}/area",
                "area_outside",
                f"应属于 {within}",
                f"must lie within {within}",
            )
    except AreaCodeError as error:
        yield _error(f"{pointer}/area", error.code, error.zh, error.en)
    if not month.contains(count.happened_on):
        yield _error(f"{pointer}/on", "on_outside", f"日期应在 {month} 内", f"must be a day of {month}")
    if Measure(count.measure) not in MEASURES_OF[Population(count.population)]:
        allowed = ", ".join(sorted(MEASURES_OF[Population(count.population)]))
        yield _error(
            f"{pointer}/measure",
            "measure_of_population",
            f"{count.population} 只能填 {allowed}",
            f"{count.population} takes only {allowed}",
        )
    if count.parity and count.measure != Measure.BIRTH:
        yield _error(f"{pointer}/parity", "parity_of_birth", "只有出生有孩次", "only births have a parity")
    if count.birth_month and not _birth_month_is_possible(count):
        yield _error(
            f"{pointer}/birth_month",
            "birth_month",
            "出生年月有误或晚于填报日期",
            "is no month, or lies after the day of the line",
        )


def _birth_month_is_possible(count: Count) -> bool:
    in_calendar = 1 <= count.birth_month % 100 <= 12 and count.birth_month // 100 >= _EARLIEST_BIRTH_YEAR
    return in_calendar and count.birth_month <= month_number(count.happened_on)


def _error(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
