"""From the register's published lines to times away. No I/O."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from renkou_common.contracts.lines import Line, Measure, Population


class MarkKind(StrEnum):
    """What the register says happened on a day."""

    BEGIN = "begin"  # 流出开始
    END = "end"  # 流出结束
    DEATH = "death"  # 死亡


class Mark(NamedTuple):
    """Something of one person on one day; ``area`` is a 12-digit key."""

    area: int
    happened_on: date
    kind: MarkKind


@dataclass(frozen=True, slots=True)
class TimeAway:
    """Registered in ``area`` here and present elsewhere from ``start`` to the day before ``end``."""

    area: int
    start: date
    end: date | None


_BEGINNINGS = frozenset({Measure.OPENING, Measure.BIRTH, Measure.IN})
_ENDINGS = frozenset({Measure.OUT, Measure.DEATH})


def marks_of(lines: Iterable[Line]) -> Counter[Mark]:
    """Return what an event's lines add to (or take back from) a person's marks."""
    marks: Counter[Mark] = Counter()
    for line in lines:
        if line.population is Population.MIGRANT_OUT and line.measure in _BEGINNINGS | _ENDINGS:
            kind = MarkKind.BEGIN if line.measure in _BEGINNINGS else MarkKind.END
            marks[Mark(int(line.area), line.on, kind)] += line.value
        if line.population is Population.REGISTERED and line.measure is Measure.DEATH:
            marks[Mark(int(line.area), line.on, MarkKind.DEATH)] += line.value
    return Counter({mark: count for mark, count in marks.items() if count})


def times_away(marks: Mapping[Mark, int]) -> list[TimeAway]:
    """Return the times away in order; a time that begins and ends on one day is left out."""
    found: list[TimeAway] = []
    days = sorted(mark for mark in marks if mark.kind is not MarkKind.DEATH)
    for area, of_area in groupby(days, key=lambda mark: mark.area):
        start: date | None = None
        for day, on_day in groupby(of_area, key=lambda mark: mark.happened_on):
            net = sum(marks[mark] if mark.kind is MarkKind.BEGIN else -marks[mark] for mark in on_day)
            if net > 0 and start is None:
                start = day
            elif net < 0 and start is not None:
                found.append(TimeAway(area, start, day))
                start = None
        if start is not None:
            found.append(TimeAway(area, start, None))
    return sorted(found, key=lambda time: (time.start, time.area))


def died_on(marks: Mapping[Mark, int]) -> date | None:
    """Return the day of death that the register holds, None while the person lives."""
    return min(
        (m.happened_on for m, count in marks.items() if m.kind is MarkKind.DEATH and count > 0), default=None
    )
