"""Public notices (公示): approved cases are shown, masked, for some days; objections are settled first."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.masking import mask_name, mask_resident_id_public
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.benefits.enrolments import repository
from renkou_registry.benefits.enrolments.domain import Action, sat_elsewhere
from renkou_registry.benefits.enrolments.service import Desk, find, take_step, write_step
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.floor import reaching_everywhere
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.registration import RESIDENT_ID
from renkou_registry.runtime import Runtime

MOST_CASES = 1000
WORDS = "benefit_objection.words"


async def publish(desk: Desk, scheme_id: UUID, area: AreaCode, days: int | None) -> UUID:
    """Show an area's approved cases from today on, up to 1,000; returns the notice's id.

    Cases of which the caller took another step are left for somebody else. Raises NotFound, Conflict
    ``nothing_to_notice``.
    """
    interval = area.interval()
    if not desk.scope.covers(*interval):
        raise NotFound.of("区划", "area")
    scheme = await schemes.find(desk.tx, scheme_id)
    today = desk.runtime.clock.today()
    version = schemes.version_needed(scheme, today)
    waiting = await repository.lock_approved(desk.tx, scheme_id, interval, MOST_CASES)
    own = await repository.actions_by(desk.tx, [row["id"] for row in waiting], desk.subject)
    rows = [row for row in waiting if not sat_elsewhere(Action.PUBLICATION, own[row["id"]])]
    if not rows:
        raise Conflict(
            "nothing_to_notice",
            "没有可由您公示的已批准申报",
            "there is no approved case that you may put on notice",
        )
    notice_id = new_id()
    until = today + timedelta(days=days or version.definition.notice_days)
    await repository.insert_notice(
        desk.tx, notice_id, scheme_id, area.key, (today, until), desk.subject, desk.runtime.clock.now()
    )
    await repository.insert_entries(desk.tx, notice_id, await _masked(desk, rows))
    for row in rows:
        changes = {"notice_id": notice_id}
        await write_step(desk, row, Action.PUBLICATION, None, changes)
    return notice_id


async def _masked(desk: Desk, rows: list[asyncpg.Record]) -> list[tuple[UUID, int, str, str | None]]:
    async with reaching_everywhere(desk.tx, desk.scope):
        found = await persons.find_many(desk.tx, [row["person_id"] for row in rows], AreaScope.everything())
    people = {person["id"]: person for person in found}
    masked: list[tuple[UUID, int, str, str | None]] = []
    for row in rows:
        person = people[row["person_id"]]
        sealed = person["resident_id_sealed"]
        number = desk.runtime.cipher.decrypt(sealed, RESIDENT_ID) if sealed else None
        shown = mask_resident_id_public(number) if number else None
        masked.append((row["id"], row["area"], mask_name(person["name"]), shown))
    return masked


async def read(
    tx: Transaction, scope: AreaScope | None, notice_id: UUID, after: int, limit: int
) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """Return a notice with a page of its lines; ``scope`` None for the public. Raises NotFound."""
    row = await repository.find_notice(tx, notice_id)
    if row is None or (scope is not None and not _sees(scope, row)):
        raise NotFound.of("公示", "notice")
    return row, await repository.entries(tx, notice_id, after, limit)


def _sees(scope: AreaScope, row: asyncpg.Record) -> bool:
    low, high = AreaCode.from_key(row["area"]).interval()
    return any(low <= b and a <= high for a, b in scope.intervals)


async def read_public(
    runtime: Runtime, tx: Transaction, notice_id: UUID, after: int, limit: int
) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """Return a notice while it runs; raises NotFound before and afterwards."""
    row, entries = await read(tx, None, notice_id, after, limit)
    if row["closed_at"] is not None or not row["from_on"] <= runtime.clock.today() <= row["to_on"]:
        raise NotFound.of("公示", "notice")
    return row, entries


async def object_to(desk: Desk, notice_id: UUID, enrolment_id: UUID, words: str) -> UUID:
    """Record an objection to a noticed case while the notice stands; returns its id. Raises as read."""
    row = await find(desk.tx, enrolment_id, desk.scope)
    notice = await repository.find_notice(desk.tx, notice_id, lock=True)
    if notice is None or row["notice_id"] != notice_id or row["state"] != "noticed":
        raise NotFound.of("公示中的申报", "noticed case")
    objection_id = new_id()
    sealed = desk.runtime.cipher.encrypt(words, WORDS)
    await repository.insert_objection(
        desk.tx, objection_id, row, sealed, desk.subject, desk.runtime.clock.now()
    )
    return objection_id


async def settle(desk: Desk, objection_id: UUID, expected: int, *, upheld: bool, resolution: str) -> None:
    """Settle an objection as somebody other than who recorded it; upheld, the case goes back.

    Raises NotFound, VersionMismatch, Conflict.
    """
    row = await repository.find_objection(desk.tx, objection_id)
    if row is None:
        raise NotFound.of("异议", "objection")
    await check_current(desk.tx, row["id"], expected, row["version"])
    if row["state"] != "open":
        raise Conflict("settled_already", "该异议已处理", "the objection was settled already")
    if row["recorded_by"] == desk.subject:
        raise Conflict("same_person", "须由记录者以外的人处理", "somebody else must settle it")
    now = desk.runtime.clock.now()
    state = "upheld" if upheld else "dismissed"
    await repository.resolve_objection(desk.tx, objection_id, state, resolution, desk.subject, now)
    if upheld:
        case = await find(desk.tx, row["enrolment_id"], desk.scope)
        if case["state"] == "noticed":
            await take_step(desk, case["id"], case["version"], Action.OBJECTION_UPHELD, resolution)


async def close(desk: Desk, notice_id: UUID, expected: int) -> list[UUID]:
    """Close a notice whose days are over and start payment; returns the cases that became active.

    Raises NotFound, VersionMismatch, Conflict ``still_running`` or ``objections_open``.
    """
    notice = await repository.find_notice(desk.tx, notice_id, lock=True)
    if notice is None or not desk.scope.covers(*AreaCode.from_key(notice["area"]).interval()):
        raise NotFound.of("公示", "notice")
    await check_current(desk.tx, notice["id"], expected, notice["version"])
    today = desk.runtime.clock.today()
    if notice["closed_at"] is not None:
        raise Conflict("closed_already", "该公示已结束", "the notice was closed already")
    if today <= notice["to_on"]:
        raise Conflict(
            "still_running",
            f"公示至 {notice['to_on']} 止",
            f"the notice runs to the end of {notice['to_on']}",
        )
    if any(each["state"] == "open" for each in await repository.objections(desk.tx, notice_id)):
        raise Conflict("objections_open", "尚有未处理的异议", "there are objections to settle first")
    rows = await repository.lock_noticed(desk.tx, notice_id)
    own = await repository.actions_by(desk.tx, [row["id"] for row in rows], desk.subject)
    if any(sat_elsewhere(Action.ACTIVATION, own[row["id"]]) for row in rows):
        raise Conflict(
            "same_person",
            "同一案件的不同环节须由不同的人办理",
            "each step of a case is taken by another person",
        )
    for row in rows:
        changes = {"active_on": today}
        await write_step(desk, row, Action.ACTIVATION, None, changes)
    await repository.close_notice(desk.tx, notice_id, desk.runtime.clock.now())
    return [row["id"] for row in rows]
