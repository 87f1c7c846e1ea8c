"""Entering, reading and withdrawing aggregate returns; a return's counts become facts at once."""

from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.codes.period import Period
from renkou_common.database import Transaction
from renkou_common.errors import FieldError, InvalidInput, NotFound
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import HIGHEST, LOWEST, AreaScope
from renkou_reporting.areas import area_within, parse_area
from renkou_reporting.facts.domain import Fact, birth_month_number, month_number
from renkou_reporting.facts.service import add_facts
from renkou_reporting.periods import month_text, parse_month
from renkou_reporting.returns import repository
from renkou_reporting.returns.domain import Count, facts_of_entry, line_errors, text_errors
from renkou_reporting.returns.errors import AlreadyWithdrawn
from renkou_reporting.returns.repository import NewReturn
from renkou_reporting.returns.schemas import (
    ReturnAnswer,
    ReturnLine,
    ReturnList,
    ReturnQuestion,
    ReturnSubmission,
    ReturnSummary,
)


async def submit(tx: Transaction, access: Access, clock: Clock, given: ReturnSubmission) -> UUID:
    """Enter a return; raises NotFound for an area outside the caller's, InvalidInput with every error."""
    area = area_within(access.areas, given.area, "/area")
    month = parse_month(given.month, "/month")
    counts = _checked_counts(given, area, month, clock.today())
    head = NewReturn(
        new_id(), given.title, given.source, area.key, month_number(month.start), access.subject, clock.now()
    )
    await repository.insert(tx, head, counts)
    entry = await repository.append_entry(tx, head.id, new_id(), 1)
    await add_facts(tx, facts_of_entry(entry, counts))
    return head.id


async def withdraw(tx: Transaction, access: Access, clock: Clock, return_id: UUID, reason: str) -> UUID:
    """Reverse a return; raises NotFound, AlreadyWithdrawn, or InvalidInput (a number in the reason)."""
    if found := list(text_errors("/reason", reason)):
        raise InvalidInput.fields(found)
    await _find(tx, access.areas, return_id)
    if not await repository.lock(tx, return_id):
        raise AlreadyWithdrawn
    await repository.mark_withdrawn(tx, return_id, access.subject, clock.now(), reason)
    counts = await repository.counts(tx, return_id)
    entry = await repository.append_entry(tx, return_id, new_id(), -1)
    await add_facts(tx, facts_of_entry(entry, counts))
    return return_id


async def read(tx: Transaction, areas: AreaScope, return_id: UUID) -> ReturnAnswer:
    """Return a return with its lines; raises NotFound outside ``areas``."""
    head = _summary(await _find(tx, areas, return_id))
    lines = [_line(count) for count in await repository.counts(tx, return_id)]
    return ReturnAnswer(**dict(head), lines=lines)


async def page(tx: Transaction, areas: AreaScope, question: ReturnQuestion) -> ReturnList:
    """Return a page of returns that the caller may see, newest first."""
    within = (LOWEST, HIGHEST)
    if question.area is not None:
        within = parse_area(question.area, "/query/area").interval()
    month = parse_month(question.month, "/query/month") if question.month else None
    rows = await repository.page(
        tx,
        areas,
        within,
        month_number(month.start) if month else None,
        decode_key(question.after, UUID),
        question.limit + 1,
    )
    items = [_summary(row) for row in rows[: question.limit]]
    more = len(rows) > question.limit
    return ReturnList(items=items, next_after=encode_cursor(str(items[-1].id)) if more else None)


async def facts_between(tx: Transaction, after: int, until: int, limit: int) -> tuple[list[Fact], int]:
    """Return the facts of up to ``limit`` entries after a number, and the number of the last."""
    facts: list[Fact] = []
    last = after
    for entry, return_id in await repository.entries(tx, after, until, limit):
        facts += facts_of_entry(entry, await repository.counts(tx, return_id))
        last = entry.seq
    return facts, last


def _checked_counts(given: ReturnSubmission, area: AreaCode, month: Period, today: date) -> list[Count]:
    errors: list[FieldError] = []
    errors += text_errors("/title", given.title)
    errors += text_errors("/source", given.source)
    if month.start > today:
        raise InvalidInput.field("/month", "future", "月份尚未开始", "the month has not begun yet")
    counts = []
    for number, line in enumerate(given.lines):
        count = _count(line)
        errors += line_errors(f"/lines/{number}", area, month, line.area, count)
        counts.append(count)
    if errors:
        raise InvalidInput.fields(errors)
    return counts


def _count(line: ReturnLine) -> Count:
    try:
        key = AreaCode.parse(line.area).key
    except AreaCodeError:
        key = 0  # reported with the line's other errors
    return Count(
        key,
        line.on,
        line.population.value,
        line.measure.value,
        line.sex,
        birth_month_number(line.birth_month),
        line.parity,
        line.value,
    )


async def _find(tx: Transaction, areas: AreaScope, return_id: UUID) -> asyncpg.Record:
    row = await repository.find(tx, areas, return_id)
    if row is None:
        raise NotFound.of("报表", "return")
    return row


def _summary(row: asyncpg.Record) -> ReturnSummary:
    return ReturnSummary(
        id=row["id"],
        title=row["title"],
        source=row["source"],
        area=AreaCode.from_key(row["area"]).value,
        month=month_text(row["month"]),
        line_count=row["line_count"],
        state="entered" if row["withdrawn_at"] is None else "withdrawn",
        submitted_by=row["submitted_by"],
        submitted_at=row["submitted_at"],
        withdrawn_by=row["withdrawn_by"],
        withdrawn_at=row["withdrawn_at"],
        withdrawal_reason=row["withdrawal_reason"],
    )


def _line(count: Count) -> ReturnLine:
    return ReturnLine.model_validate(
        {
            "area": AreaCode.from_key(count.area).value,
            "on": count.happened_on,
            "population": count.population,
            "measure": count.measure,
            "sex": count.sex,
            "birth_month": month_text(count.birth_month) if count.birth_month else None,
            "parity": count.parity,
            "value": count.value,
        }
    )
