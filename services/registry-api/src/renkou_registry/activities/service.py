"""Activities: enter, change, cancel. Callers hold the transaction; nothing here commits."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import LineKey
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import ActivityChanged
from renkou_registry.activities.domain import activity_lines
from renkou_registry.activities.repository import ACTIVITIES
from renkou_registry.fields import check_not_future
from renkou_registry.records import Desk, check_open, check_something, enter, lock_version, own_area, publish


def _lines(row: asyncpg.Record | None) -> Counter[LineKey]:
    if row is None:
        return Counter()
    return activity_lines(
        row["area"],
        row["kind"],
        row["held_on"],
        row["people_reached"],
        [each["quantity"] for each in row["materials"]],
        cancelled=row["ended_on"] is not None,
    )


async def _changed(desk: Desk, row: asyncpg.Record, action: str, before: asyncpg.Record | None) -> None:
    await publish(
        desk,
        RegistryEventType.ACTIVITY_CHANGED,
        ActivityChanged,
        row["id"],
        row["area"],
        row["held_on"],
        action,
        _lines(row),
        _lines(before),
    )


async def create(desk: Desk, area: AreaCode, values: Mapping[str, Any]) -> UUID:
    """Enter an activity that was held; raises NotFound, InvalidInput."""
    check_not_future({"/held_on": values["held_on"]}, desk.today)
    activity_id = await enter(desk, ACTIVITIES, await own_area(desk, area), values)
    assert activity_id is not None
    await _changed(desk, await ACTIVITIES.find(desk.tx, activity_id, desk.scope), "entered", None)
    return activity_id


async def change(desk: Desk, activity_id: UUID, version: int, values: Mapping[str, Any]) -> asyncpg.Record:
    """Change an activity; its old counts are taken back.

    Raises NotFound, VersionMismatch, Conflict, InvalidInput.
    """
    check_something(values)
    before = await lock_version(desk, ACTIVITIES, activity_id, version)
    check_open(before)
    check_not_future({"/held_on": values.get("held_on")}, desk.today)
    row = await ACTIVITIES.update(desk.tx, activity_id, values)
    await _changed(desk, row, "changed", before)
    return row


async def cancel(desk: Desk, activity_id: UUID, version: int, reason: str) -> asyncpg.Record:
    """Cancel an activity; it counts nowhere any more."""
    before = await lock_version(desk, ACTIVITIES, activity_id, version)
    check_open(before)
    row = await ACTIVITIES.update(desk.tx, activity_id, {"ended_on": desk.today, "reason": reason})
    await _changed(desk, row, "cancelled", before)
    return row
