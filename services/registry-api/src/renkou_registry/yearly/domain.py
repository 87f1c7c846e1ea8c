"""A paper of one year: due, then signed, declined or cancelled. No I/O."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from renkou_common.codes.offices import YearlyState
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import Conflict

_NEXT: dict[YearlyState, frozenset[YearlyState]] = {
    YearlyState.DUE: frozenset({YearlyState.SIGNED, YearlyState.DECLINED, YearlyState.CANCELLED}),
    YearlyState.SIGNED: frozenset({YearlyState.DUE}),
    YearlyState.DECLINED: frozenset({YearlyState.SIGNED, YearlyState.DUE}),
    YearlyState.CANCELLED: frozenset({YearlyState.DUE}),
}


@dataclass(frozen=True, slots=True)
class Measures:
    """Under which names a kind of paper is counted."""

    due: Measure
    signed: Measure


def due_on(year: int, since: date) -> date:
    """Return from when on the paper of a year is due: New Year, or the day the record began in that year."""
    return max(date(year, 1, 1), since)


def check_step(before: YearlyState, after: YearlyState) -> None:
    """Raise Conflict ``yearly_state`` unless a paper can go from one state to the other."""
    if after not in _NEXT[before]:
        raise Conflict("yearly_state", f"不能由 {before} 变为 {after}", f"{before} cannot become {after}")


def yearly_lines(measures: Measures, area: int, due: date, state: YearlyState) -> Counter[LineKey]:
    """Return what a paper counts as, dated at the day from which it was due; cancelled counts nowhere."""
    if state is YearlyState.CANCELLED:
        return Counter()
    counted = [measures.due] + ([measures.signed] if state is YearlyState.SIGNED else [])
    return Counter({LineKey(Population.OFFICE, f"{area:012d}", due, each): 1 for each in counted})
