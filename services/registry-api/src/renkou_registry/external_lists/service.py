"""External lists as clerks see them: hand in, look, settle row by row or the certain ones together.

Settling records what a list tells through the life events' own services, so that figures follow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import DocumentKind
from renkou_common.codes.masking import mask_resident_id
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound, RenkouError
from renkou_common.http.idempotency import once
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_registry.external_lists import repository
from renkou_registry.external_lists.kinds import KINDS, SOURCES, ListKind
from renkou_registry.external_lists.repository import List
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.sheet import Layout, Row
from renkou_registry.life_events import births, unions
from renkou_registry.life_events import service as life_events
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import entering
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonEntry
from renkou_registry.runtime import Runtime
from renkou_registry.uploads import Upload, receive


class Action(StrEnum):
    """How a row is settled."""

    LINK = "link"  # 确认为该人员, 登记册已有此事
    NEW = "new"  # 新建人员
    RECORD = "record"  # 登记事件
    IGNORE = "ignore"  # 不采用


@dataclass(frozen=True, slots=True)
class Order:
    """What a clerk hands in: from whom, what it tells, what for and on which legal basis."""

    source: str
    kind: ListKind
    columns: dict[str, str]
    purpose: str
    legal_basis: str
    scope: AreaScope
    clerk: UUID
    upload: Upload


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a row is to be settled; ``entry`` is the person of a new one."""

    action: Action
    reason: str | None = None
    person_id: UUID | None = None
    entry: PersonEntry | None = None


def file_context(list_id: UUID, part: int) -> str:
    """What a part of the file is sealed for."""
    return f"external_list_file.sealed/{list_id}/{part}"


def row_context(list_id: UUID, row: int) -> str:
    """What the values of a row are sealed for."""
    return f"external_list_row.sealed/{list_id}/{row}"


async def hand_in(runtime: Runtime, order: Order) -> UUID:
    """Keep a file in sealed parts as it arrives and queue its matching; returns the list's id."""
    list_id, now = new_id(), runtime.clock.now()
    async with runtime.database.transaction(order.scope) as tx:
        await repository.insert(
            tx,
            list_id,
            source=order.source,
            kind=order.kind.sheet.kind,
            purpose=order.purpose,
            legal_basis=order.legal_basis,
            columns=order.columns,
            scope=order.scope,
            created_by=order.clerk,
            created_at=now,
            keep_until=runtime.clock.today() + timedelta(days=runtime.settings.external_list_days),
        )

    async def keep(part: int, piece: bytes) -> None:
        sealed = runtime.cipher.seal(piece, file_context(list_id, part))
        async with runtime.database.transaction(order.scope) as tx:
            await repository.add_part(tx, list_id, part, sealed)

    kept = None
    try:
        digest, request = await receive(order.upload, keep, runtime.cipher)
        async with runtime.database.transaction(order.scope) as tx:

            async def queue() -> UUID:
                await repository.queue(tx, list_id, digest)
                return list_id

            kept, _ = await once(tx, order.clerk, request, queue)
    finally:
        if kept != list_id:
            async with runtime.database.transaction(order.scope) as tx:
                await repository.discard(tx, list_id)
    return kept


async def find(tx: Transaction, list_id: UUID, scope: AreaScope) -> List:
    """Return a list that this caller may see; raises NotFound."""
    found = await repository.find(tx, list_id, scope)
    if found is None:
        raise NotFound.of("名单", "list")
    return found


async def page(
    tx: Transaction, scope: AreaScope, after: tuple[datetime, UUID] | None, limit: int
) -> list[List]:
    """Return the lists that this caller may see, the latest first."""
    return await repository.page(tx, scope, after, limit)


async def same_before(tx: Transaction, found: List) -> UUID | None:
    """Return an earlier list with the same file."""
    return await repository.same_before(tx, found) if found.content_hash else None


async def counts(tx: Transaction, found: List) -> dict[str, tuple[int, int]]:
    """Return for each degree of certainty how many rows there are, and how many of them are settled."""
    return {row["match"]: (row["rows"], row["settled"]) for row in await repository.counts(tx, found.id)}


