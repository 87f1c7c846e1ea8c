"""Carrying a deletion out: one step after the other, each with its counts in a transaction of its own.

A worker that is killed has lost the step it was at and nothing else; the next one goes on there. Two workers take
turns. Each step locks the person's records in the order of their ids, so whoever writes a row that names one of them
comes before it or after it. What came after a step, while the job ran, is deleted by the closing one, which does again
what was done within the hour; what a person tells long after, while another step was held, is nobody's to delete.

A step is done for the records that are the person's when they are locked: whoever separates one, or lets one join, has
come before or comes after. For a record that joined, the steps that were done are done again; what joins when all was
carried out is not part of it any more.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_privacy import PersonErased
from renkou_common.database import TRANSIENT_ERRORS, Transaction
from renkou_common.errors import Unavailable
from renkou_common.scope import AreaScope
from renkou_registry import background
from renkou_registry.cards import service as cards
from renkou_registry.consents import service as consents
from renkou_registry.consents.domain import ConsentPurpose, How
from renkou_registry.persons import erasing
from renkou_registry.persons import service as persons
from renkou_registry.privacy.erasure import repository, service
from renkou_registry.privacy.erasure.rules import (
    ACCOUNT,
    ANSWER,
    ANSWER_DAYS,
    BY_CODE,
    CLOSING,
    CONSENTS,
    RECORD_HELD,
    STEPS,
    Effect,
    Step,
)
from renkou_registry.runtime import Runtime
from renkou_registry.sessions import service as sessions
from renkou_registry.sessions.domain import Ending

_log = structlog.get_logger(__name__)
_EVERYWHERE = AreaScope.everything()
_RUN = timedelta(hours=1)
"""For so long a step counts as of the same run as the closing one."""
_PAUSE = timedelta(minutes=10)
"""For so long a deletion that waits, or broke off, is left alone."""
_TRIES = 5
"""So often within a pass a deletion is taken up again because other records have become the person's."""
NOBODY = UUID(int=0)
"""Who does it where the clock of retention ordered it."""


class _RecordsChanged(Exception):
    """A record was separated, or joined, since the deletion was taken up."""


async def erase_once(runtime: Runtime) -> int:
    """Take every deletion that may go on as far as it comes now; returns how many steps were done.

    Each is looked at again after a pause only, also one that broke off: the others do not wait for it.
    """
    now, done = runtime.clock.now(), 0
    async with runtime.database.transaction(_EVERYWHERE, read_only=True) as tx:
        due = await repository.due(tx, now, runtime.clock.today())
    for erasure_id in due:
        try:
            done += await advance(runtime, erasure_id)
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning("a deletion on request is tried again", erasure=str(erasure_id), error=repr(error))
        except Exception as error:
            background.log_broken("deletion on request", erasure_id, error)
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            await repository.pause(tx, erasure_id, now + _PAUSE)
    return done


async def advance(runtime: Runtime, erasure_id: UUID) -> int:
    """Take one deletion as far as it comes now; returns how many steps were done."""
    done = 0
    for _ in range(_TRIES):
        try:
            for step in await _take_up(runtime, erasure_id):
                async with runtime.database.transaction(_EVERYWHERE) as tx:
                    done += await _step(runtime, tx, erasure_id, step)
            await _tell_what_waits(runtime, erasure_id)
        except _RecordsChanged:
            continue
        break
    if done:
        _log.info("a deletion on request went on", erasure=str(erasure_id), steps=done)
    return done


async def _take_up(runtime: Runtime, erasure_id: UUID) -> list[Step]:
    """Note which records are the person's by now (for one that joined, what was done is done again); returns the
    steps that may go on."""
    async with runtime.database.transaction(_EVERYWHERE) as tx:
        erasure = await repository.take(tx, erasure_id)
        if erasure is None:
            return []
        before, record_ids = erasure["record_ids"], await _records_of(tx, erasure)
        if record_ids != before:
            await repository.set_records(tx, erasure_id, record_ids)
        await repository.add_steps(tx, erasure_id, [step.code for step in STEPS])
        if set(record_ids) - set(before):
            await repository.begin_anew(tx, erasure_id)
        rows = {row["code"]: row for row in await repository.steps(tx, erasure_id)}
        states, found = {code: row["state"] for code, row in rows.items()}, list[Step]()
        for step in STEPS:
            if states[step.code] == "done" or not _has_come(step, states):
                continue
            cause = await _cause(runtime, tx, step, erasure, record_ids)
            if cause is None or cause != rows[step.code]["cause"]:
                found.append(step)
                states[step.code] = "done"  # may be, when what comes after it has its turn
        return found


