"""Beginning and filling in aggregate returns. How they pass is in :mod:`.passing`, reading in :mod:`.views`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.database import Transaction
from renkou_common.errors import FieldError, InvalidInput, NotFound, Text
from renkou_common.http.conditions import check_version
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_reporting.areas import area_within
from renkou_reporting.areas.service import must_exist
from renkou_reporting.facts.domain import Fact, month_number
from renkou_reporting.forms import service as forms
from renkou_reporting.forms.domain import LEVELS, Form
from renkou_reporting.forms.measures import known_measures
from renkou_reporting.periods import parse_period, period_before
from renkou_reporting.returns import repository
from renkou_reporting.returns.domain import (
    ALLOWED_FROM,
    State,
    Step,
    facts_of_entry,
)
from renkou_reporting.returns.errors import ReturnExists, WrongState
from renkou_reporting.returns.examining import Examined, Place, about, examine, kept
from renkou_reporting.returns.repository import NewReturn
from renkou_reporting.returns.schemas import ReturnBeginning, Values
from renkou_reporting.texts import text_errors
from renkou_reporting.validation.domain import Past

_EARLIER_PERIODS = 24
_OTHER_RETURNS = 500


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a return is for, by a form in force for the period."""

    form: Form
    place: Place
    reporter: str

    @property
    def code(self) -> str:
        """The form's code."""
        return self.form.definition.code


async def target(
    tx: Transaction,
    areas: AreaScope,
    today: date,
    form: str,
    area: str | None,
    reporter: str | None,
    period: str,
) -> Target:
    """Return what a return is to be of; raises NotFound or InvalidInput."""
    when = parse_period(period, "/period")
    found = await forms.form_for(tx, form, when)
    definition = found.definition
    if when.start > today and definition.dated == "end":
        raise InvalidInput.field("/period", "future", "统计期尚未开始", "the period has not begun yet")
    if definition.by == "unit":
        if reporter is None or area is not None:
            raise InvalidInput.field(
                "/reporter",
                "reporter",
                "本表按填报单位报送, 请填单位代码",
                "this form is by unit: name the unit",
            )
        unit = await forms.reporter(tx, areas, reporter)
        if definition.code not in unit.forms:
            raise InvalidInput.field(
                "/reporter", "reporter_form", "该单位不报送本表", "this unit does not hand this form in"
            )
        return Target(found, Place(AreaCode.from_key(unit.area), when), unit.code)
    if area is None or reporter is not None:
        raise InvalidInput.field(
            "/area", "area", "本表按区划报送, 请填区划代码", "this form is by area: name it"
        )
    code = area_within(areas, area, "/area")
    if definition.level in LEVELS and len(code.value) != LEVELS[definition.level][0]:
        name = LEVELS[definition.level][1]
        raise InvalidInput.field(
            "/area", "area_level", f"本表由{name.zh}一级报送", f"this form is handed in for a {name.en}"
        )
    await must_exist(tx, code, when.end, "/area")
    return Target(found, Place(code, when), "")


async def begin(tx: Transaction, access: Access, clock: Clock, given: ReturnBeginning) -> UUID:
    """Begin a return with what is entered already; raises NotFound, InvalidInput or ReturnExists."""
    wanted = await target(
        tx, access.areas, clock.today(), given.form, given.area, given.reporter, given.period
    )
    errors = [*text_errors("/title", given.title), *text_errors("/source", given.source)]
    if wanted.form.definition.repeatable:
        errors += [
            FieldError(f"/{name}", "missing", Text("必填项缺失", "this field is required"))
            for name in ("title", "source")
            if not getattr(given, name)
        ]
    if errors:
        raise InvalidInput.fields(errors)
    return await begin_at(
        tx, access, clock, wanted, content_of(wanted.form, given), title=given.title, source=given.source
    )