async def rows(
    tx: Transaction, found: List, match: str | None, settled: bool | None, after: int, limit: int
) -> list[asyncpg.Record]:
    """Return rows of a list in the order of the file."""
    return await repository.rows(tx, found.id, match, settled, after, limit)


def values_of(runtime: Runtime, found: List, row: asyncpg.Record) -> Row:
    """Return what a row says, unsealed."""
    kind = KINDS[found.kind]
    layout = Layout(kind.sheet, [field.title for field in kind.sheet.fields])
    return layout.load(runtime.cipher.unseal(row["sealed"], row_context(found.id, row["row"])))[0]


async def own_lines(runtime: Runtime, tx: Transaction, person_id: UUID) -> list[dict[str, Any]]:
    """Return the lines of other offices' lists that are about a person, for the person's own copy: those
    settled with the person, and those not settled whose number and name are the person's.

    The person's own values are in the clear; a number of somebody else (a spouse) is masked.
    """
    found = []
    for row in await repository.about(tx, person_id):
        listed = await repository.find(tx, row["list_id"], AreaScope.everything())
        if listed is None:
            continue
        kind = KINDS[listed.kind]
        values = values_of(runtime, listed, row).values
        line = {
            field.title: mask_resident_id(value)
            if field.privacy is Privacy.NUMBER and field.title != kind.number
            else value
            for field, value in zip(kind.sheet.fields, values, strict=True)
            if value is not None
        }
        found.append(
            {
                "source": SOURCES[listed.source][0],
                "kind": kind.zh,
                "purpose": listed.purpose,
                "legal_basis": listed.legal_basis,
                "line": {title: _plain(value) for title, value in line.items()},
                **{name: row[name] for name in ("match", "action", "reason", "settled_by", "settled_at")},
                "matched_at": listed.matched_at,
            }
        )
    return found


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, AreaCode) else value


async def settle(desk: Desk, found: List, number: int, settlement: Settlement) -> None:
    """Settle a row; raises NotFound, Conflict ``row_settled``, and what recording raises."""
    row = await repository.lock_row(desk.tx, found.id, number)
    if row is None:
        raise NotFound.of("名单中的行", "row of the list")
    if row["action"] is not None:
        raise Conflict("row_settled", "该行已处理", "this row is settled already")
    person_id, event_id = await _act(desk, found, row, settlement)
    await repository.settle(
        desk.tx,
        found.id,
        number,
        action=settlement.action,
        person_id=person_id,
        event_id=event_id,
        reason=settlement.reason,
        settled_by=desk.subject,
        settled_at=desk.runtime.clock.now(),
    )


async def _act(
    desk: Desk, found: List, row: asyncpg.Record, settlement: Settlement
) -> tuple[UUID | None, UUID | None]:
    """Do what a settlement says; returns the person and the life event."""
    if settlement.action is Action.IGNORE:
        return None, None
    if settlement.action is Action.NEW:
        assert settlement.entry is not None
        entry, subject = settlement.entry, desk.subject
        return await entering.register(desk.runtime, desk.tx, desk.scope, entry, recorded_by=subject), None
    person_id = settlement.person_id or _only_candidate(row)
    await persons.find(desk.tx, person_id, desk.scope)
    if settlement.action is Action.LINK:
        return person_id, None
    if row["match"] == "unreadable":
        raise Conflict(
            "row_unreadable",
            "该行有误, 不能据以登记",
            "something in this row is wrong; nothing is recorded by it",
        )
    return person_id, await _record(desk, found, person_id, values_of(desk.runtime, found, row))


def _only_candidate(row: asyncpg.Record) -> UUID:
    if row["match"] != "exact":
        raise InvalidInput.field(
            "/person_id",
            "person_needed",
            "该行不是一致匹配, 请指明人员",
            "this row is no exact match: name the person",
        )
    return UUID(row["candidates"][0]["person_id"])


