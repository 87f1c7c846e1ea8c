"""What the rest of the register tells benefits: a record changed, two records became one, or two again.

Callers hold the transaction. Cases are reached wherever they lie: a move ends a case in the area left.
"""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.benefits.enrolments import repository as enrolments
from renkou_registry.benefits.enrolments.domain import CLOSED, State
from renkou_registry.benefits.enrolments.domain import Action as CaseAction
from renkou_registry.benefits.enrolments.service import Desk, publish, write_step
from renkou_registry.benefits.payments import ledger, repository
from renkou_registry.floor import reaching_everywhere
from renkou_registry.runtime import Runtime

_EVERYWHERE = AreaScope.everything()
_MERGED = "merged"


async def reconsider(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_ids: Iterable[UUID | None]
) -> None:
    """Compute anew what is due to these persons, after their record or that of their child changed.

    To be called after a correction, retraction, death or move was written, with the person and both parents.
    """
    ids = sorted({each for each in person_ids if each is not None})
    async with reaching_everywhere(tx, scope):
        rows = await enrolments.lock_for_persons(tx, ids)
        await ledger.reconcile(runtime, tx, _EVERYWHERE, rows)


async def merge_persons(
    runtime: Runtime, tx: Transaction, scope: AreaScope, survivor: UUID, merged: UUID
) -> None:
    """Let the cases and payments of ``merged`` be those of ``survivor``: nobody is paid twice for it.

    To be called after the persons' records were merged. A case that would be the second in its scheme ends; a
    period that both were paid for is shown as an overpayment.
    """
    async with reaching_everywhere(tx, scope):
        desk = Desk(runtime, tx, _EVERYWHERE, ledger.SYSTEM)
        cases = await _cases_of(tx, survivor, merged)
        await enrolments.lock_many(tx, cases)
        own = {row["scheme_id"] for row in await _open_of(tx, survivor)}
        for row in await _open_of(tx, merged):
            if row["scheme_id"] in own:
                await _end(desk, row["id"])
        rows = await enrolments.lock_many(tx, cases)
        async with ledger.figures_of(runtime, tx, _EVERYWHERE, rows):
            for double in await repository.move_subject(tx, merged, survivor):
                await repository.drop_waiting(tx, [double["id"]])
                await repository.move_lines(tx, double["id"], double["other_id"], survivor)
                await repository.void_dues(tx, [double["id"]])
        await enrolments.move_person(tx, merged, survivor)
        await _reconcile(runtime, tx, cases)


async def unmerge_persons(
    runtime: Runtime, tx: Transaction, scope: AreaScope, survivor: UUID, merged: UUID
) -> None:
    """Give back to ``merged`` what :func:`merge_persons` moved; dues are computed anew for both."""
    async with reaching_everywhere(tx, scope):
        cases = await _cases_of(tx, survivor, merged)
        rows = await enrolments.lock_many(tx, cases)
        async with ledger.figures_of(runtime, tx, _EVERYWHERE, rows):
            await repository.restore_subject(tx, merged, survivor)
        await enrolments.restore_person(tx, merged, survivor)
        desk = Desk(runtime, tx, _EVERYWHERE, ledger.SYSTEM)
        given_back = {row["id"] for row in rows if row["merged_person_id"] == merged}
        for row in await enrolments.lock_many(tx, sorted(given_back)):
            await _resume(desk, row)
        await _reconcile(runtime, tx, cases)


async def _reconcile(runtime: Runtime, tx: Transaction, cases: list[UUID]) -> None:
    """Bring those cases in step with the record that payments are or were made for."""
    rows = await enrolments.lock_many(tx, cases)
    await ledger.reconcile(runtime, tx, _EVERYWHERE, [row for row in rows if row["active_on"] is not None])


async def _cases_of(tx: Transaction, *person_ids: UUID) -> list[UUID]:
    """Return every case of these persons, and those through which something is due to them as children."""
    found: set[UUID] = set()
    for person_id in person_ids:
        found |= {row["id"] for row in await enrolments.of_person(tx, person_id)}
        found |= set(await repository.enrolments_of_subject(tx, person_id))
    return sorted(found)


async def _open_of(tx: Transaction, person_id: UUID) -> list[dict[str, UUID]]:
    return [
        {"id": row["id"], "scheme_id": row["scheme_id"]}
        for row in await enrolments.of_person(tx, person_id)
        if State(row["state"]) not in CLOSED
    ]


async def _end(desk: Desk, enrolment_id: UUID) -> None:
    """End a case that is the survivor's second in its scheme; what it was paid stays on record."""
    [row] = await enrolments.lock_many(desk.tx, [enrolment_id])
    today = desk.runtime.clock.today()
    ends = {"ended_on": today, "end_cause": _MERGED} if row["state"] == State.ACTIVE else {}
    await write_step(desk, row, CaseAction.WITHDRAWAL, _MERGED, ends)


async def _resume(desk: Desk, row: asyncpg.Record) -> None:
    """Put a case that a merge ended back to where it stood."""
    steps = await enrolments.steps(desk.tx, row["id"])
    if len(steps) < 2 or steps[-1]["note"] != _MERGED:
        return
    before = steps[-2]["state"]
    changes = {"state": before, "ended_on": None, "end_cause": None}
    await enrolments.update(desk.tx, row["id"], changes)
    now = desk.runtime.clock.now()
    await enrolments.add_step(
        desk.tx, row["id"], CaseAction.RESUMPTION, before, "unmerged", desk.subject, now
    )
    await publish(desk, row, before)
