"""Products, specifications, points: enter, change, end. Callers hold the transaction."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import SupplyCatalogueChanged, SupplyPointChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_registry.records import Desk, check_open, check_something, enter, lock_version, own_area, publish
from renkou_registry.supplies.catalogue import repository
from renkou_registry.supplies.catalogue.repository import POINTS, PRODUCTS, SPECIFICATIONS


async def _catalogue_changed(desk: Desk, record_id: UUID, action: str) -> None:
    await publish(
        desk,
        RegistryEventType.SUPPLY_CATALOGUE_CHANGED,
        SupplyCatalogueChanged,
        record_id,
        desk.runtime.district.key,
        desk.today,
        action,
    )


async def point_changed(desk: Desk, row: asyncpg.Record, action: str) -> None:
    await publish(
        desk,
        RegistryEventType.SUPPLY_POINT_CHANGED,
        SupplyPointChanged,
        row["id"],
        row["area"],
        desk.today,
        action,
    )


async def create_product(desk: Desk, values: Mapping[str, Any]) -> UUID:
    """Enter a product of the district; raises NotFound to who works for less, Conflict for a taken code."""
    area = await own_area(desk, desk.runtime.district)
    product_id = await enter(desk, PRODUCTS, area, values)
    if product_id is None:
        raise Conflict("product_exists", "已有此品种代码", "there is a product of this code already")
    await _catalogue_changed(desk, product_id, "product_entered")
    return product_id


async def product(desk: Desk, product_id: UUID) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """Return a product, which everybody of the district may read, with its specifications."""
    row = await repository.product(desk.tx, product_id)
    if row is None:
        raise NotFound.of(PRODUCTS.zh, PRODUCTS.en)
    return row, await repository.specifications_of(desk.tx, product_id)


async def change_product(desk: Desk, product_id: UUID, version: int, changes: Mapping[str, Any]) -> None:
    """Change a product; raises NotFound, VersionMismatch, Conflict ``ended``, InvalidInput."""
    check_something(changes)
    check_open(await lock_version(desk, PRODUCTS, product_id, version))
    await PRODUCTS.update(desk.tx, product_id, changes)
    await _catalogue_changed(desk, product_id, "product_changed")


async def end_product(desk: Desk, product_id: UUID, version: int) -> None:
    """End a product: nothing more of it is received; what is in stock is still issued."""
    check_open(await lock_version(desk, PRODUCTS, product_id, version))
    await PRODUCTS.update(desk.tx, product_id, {"ended_on": desk.today})
    await _catalogue_changed(desk, product_id, "product_ended")


async def create_specification(desk: Desk, product_id: UUID, values: Mapping[str, Any]) -> UUID:
    """Enter a specification of a product; raises NotFound, Conflict."""
    area = await own_area(desk, desk.runtime.district)
    check_open(await PRODUCTS.lock(desk.tx, product_id, desk.scope))
    specification_id = await enter(desk, SPECIFICATIONS, area, {"product_id": product_id, **values})
    if specification_id is None:
        raise Conflict(
            "specification_exists", "该品种已有此规格", "the product has this specification already"
        )
    await _catalogue_changed(desk, specification_id, "specification_entered")
    return specification_id


async def known_specifications(desk: Desk, pointers: Mapping[str, UUID]) -> dict[UUID, asyncpg.Record]:
    """Return specifications by id; raises InvalidInput that names the first unknown one's place."""
    known = await repository.specifications(desk.tx, list(pointers.values()))
    for pointer, specification_id in pointers.items():
        if specification_id not in known:
            raise InvalidInput.field(pointer, "specification_unknown", "没有此规格", "no such specification")
    return known


async def specifications(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, asyncpg.Record]:
    """Return specifications with their products' code and name, by id."""
    return await repository.specifications(tx, sorted(ids))


async def product_of_code(desk: Desk, code: str) -> asyncpg.Record | None:
    """Return a product by its code."""
    return await repository.product_of_code(desk.tx, code)


async def specification_named(desk: Desk, product_code: str, name: str) -> asyncpg.Record:
    """Return a specification by its product's code and its name; raises InvalidInput ``/specification``."""
    row = await repository.specification_named(desk.tx, product_code, name)
    if row is None:
        raise InvalidInput.field(
            "/specification", "specification_unknown", "没有此品种代码的此规格", "no such specification"
        )
    return row


async def point_named(desk: Desk, area: AreaCode, name: str) -> asyncpg.Record:
    """Return an open point by its area and name; raises NotFound outside the caller's area, InvalidInput."""
    row = await repository.point_named(desk.tx, await own_area(desk, area), name)
    if row is None:
        raise InvalidInput.field("/point", "point_unknown", "该区划没有此发放点", "no such point")
    return row


def _point_exists() -> Conflict:
    return Conflict("point_exists", "该区划已有同名发放点", "the area has a point of this name already")


async def create_point(desk: Desk, area: AreaCode, values: Mapping[str, Any]) -> UUID:
    """Enter a point; raises NotFound outside the caller's area, Conflict for a name taken there."""
    point_id = await enter(desk, POINTS, await own_area(desk, area), values)
    if point_id is None:
        raise _point_exists()
    await point_changed(desk, await POINTS.find(desk.tx, point_id, desk.scope), "entered")
    return point_id


async def change_point(
    desk: Desk, point_id: UUID, version: int, changes: Mapping[str, Any]
) -> asyncpg.Record:
    """Change a point; raises NotFound, VersionMismatch, Conflict ``ended``, ``point_exists``, InvalidInput."""
    check_something(changes)
    check_open(await lock_version(desk, POINTS, point_id, version))
    try:
        row = await POINTS.update(desk.tx, point_id, changes)
    except asyncpg.UniqueViolationError as error:
        raise _point_exists() from error
    await point_changed(desk, row, "changed")
    return row


async def end_point(desk: Desk, point_id: UUID, version: int) -> asyncpg.Record:
    """End a point that holds nothing; raises Conflict ``point_not_empty`` otherwise."""
    check_open(await lock_version(desk, POINTS, point_id, version))
    if not await repository.is_empty(desk.tx, point_id):
        raise Conflict(
            "point_not_empty", "尚有库存或在途药具, 请先调出或报损", "there is stock, or some is on its way"
        )
    row = await POINTS.update(desk.tx, point_id, {"ended_on": desk.today})
    await point_changed(desk, row, "ended")
    return row


async def open_point(desk: Desk, point_id: UUID) -> asyncpg.Record:
    """Return a point of the caller's that has not been ended; raises NotFound, Conflict."""
    row = await POINTS.find(desk.tx, point_id, desk.scope)
    check_open(row)
    return row


async def any_open_point(desk: Desk, point_id: UUID, pointer: str) -> asyncpg.Record:
    """Return a point anywhere in the district that has not been ended; raises InvalidInput, Conflict."""
    row = await repository.point(desk.tx, point_id)
    if row is None:
        raise InvalidInput.field(pointer, "point_unknown", "没有此发放点", "no such distribution point")
    check_open(row)
    return row


async def set_level(desk: Desk, point_id: UUID, specification_id: UUID, level: int) -> None:
    """Set a reorder level of a point; raises NotFound, InvalidInput."""
    point = await open_point(desk, point_id)
    await known_specifications(desk, {"/specification_id": specification_id})
    await repository.set_level(desk.tx, point, specification_id, level, desk.now, desk.subject)
    await point_changed(desk, point, "level_set")
