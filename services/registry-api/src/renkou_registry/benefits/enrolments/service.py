"""Cases: apply, check, approve, withdraw. Callers hold the transaction; nothing here commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_benefits import EnrolmentChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.benefits import eligibility
from renkou_registry.benefits.enrolments import repository
from renkou_registry.benefits.enrolments.domain import Action, State, check_four_eyes, next_state
from renkou_registry.benefits.facts import Declared, known_of
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.benefits.schemes.conditions import Finding
from renkou_registry.benefits.schemes.domain import Answer
from renkou_registry.fields import check_not_future
from renkou_registry.floor import reaching_everywhere
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime
from renkou_registry.successions import Following

DECLARED, ACCOUNT = "benefit_enrolment.declared", "benefit_enrolment.account"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a step is taken: the process, the open transaction, who takes it and for which areas."""

    runtime: Runtime
    tx: Transaction
    scope: AreaScope
    subject: UUID


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody applies for; ``origin`` says whether the person or a worker handed it in."""

    scheme_id: UUID
    person_id: UUID
    origin: str
    declared: Mapping[str, Any]
    account: Mapping[str, str]


async def apply(desk: Desk, application: Application) -> UUID:
    """Enter an application; returns its id. Raises NotFound, Conflict, InvalidInput.

    Who was rejected or withdrew may apply again: a new case that names the one before.
    """
    today = desk.runtime.clock.today()
    _check_children(application.declared, today)
    version = schemes.version_needed(await schemes.find(desk.tx, application.scheme_id), today)
    person = (await persons.lock(desk.tx, [application.person_id], desk.scope))[application.person_id]
    if not person.alive:
        raise Conflict("not_alive", "该人已死亡", "the person has died")
    area = person.registered_area if version.definition.by_registration else person.present_area
    if not desk.scope.contains(area):
        raise Conflict(
            "claimed_elsewhere",
            "该项目须在其户籍地 (或现居住地) 社区申请",
            "this scheme is applied for where the person is registered (or lives)",
        )
    enrolment_id, now = new_id(), desk.runtime.clock.now()
    cipher = desk.runtime.cipher
    sealed = (
        cipher.seal(orjson.dumps(application.declared), DECLARED),
        cipher.seal(orjson.dumps(application.account), ACCOUNT),
    )
    previous = await repository.latest_of(desk.tx, application.scheme_id, person.id)
    made = await repository.insert(
        desk.tx,
        enrolment_id,
        application.scheme_id,
        person.id,
        area,
        application.origin,
        today,
        sealed,
        previous,
        now,
        desk.subject,
    )
    if not made:
        raise Conflict(
            "enrolled_already", "该人在此项目已有办理中的申报", "the person has an open case already"
        )
    await repository.add_step(
        desk.tx, enrolment_id, Action.APPLICATION, State.APPLIED, None, desk.subject, now
    )
    await publish(desk, await find(desk.tx, enrolment_id, desk.scope))
    return enrolment_id


def _check_children(declared: Mapping[str, Any], today: date) -> None:
    """Raise InvalidInput that lists every day of a declared child that is yet to come."""
    check_not_future(
        {
            f"/declared/children/{number}/{name}": date.fromisoformat(child[name])
            for number, child in enumerate(declared.get("children", ()))
            for name in ("birth_date", "died_on")
            if child.get(name)
        },
        today,
    )


async def find(tx: Transaction, enrolment_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a case in scope; raises NotFound."""
    row = await repository.find(tx, enrolment_id, scope)
    if row is None:
        raise NotFound.of("申报", "enrolment")
    return row


async def take_step(
    desk: Desk,
    enrolment_id: UUID,
    expected: int,
    action: Action,
    note: str | None,
    changes: Mapping[str, Any] | None = None,
) -> asyncpg.Record:
    """Take a step of a case in the version the caller saw; returns the case before it.

    Raises NotFound, VersionMismatch, Conflict ``wrong_state`` or ``same_person``.
    """
    row = await repository.find(desk.tx, enrolment_id, desk.scope, lock=True)
    if row is None:
        raise NotFound.of("申报", "enrolment")
    await check_current(desk.tx, enrolment_id, expected, row["version"])
    next_state(State(row["state"]), action)
    earlier = await repository.actions_by(desk.tx, [enrolment_id], desk.subject)
    check_four_eyes(action, earlier[enrolment_id])
    await write_step(desk, row, action, note, changes)
    return row


