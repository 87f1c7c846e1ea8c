"""Pre-pregnancy checks: register, consent, record steps, withdraw. Callers hold the transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Population
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.counting import counting_of
from renkou_registry.floor import reaching_everywhere
from renkou_registry.listing import START, Position, own_interval
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import check_alive, new_id
from renkou_registry.prepregnancy import counting, domain, findings, forms, repository
from renkou_registry.prepregnancy.domain import Participant, State
from renkou_registry.prepregnancy.forms import Form, Step
from renkou_registry.records import Desk
from renkou_registry.runtime import Runtime
from renkou_registry.successions import Following

_EVERYWHERE = AreaScope.everything()


@dataclass(frozen=True, slots=True)
class Check:
    """A check with what its steps need: the couple, consents, the last revision of each step."""

    row: asyncpg.Record
    couple: list[Participant]
    consents: Sequence[asyncpg.Record]
    steps: Sequence[asyncpg.Record]

    @property
    def state(self) -> State:
        return State(self.row["state"])

    @property
    def form(self) -> Form:
        """The form that held when the couple registered; the whole check keeps it."""
        return forms.form_on(self.row["registered_on"])


async def register(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    person_ids: Sequence[UUID],
    registered_on: date,
    *,
    declined: bool,
    recorded_by: UUID,
) -> UUID:
    """Register a couple, or record that it declined; returns the check's id. Raises NotFound, Conflict."""
    people = await persons.lock(tx, person_ids, scope)
    first = people[person_ids[0]]
    for each in people.values():
        check_alive(each.birth_date, each.died_on, registered_on)
    district = runtime.district.interval()
    found = next((at for one in person_ids if (at := counting_of(people[one], district))), None)
    if found is None:
        raise Conflict("not_here", "双方户籍和居住均不在本区", "neither lives nor is registered here")
    check = repository.NewCheck(
        id=new_id(),
        first_person_id=first.id,
        second_person_id=person_ids[1] if len(person_ids) > 1 else None,
        area=found.area,
        population=found.population,
        state=State.DECLINED if declined else State.REGISTERED,
        registered_on=registered_on,
    )
    await repository.insert(tx, check, runtime.clock.now(), recorded_by)
    counted = domain.Counted(
        check.area, Population(check.population), State(check.state), registered_on, len(people)
    )
    await counting.publish(runtime, tx, check.id, None, counted)
    return check.id


async def consent(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    check_id: UUID,
    version: int,
    person_id: UUID,
    given_on: date,
    given_how: str,
) -> Check:
    """Record a person's separate consent; raises NotFound, Conflict."""
    check = await _locked(tx, access.areas, check_id, version)
    if not domain.is_open(check.state):
        raise Conflict("not_taking_part", "该夫妇没有参加", "the couple does not take part")
    if person_id not in {each.id for each in check.couple}:
        raise NotFound.of("参加人", "participant")
    now = runtime.clock.now()
    if not await repository.add_consent(
        tx, new_id(), check_id, person_id, given_on, given_how, now, access.subject
    ):
        raise Conflict("consented_already", "本人同意已登记", "this person's consent is on record already")
    await repository.set_state(tx, check_id, check.state, None)
    return await find(tx, check_id, access.areas)


async def record_step(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    check_id: UUID,
    version: int,
    step: Step,
    done_on: date,
    values: Mapping[UUID, Mapping[str, Any]],
) -> Check:
    """Seal what the next step found in each person whom it concerns.

    Raises NotFound, Conflict, InvalidInput.
    """
    check = await _locked(tx, access.areas, check_id, version)
    state = domain.advance(check.form, check.state, step, check.couple)
    people = domain.concerned(check.form, step, check.couple)
    domain.check_consent(people, {each["person_id"]: each["given_on"] for each in check.consents}, done_on)
    domain.check_order(done_on, check.row["registered_on"], [each["done_on"] for each in check.steps])
    _check_people(people, values)
    pointers = {each: f"/persons/{number}/values" for number, each in enumerate(values)}
    stored = _check_values(check.form, step, people, values, pointers)
    sealed = [
        findings.seal(runtime, check_id, each.id, step, 1, done_on, check.form.version, stored[each.id])
        for each in people
    ]
    await repository.add_steps(tx, sealed, runtime.clock.now(), access.subject)
    return await _save(runtime, tx, access.areas, check, state)


