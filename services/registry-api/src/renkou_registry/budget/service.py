"""The budget: plan, change, spend, reverse. Callers hold the transaction; nothing here commits."""

from collections import Counter
from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import LineKey
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import BudgetChanged
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_registry.budget import repository
from renkou_registry.budget.domain import budget_lines
from renkou_registry.budget.repository import LINES
from renkou_registry.fields import check_not_future
from renkou_registry.persons.domain import new_id
from renkou_registry.records import Desk, check_open, enter, lock_version, own_area, publish

MOST = Decimal("999999999999.99")


async def _changed(
    desk: Desk,
    row: asyncpg.Record,
    action: str,
    on: date,
    new: Counter[LineKey],
    old: Counter[LineKey],
) -> None:
    await publish(
        desk,
        RegistryEventType.BUDGET_CHANGED,
        BudgetChanged,
        row["id"],
        row["area"],
        on,
        action,
        new,
        old,
    )


def _plan(row: asyncpg.Record) -> Counter[LineKey]:
    return budget_lines(row["area"], row["year"], row["kind"], row["planned"], ())


def _spent(row: asyncpg.Record, on: date, amount: Decimal) -> Counter[LineKey]:
    return budget_lines(row["area"], row["year"], row["kind"], Decimal(0), [(on, amount)])


async def create(desk: Desk, area: AreaCode, year: int, kind: str, planned: Decimal) -> UUID:
    """Enter a line; raises NotFound, Conflict ``budget_line_exists``."""
    key = await own_area(desk, area)
    values = {"year": year, "kind": kind, "planned": planned, "spent": Decimal(0)}
    line_id = await enter(desk, LINES, key, values)
    if line_id is None:
        raise Conflict(
            "budget_line_exists", "该年度该科目已有预算", "the area has a line of this year and kind already"
        )
    row = await LINES.find(desk.tx, line_id, desk.scope)
    await repository.add_plan(desk.tx, row, None, desk.now, desk.subject)
    await _changed(desk, row, "planned", date(year, 1, 1), _plan(row), Counter())
    return line_id


async def change(desk: Desk, line_id: UUID, version: int, planned: Decimal, reason: str) -> asyncpg.Record:
    """Change a plan; its old version stays on record. Raises NotFound, VersionMismatch, Conflict."""
    before = await lock_version(desk, LINES, line_id, version)
    check_open(before)
    row = await LINES.update(desk.tx, line_id, {"planned": planned})
    await repository.add_plan(desk.tx, row, reason, desk.now, desk.subject)
    await _changed(desk, row, "replanned", date(row["year"], 1, 1), _plan(row), _plan(before))
    return row


async def end(desk: Desk, line_id: UUID, version: int) -> asyncpg.Record:
    """Close a line: nothing more is planned or spent on it."""
    check_open(await lock_version(desk, LINES, line_id, version))
    row = await LINES.update(desk.tx, line_id, {"ended_on": desk.today})
    await _changed(desk, row, "closed", desk.today, Counter(), Counter())
    return row


async def spend(desk: Desk, line_id: UUID, amount: Decimal, spent_on: date, purpose: str) -> UUID:
    """Book a spending within the line's year; raises NotFound, InvalidInput, Conflict ``ended``.

    What is spent of a line in all is an amount like any other.
    """
    line = await LINES.lock(desk.tx, line_id, desk.scope)
    check_open(line)
    check_not_future({"/spent_on": spent_on}, desk.today)
    if spent_on.year != line["year"]:
        raise InvalidInput.field(
            "/spent_on", "other_year", f"应为 {line['year']} 年的日期", f"must be a day of {line['year']}"
        )
    if line["spent"] + amount > MOST:
        left = MOST - line["spent"]
        raise InvalidInput.field(
            "/amount", "amount_total", f"最多还可登记 {left}", f"{left} at most can be booked yet"
        )
    return await _book(desk, line, amount, spent_on, purpose, None)


async def reverse(desk: Desk, line_id: UUID, spending_id: UUID, reason: str) -> UUID:
    """Take a spending back, on its own day; raises NotFound, Conflict ``already_reversed``."""
    line = await LINES.lock(desk.tx, line_id, desk.scope)
    check_open(line)
    wrong = await repository.spending(desk.tx, line_id, spending_id)
    if wrong is None:
        raise NotFound.of("支出", "spending")
    if wrong["reverses"] is not None:
        raise Conflict("not_reversible", "冲销不能再冲销", "a reversal is not reversed")
    return await _book(desk, line, -wrong["amount"], wrong["spent_on"], reason, spending_id)


async def _book(
    desk: Desk, line: asyncpg.Record, amount: Decimal, on: date, purpose: str, reverses: UUID | None
) -> UUID:
    spending_id = new_id()
    values = {
        "id": spending_id,
        "line_id": line["id"],
        "amount": amount,
        "spent_on": on,
        "purpose": purpose,
        "reverses": reverses,
        "recorded_at": desk.now,
        "recorded_by": desk.subject,
    }
    if not await repository.add_spending(desk.tx, values):
        raise Conflict("already_reversed", "该支出已冲销", "this spending has been reversed")
    row = await repository.add_spent(desk.tx, line["id"], amount)
    action = "reversed" if reverses is not None else "spent"
    await _changed(desk, row, action, on, _spent(row, on, amount), Counter())
    return spending_id
