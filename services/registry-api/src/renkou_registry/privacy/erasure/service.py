"""Deletion on request: what it would do, ordering it, what it did. The worker carries it out (:mod:`.carrying`).

Callers hold the transaction; plan and result look past the caller's areas, for records of one person may lie anywhere.
Whoever calls has checked the right to the person and that two people have agreed.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.ids import new_id
from renkou_registry.consents import service as consents
from renkou_registry.duplicates import service as duplicates
from renkou_registry.floor import reaching_all
from renkou_registry.me import repository as held
from renkou_registry.me.words import TITLES
from renkou_registry.privacy.erasure import repository
from renkou_registry.privacy.erasure.rules import (
    BENEFIT,
    BY_CODE,
    CAUSES,
    CONSENTS,
    CORRECTION,
    HOLD,
    KEPT,
    MONEY_DAYS,
    RECORD_HELD,
    STEPS,
    TAKEN_OVER,
    TITLES_BESIDE,
    Effect,
    Part,
    Step,
)
from renkou_registry.records import check_four_eyes
from renkou_registry.runtime import Runtime
from renkou_registry.supplies.users import service as supplies


@dataclass(frozen=True, slots=True)
class Planned:
    """What a deletion would do to a kind of record: so many rows, or why and how long they stay.

    ``effect`` KEEP has ``law`` and ``until_zh``/``until_en``, and ``kept_until`` where it can be computed; the
    others have ``step`` and, where they would wait, ``held`` (a code of :data:`.rules.CAUSES`).
    """

    table: str
    zh: str
    en: str
    effect: Effect
    rows: int
    columns: tuple[str, ...] = ()
    step: str | None = None
    held: str | None = None
    law: str | None = None
    kept_until: date | None = None
    until_zh: str | None = None
    until_en: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step that is not done: since nobody has come to it (``cause`` is None), or held for a cause."""

    code: str
    zh: str
    en: str
    cause: str | None
    cause_zh: str | None
    cause_en: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """How far a deletion has come: what went, what waits, and what is kept.

    ``answerable``: all is done or waits for a cause; ``kept`` is as of then. ``state`` is ``running`` or ``finished``;
    with ``carried_out_at`` all but the account is gone, which goes on ``account_due_on``, so that the person can read
    this there.
    """

    id: UUID
    person_id: UUID
    request_id: UUID | None
    state: str
    ordered_at: datetime
    carried_out_at: datetime | None
    account_due_on: date | None
    finished_at: datetime | None
    answerable: bool
    erased: list[Planned]
    waiting: list[Waiting]
    kept: list[Planned]


def title(table: str) -> tuple[str, str]:
    """Return what a table is called, in Chinese and English; one that an older release counted by its own name."""
    return TITLES.get(table) or TITLES_BESIDE.get(table) or (table, table)


def found_by(runtime: Runtime, part: Part, record_ids: Sequence[UUID]) -> Sequence[UUID] | Sequence[bytes]:
    """Return what the rows of a part are found by."""
    return indexes(runtime, record_ids) if part.by_index else record_ids


def indexes(runtime: Runtime, record_ids: Sequence[UUID]) -> list[bytes]:
    """Return every index under which a person's records may stand."""
    return [index for each in record_ids for index in supplies.indexes_of(runtime, each)]


async def records_of(tx: Transaction, person_id: UUID) -> list[UUID]:
    """Return the records of a person: the one that stands for it, and all that joined that, by id."""
    standing = await duplicates.standing_for(tx, person_id)
    return sorted({standing, *await duplicates.joined_to(tx, standing)})


async def plan(runtime: Runtime, tx: Transaction, person_id: UUID) -> list[Planned]:
    """Return what a deletion would do now, kind by kind; nothing is changed."""
    async with reaching_all(tx):
        record_ids = await records_of(tx, person_id)
        going = await _going_in(runtime, tx, STEPS, record_ids)
        return going + await _kept(tx, record_ids, going)


async def kept(
    runtime: Runtime, tx: Transaction, record_ids: Sequence[UUID], done: Collection[str]
) -> list[Planned]:
    """Return what stays when the steps that are not ``done`` are: what waits in them stays by no law."""
    left = [step for step in STEPS if step.code not in done]
    return await _kept(tx, record_ids, await _going_in(runtime, tx, left, record_ids))


async def _going_in(
    runtime: Runtime, tx: Transaction, steps: Sequence[Step], record_ids: Sequence[UUID]
) -> list[Planned]:
    going: list[Planned] = []
    for step in steps:
        cause = await cause_of(runtime, tx, step, record_ids)
        going += await _planned(runtime, tx, step, record_ids, cause, runtime.clock.today())
    return going


async def _planned(
    runtime: Runtime, tx: Transaction, step: Step, record_ids: Sequence[UUID], cause: str | None, today: date
) -> list[Planned]:
    if step.code == CONSENTS:
        number = len(await standing_consents(tx, record_ids))
        if cause is None and await repository.findings_held(tx, record_ids, today):
            cause = RECORD_HELD
        return [_going("consent", Effect.WITHDRAW, number, step.code, cause)] if number else []
    found = []
    for part in step.parts:
        free, kept_back = await repository.count(tx, part, found_by(runtime, part, record_ids), today)
        if free:
            found.append(_going(part.table, part.effect, free, step.code, cause, part.columns))
        if kept_back:
            found.append(
                _going(part.table, part.effect, kept_back, step.code, cause or RECORD_HELD, part.columns)
            )
    return found


