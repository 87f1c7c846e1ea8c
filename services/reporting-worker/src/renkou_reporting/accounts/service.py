"""Answers questions about population accounts and their incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Population
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput, NotFound
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.principal import Access
from renkou_common.scope import HIGHEST, LOWEST, AreaScope
from renkou_reporting.accounts import repository
from renkou_reporting.accounts.checking import ask_for_check, last_full_month
from renkou_reporting.accounts.domain import (
    KIND_TEXTS,
    OLDEST,
    UNKNOWN_AGE,
    Account,
    AgeStep,
    Bridge,
    IncidentKind,
    accounts_of,
    monthly_accounts,
)
from renkou_reporting.accounts.errors import IncidentNotOpen
from renkou_reporting.accounts.schemas import (
    MAX_MONTHS,
    AccountAnswer,
    AccountQuestion,
    AccountRow,
    BridgeAnswer,
    BridgeQuestion,
    CheckAnswer,
    CheckRequest,
    Incident,
    IncidentHead,
    IncidentList,
    IncidentQuestion,
    MonthRow,
    Numbers,
    PyramidAnswer,
    PyramidQuestion,
    PyramidRow,
    SeriesAnswer,
    SeriesQuestion,
)
from renkou_reporting.areas import area_within, parse_area
from renkou_reporting.areas.domain import days_of
from renkou_reporting.areas.service import names as area_names
from renkou_reporting.areas.service import view as area_view
from renkou_reporting.facts.domain import month_number
from renkou_reporting.figures.domain import Months, decimal_text
from renkou_reporting.labels import Label
from renkou_reporting.periods import last_day_counted, month_text, parse_month, parse_period
from renkou_reporting.populations import POPULATION_NAMES
from renkou_reporting.texts import text_errors

type _Question = AccountQuestion | SeriesQuestion | PyramidQuestion | BridgeQuestion
_STOCKS = (Population.REGISTERED, Population.MIGRANT_OUT, Population.MIGRANT_IN, Population.RESIDENT)
_MALE, _FEMALE = 1, 2


async def account(tx: Transaction, areas: AreaScope, question: AccountQuestion) -> AccountAnswer:
    """Return an account; raises NotFound outside ``areas``, InvalidInput for a period that is none."""
    period = parse_period(question.period)
    months = Months.of(period, last_day_counted(period, question.through))
    place = await _place(tx, areas, question, months)
    sex = None if question.sex is None else int(question.sex)
    read = repository.plain if question.ages is None else repository.cohorts
    sums = await read(tx, place.intervals, question.population.value, months.first, months.last, sex)
    rows = accounts_of(sums, months, by_sex=question.by_sex, ages=question.ages)
    total = accounts_of(sums, months, by_sex=False, ages=None)[None, None]
    zh, en = POPULATION_NAMES[question.population]
    return AccountAnswer(
        **place.told,
        population=question.population,
        population_name=Label(zh=zh, en=en),
        period=months.text,
        first_month=month_text(months.first),
        last_month=month_text(months.last),
        total=Numbers(**_numbers(total)),
        rows=[
            AccountRow(**_numbers(one), sex=sex_of, ages=_ages_text(age, question.ages))
            for (sex_of, age), one in rows.items()
        ],
    )


async def series(tx: Transaction, areas: AreaScope, question: SeriesQuestion) -> SeriesAnswer:
    """Return the accounts of one month after the other; raises as :func:`account`."""
    first, last = _month(question.first, "/query/first"), _month(question.last, "/query/last")
    if not 0 <= (last // 100 - first // 100) * 12 + last % 100 - first % 100 < MAX_MONTHS:
        raise InvalidInput.field(
            "/query/last", "too_many_months", f"应有 1-{MAX_MONTHS} 个月", f"1 to {MAX_MONTHS} months"
        )
    sex = None if question.sex is None else int(question.sex)
    place = await _place(tx, areas, question, Months(first, last, ""))
    sums: dict[int, dict[str, tuple[int, int]]] = {}
    for month, measure, *counted in await repository.monthly(
        tx, place.intervals, question.population.value, first, last, sex
    ):
        sums.setdefault(month, {})[measure] = (counted[0], counted[1])
    before = {measure: value for measure, (value, _) in sums.get(0, {}).items()}
    return SeriesAnswer(
        **place.told,
        population=question.population,
        items=[
            MonthRow(**_numbers(one), month=month_text(month))
            for month, one in monthly_accounts(sums, before, first, last)
        ],
    )


async def pyramid(tx: Transaction, areas: AreaScope, question: PyramidQuestion) -> PyramidAnswer:
    """Return people by sex and age at a month's end; raises as :func:`account`."""
    month = _month(question.month, "/query/month")
    months = Months(month, month, question.month)
    place = await _place(tx, areas, question, months, opening=False)
    sums = await repository.cohorts(tx, place.intervals, question.population.value, month, month, None)
    found = accounts_of(sums, months, by_sex=True, ages=question.ages)
    step = 1 if question.ages is AgeStep.YEAR else 5
    ages = [*range(0, OLDEST + 1, step), UNKNOWN_AGE]
    stocks: dict[int, list[int]] = {age: [0, 0, 0] for age in ages}
    for (sex, age), one in found.items():
        if age is not None:
            column = {_MALE: 0, _FEMALE: 1}.get(sex or 0, 2)
            stocks[age][column] += one.closing
    return PyramidAnswer(
        **place.told,
        population=question.population,
        month=question.month,
        rows=[
            PyramidRow(ages=_ages_text(age, question.ages) or "", male=male, female=female, other=other)
            for age, (male, female, other) in stocks.items()
            if age != UNKNOWN_AGE or male or female or other
        ],
    )


