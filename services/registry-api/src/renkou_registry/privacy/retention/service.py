"""Retention: periods, what is due, holds. Callers hold the transaction. The daily task is in :mod:`.jobs`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_registry.persons import service as persons
from renkou_registry.privacy.retention import repository
from renkou_registry.privacy.retention.rules import RULES, By, Rule
from renkou_registry.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule with the period that holds today and its version, 0 where nobody can set it."""

    rule: Rule
    version: int


async def add_first(tx: Transaction) -> None:
    """Add the periods that a district starts with and does not have yet."""
    for rule in RULES:
        if rule.by is By.CLOCK and rule.days is not None:
            await repository.add_rule(tx, new_id(), rule.code, rule.days)


async def standing(runtime: Runtime, tx: Transaction) -> list[Standing]:
    """Return every rule with the period of today."""
    own = {row["code"]: row for row in await repository.rules(tx)}
    found = []
    for rule in RULES:
        days = runtime.settings.external_list_days if rule.code == "external_lists" else rule.days
        row = own.get(rule.code)
        found.append(Standing(replace(rule, days=row["days"] if row else days), row["version"] if row else 0))
    return found


async def set_days(
    runtime: Runtime, tx: Transaction, code: str, version: int, days: int, reason: str, by: UUID
) -> None:
    """Set a period; raises NotFound, VersionMismatch, Conflict where the law or the node's settings say it."""
    if all(rule.code != code for rule in RULES):
        raise NotFound.of("保存期限", "retention rule")
    row = await repository.lock_rule(tx, code)
    if row is None:
        raise Conflict(
            "retention_fixed",
            "该期限由法律或系统设置规定, 不能在此修改",
            "This period is set by law or by the node's settings and not here",
        )
    await check_current(tx, row["id"], version, row["version"])
    await repository.set_days(tx, code, days, reason, runtime.clock.now(), by)


async def changes(tx: Transaction, code: str) -> Sequence[asyncpg.Record]:
    """Return who set a period and why, the last first."""
    return await repository.changes(tx, code)


async def due(runtime: Runtime, tx: Transaction) -> list[tuple[Rule, int, int]]:
    """Return by rule how many records the next run removes and how many are held; counts only."""
    today = runtime.clock.today()
    found = []
    for each in await standing(runtime, tx):
        if each.rule.code in repository.CLOCKED and each.rule.days is not None:
            ended_by = today - timedelta(days=each.rule.days)
            found.append((each.rule, *await repository.count_due(tx, each.rule.code, ended_by, today)))
    return found


async def runs(tx: Transaction, before: int | None, limit: int) -> Sequence[asyncpg.Record]:
    """Return what the daily task did, the last first."""
    return await repository.runs(tx, before, limit)


async def place(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_id: UUID | None,
    record_id: UUID | None,
    cause: str,
    reason: str,
    until: date | None,
    by: UUID,
) -> UUID:
    """Keep a person's records, or one record, past their time; raises NotFound, InvalidInput."""
    if (person_id is None) == (record_id is None):
        raise InvalidInput.field(
            "/person_id",
            "hold_subject",
            "人员与记录编号须且仅须填一个",
            "names either a person or one record",
        )
    if until is not None and until <= runtime.clock.today():
        raise InvalidInput.field("/until", "in_past", "应晚于今天", "must be after today")
    if person_id is not None:
        await persons.find(tx, person_id, scope)
    about_id = None if record_id is None else await _whose(tx, record_id)
    hold_id = new_id()
    await repository.place(
        tx, hold_id, person_id, record_id, about_id, cause, reason, until, runtime.clock.now(), by
    )
    return hold_id


async def _whose(tx: Transaction, record_id: UUID) -> UUID | None:
    there, person_id = await repository.whose(tx, record_id)
    if not there:
        raise NotFound.of("记录", "record")
    return person_id


async def find_hold(tx: Transaction, hold_id: UUID) -> asyncpg.Record:
    """Return a hold; raises NotFound."""
    row = await repository.find_hold(tx, hold_id)
    if row is None:
        raise NotFound.of("暂缓删除", "hold")
    return row


async def lift(runtime: Runtime, tx: Transaction, hold_id: UUID, by: UUID) -> asyncpg.Record:
    """End a hold, from now on; one that has ended stays as it is. Raises NotFound."""
    await find_hold(tx, hold_id)
    await repository.lift(tx, hold_id, runtime.clock.now(), by)
    return await find_hold(tx, hold_id)


async def holds(runtime: Runtime, tx: Transaction, person_id: UUID | None) -> Sequence[asyncpg.Record]:
    """Return holds in force, the last first."""
    return await repository.holds(tx, person_id, runtime.clock.today())