def _going(
    table: str,
    effect: Effect,
    rows: int,
    step: str,
    cause: str | None = None,
    columns: tuple[str, ...] = (),
) -> Planned:
    return Planned(table, *title(table), effect, rows, columns, step, cause)


async def standing_consents(tx: Transaction, record_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the consents of a person's records that nobody has withdrawn."""
    rows = [row for each in record_ids for row in await consents.of_person(tx, each)]
    return [row for row in rows if row["withdrawn_at"] is None]


async def cause_of(runtime: Runtime, tx: Transaction, step: Step, record_ids: Sequence[UUID]) -> str | None:
    """Return for what a step has to wait now, None where it need not."""
    if await repository.person_held(tx, record_ids, runtime.clock.today()):
        return HOLD
    if CORRECTION in step.waits_for and await repository.correction_open(tx, record_ids):
        return CORRECTION
    if BENEFIT in step.waits_for and await repository.benefit_open(tx, record_ids):
        return BENEFIT
    return None


async def _kept(tx: Transaction, record_ids: Sequence[UUID], going: Sequence[Planned]) -> list[Planned]:
    """Return what stays of a person's records when what is ``going`` is deleted, with law and time."""
    gone = Counter[str]()
    for row in going:
        if row.effect is Effect.ERASE:
            gone[row.table] += row.rows
    stays: dict[str, int] = {}
    enrolments: list[UUID] = []
    for each in await held.everything_of(tx, record_ids):
        stays[each.table] = len(each.rows)
        if each.table == "benefit_enrolment":
            enrolments = [row["id"] for row in each.rows]
    found = []
    for table, why in KEPT.items():
        rows = stays.get(table, 0) - gone[table]
        if rows <= 0:
            continue
        until = None
        if why.years is not None and table in MONEY_DAYS:
            last = await repository.last_day(tx, table, enrolments)
            until = date(last.year + why.years, 12, 31) if last else None
        found.append(
            Planned(
                table,
                *title(table),
                Effect.KEEP,
                rows,
                law=why.law,
                kept_until=until,
                until_zh=why.zh,
                until_en=why.en,
            )
        )
    return found


async def begin(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    request_id: UUID | None,
    ordered_by: UUID | None,
    approved_by: UUID | None,
) -> UUID:
    """Order a deletion; the worker carries it out. What waits in one that was answered is left to this one.

    Raises Conflict ``erasure_running``, ``same_person``.
    """
    if ordered_by is not None and approved_by is not None:
        check_four_eyes(ordered_by, approved_by)
    async with reaching_all(tx):
        standing = await duplicates.standing_for(tx, person_id)
        record_ids, erasure_id = await records_of(tx, standing), new_id()
        await repository.take_over(tx, record_ids, TAKEN_OVER, runtime.clock.now())
        added = await repository.add(
            tx,
            erasure_id,
            standing,
            record_ids,
            request_id,
            ordered_by,
            approved_by,
            runtime.clock.now(),
            [step.code for step in STEPS],
        )
    if not added:
        raise Conflict(
            "erasure_running", "该人员的删除正在办理", "a deletion for the person is being carried out"
        )
    return erasure_id


async def result(tx: Transaction, erasure_id: UUID) -> Result:
    """Return how far a deletion has come; raises NotFound."""
    row = await repository.find(tx, erasure_id)
    if row is None:
        raise NotFound.of("删除办理", "erasure")
    steps = await repository.steps(tx, erasure_id)
    erased = [
        _going(each["table_name"], Effect(each["effect"]), each["rows"], step["code"])
        for step in steps
        for each in step["counts"]
    ]
    return Result(
        **{
            name: row[name]
            for name in (
                "id",
                "person_id",
                "request_id",
                "state",
                "ordered_at",
                "carried_out_at",
                "account_due_on",
                "finished_at",
            )
        },
        answerable=row["told_kinds"] is not None,
        erased=erased,
        waiting=[_waiting(step) for step in steps if step["state"] != "done" and step["code"] in BY_CODE],
        kept=[_stays(each) for each in row["kept"]],
    )


def _waiting(step: asyncpg.Record) -> Waiting:
    rule, cause = BY_CODE[step["code"]], step["cause"]
    zh, en = CAUSES.get(cause, (cause, cause)) if cause else (None, None)
    return Waiting(rule.code, rule.zh, rule.en, cause, zh, en)


def _stays(each: Mapping[str, str | int | None]) -> Planned:
    table, until = str(each["table_name"]), each["until"]
    why = KEPT.get(table)
    return Planned(
        table,
        *title(table),
        Effect.KEEP,
        int(each["rows"] or 0),
        law=why.law if why else None,
        kept_until=date.fromisoformat(str(until)) if until else None,
        until_zh=why.zh if why else None,
        until_en=why.en if why else None,
    )