async def _record(desk: Desk, found: List, person_id: UUID, row: Row) -> UUID:
    """Record what the row tells of the person."""
    day = row[KINDS[found.kind].day]
    if day > desk.today:
        raise Conflict("in_future", "名单中的日期晚于今天", "the day in the list is still to come")
    match found.kind:
        case "deaths":
            return await unions.record_death(desk, person_id, day)
        case "marriages":
            return await life_events.record_marriage(desk, person_id, await _spouse(desk, row), day, None)
        case "household_changes":
            transfer = bool(row["户籍随迁"])
            to_area = row["迁往地编码"].key
            return await life_events.record_move(
                desk, person_id, day, to_area, None, transfer_registration=transfer
            )
        case "births":
            return await births.record_birth(desk, await _birth(desk, person_id, row))
    raise AssertionError(found.kind)


async def _spouse(desk: Desk, row: Row) -> UUID | None:
    number, name = row["配偶身份证号"], row["配偶姓名"]
    if number is None:
        return None
    known = await persons.by_resident_ids(desk.runtime, desk.tx, desk.scope, [number])
    if number not in known or (name is not None and known[number][1] != name):
        return None
    return known[number][0]


async def _birth(desk: Desk, mother_id: UUID, row: Row) -> births.Birth:
    name = row["新生儿姓名"] or f"{row['母亲姓名']}之{'女' if row['性别'] == '2' else '子'}"
    if await persons.has_child(desk.tx, mother_id, row["出生日期"], name):
        raise Conflict("birth_recorded", "该出生已登记", "this birth is recorded already")
    return births.Birth(
        mother_id=mother_id,
        happened_on=row["出生日期"],
        name=name,
        sex=int(row["性别"]),
        document_kind=DocumentKind.NONE,
        parity=row["孩次"],
    )


@dataclass(frozen=True, slots=True)
class Bulk:
    """What came of settling rows together: what kept rows from it, the last row tried, whether more wait."""

    settled: int
    failed: Sequence[tuple[int, RenkouError]]
    last_row: int | None
    more: bool


async def settle_exact(
    runtime: Runtime,
    scope: AreaScope,
    subject: UUID,
    list_id: UUID,
    settlement: Settlement,
    after_row: int,
    limit: int,
) -> Bulk:
    """Settle up to ``limit`` exact rows that wait after a row, each in a transaction of its own.

    Raises NotFound, and Conflict ``same_person`` for who handed the list in: the certain ones are settled
    together by somebody else.
    """
    async with runtime.database.transaction(scope, read_only=True) as tx:
        found = await find(tx, list_id, scope)
        if found.created_by == subject:
            raise Conflict(
                "same_person",
                "批量处理须由上传者以外的人员进行",
                "rows are settled together by somebody other than who handed the list in",
            )
        waiting = await repository.rows(tx, list_id, "exact", False, after_row, limit + 1)
    tried = waiting[:limit]
    settled, failed = 0, []
    for row in tried:
        try:
            async with runtime.database.transaction(scope) as tx:
                await settle(Desk(runtime, tx, scope, subject), found, row["row"], settlement)
                settled += 1
        except RenkouError as error:
            failed.append((row["row"], error))
    return Bulk(settled, failed, tried[-1]["row"] if tried else None, len(waiting) > limit)


async def create_profile(
    tx: Transaction, name: str, source: str, kind: str, columns: dict[str, Any], clerk: UUID, now: datetime
) -> UUID:
    """Keep a profile; raises Conflict where its name is taken."""
    profile_id = new_id()
    if not await repository.insert_profile(tx, profile_id, name, source, kind, columns, clerk, now):
        raise Conflict("profile_exists", "已有同名的列对照", "a profile of that name exists already")
    return profile_id


async def profiles(tx: Transaction) -> list[asyncpg.Record]:
    """Return every profile by name."""
    return await repository.profiles(tx)


async def profile(tx: Transaction, profile_id: UUID) -> asyncpg.Record:
    """Return a profile; raises NotFound."""
    found = await repository.profile(tx, profile_id)
    if found is None:
        raise NotFound.of("列对照", "profile")
    return found
