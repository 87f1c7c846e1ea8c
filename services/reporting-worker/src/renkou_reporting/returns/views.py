"""Reading aggregate returns: one with its findings and history, pages of them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.calendar_days import working_days
from renkou_common.clock import SHANGHAI
from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.codes.working_days import WorkingDays
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.scope import HIGHEST, LOWEST, AreaScope
from renkou_reporting.areas import parse_area
from renkou_reporting.areas.service import names as area_names
from renkou_reporting.forms import service as forms
from renkou_reporting.forms.domain import Form
from renkou_reporting.labels import Label
from renkou_reporting.periods import parse_period
from renkou_reporting.returns import repository
from renkou_reporting.returns.examining import Found
from renkou_reporting.returns.schemas import (
    LINE_FIELDS,
    FindingAnswer,
    ReturnAnswer,
    ReturnList,
    ReturnQuestion,
    ReturnSummary,
    RevisionAnswer,
    StepAnswer,
)
from renkou_reporting.returns.service import examined_of, find


async def read(tx: Transaction, areas: AreaScope, return_id: UUID) -> ReturnAnswer:
    """Return a return with its values, what is found in them and its history; raises NotFound."""
    row = await find(tx, areas, return_id)
    form = await forms.form(tx, row["form"], row["form_version"])
    content = await repository.content(tx, return_id, row["revision"])
    examined = await examined_of(tx, row, form, content)
    head = _summary(row, form, await working_days(tx), await _names(tx, [row]))
    return ReturnAnswer(
        **dict(head),
        **_content(content),
        findings=finding_answers(examined.found),
        history=[StepAnswer(**dict(step)) for step in await repository.history(tx, return_id)],
    )


async def revision(tx: Transaction, areas: AreaScope, return_id: UUID, number: int) -> RevisionAnswer:
    """Return what a return said once; raises NotFound."""
    await find(tx, areas, return_id)
    row = await repository.revision(tx, return_id, number)
    if row is None:
        raise NotFound.of("报表版本", "revision")
    told = {name: row[name] for name in ("revision", "way", "saved_by", "saved_at")}
    return RevisionAnswer(**told, **_content(row["content"]))


def _content(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cells": content["cells"],
        "lines": [{name: line.get(name) for name in LINE_FIELDS} for line in content["lines"]],
        "explanations": {rule: told["text"] for rule, told in content["explanations"].items()},
    }


async def page(tx: Transaction, areas: AreaScope, question: ReturnQuestion) -> ReturnList:
    """Return a page of returns that the caller may see, newest first."""
    within = (LOWEST, HIGHEST)
    if question.area is not None:
        within = parse_area(question.area, "/query/area").interval()
    period = str(parse_period(question.period)) if question.period else None
    rows = await repository.page(
        tx,
        areas,
        within,
        question.form,
        period,
        question.state,
        decode_key(question.after, UUID),
        question.limit + 1,
    )
    shown = rows[: question.limit]
    known: dict[tuple[str, int], Form] = {}
    for row in shown:
        key = (row["form"], row["form_version"])
        if key not in known:
            known[key] = await forms.form(tx, *key)
    calendar = await working_days(tx)
    names = await _names(tx, shown)
    items = [_summary(row, known[row["form"], row["form_version"]], calendar, names) for row in shown]
    more = len(rows) > question.limit
    return ReturnList(items=items, next_after=encode_cursor(str(items[-1].id)) if more else None)


def finding_answers(found: Iterable[Found]) -> list[FindingAnswer]:
    """Return findings as callers see them."""
    return [
        FindingAnswer(
            code=one.code,
            severity=one.severity,
            pointers=list(one.pointers),
            addresses=list(one.addresses),
            text=Label(zh=one.text.zh, en=one.text.en),
            explanation=one.explanation,
            refuses=one.refuses,
        )
        for one in found
    ]


def days_late(due_on: date, handed_in_at: datetime | None, today: date | None = None) -> int:
    """Return by how many days a return is late: to the day it was handed in, else to ``today`` where it is given."""
    until = handed_in_at.astimezone(SHANGHAI).date() if handed_in_at else today
    return max((until - due_on).days, 0) if until else 0


async def _names(tx: Transaction, rows: Iterable[asyncpg.Record]) -> dict[str, str]:
    return await area_names(tx, {AreaCode.from_key(row["area"]).value for row in rows})


def _summary(
    row: Mapping[str, Any] | asyncpg.Record, form: Form, calendar: WorkingDays, names: Mapping[str, str]
) -> ReturnSummary:
    area, definition = AreaCode.from_key(row["area"]).value, form.definition
    due_on = definition.due_on(Period.parse(row["period"]), calendar)
    return ReturnSummary(
        id=row["id"],
        form=row["form"],
        form_version=row["form_version"],
        name=Label(zh=definition.zh, en=definition.en),
        area=area,
        area_name=names.get(area),
        reporter=row["reporter"] or None,
        period=row["period"],
        title=row["title"],
        source=row["source"],
        state=row["state"],
        version=row["version"],
        revision=row["revision"],
        due_on=due_on,
        handed_in_at=row["handed_in_at"],
        days_late=days_late(due_on, row["handed_in_at"]),
        replaces=row["replaces"],
        begun_by=row["begun_by"],
        begun_at=row["begun_at"],
        filled_by=row["filled_by"],
        filled_at=row["filled_at"],
        checked_by=row["checked_by"],
        checked_at=row["checked_at"],
        signed_by=row["signed_by"],
        signed_at=row["signed_at"],
        withdrawn_by=row["withdrawn_by"],
        withdrawn_at=row["withdrawn_at"],
        withdrawal_reason=row["withdrawal_reason"],
    )
