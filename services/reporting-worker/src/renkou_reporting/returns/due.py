"""Who had to hand in what, by when, and how it stands (迟报、漏报): a list for the statistician; nobody is reminded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from renkou_common.calendar_days import working_days
from renkou_common.clock import SHANGHAI, Clock
from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period, PeriodKind
from renkou_common.codes.working_days import WorkingDays
from renkou_common.database import Transaction
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.areas.service import names as area_names
from renkou_reporting.forms import repository as form_repository
from renkou_reporting.forms import service as forms
from renkou_reporting.forms.domain import Form
from renkou_reporting.forms.repository import Reporter
from renkou_reporting.labels import Label
from renkou_reporting.periods import parse_period, period_before, steps_of
from renkou_reporting.returns import repository
from renkou_reporting.returns.domain import State, last_ended
from renkou_reporting.returns.schemas import DueAnswer, DueList, DueQuestion
from renkou_reporting.returns.views import days_late


@dataclass(frozen=True, slots=True)
class _Asked:
    """A form and one of the periods asked about."""

    form: Form
    period: Period


async def due(
    tx: Transaction, areas: AreaScope, clock: Clock, district: AreaCode, question: DueQuestion
) -> DueList:
    """Return what was to be handed in, the longest overdue first; raises NotFound or InvalidInput."""
    wanted = area_within(areas, question.area).interval() if question.area else None
    today, calendar = clock.today(), await working_days(tx)
    everything: list[DueAnswer] = []
    for asked in await _asked(tx, today, question):
        everything += await _of(tx, areas, district, asked, calendar, today)
    if wanted is not None:
        low, high = wanted
        everything = [one for one in everything if low <= AreaCode.parse(one.area).key <= high]
    listed = sorted((one for one in everything if _fits(one, question.only)), key=_order)
    start = decode_cursor(question.after, int, str, str)
    if start is not None:
        listed = [one for one in listed if _order(one) > start]
    shown = listed[: question.limit]
    missing = [one for one in everything if one.handed_in_on is None]
    late = [one for one in everything if one.handed_in_on and one.days_late]
    return DueList(
        items=shown,
        next_after=encode_cursor(*_order(shown[-1])) if len(listed) > len(shown) else None,
        missing=len(missing),
        late=len(late),
        in_time=len(everything) - len(missing) - len(late),
    )


def _order(one: DueAnswer) -> tuple[int, str, str]:
    return (-one.days_late, one.period + one.form, f"{one.area} {one.reporter or ''}")


def _fits(one: DueAnswer, only: str) -> bool:
    match only:
        case "missing":
            return one.handed_in_on is None
        case "late":
            return one.handed_in_on is not None and one.days_late > 0
        case "overdue":
            return one.days_late > 0
        case _:
            return True


async def _asked(tx: Transaction, today: date, question: DueQuestion) -> list[_Asked]:
    by_code: dict[str, list[asyncpg.Record]] = {}
    for row in await form_repository.versions(tx, question.form, active=True):
        by_code.setdefault(row["code"], []).append(row)
    found = []
    for rows in by_code.values():
        kind = PeriodKind(rows[0]["definition"]["periodicity"])
        last = parse_period(question.period) if question.period else last_ended(kind, today)
        if last.kind is not kind:
            continue
        for number in range(1 if question.period else question.periods):
            period = period_before(last, number)
            form = forms.in_force(rows, period)
            if form is not None:
                found.append(_Asked(form, period))
    return found


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A return of a period that does not count: none was begun, or it is on its way."""

    form: str
    name: Label
    area: str
    reporter: str
    period: str
    state: str


async def unsigned(tx: Transaction, district: AreaCode, start: date, end: date) -> list[Unsigned]:
    """Return what keeps the returns of whole periods between two days from being complete.

    That is who had to hand one in and has none signed, and everything that was begun and not signed.
    """
    by_code: dict[str, list[asyncpg.Record]] = {}
    for row in await form_repository.versions(tx, active=True):
        by_code.setdefault(row["code"], []).append(row)
    found = []
    for code, rows in by_code.items():
        kind = PeriodKind(rows[0]["definition"]["periodicity"])
        periods = [one for one in steps_of(kind, start, end) if start <= one.start and one.end <= end]
        begun: dict[str, list[asyncpg.Record]] = {}
        for row in await repository.of_periods(tx, code, [str(one) for one in periods]):
            begun.setdefault(row["period"], []).append(row)
        for period in periods:
            form = forms.in_force(rows, period)
            if form is not None:
                expected = await forms.expected(tx, AreaScope.everything(), district, form.definition, period)
                found += _unsigned_of(form, period, expected, begun.get(str(period), []))
    return found


def _unsigned_of(
    form: Form,
    period: Period,
    expected: Sequence[tuple[int, Reporter | None]],
    begun: Sequence[asyncpg.Record],
) -> list[Unsigned]:
    definition = form.definition
    name = Label(zh=definition.zh, en=definition.en)
    there = {(row["area"], row["reporter"]) for row in begun}
    places = [(area, unit.code if unit else "") for area, unit in expected]
    states = [(*place, "missing") for place in places if place not in there]
    states += [(row["area"], row["reporter"], row["state"]) for row in begun if row["state"] != State.SIGNED]
    return [
        Unsigned(definition.code, name, AreaCode.from_key(area).value, reporter, str(period), state)
        for area, reporter, state in states
    ]


async def _of(
    tx: Transaction, areas: AreaScope, district: AreaCode, asked: _Asked, calendar: WorkingDays, today: date
) -> list[DueAnswer]:
    definition = asked.form.definition
    expected = await forms.expected(tx, areas, district, definition, asked.period)
    if not expected:
        return []
    rows = await repository.of_periods(tx, definition.code, [str(asked.period)])
    there = {(row["area"], row["reporter"]): row for row in rows}
    due_on = definition.due_on(asked.period, calendar)
    names = await area_names(tx, {AreaCode.from_key(area).value for area, _ in expected}, asked.period.end)
    answers = []
    for area, unit in expected:
        row = there.get((area, unit.code if unit else ""))
        handed_in = row is not None and row["state"] != State.DRAFT  # not one that was sent back
        handed_in_at = row["handed_in_at"] if row and handed_in else None
        answers.append(
            DueAnswer(
                form=definition.code,
                name=Label(zh=definition.zh, en=definition.en),
                office=Label(zh=definition.office.zh, en=definition.office.en),
                area=AreaCode.from_key(area).value,
                area_name=names.get(AreaCode.from_key(area).value),
                reporter=unit.code if unit else None,
                reporter_name=Label(zh=unit.zh, en=unit.en) if unit else None,
                period=str(asked.period),
                due_on=due_on,
                state=row["state"] if row else "missing",
                handed_in_on=handed_in_at.astimezone(SHANGHAI).date() if handed_in_at else None,
                days_late=days_late(due_on, handed_in_at, today),
                return_id=row["id"] if row else None,
            )
        )
    return answers
