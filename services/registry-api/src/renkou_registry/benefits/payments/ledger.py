"""Keeps dues in step with the record, and publishes what became due or was paid. Nothing here commits.

Whatever changes a person, a child, a batch or a decision ends in :func:`reconcile`: it computes anew what is
due, ends or resumes the case, frees lines that were not sent, and shows what was paid too much. It takes
nothing back by itself.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from renkou_common.contracts.lines import LineKey, Population, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_benefits import EnrolmentChanged
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.benefits import eligibility
from renkou_registry.benefits.enrolments import repository as enrolments
from renkou_registry.benefits.enrolments.domain import Action, State
from renkou_registry.benefits.enrolments.service import Desk, declared_of, write_step
from renkou_registry.benefits.facts import Declared, Known, known_of
from renkou_registry.benefits.payments import repository
from renkou_registry.benefits.payments.domain import (
    Account,
    Due,
    Span,
    Subject,
    dues,
    figure_lines,
    subjects_of,
)
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.benefits.schemes.domain import Answer, version_on
from renkou_registry.benefits.schemes.service import Scheme
from renkou_registry.floor import reaching_everywhere
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime

SYSTEM = UUID("4a7f6f0e-6a0b-4d53-9d7e-2f2f5b1f7c11")
"""Who stands in a case's history where a step follows from the record by itself."""
PAGE = 200
_FROM_RECORD = frozenset({"death", "move"})


async def accrue(runtime: Runtime, tx: Transaction, scope: AreaScope, enrolment_ids: Sequence[UUID]) -> None:
    """Bring the dues of these cases up to today."""
    rows = [await enrolments.find(tx, each, scope, lock=True) for each in sorted(enrolment_ids)]
    for start in range(0, len(rows), PAGE):
        await reconcile(runtime, tx, scope, [row for row in rows[start : start + PAGE] if row is not None])


async def accrue_area(
    runtime: Runtime, tx: Transaction, scope: AreaScope, scheme_id: UUID, interval: tuple[int, int]
) -> None:
    """Bring the dues of an area's cases up to today; the cases stay locked until the transaction ends."""
    after = UUID(int=0)
    while rows := await enrolments.lock_page(tx, scheme_id, interval, after, PAGE):
        await reconcile(runtime, tx, scope, rows)
        after = rows[-1]["id"]


@asynccontextmanager
async def figures_of(
    runtime: Runtime, tx: Transaction, scope: AreaScope, rows: Sequence[asyncpg.Record]
) -> AsyncIterator[None]:
    """Publish by how much the figures of locked cases change inside."""
    ids = [row["id"] for row in rows]
    known = await _schemes_of(tx, rows)
    before = await _lines(tx, rows, known)
    yield
    after = await _lines(tx, rows, known)
    changed = [row for row in rows if before[row["id"]] != after[row["id"]]]
    if not changed:
        return
    async with reaching_everywhere(tx, scope):
        refs = await persons.refs_of(tx, sorted({row["person_id"] for row in changed}))
    states = await enrolments.states(tx, ids)
    events = [
        (
            RegistryEventType.ENROLMENT_CHANGED,
            refs[row["person_id"]],
            EnrolmentChanged(
                person_ref=refs[row["person_id"]],
                enrolment_id=row["id"],
                scheme=known[row["scheme_id"]].code,
                state=states[row["id"]],
                area=area_text(row["area"]),
                changed_on=runtime.clock.today(),
                lines=difference(after[row["id"]], before[row["id"]]),
            ),
        )
        for row in changed
    ]
    await runtime.outbox.append_many(tx, events)


async def _schemes_of(tx: Transaction, rows: Sequence[asyncpg.Record]) -> dict[UUID, Scheme]:
    return {each: await schemes.find(tx, each) for each in sorted({row["scheme_id"] for row in rows})}


async def _lines(
    tx: Transaction, rows: Sequence[asyncpg.Record], known: Mapping[UUID, Scheme]
) -> dict[UUID, Counter[LineKey]]:
    found = await repository.accounts(tx, [row["id"] for row in rows])
    counted: dict[UUID, Counter[LineKey]] = {}
    for row in rows:
        scheme = known[row["scheme_id"]]
        registered = scheme.versions[-1].definition.by_registration if scheme.versions else True
        population = Population.REGISTERED if registered else Population.RESIDENT
        accounts = [repository.account(each) for each in found[row["id"]]]
        counted[row["id"]] = figure_lines(accounts, scheme.code, population)
    return counted


async def reconcile(
    runtime: Runtime, tx: Transaction, scope: AreaScope, rows: Sequence[asyncpg.Record]
) -> None:
    """Bring locked cases (at most 200) in step with the record as it is now."""
    if not rows:
        return
    async with figures_of(runtime, tx, scope, rows):
        today, district = runtime.clock.today(), runtime.district.interval()
        known = await known_of(tx, scope, district, [row["person_id"] for row in rows], today)
        desk, found = Desk(runtime, tx, scope, SYSTEM), await _schemes_of(tx, rows)
        stored = await repository.accounts(tx, [row["id"] for row in rows])
        reckoned: list[tuple[asyncpg.Record, list[Due]]] = []
        for row in rows:
            person, scheme = known.get(row["person_id"]), found[row["scheme_id"]]
            due: list[Due] = []
            if person is not None and scheme.versions:
                due = await _due_now(desk, row, scheme, person, today)
            elif person is None and row["state"] == State.ACTIVE:  # the entry itself was taken back
                ends = {"ended_on": today, "end_cause": "retracted"}
                await write_step(desk, row, Action.END, None, ends)
            reckoned.append((row, due))
        await _void(tx, reckoned, stored)
        for row, due in reckoned:
            await _store(desk, row, stored[row["id"]], due)
        await review(tx, runtime, [row["id"] for row in rows])