async def correct(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    check_id: UUID,
    version: int,
    step: Step,
    person_id: UUID,
    values: Mapping[str, Any],
    reason: str,
) -> Check:
    """Put right what a step found in one person; what it said before stays, sealed, as a revision."""
    check = await _locked(tx, access.areas, check_id, version)
    before = next(
        (each for each in check.steps if each["step"] == step and each["person_id"] == person_id), None
    )
    if before is None:
        raise NotFound.of("检查记录", "finding")
    person = next(each for each in check.couple if each.id == person_id)
    stored = _check_values(check.form, step, [person], {person_id: values}, {person_id: "/values"})[person_id]
    revision = findings.seal(
        runtime,
        check_id,
        person_id,
        step,
        before["revision"] + 1,
        before["done_on"],
        check.form.version,
        stored,
        reason,
    )
    await repository.add_steps(tx, [revision], runtime.clock.now(), access.subject)
    return await _save(runtime, tx, access.areas, check, check.state)


async def close(
    runtime: Runtime, tx: Transaction, access: Access, check_id: UUID, version: int, on: date
) -> Check:
    """Close a check of which the couple was informed."""
    check = await _locked(tx, access.areas, check_id, version)
    state = domain.close(check.state)
    domain.check_order(on, check.row["registered_on"], [each["done_on"] for each in check.steps])
    return await _save(runtime, tx, access.areas, check, state, ended_on=on)


async def withdraw(
    runtime: Runtime, tx: Transaction, access: Access, check_id: UUID, version: int, on: date
) -> Check:
    """Let the couple withdraw: everything that was found is deleted, and nothing counts any more."""
    check = await _locked(tx, access.areas, check_id, version)
    state = domain.withdraw(check.state)
    domain.check_order(on, check.row["registered_on"], [])
    await repository.delete_steps(tx, check_id)
    return await _save(runtime, tx, access.areas, check, state, ended_on=on)


async def consent_withdrawn(runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID) -> None:
    """End every running check of a person who no longer agrees to it: what was found is deleted, and nothing
    counts any more, as after :func:`withdraw`. One that somebody else ended meanwhile stays as it is."""
    async with reaching_everywhere(tx, scope):
        for row in await repository.of_person(tx, person_id):
            if not domain.is_open(State(row["state"])):
                continue
            check = await find(tx, row["id"], _EVERYWHERE, lock=True)
            if domain.is_open(check.state):
                await _withdraw_locked(runtime, tx, check)


async def person_withdrawn(runtime: Runtime, tx: Transaction, person_id: UUID, by: UUID) -> None:
    """Take a person whose entry was taken back out of the checks: what was found of that one is deleted. A
    partner's check goes on. The transaction reaches everywhere; ``by`` is on record with the entry."""
    for row in await repository.of_person(tx, person_id):
        before = await find(tx, row["id"], _EVERYWHERE, lock=True)
        if before.state in (State.DECLINED, State.WITHDRAWN):
            continue
        if before.row["second_person_id"] is None:
            await _withdraw_locked(runtime, tx, before)
            continue
        await repository.leave(tx, row["id"], person_id)
        await _save(runtime, tx, _EVERYWHERE, before, before.state)


async def _withdraw_locked(runtime: Runtime, tx: Transaction, check: Check) -> None:
    await repository.delete_steps(tx, check.row["id"])
    state = domain.withdraw(check.state)
    await _save(runtime, tx, _EVERYWHERE, check, state, ended_on=runtime.clock.today())