async def begin_at(
    tx: Transaction,
    access: Access,
    clock: Clock,
    wanted: Target,
    content: Mapping[str, Any],
    *,
    occurrence: str = "",
    title: str = "",
    source: str = "",
    way: str = "json",
) -> UUID:
    """Begin a return for a place and period; raises ReturnExists where there is one.

    ``occurrence`` tells several returns of one form, place and period apart, where the form has them.
    """
    return_id, period = new_id(), wanted.place.period
    if wanted.form.definition.repeatable:
        occurrence = occurrence or str(return_id)
    place = (wanted.code, str(period), wanted.place.area.key, wanted.reporter, occurrence)
    await repository.lock_place(tx, *place)
    existing = await repository.find_at(tx, *place)
    if existing is not None:
        raise ReturnExists(existing["id"], State(existing["state"]))
    months = period.months()
    head = NewReturn(
        return_id,
        wanted.code,
        wanted.form.version,
        wanted.place.area.key,
        wanted.reporter,
        occurrence,
        str(period),
        month_number(months[0]),
        month_number(months[-1]),
        title,
        source,
        None,
        access.subject,
        clock.now(),
    )
    await open_draft(tx, clock, head, wanted.form, content, way, Step.BEGUN)
    return return_id


async def open_draft(
    tx: Transaction,
    clock: Clock,
    head: NewReturn,
    form: Form,
    content: Mapping[str, Any],
    way: str,
    step: Step,
    reason: str = "",
) -> None:
    """Store a new return with its first values."""
    place = Place(AreaCode.from_key(head.area), Period.parse(head.period))
    told = await with_subjects(tx, form, place, head.reporter, content)
    await repository.insert(tx, head)
    await repository.save(tx, head.id, 1, told, way, head.begun_by, clock.now())
    await repository.append_step(tx, head.id, step, 1, head.begun_by, head.begun_at, reason)


async def save(
    tx: Transaction, access: Access, clock: Clock, return_id: UUID, expected: int, given: Values
) -> None:
    """Put values in place of those entered before; raises NotFound, VersionMismatch, WrongState, InvalidInput."""
    row = await find(tx, access.areas, return_id, lock=True)
    check_version(expected, row["version"])
    form = await forms.form(tx, row["form"], row["form_version"])
    await keep(tx, access, clock, row, form, content_of(form, given), "json")


async def keep(
    tx: Transaction,
    access: Access,
    clock: Clock,
    row: asyncpg.Record,
    form: Form,
    content: Mapping[str, Any],
    way: str,
) -> bool:
    """Store a locked return's new values as a revision; False where they are what it has already.

    Raises WrongState unless it is a draft.
    """
    told = await with_subjects(tx, form, place_of(row), row["reporter"], content)
    if told == await repository.content(tx, row["id"], row["revision"]):
        return False
    allow(row, Step.SAVED)
    revision, now = row["revision"] + 1, clock.now()
    await repository.save(tx, row["id"], revision, told, way, access.subject, now)
    await repository.append_step(tx, row["id"], Step.SAVED, revision, access.subject, now)
    return True


def allow(row: asyncpg.Record, step: Step) -> None:
    """Raise WrongState unless a return stands where the step is taken from."""
    if State(row["state"]) not in ALLOWED_FROM[step]:
        raise WrongState(State(row["state"]), step)


def content_of(form: Form, given: Values) -> dict[str, Any]:
    """Return what is kept of values; raises InvalidInput for cells and rules that the form has not."""
    errors: list[FieldError] = []
    rules = {rule.code for rule in form.definition.rules}
    for key in given.cells.keys() - form.cells.keys():
        errors.append(
            FieldError(f"/cells/{key}", "cell_unknown", Text("本表没有此格", "the form has no such cell"))
        )
    if given.lines and not form.definition.open_lines:
        errors.append(FieldError("/lines", "lines", Text("本表按格填报", "this form is filled in by cells")))
    for rule, text in given.explanations.items():
        errors += text_errors(f"/explanations/{rule}", text)
        if rule not in rules:
            errors.append(
                FieldError(
                    f"/explanations/{rule}",
                    "rule_unknown",
                    Text("本表没有此规则", "the form has no such rule"),
                )
            )
    if errors:
        raise InvalidInput.fields(sorted(errors, key=lambda error: error.pointer))
    return {
        "cells": {
            key: kept(str(value)) if (value := given.cells.get(key)) is not None else "" for key in form.cells
        },
        "lines": [line.model_dump(mode="json") for line in given.lines],
        "explanations": {rule: text.strip() for rule, text in given.explanations.items() if text.strip()},
    }