async def bridge(tx: Transaction, areas: AreaScope, question: BridgeQuestion) -> BridgeAnswer:
    """Return how the populations hang together at a month's end; raises as :func:`account`."""
    month = _month(question.month, "/query/month")
    place = await _place(tx, areas, question, Months(month, month, question.month), opening=False)
    found = await repository.stocks(tx, place.intervals, [one.value for one in _STOCKS], month)
    one = Bridge(*(found.get(population.value, 0) for population in _STOCKS))
    return BridgeAnswer(
        **place.told,
        month=question.month,
        registered=one.registered,
        migrant_out=one.migrant_out,
        registered_present=one.registered_present,
        migrant_in=one.migrant_in,
        present=one.present,
        resident=one.resident,
        in_between=one.in_between,
    )


async def incidents(tx: Transaction, areas: AreaScope, question: IncidentQuestion) -> IncidentList:
    """Return a page of incidents in the caller's areas, newest first."""
    within = (LOWEST, HIGHEST)
    if question.area is not None:
        within = parse_area(question.area, "/query/area").interval()
    rows = await repository.page(
        tx, areas, within, question.state, decode_key(question.after, UUID), question.limit + 1
    )
    items = [IncidentHead(**_head(row)) for row in rows[: question.limit]]
    more = len(rows) > question.limit
    return IncidentList(items=items, next_after=encode_cursor(items[-1].id) if more else None)


async def incident(tx: Transaction, areas: AreaScope, incident_id: UUID) -> Incident:
    """Return an incident with its cause; raises NotFound outside ``areas``."""
    row = await repository.find_incident(tx, areas, incident_id)
    if row is None:
        raise NotFound.of("平衡账异常", "incident of an account")
    return Incident(
        **_head(row),
        measure=row["measure"],
        sex=row["sex"] if row["sex"] >= 0 else None,
        birth_month=month_text(row["birth_month"]) if row["birth_month"] > 0 else None,
        expected=row["expected"],
        found=row["found"],
        cells=row["cells"],
        events=row["events"],
    )


async def explain(tx: Transaction, access: Access, clock: Clock, incident_id: UUID, reason: str) -> None:
    """Say why an incident is no mistake; raises NotFound, IncidentNotOpen, InvalidInput (a long number)."""
    if found := list(text_errors("/reason", reason)):
        raise InvalidInput.fields(found)
    await incident(tx, access.areas, incident_id)
    state = await repository.lock_incident(tx, incident_id)
    if state != "open":
        raise IncidentNotOpen(str(state))
    await repository.explain(tx, incident_id, access.subject, clock.now(), reason)


async def ask(tx: Transaction, access: Access, clock: Clock, given: CheckRequest) -> UUID:
    """Queue a check; raises InvalidInput for a month that is not over."""
    through = _month(given.through, "/through")
    if through > last_full_month(clock.today()):
        raise InvalidInput.field("/through", "future", "该月尚未结束", "the month is not over yet")
    return await ask_for_check(tx, clock, through, "asked", access.subject)


async def read_check(tx: Transaction, check_id: UUID) -> CheckAnswer:
    """Return a check; raises NotFound."""
    row = await repository.find_check(tx, check_id)
    if row is None:
        raise NotFound.of("平衡账检查", "check of accounts")
    return CheckAnswer.model_validate({**dict(row), "through": month_text(row["through"])})


@dataclass(frozen=True, slots=True)
class _Place:
    """What is added up, and how the answer names it."""

    intervals: Sequence[tuple[int, int]]
    told: dict[str, Any]


async def _place(
    tx: Transaction, areas: AreaScope, question: _Question, months: Months, *, opening: bool = True
) -> _Place:
    """Return the area asked for under its boundaries; raises NotFound outside ``areas``, InvalidInput where what was
    counted cannot be told apart by these boundaries. Without ``opening`` only who is there at the end is read."""
    area, day = area_within(areas, question.area), question.boundaries
    called = (await area_names(tx, [area.value], day)).get(area.value)
    told = {"area": area.value, "area_name": called, "boundaries": day}
    if day is None:
        return _Place([area.interval()], told)
    view = await area_view(tx, area, day)
    first, last = days_of(months, opening=True)
    obstacle = view.obstacle(0, first if opening else last, last)
    if obstacle is not None:
        raise InvalidInput.field(
            "/query/boundaries", "not_told_apart", obstacle.reason.zh, obstacle.reason.en
        )
    return _Place(view.spans[0].intervals, told)


def _month(text: str, pointer: str) -> int:
    return month_number(parse_month(text, pointer).start)


def _numbers(one: Account) -> dict[str, Any]:
    names = (
        "opening",
        "entered",
        "born",
        "died",
        "moved_in",
        "moved_out",
        "closing",
        "opening_of_age",
        "ageing",
        "reclassified_in",
        "reclassified_out",
    )
    return {name: getattr(one, name) for name in names} | {"mean": decimal_text(one.mean)}


def _ages_text(age: int | None, step: AgeStep | None) -> str | None:
    if age is None:
        return None
    if age == UNKNOWN_AGE:
        return "unknown"
    if age == OLDEST:
        return f"{OLDEST}+"
    return str(age) if step is AgeStep.YEAR else f"{age}-{age + 4}"


def _head(row: asyncpg.Record) -> dict[str, Any]:
    text = KIND_TEXTS[IncidentKind(row["kind"])]
    told = {
        name: row[name]
        for name in (
            "id", "kind", "population", "state", "opened_at", "explained_by", "explained_at", "explanation", "solved_at"
        )
    }  # fmt: skip
    return told | {
        "text": Label(zh=text.zh, en=text.en),
        "area": AreaCode.from_key(row["area"]).value,
        "month": month_text(row["month"]),
    }