async def find(tx: Transaction, check_id: UUID, scope: AreaScope, *, lock: bool = False) -> Check:
    """Return a check in scope; raises NotFound."""
    row = await repository.find(tx, check_id, scope, lock=lock)
    if row is None:
        raise NotFound.of("孕前检查", "pre-pregnancy check")
    ids = [each for each in (row["first_person_id"], row["second_person_id"]) if each is not None]
    async with reaching_everywhere(tx, scope):
        people = {each["id"]: each for each in await persons.find_many(tx, ids, AreaScope.everything())}
    couple = [Participant(each, people[each]["sex"]) for each in ids if each in people]
    return Check(
        row, couple, await repository.consents_of(tx, check_id), await repository.steps_of(tx, check_id)
    )


async def find_any(tx: Transaction, check_id: UUID) -> Check | None:
    """Return a check wherever it is, None for an unknown one; for what tells nothing of it."""
    try:
        return await find(tx, check_id, AreaScope.everything())
    except NotFound:
        return None


async def of_person(tx: Transaction, scope: AreaScope, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return a person's checks without findings, the latest first; raises NotFound."""
    await persons.find(tx, person_id, scope)
    return await repository.of_person(tx, person_id)


async def page(
    tx: Transaction,
    scope: AreaScope,
    area: AreaCode,
    days: tuple[date | None, date | None],
    after: Position | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return a page of an area's checks; raises NotFound where the area is not the caller's."""
    span = (days[0] or date.min, days[1] or date.max)
    return await repository.page(tx, own_interval(scope, area), span, after or START, limit)


async def _locked(tx: Transaction, scope: AreaScope, check_id: UUID, version: int) -> Check:
    check = await find(tx, check_id, scope, lock=True)
    await check_current(tx, check_id, version, check.row["version"])
    return check


async def _save(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    before: Check,
    state: State,
    ended_on: date | None = None,
) -> Check:
    """Write the state and publish what changed in what is counted."""
    check_id = before.row["id"]
    await repository.set_state(tx, check_id, state, ended_on or before.row["ended_on"])
    after = await find(tx, check_id, scope)
    await counting.publish(
        runtime,
        tx,
        check_id,
        counting.counted(runtime, before.row, before.steps),
        counting.counted(runtime, after.row, after.steps),
    )
    return after


def _check_people(people: Sequence[Participant], values: Mapping[UUID, Any]) -> None:
    expected = [each.id for each in people]
    if set(values) != set(expected):
        listed = ", ".join(map(str, expected))
        raise InvalidInput.field(
            "/persons",
            "persons",
            f"本步骤应逐一填写: {listed}",
            f"this step concerns, each exactly once: {listed}",
        )


def _check_values(
    form: Form,
    step: Step,
    people: Sequence[Participant],
    values: Mapping[UUID, Mapping[str, Any]],
    pointers: Mapping[UUID, str],
) -> dict[UUID, dict[str, Any]]:
    sexes = {each.id: each.sex for each in people}
    stored: dict[UUID, dict[str, Any]] = {}
    found: list[FieldError] = []
    for person_id, given in values.items():
        at = pointers[person_id]
        stored[person_id], wrong = forms.check_values(form, step, sexes[person_id], given, at)
        found += wrong
    if found:
        raise InvalidInput.fields(found)
    return stored


async def _area_changed(desk: Desk, before: asyncpg.Record, after: asyncpg.Record) -> None:
    steps = await repository.steps_of(desk.tx, after["id"])
    was = counting.counted(desk.runtime, before, steps)
    await counting.publish(
        desk.runtime, desk.tx, after["id"], was, counting.counted(desk.runtime, after, steps)
    )


AREA_FOLLOWING = Following(
    "prepregnancy_check",
    person="first_person_id",
    where="t.state NOT IN ('declined', 'withdrawn', 'closed')",
    moved=_area_changed,
)
"""A running check follows the couple when a community changes."""