async def with_subjects(
    tx: Transaction, form: Form, place: Place, reporter: str, content: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the content with, for each explanation, a digest of the findings that it is about."""
    given = content["explanations"]
    told = {}
    if given:
        examined = await examine_at(tx, form, place, reporter, {**content, "explanations": {}})
        told = about([one for one in examined.found if one.code in given])
    explanations = {rule: {"text": text, "about": told.get(rule, "")} for rule, text in given.items()}
    return {**content, "explanations": explanations}


def place_of(row: asyncpg.Record) -> Place:
    """Return where a return belongs."""
    return Place(AreaCode.from_key(row["area"]), Period.parse(row["period"]))


async def examined_of(
    tx: Transaction, row: asyncpg.Record, form: Form, content: Mapping[str, Any]
) -> Examined:
    """Return what a return's content means, compared with earlier returns and those of others."""
    return await examine_at(tx, form, place_of(row), row["reporter"], content)


async def examine_at(
    tx: Transaction, form: Form, place: Place, reporter: str, content: Mapping[str, Any]
) -> Examined:
    """Return what a content means as a return of a place and period."""
    past = await _past(tx, form, place, reporter)
    known = await known_measures(tx) if form.definition.open_lines else {}
    return examine(form, content, past, place, known)


async def _past(tx: Transaction, form: Form, place: Place, reporter: str) -> Past:
    definition, period = form.definition, place.period
    if not definition.rules or definition.repeatable:
        return Past()
    earlier = await repository.earlier(
        tx, definition.code, place.area.key, reporter, month_number(period.start), _EARLIER_PERIODS
    )
    before = {text: _values(content) for text, content in earlier}
    others = await repository.others(
        tx, definition.code, str(period), place.area.key, reporter, _OTHER_RETURNS
    )
    in_a_year = {"month": 12, "quarter": 4, "half_year": 2, "year": 1}[definition.periodicity]
    return Past(
        before.get(str(period_before(period))),
        before.get(str(period_before(period, in_a_year))),
        list(before.values()),
        [_values(content) for content in others],
    )


def _values(content: Mapping[str, Any]) -> dict[str, Decimal | None]:
    return {key: Decimal(text) if text else None for key, text in content["cells"].items()}


async def find(tx: Transaction, areas: AreaScope, return_id: UUID, *, lock: bool = False) -> asyncpg.Record:
    """Return a return's head; raises NotFound outside ``areas``."""
    row = await repository.find(tx, areas, return_id, lock=lock)
    if row is None:
        raise NotFound.of("报表", "return")
    return row


async def of_events(tx: Transaction, areas: AreaScope, event_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Return (event, return) of the returns within ``areas`` that entered or left the figures by some events."""
    rows = await repository.by_events(tx, event_ids, areas.lows, areas.highs)
    return [(row["event_id"], row["return_id"]) for row in rows]


async def facts_between(tx: Transaction, after: int, until: int, limit: int) -> tuple[list[Fact], int]:
    """Return the facts of up to ``limit`` entries after a number, and the number of the last."""
    facts: list[Fact] = []
    last = after
    for entry, return_id in await repository.entries(tx, after, until, limit):
        facts += facts_of_entry(entry, await repository.counts(tx, return_id))
        last = entry.seq
    return facts, last
