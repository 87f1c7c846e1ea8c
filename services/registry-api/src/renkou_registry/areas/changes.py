"""Changes of communities: checked, counted beforehand, started, and what the rule leaves over settled.

Callers hold the transaction; nothing here commits. :mod:`.following` carries a started change out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound, Text
from renkou_common.http.conditions import check_version
from renkou_common.scope import AreaScope
from renkou_registry.areas import change_repository as repository
from renkou_registry.areas import service as areas
from renkou_registry.areas.change_repository import AreaChange, ChangeState
from renkou_registry.areas.following import dwellings, follow_register, reassign
from renkou_registry.areas.registers import REGISTERS
from renkou_registry.areas.succession import Rule, RuleKind, Succession, checked, followed
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.records import Desk as OfficeDesk
from renkou_registry.runtime import Runtime

_COUNT_AT_ONCE = 1000
_START = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many people would follow where, and how many would be left over."""

    persons: Mapping[int, int]
    left_over: int


async def check(runtime: Runtime, tx: Transaction, change: Succession) -> Succession:
    """Return the change completed; raises InvalidInput that lists every wrong area."""
    good = checked(change)
    errors = []
    low, high = runtime.district.interval()
    sources = {f"/sources/{n}": AreaCode.from_key(area) for n, area in enumerate(good.sources)}
    errors += await areas.invalid_areas(tx, sources, good.effective_on)
    for number, each in enumerate(good.successors):
        pointer, code = f"/successors/{number}/area", AreaCode.from_key(each.area)
        if not low <= each.area <= high:
            text = Text("应为本区的社区", "must be in this district")
            errors.append(FieldError(pointer, "area_elsewhere", text))
        elif code in await areas.known_areas(tx, [code]):
            errors += await areas.invalid_areas(tx, {pointer: code}, good.effective_on)
        elif code.parent is None or code.parent not in await areas.known_areas(tx, [code.parent]):
            text = Text("没有该街道", "there is no such subdistrict")
            errors.append(FieldError(pointer, "parent_unknown", text))
    if any(not low <= area <= high for area in good.sources):
        text = Text("应为本区的社区", "must be in this district")
        errors.append(FieldError("/sources", "area_elsewhere", text))
    if errors:
        raise InvalidInput.fields(errors)
    return good


async def forecast(tx: Transaction, change: Succession, today: date) -> Forecast:
    """Count who would follow where; writes nothing. The transaction reaches everywhere."""
    counts: Counter[int] = Counter()
    left, after = 0, _START
    while ids := await persons.in_areas(tx, change.sources, after, _COUNT_AT_ONCE):
        rows = await persons.find_many(tx, ids, AreaScope.everything())
        for person in await dwellings(tx, [dict(row) for row in rows], today):
            where = followed(change, person)
            if where is None:
                left += 1
                continue
            for area in {to for data in where.values() for to in data.values()}:
                counts[area] += 1
        after = ids[-1]
    return Forecast(counts, left)


async def plan(desk: Desk, change: Succession) -> UUID:
    """Write a checked change down; returns its id."""
    change_id = new_id()
    await repository.insert(desk.tx, change_id, change, desk.subject, desk.runtime.clock.now())
    return change_id


async def find(tx: Transaction, change_id: UUID, *, lock: bool = False) -> AreaChange:
    """Return a change; raises NotFound."""
    found = await repository.find(tx, change_id, lock=lock)
    if found is None:
        raise NotFound.of("区划变更", "area change")
    return found


async def start(desk: Desk, change_id: UUID, version: int) -> AreaChange:
    """Let the worker carry a planned change out, from its day on.

    Raises NotFound, VersionMismatch, Conflict.
    """
    change = await find(desk.tx, change_id, lock=True)
    check_version(version, change.version)
    if change.state is not ChangeState.PLANNED:
        raise Conflict("not_planned", "只有已拟定的变更可以启动", "only a planned change can be started")
    await check(desk.runtime, desk.tx, change.succession)
    await repository.set_state(desk.tx, change_id, ChangeState.QUEUED, started_by=desk.subject)
    return await find(desk.tx, change_id)


async def cancel(desk: Desk, change_id: UUID, version: int) -> AreaChange:
    """Drop a change that the worker has not begun; raises NotFound, VersionMismatch, Conflict."""
    change = await find(desk.tx, change_id, lock=True)
    check_version(version, change.version)
    if change.state not in (ChangeState.PLANNED, ChangeState.QUEUED):
        raise Conflict("begun_already", "变更已开始执行", "the change is being carried out already")
    await repository.set_state(desk.tx, change_id, ChangeState.CANCELLED)
    return await find(desk.tx, change_id)


async def remaining(
    tx: Transaction, scope: AreaScope, change_id: UUID, after: UUID, limit: int
) -> list[dict[str, object]]:
    """Return people of the caller's area who still have an address in a community that ended, by id."""
    change = await find(tx, change_id)
    if not change.succession.ended:
        return []
    ids = await persons.in_areas(tx, change.succession.ended, after, limit)
    return [dict(row) for row in await persons.find_many(tx, ids, scope)]


async def settle(desk: Desk, change_id: UUID, person_id: UUID, to: int) -> None:
    """Let one person who was left over follow to a successor.

    Raises NotFound for somebody the caller does not see, InvalidInput for another area, Conflict where
    nothing is to be settled.
    """
    change = await find(desk.tx, change_id)
    if change.state is not ChangeState.DONE:
        raise Conflict("not_done", "变更尚未执行完", "the change has not been carried out yet")
    if to not in {each.area for each in change.succession.successors}:
        raise InvalidInput.field("/to_area", "not_successor", "不是后继社区", "is no successor")
    await persons.find(desk.tx, person_id, desk.scope)
    one = Succession(
        change.succession.kind,
        change.succession.effective_on,
        change.succession.ended,
        change.succession.successors,
        Rule(RuleKind.ALL, (), to),
    )
    async with reaching_everywhere(desk.tx, desk.scope):
        desk = Desk(desk.runtime, desk.tx, AreaScope.everything(), desk.subject)
        person = (await persons.lock_known(desk.tx, [person_id]))[person_id]
        (known,) = await dwellings(desk.tx, [asdict(person)], desk.today)
        where = followed(one, known)
        if not where or not await reassign(desk, change, person, where):
            raise Conflict(
                "nothing_to_settle",
                "此人没有地址在已撤销的社区, 或须先更正其事件",
                "the person has no address in a community that ended, or an event needs correcting first",
            )
        office = OfficeDesk(desk.runtime, desk.tx, desk.scope, desk.subject)
        for register in REGISTERS:
            if register.person is not None:
                await follow_register(office, one, register, person_id=person_id)
        await repository.settled(desk.tx, change_id)
