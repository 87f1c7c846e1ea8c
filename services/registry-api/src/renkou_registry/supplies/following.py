"""Supplies when a community changes: a point follows with its stock, its reorder levels and its users."""

import asyncpg

from renkou_registry.records import Desk
from renkou_registry.successions import Following
from renkou_registry.supplies.catalogue import repository
from renkou_registry.supplies.catalogue.service import point_changed
from renkou_registry.supplies.users.service import follow_point


async def _area_changed(desk: Desk, _before: asyncpg.Record, after: asyncpg.Record) -> None:
    await repository.follow_point(desk.tx, after["id"], after["area"])
    await point_changed(desk, after, "area_changed")
    await follow_point(desk, after["id"], after["area"])


AREA_FOLLOWING = Following("supply_point", unique="name", moved=_area_changed)
"""A point goes where the rule sends what it does not name."""