async def _tell_what_waits(runtime: Runtime, erasure_id: UUID) -> None:
    """Where all that is not done waits for a cause, note what stays as of now and let the other services know what is
    gone, so that the answer need not wait with the rest; again when more is gone."""
    async with runtime.database.transaction(_EVERYWHERE) as tx:
        erasure = await repository.take(tx, erasure_id)
        if erasure is None or erasure["carried_out_at"] is not None:
            return
        known = BY_CODE.keys() - {ACCOUNT}
        steps = [row for row in await repository.steps(tx, erasure_id) if row["code"] in known]
        if any(row["state"] == "waiting" and row["code"] != CLOSING for row in steps):
            return
        gone = [row["code"] for row in steps if row["state"] == "done"]
        if gone != erasure["told_kinds"] and any(row["state"] == "held" for row in steps):
            await _job(runtime, tx, erasure).tell(gone)


async def _records_of(tx: Transaction, erasure: asyncpg.Record) -> list[UUID]:
    """Return the person's records; when all was carried out, those of them that it was carried out for."""
    record_ids = await service.records_of(tx, erasure["person_id"])
    if erasure["carried_out_at"] is None:
        return record_ids
    return [each for each in record_ids if each in erasure["record_ids"]]


async def _step(runtime: Runtime, tx: Transaction, erasure_id: UUID, step: Step) -> bool:
    """Do a step that is not done, unless it has to wait; says whether it was done. Raises _RecordsChanged."""
    erasure = await repository.take(tx, erasure_id)
    if erasure is None:
        return False
    steps = await repository.steps(tx, erasure_id)
    states = {row["code"]: row["state"] for row in steps}
    if states[step.code] == "done" or not _has_come(step, states):
        return False
    record_ids = erasure["record_ids"]
    await repository.lock_records(tx, record_ids)
    if await _records_of(tx, erasure) != record_ids:
        raise _RecordsChanged
    cause = await _cause(runtime, tx, step, erasure, record_ids)
    if cause is not None:
        await repository.note_held(tx, erasure_id, step.code, cause)
        return False
    job = _job(runtime, tx, erasure)
    if step.code == CLOSING:
        since = runtime.clock.now() - _RUN
        lately = {row["code"] for row in steps if row["done_at"] and row["done_at"] > since}
        counts, kept_back = await job.do_again([each for each in STEPS if each.code in lately])
    else:
        counts, kept_back = await job.do(step)
    through = None if kept_back else runtime.clock.now()
    await repository.note_counts(tx, erasure_id, step.code, counts, through)
    if kept_back:
        await repository.note_held(tx, erasure_id, step.code, RECORD_HELD)
        return False
    if step.code == CLOSING:
        await job.close()
    if step.code == ACCOUNT:
        await repository.finish(tx, erasure_id, runtime.clock.now())
    return True


async def _cause(
    runtime: Runtime, tx: Transaction, step: Step, erasure: asyncpg.Record, record_ids: Sequence[UUID]
) -> str | None:
    """Return for what a step has to wait now; the account also for its day."""
    due_on = erasure["account_due_on"]
    cause = await service.cause_of(runtime, tx, step, record_ids)
    if cause is None and step.code == ACCOUNT and due_on is not None and due_on > runtime.clock.today():
        return ANSWER
    return cause


def _has_come(step: Step, states: dict[str, str]) -> bool:
    """Say whether a step's turn has come: the closing one after all the others, the account after that."""
    if step.code not in (CLOSING, ACCOUNT):
        return True
    before = [each.code for each in STEPS[: STEPS.index(step)]]
    return all(states[code] == "done" for code in before)


def _job(runtime: Runtime, tx: Transaction, erasure: asyncpg.Record) -> "_Job":
    how = How.OWN_ACCOUNT if erasure["request_id"] else How.PAPER
    return _Job(runtime, tx, erasure["id"], erasure["record_ids"], erasure["ordered_by"] or NOBODY, how)


