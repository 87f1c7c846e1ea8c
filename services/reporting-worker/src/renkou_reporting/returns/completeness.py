"""Whether the aggregate returns that figures count are there: one read, and none for figures of the registers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import FIRST_YEAR, Period, PeriodKind
from renkou_common.database import Reader
from renkou_reporting.areas.domain import Tree, days_of
from renkou_reporting.areas.service import tree
from renkou_reporting.facts.domain import month_number
from renkou_reporting.figures.domain import Asked, Months, Span, add_months
from renkou_reporting.figures.plan import Position
from renkou_reporting.forms import service as forms
from renkou_reporting.forms.domain import Form
from renkou_reporting.forms.repository import Reporter
from renkou_reporting.indicators.domain import Catalogue, IndicatorKind
from renkou_reporting.periods import steps_of
from renkou_reporting.returns import repository
from renkou_reporting.returns.coverage import (
    Counting,
    Coverage,
    Line,
    Return,
    Returned,
    Wanted,
    countings,
    wanted_of,
)
from renkou_reporting.runtime import Runtime

_KEPT = 200
_read: dict[tuple[str, int, str | None, str], "_Version"] = {}


@dataclass(frozen=True, slots=True)
class Duty:
    """Of whom returns are expected: of the units and divisions of a district, of periods counted to a day."""

    district: AreaCode
    today: date


def duty(runtime: Runtime) -> Duty:
    """Return of whom a node's returns are expected by now."""
    return Duty(runtime.district, runtime.clock.today())


class _Version(NamedTuple):
    form: Form
    counts: frozenset[Counting]

    def of(self, wanted: Collection[Wanted]) -> frozenset[Wanted]:
        """Return what the form counts of what is wanted."""
        return frozenset(one for one in wanted if any(one.takes(each) for each in self.counts))


@dataclass(frozen=True, slots=True)
class _Expecting:
    """What decides who has to hand in."""

    duty: Duty
    reporters: Sequence[Reporter]
    divisions: Tree | None
    first: int
    last: int


async def returned(
    tx: Reader,
    catalogue: Catalogue,
    asked: Sequence[Asked],
    spans: Sequence[Span],
    months: Sequence[Months],
    duty: Duty,
) -> dict[Position, Returned]:
    """Return, by positions of (asked, span, months), how many returns are due and signed; only of figures that count
    any."""
    wanted = {number: found for number, one in enumerate(asked) if (found := wanted_of(catalogue, one))}
    if not (wanted and spans and months):
        return {}
    grows = any(asked[number].indicator.kind is IndicatorKind.GROWTH for number in wanted)
    first = min(each.year_before().first if grows else each.first for each in months)
    last = max(each.last for each in months)
    everything = frozenset[Wanted]().union(*wanted.values())
    row = await repository.signed_of(tx, {one.measure for one in everything}, first, last)
    versions = await _versions(tx, row["forms"] or [])
    reporters = [_reporter(one) for one in row["reporters"] or []]
    levelled = any(forms.by_division(one.form.definition) for each in versions.values() for one in each)
    expecting = _Expecting(duty, reporters, await tree(tx) if levelled else None, first, last)
    told = _returns(versions, row["signed"] or [], everything, expecting)
    lines = [_line(one, everything) for one in row["lines"] or []]
    return Coverage(told, lines, spans).of(wanted, asked, months)


async def _versions(tx: Reader, heads: Sequence[Sequence[Any]]) -> dict[str, list[_Version]]:
    """Return the versions of each form, the newest first; each is read and parsed once."""
    keys = [(head[0], head[1], head[2], head[3]) for head in heads]
    if any(key not in _read for key in keys):
        if len(_read) > _KEPT:
            _read.clear()
        for head, row in await repository.form_versions(tx, sorted({key[0] for key in keys})):
            form = forms.form_of(row)
            _read[head[0], head[1], head[2], head[3]] = _Version(form, countings(form))
    found: dict[str, list[_Version]] = {}
    for key in keys:
        found.setdefault(key[0], []).append(_read[key])
    return found


def _returns(
    versions: Mapping[str, Sequence[_Version]],
    signed: Sequence[Sequence[Any]],
    wanted: frozenset[Wanted],
    expecting: _Expecting,
) -> Iterator[Return]:
    """Yield what is due or signed of each form."""
    counted = {
        (code, one.form.version): (one.form, one.of(wanted))
        for code, each in versions.items()
        for one in each
    }
    there: dict[str, dict[tuple[str, int, str, str], tuple[int, frozenset[Wanted]]]] = {}
    for code, version, area, reporter, occurrence, text in signed:
        form, counts = counted[code, version]
        if counts:
            month = month_number(form.definition.counted_on(Period.parse(text)))
            there.setdefault(code, {})[text, area, reporter, occurrence] = month, counts
    for code, each in versions.items():
        handed_in = there.get(code, {})
        for place, (month, due) in _due(each, counted, expecting).items():
            _, counts = handed_in.pop(place, (month, frozenset[Wanted]()))
            yield Return(place[1], month, due | counts, counts)
        for place, (month, counts) in handed_in.items():
            yield Return(place[1], month, counts, counts)


def _due(
    versions: Sequence[_Version],
    counted: Mapping[tuple[str, int], tuple[Form, frozenset[Wanted]]],
    expecting: _Expecting,
) -> dict[tuple[str, int, str, str], tuple[int, frozenset[Wanted]]]:
    """Return which returns of a form can be handed in by today, with the month that they count in, and what."""
    kind = PeriodKind(versions[0].form.definition.periodicity)
    start, end = days_of(Months(expecting.first, add_months(expecting.last, 1), ""), opening=False)
    tomorrow = expecting.duty.today + timedelta(days=1)  # a form may count on the day before its period
    found = {}
    for period in steps_of(kind, max(start, date(FIRST_YEAR, 1, 1)), min(end, tomorrow)):
        form = forms.newest_covering((one.form for one in versions), period)
        if form is None:
            continue
        definition, counts = form.definition, counted[form.definition.code, form.version][1]
        day = definition.counted_on(period)
        if not counts or day > expecting.duty.today:
            continue
        places = forms.places(
            definition, period, expecting.duty.district, expecting.reporters, expecting.divisions
        )
        for area, unit in places:
            found[str(period), area, unit.code if unit else "", ""] = month_number(day), counts
    return found


def _reporter(row: Sequence[Any]) -> Reporter:
    code, area, handed_in, since, until = row
    ends = date.fromisoformat(until) if until else None
    return Reporter(code, area, "", "", handed_in, date.fromisoformat(since), ends)


def _line(row: Sequence[Any], wanted: frozenset[Wanted]) -> Line:
    area, on, *counted = row
    one = Counting(*counted)
    return Line(
        area, month_number(date.fromisoformat(on)), frozenset(each for each in wanted if each.takes(one))
    )
