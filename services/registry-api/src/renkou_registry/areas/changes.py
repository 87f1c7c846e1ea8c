"""Changes of communities: checked, counted beforehand, started, and what the rule leaves over settled.

Callers hold the transaction; nothing here commits. :mod:`.following` carries a started change out.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound, Text
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.areas import change_repository as repository
from renkou_registry.areas import service as areas
from renkou_registry.areas.change_repository import AreaChange, ChangeState, Unsettled
from renkou_registry.areas.following import HOUSEHOLDS, dwellings, follow_register, list_unsettled, reassign
from renkou_registry.areas.registers import REGISTERS
from renkou_registry.areas.succession import (
    ChangeKind,
    Rule,
    RuleKind,
    Succession,
    checked,
    followed,
    parent,
)
from renkou_registry.areas.townships import Moving, expanded
from renkou_registry.floor import reaching_everywhere
from renkou_registry.households import service as households
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.records import Desk as OfficeDesk
from renkou_registry.runtime import Runtime

_COUNT_AT_ONCE = 1000
_MOST_COMMUNITIES = 1000
_START = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many people would follow where, and how many would be left over."""

    persons: Mapping[int, int]
    left_over: int


async def check(
    runtime: Runtime, tx: Transaction, change: Succession, communities: Sequence[Moving] = ()
) -> Succession:
    """Return the change completed, of a township with ``communities``; raises InvalidInput that lists every
    wrong area."""
    good = checked(change)
    await _check_areas(runtime, tx, good)
    level = AreaCode.from_key(good.sources[0]).level
    if level is not AreaLevel.TOWN:
        return good
    known: dict[int, str] = {}
    for area in good.sources:
        found = await areas.children(tx, AreaCode.from_key(area), 0, _MOST_COMMUNITIES)
        known |= {each.code.key: each.name for each in found if each.valid_on(good.effective_on)}
    whole = expanded(good, communities, known)
    await _check_areas(runtime, tx, whole, founded={each.area for each in good.successors})
    return whole


async def _check_areas(
    runtime: Runtime, tx: Transaction, good: Succession, founded: Collection[int] = ()
) -> None:
    """Raise InvalidInput unless sources exist and successors can; ``founded`` are parents about to be."""
    errors = []
    low, high = runtime.district.interval()
    counties = AreaCode.from_key(good.sources[0]).level is AreaLevel.COUNTY
    named = {*good.sources, *(each.area for each in good.successors)}
    if counties and low in named and good.kind is not ChangeKind.RENAME:
        raise InvalidInput.field(
            "/sources",
            "own_district",
            "本区代码的变更须由新节点接管, 此处只能更名",
            "the node's own district can only be renamed here: another code is another node",
        )
    sources = {f"/sources/{n}": AreaCode.from_key(area) for n, area in enumerate(good.sources)}
    errors += await areas.invalid_areas(tx, sources, good.effective_on)
    for number, each in enumerate(good.successors):
        pointer, code = f"/successors/{number}/area", AreaCode.from_key(each.area)
        if not counties and not low <= each.area <= high:
            text = Text("应为本区的社区或街道", "must be in this district")
            errors.append(FieldError(pointer, "area_elsewhere", text))
        elif code in await areas.known_areas(tx, [code]):
            errors += await areas.invalid_areas(tx, {pointer: code}, good.effective_on)
        elif parent(each.area) in founded:
            continue
        elif code.parent is None or code.parent not in await areas.known_areas(tx, [code.parent]):
            text = Text("没有上级区划", "there is no such division above")
            errors.append(FieldError(pointer, "parent_unknown", text))
    if not counties and any(not low <= area <= high for area in good.sources):
        text = Text("应为本区的社区或街道", "must be in this district")
        errors.append(FieldError("/sources", "area_elsewhere", text))
    if errors:
        raise InvalidInput.fields(errors)


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
    await check_current(desk.tx, change_id, version, change.version)
    if change.state is not ChangeState.PLANNED:
        raise Conflict("not_planned", "只有已拟定的变更可以启动", "only a planned change can be started")
    towns = {each.area for each in change.succession.successors if each.area % 1000 == 0}
    await _check_areas(desk.runtime, desk.tx, change.succession, founded=towns)
    await repository.set_state(desk.tx, change_id, ChangeState.QUEUED, started_by=desk.subject)
    return await find(desk.tx, change_id)


async def cancel(desk: Desk, change_id: UUID, version: int) -> AreaChange:
    """Drop a change that the worker has not begun; raises NotFound, VersionMismatch, Conflict."""
    change = await find(desk.tx, change_id, lock=True)
    await check_current(desk.tx, change_id, version, change.version)
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
                _, taken = await follow_register(office, one, register, person_id=person_id)
                await list_unsettled(desk.tx, change_id, register.table, taken)
        await repository.settled(desk.tx, change_id)


async def settle_row(desk: Desk, change_id: UUID, unsettled_id: UUID, value: str) -> None:
    """Let a row that stayed behind follow under another code or name.

    Raises NotFound for a row the caller does not see, Conflict where the code or name is taken too.
    """
    change = await find(desk.tx, change_id)
    waiting = await repository.lock_unsettled(desk.tx, change_id, unsettled_id)
    if waiting is None:
        raise NotFound.of("待处理记录", "row to be settled")
    async with reaching_everywhere(desk.tx, desk.scope):
        if not await _follows(desk, change, waiting, value):
            raise Conflict(
                "code_taken",
                f"后继区划已有 {value}, 请另取",
                f"the successor has {value} already; choose another",
            )
        await repository.row_settled(desk.tx, unsettled_id, desk.runtime.clock.now(), desk.subject)


async def _follows(desk: Desk, change: AreaChange, waiting: Unsettled, value: str) -> bool:
    if waiting.register == HOUSEHOLDS:
        columns = {"area": waiting.to_area, "number": value}
        on = change.succession.effective_on
        return await households.reassign(
            desk.runtime, desk.tx, waiting.row_id, columns, on, recorded_by=desk.subject
        )
    register = next(each for each in REGISTERS if each.table == waiting.register)
    office = OfficeDesk(desk.runtime, desk.tx, AreaScope.everything(), desk.subject)
    return await register.settle(office, waiting.row_id, waiting.to_area, value) is not False