class _Job:
    """What the steps of one deletion share in one transaction."""

    def __init__(
        self, runtime: Runtime, tx: Transaction, erasure_id: UUID, record_ids: list[UUID], by: UUID, how: How
    ) -> None:
        self._runtime, self._tx, self._id, self._records = runtime, tx, erasure_id, record_ids
        self._by, self._how = by, how

    async def do(self, step: Step) -> tuple[Counter[repository.Counted], int]:
        """Do a step; returns rows by table and effect, and how many rows a hold on them keeps."""
        if step.code == CONSENTS:
            held = await repository.findings_held(self._tx, self._records, self._runtime.clock.today())
            return (Counter(), held) if held else (await self._withdraw(), 0)
        if step.code == ACCOUNT:
            await self._end_sessions()
        return await self._parts(step)

    async def do_again(self, steps: Sequence[Step]) -> tuple[Counter[repository.Counted], int]:
        """Do steps again, for what was recorded while the job ran."""
        done, kept_back = Counter[repository.Counted](), 0
        for each in steps:
            counts, more = await self.do(each)
            done += counts
            kept_back += more
        return done, kept_back

    async def _parts(self, step: Step) -> tuple[Counter[repository.Counted], int]:
        runtime, tx, done, kept_back = self._runtime, self._tx, Counter[repository.Counted](), 0
        indexes, today = service.indexes(runtime, self._records), runtime.clock.today()
        for part in step.parts:
            found_by = service.found_by(runtime, part, self._records)
            if part.table == "card_fact":
                free = await repository.free(tx, part, found_by, today)
                rows = await cards.take_all_back(runtime, tx, free, self._by)
            elif part.table == "person":
                free = await repository.free(tx, part, found_by, today)
                rows = await erasing.empty_contact(runtime, tx, free)
            else:
                rows = await repository.carry_out(tx, self._id, part, found_by, indexes, today)
            done[part.table, part.effect] += rows
            kept_back += (await repository.count(tx, part, found_by, today))[1]
        return +done, kept_back

    async def _withdraw(self) -> Counter[repository.Counted]:
        """Withdraw every consent, with what follows; a running pre-pregnancy check ends whether or not it has one."""
        standing = await service.standing_consents(self._tx, self._records)
        findings = await repository.findings(self._tx, self._records)
        for person_id in self._records:
            for purpose in ConsentPurpose:
                await consents.set_consent(
                    self._runtime,
                    self._tx,
                    _EVERYWHERE,
                    person_id,
                    purpose,
                    given=False,
                    by=self._by,
                    how=self._how,
                )
        gone = findings - await repository.findings(self._tx, self._records)
        return Counter(
            {
                ("consent", Effect.WITHDRAW): len(standing),
                ("prepregnancy_step", Effect.ERASE): gone,
            }
        )

    async def _end_sessions(self) -> None:
        limits = sessions.limits_of(self._runtime.settings)
        for account_id in await repository.accounts(self._tx, self._records):
            await sessions.end(
                self._tx, self._runtime.outbox, limits, account_id, Ending.ACCOUNT_CHANGED, done_by=self._by
            )

    async def close(self) -> None:
        """Note that all but the account is gone, and let the other services know it."""
        clock, has_account = self._runtime.clock, await repository.accounts(self._tx, self._records)
        due_on = clock.today() + timedelta(days=ANSWER_DAYS) if has_account else None
        await repository.carried_out(self._tx, self._id, clock.now(), due_on)
        await self.tell([each.code for each in STEPS if each.code not in (CLOSING, ACCOUNT)])

    async def tell(self, kinds: Sequence[str]) -> None:
        """Note what stays as of now, and let the other services know what is gone."""
        kept = [
            {
                "table_name": each.table,
                "rows": each.rows,
                "until": each.kept_until.isoformat() if each.kept_until else None,
            }
            for each in await service.kept(self._runtime, self._tx, self._records, kinds)
        ]
        await repository.note_told(self._tx, self._id, kinds, kept)
        if not kinds:
            return
        for ref in sorted((await persons.refs_of(self._tx, self._records)).values()):
            payload = PersonErased(person_ref=ref, at=self._runtime.clock.now(), kinds=list(kinds))
            await self._runtime.outbox.append(self._tx, RegistryEventType.PERSON_ERASED, ref, payload)