async def write_step(
    desk: Desk,
    row: asyncpg.Record,
    action: Action,
    note: str | None,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Write a step of a locked case that was found to be allowed, and publish it."""
    state = next_state(State(row["state"]), action)
    await repository.update(desk.tx, row["id"], {"state": state, **(changes or {})})
    now = desk.runtime.clock.now()
    await repository.add_step(desk.tx, row["id"], action, state, note, desk.subject, now)
    await publish(desk, row, state)


async def publish(desk: Desk, row: asyncpg.Record, state: str | None = None) -> None:
    """Tell that a case took a step."""
    async with reaching_everywhere(desk.tx, desk.scope):
        ref = (await persons.refs_of(desk.tx, [row["person_id"]]))[row["person_id"]]
    scheme, _ = await schemes.read(desk.tx, row["scheme_id"])
    payload = EnrolmentChanged(
        person_ref=ref,
        enrolment_id=row["id"],
        scheme=scheme["code"],
        state=state or row["state"],
        area=area_text(row["area"]),
        changed_on=desk.runtime.clock.today(),
    )
    await desk.runtime.outbox.append(desk.tx, RegistryEventType.ENROLMENT_CHANGED, ref, payload)


async def community_pass(desk: Desk, enrolment_id: UUID, expected: int, confirmed: Sequence[str]) -> None:
    """Pass the community's check with the declared facts that were confirmed; raises as take_step."""
    row = await find(desk.tx, enrolment_id, desk.scope)
    declared = declared_of(desk.runtime, row)
    known = {*declared.get("facts", {}), *(["children"] if declared.get("children") else [])}
    foreign = sorted(set(confirmed) - known)
    if foreign:
        raise InvalidInput.field(
            "/confirmed",
            "not_declared",
            f"未申报的事实不能核实: {', '.join(foreign)}",
            f"was not declared: {', '.join(foreign)}",
        )
    changes = {"confirmed": sorted(set(confirmed))}
    await take_step(desk, enrolment_id, expected, Action.COMMUNITY_PASS, None, changes)


async def approve(desk: Desk, enrolment_id: UUID, expected: int) -> None:
    """Approve a case whose conditions are met by the record and by what was confirmed; raises as take_step.

    Also raises Conflict ``not_entitled`` with each open condition named.
    """
    row = await take_step(desk, enrolment_id, expected, Action.DISTRICT_PASS, None)
    finding = await finding_of(desk.runtime, desk.tx, desk.scope, row)
    if finding.answer is not Answer.MET:
        reasons = eligibility.not_met(finding)
        raise Conflict(
            "not_entitled",
            "不符合条件: " + "; ".join(each.text.zh for each in reasons),
            "not entitled: " + "; ".join(each.text.en for each in reasons),
        )


async def finding_of(runtime: Runtime, tx: Transaction, scope: AreaScope, row: asyncpg.Record) -> Finding:
    """Return the explained result for a case as of today, with what staff confirmed."""
    today = runtime.clock.today()
    version = schemes.version_needed(await schemes.find(tx, row["scheme_id"]), today)
    known = await known_of(tx, scope, runtime.district.interval(), [row["person_id"]], today)
    declared = Declared.of(declared_of(runtime, row), row["confirmed"])
    return eligibility.finding_on(version, known[row["person_id"]], today, declared)


def declared_of(runtime: Runtime, row: asyncpg.Record) -> dict[str, Any]:
    """Open what an application declared."""
    opened: dict[str, Any] = orjson.loads(runtime.cipher.unseal(row["declared_sealed"], DECLARED))
    return opened


def account_of(runtime: Runtime, row: asyncpg.Record) -> dict[str, str]:
    """Open the account of a case: bank, number, holder."""
    opened: dict[str, str] = orjson.loads(runtime.cipher.unseal(row["account_sealed"], ACCOUNT))
    return opened


async def resubmit(
    desk: Desk,
    enrolment_id: UUID,
    expected: int,
    declared: Mapping[str, Any] | None,
    account: Mapping[str, str] | None,
) -> None:
    """Hand a returned case in again with what was asked for; its checks begin anew. Raises as take_step."""
    changes: dict[str, Any] = {"confirmed": [], "notice_id": None}
    cipher = desk.runtime.cipher
    if declared is not None:
        _check_children(declared, desk.runtime.clock.today())
        changes["declared_sealed"] = cipher.seal(orjson.dumps(declared), DECLARED)
    if account is not None:
        changes["account_sealed"] = cipher.seal(orjson.dumps(account), ACCOUNT)
    await take_step(desk, enrolment_id, expected, Action.RESUBMISSION, None, changes)


async def withdraw(desk: Desk, enrolment_id: UUID, expected: int, reason: str | None) -> None:
    """Record that the person takes a case back; one in payment ends today. Raises as take_step."""
    row = await find(desk.tx, enrolment_id, desk.scope)
    today = desk.runtime.clock.today()
    ends = {"ended_on": today, "end_cause": "withdrawal"} if row["state"] == State.ACTIVE else {}
    await take_step(desk, enrolment_id, expected, Action.WITHDRAWAL, reason, ends)


async def history(tx: Transaction, enrolment_id: UUID) -> list[asyncpg.Record]:
    """Return the steps of a case that the caller was found to see."""
    return await repository.steps(tx, enrolment_id)


async def of_person(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return the cases of a person that the transaction's scope shows, the newest first."""
    return await repository.of_person(tx, person_id)


AREA_FOLLOWING = Following(
    "benefit_enrolment",
    person="person_id",
    address="registered",
    where="t.state NOT IN ('ended', 'rejected', 'withdrawn')",
)
"""An open case follows the person when a community changes; what is due from then on is due there."""