async def _due_now(desk: Desk, row: asyncpg.Record, scheme: Scheme, known: Known, today: date) -> list[Due]:
    """Return what is due to a case by today, and end or resume it as the record says."""
    definition = scheme.versions[-1].definition
    gone = known.gone(by_registration=definition.by_registration)
    await _end_or_resume(desk, row, gone)
    rule = definition.amount
    start = row["applied_on"] if rule.from_application else scheme.versions[0].valid_from
    until, cause = gone or (None, None)
    if row["end_cause"] not in (None, *_FROM_RECORD) and (until is None or row["ended_on"] < until):
        until, cause = row["ended_on"], "end"
    children = [Subject(UUID(each.key), each.birth_date, each.died_on) for each in known.children if each.key]
    declared = Declared.of(declared_of(desk.runtime, row), row["confirmed"])
    found: list[Due] = []
    for subject in subjects_of(rule, row["person_id"], children):
        for due in dues(scheme.versions, subject, Span(start, until, cause), today):
            day = min(due.due_on, until - timedelta(days=1)) if until else due.due_on
            version = version_on(scheme.versions, due.due_on) or scheme.versions[-1]
            finding = eligibility.finding_on(version, known, day, declared)
            if finding.answer is not Answer.NOT_MET:
                found.append(due)
    return found


async def _end_or_resume(desk: Desk, row: asyncpg.Record, gone: tuple[date, str] | None) -> None:
    """End a case with a death or a move away, and take that back where the record was wrong."""
    if gone is not None and row["state"] == State.ACTIVE:
        changes = {"ended_on": gone[0], "end_cause": gone[1]}
        await write_step(desk, row, Action.END, None, changes)
        return
    lifted = gone is None and row["state"] == State.ENDED and row["end_cause"] in _FROM_RECORD
    if lifted and not await enrolments.has_open(desk.tx, row["scheme_id"], row["person_id"]):
        resumed = {"ended_on": None, "end_cause": None}
        await write_step(desk, row, Action.RESUMPTION, None, resumed)


async def _void(
    tx: Transaction,
    found: Sequence[tuple[asyncpg.Record, Sequence[Due]]],
    stored: Mapping[UUID, Sequence[asyncpg.Record]],
) -> None:
    """Store what is due no longer as nothing, of all cases first: a child's due may go to another's case."""
    gone = []
    for row, dues_now in found:
        wanted = {(due.subject_id, due.period) for due in dues_now}
        gone += [
            each["id"]
            for each in stored[row["id"]]
            if each["amount"] > 0 and (each["subject_id"], each["period"]) not in wanted
        ]
    if gone:
        await repository.void_dues(tx, gone)


async def _store(
    desk: Desk, row: asyncpg.Record, stored: Sequence[asyncpg.Record], found: Sequence[Due]
) -> None:
    """Store what is due to a case now.

    The same child's due may stand in the other parent's case, in another area: the statement reaches there.
    """
    wanted = {(due.subject_id, due.period): due for due in found}
    changed = [due for due in wanted.values() if not _is_stored(due, stored)]
    if changed:
        ids = [new_id() for _ in changed]
        async with reaching_everywhere(desk.tx, desk.scope):
            await repository.upsert_dues(desk.tx, row["scheme_id"], row["id"], row["area"], ids, changed)


def _is_stored(due: Due, stored: Sequence[asyncpg.Record]) -> bool:
    values = (due.subject_id, due.period, due.starts_on, due.due_on, due.months, due.amount)
    return any(
        values
        == (
            each["subject_id"],
            each["period"],
            each["starts_on"],
            each["due_on"],
            each["months"],
            each["amount"],
        )
        for each in stored
    )


async def review(tx: Transaction, runtime: Runtime, enrolment_ids: Sequence[UUID]) -> None:
    """Free lines of cases that were not sent and are too much, then show what was paid too much."""
    accounts = await _accounts(tx, enrolment_ids)
    excess = [each["id"] for each, one in accounts if one.waiting > 0 and one.kept + one.waiting > one.amount]
    if excess and await repository.drop_waiting(tx, excess):
        accounts = await _accounts(tx, enrolment_ids)
    await repository.lapse_overpayments(tx, [each["id"] for each, one in accounts if one.overpaid == 0])
    now = runtime.clock.now()
    for each, one in accounts:
        if one.overpaid > 0:
            await repository.upsert_overpayment(tx, new_id(), each, one.overpaid, now)


async def _accounts(tx: Transaction, enrolment_ids: Sequence[UUID]) -> list[tuple[asyncpg.Record, Account]]:
    found = await repository.accounts(tx, enrolment_ids)
    return [(each, repository.account(each)) for rows in found.values() for each in rows]
