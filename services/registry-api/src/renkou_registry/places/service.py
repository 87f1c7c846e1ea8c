"""Places below the community: enter, change, list. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import PlaceKind
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_people import PlaceChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.places import repository
from renkou_registry.places.domain import (
    Parent,
    PlaceEntry,
    check_days,
    check_lived_in,
    check_parent,
    in_use,
)
from renkou_registry.records import Desk
from renkou_registry.runtime import Runtime
from renkou_registry.successions import Following


async def create(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: PlaceEntry, *, recorded_by: UUID
) -> UUID:
    """Enter a place; raises NotFound, InvalidInput, Conflict ``place_exists``."""
    if not scope.contains(entry.area):
        raise NotFound.of("区划", "area")
    check_days(entry.valid_from, entry.valid_to)
    if entry.parent_id is not None:
        await _check_parent(tx, scope, entry.area, entry.kind, entry.parent_id)
    place_id = new_id()
    if not await repository.insert(tx, place_id, entry, runtime.clock.now(), recorded_by):
        raise Conflict(
            "place_exists", "该社区已有此楼院编号", "this community has a place of that code already"
        )
    await _publish(runtime, tx, await find(tx, place_id, scope))
    return place_id


async def of_code(tx: Transaction, scope: AreaScope, area: int, code: str) -> asyncpg.Record:
    """Return the place of a community in scope that has a code; raises InvalidInput."""
    row = await repository.of_code(tx, area, code) if scope.contains(area) else None
    if row is None:
        raise InvalidInput.field("/parent_id", "place_unknown", "该社区没有此编号", "no place has this code")
    return row


async def change(
    runtime: Runtime, tx: Transaction, scope: AreaScope, place_id: UUID, version: int, changes: dict[str, Any]
) -> asyncpg.Record:
    """Change name, parent or the day it ends, of the version the caller saw; returns the new row."""
    row = await repository.find(tx, place_id, scope, lock=True)
    if row is None:
        raise _not_found()
    await check_current(tx, place_id, version, row["version"])
    different = {name: value for name, value in changes.items() if row[name] != value}
    if not different:
        return row
    if "valid_to" in different:
        check_days(row["valid_from"], different["valid_to"])
        ends = different["valid_to"]
        if ends is not None and await repository.open_inside(tx, place_id, ends):
            raise in_use()
    if different.get("parent_id") is not None:
        parent_id = different["parent_id"]
        await _check_parent(tx, scope, row["area"], PlaceKind(row["kind"]), parent_id)
        if parent_id in await repository.with_inside(tx, place_id):
            raise InvalidInput.field(
                "/parent_id", "inside_itself", "不能以下级为上级", "lies inside this place"
            )
    await repository.update(tx, place_id, different)
    changed = await find(tx, place_id, scope)
    await _publish(runtime, tx, changed)
    return changed


async def find(tx: Transaction, place_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a place in scope; raises NotFound."""
    row = await repository.find(tx, place_id, scope)
    if row is None:
        raise _not_found()
    return row


async def page(
    tx: Transaction,
    scope: AreaScope,
    area: AreaCode,
    kind: str | None,
    parent_id: UUID | None,
    on: date,
    after: tuple[int, str] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return a page of an area's places valid on a day; raises NotFound for an area not the caller's."""
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    return await repository.page(tx, interval, kind, parent_id, on, after, limit)


async def with_inside(tx: Transaction, place_id: UUID, scope: AreaScope) -> Sequence[UUID]:
    """Return a place in scope and everything inside it; raises NotFound."""
    await find(tx, place_id, scope)
    return await repository.with_inside(tx, place_id)


async def check_place(tx: Transaction, place_id: UUID, area: int, on: date | None, runtime: Runtime) -> None:
    """Raise InvalidInput unless an address in a community may name a place on a day (default today)."""
    row = await repository.seen(tx, place_id)
    if row is None:
        raise InvalidInput.field("/place_id", "place_unknown", "没有该楼院", "there is no such place")
    day = on or runtime.clock.today()
    check_lived_in(area, row["area"], row["valid_from"], row["valid_to"], day)


async def _check_parent(
    tx: Transaction, scope: AreaScope, area: int, kind: PlaceKind, parent_id: UUID
) -> None:
    parent = await repository.find(tx, parent_id, scope)
    if parent is None:
        raise InvalidInput.field("/parent_id", "place_unknown", "没有该楼院", "there is no such place")
    above = Parent(parent["area"], PlaceKind(parent["kind"]), parent["valid_from"], parent["valid_to"])
    check_parent(area, kind, above)


def _not_found() -> NotFound:
    return NotFound.of("楼院", "place")


async def _publish(runtime: Runtime, tx: Transaction, row: asyncpg.Record) -> None:
    payload = PlaceChanged(
        place_id=row["id"],
        area=area_text(row["area"]),
        kind=row["kind"],
        parent_id=row["parent_id"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )
    await runtime.outbox.append(tx, RegistryEventType.PLACE_CHANGED, row["id"], payload)


async def _area_changed(desk: Desk, _before: asyncpg.Record, after: asyncpg.Record) -> None:
    await _publish(desk.runtime, desk.tx, after)


AREA_FOLLOWING = Following("place", place=True, unique="code", moved=_area_changed)
"""A building, grid or group goes where the rule sends it, or what it does not name."""
