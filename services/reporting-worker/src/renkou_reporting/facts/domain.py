"""Facts and cells, without I/O: one fact per published line, cells as their sums by month.

A cell keeps the birth month only for populations whose figures ask for an age; elsewhere it is 0.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from renkou_common.contracts.lines import Line, Population

AGED_POPULATIONS = frozenset({Population.MIGRANT_OUT.value, Population.MIGRANT_OUT_CERTIFIED.value})
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


class CellKey(NamedTuple):
    """What a cell sums over; the order of its members is the order in which cells are locked."""

    area: int
    month: int
    population: str
    measure: str
    sex: int
    parity: int
    birth_month: int
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


def cell_key(fact: Fact) -> CellKey:
    """Return the cell that a fact is counted in."""
    return CellKey(
        fact.area,
        fact.month,
        fact.population,
        fact.measure,
        fact.sex,
        fact.parity,
        fact.birth_month if fact.population in AGED_POPULATIONS else 0,
        fact.detail,
    )


def aggregate(facts: Iterable[Fact]) -> list[tuple[CellKey, int]]:
    """Return the sums of facts by cell, sorted so that every writer locks cells in the same order."""
    sums: dict[CellKey, int] = {}
    for fact in facts:
        key = cell_key(fact)
        sums[key] = sums.get(key, 0) + fact.value
    return sorted(sums.items())
