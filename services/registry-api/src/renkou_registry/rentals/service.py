"""Rented houses, their tenants and yearly agreements. Callers hold the transaction; nothing here commits.

The agreement says that tenants are told of the free services; it holds no duty about anybody's contraception,
pregnancy or children.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Measure
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import RentalChanged
from renkou_common.errors import Conflict, InvalidInput
from renkou_registry.fields import check_areas, check_not_future
from renkou_registry.links import link, unlink
from renkou_registry.persons import service as persons
from renkou_registry.records import Desk, check_open, check_something, enter, lock_version, own_area, publish
from renkou_registry.rentals import repository
from renkou_registry.rentals.repository import AGREEMENTS, RENTALS, TENANTS
from renkou_registry.successions import Following
from renkou_registry.yearly.domain import Measures
from renkou_registry.yearly.service import Book, open_papers

NAME, PHONE = "rental.landlord", "rental.phone"
BOOK = Book(
    AGREEMENTS,
    "rental",
    RegistryEventType.RENTAL_CHANGED,
    RentalChanged,
    Measures(Measure.RENTAL_AGREEMENT_DUE, Measure.RENTAL_AGREEMENT_SIGNED),
)


async def _changed(desk: Desk, row: asyncpg.Record, action: str, on: date) -> None:
    await publish(desk, RegistryEventType.RENTAL_CHANGED, RentalChanged, row["id"], row["area"], on, action)


async def _columns(desk: Desk, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's values as columns: the landlord found in the register, or name and phone sealed."""
    columns = {name: values[name] for name in ("street", "rooms", "since") if values.get(name) is not None}
    cipher = desk.runtime.cipher
    if values.get("landlord_id") is not None:
        await persons.find(desk.tx, values["landlord_id"], desk.scope)
        columns |= {"landlord_id": values["landlord_id"], "landlord_sealed": None, "phone_sealed": None}
    elif values.get("landlord_name") is not None:
        sealed = cipher.encrypt(values["landlord_name"], NAME)
        columns |= {"landlord_id": None, "landlord_sealed": sealed, "phone_sealed": None}
    if values.get("landlord_phone") is not None:
        columns["phone_sealed"] = cipher.encrypt(values["landlord_phone"], PHONE)
    return columns


def _exists() -> Conflict:
    return Conflict("rental_exists", "该地址已登记出租房屋", "a rented house of this address is on record")


async def create(desk: Desk, area: AreaCode, values: Mapping[str, Any]) -> UUID:
    """Enter a house, its agreement of this year due at once; raises NotFound, Conflict ``rental_exists``."""
    check_areas({"/area": area}, desk.runtime.district)
    check_not_future({"/since": values["since"]}, desk.today)
    key = await own_area(desk, area)
    rental_id = await enter(desk, RENTALS, key, await _columns(desk, values))
    if rental_id is None:
        raise _exists()
    row = await RENTALS.find(desk.tx, rental_id, desk.scope)
    await _changed(desk, row, "entered", row["since"])
    await open_papers(desk, BOOK, desk.today.year, [(rental_id, key, row["since"])])
    return rental_id


async def at_street(desk: Desk, area: AreaCode, street: str) -> asyncpg.Record:
    """Return the house that is let at an address; raises NotFound outside the caller's area, InvalidInput."""
    row = await repository.at_street(desk.tx, await own_area(desk, area), street)
    if row is None:
        raise InvalidInput.field(
            "/street", "rental_unknown", "该地址没有登记的出租房屋", "no rented house of this address"
        )
    return row


async def change(desk: Desk, rental_id: UUID, version: int, values: Mapping[str, Any]) -> asyncpg.Record:
    """Change a house or its landlord; raises NotFound, VersionMismatch, Conflict, InvalidInput."""
    check_something(values)
    before = await lock_version(desk, RENTALS, rental_id, version)
    check_open(before)
    registered = before["landlord_id"] is not None and values.get("landlord_name") is None
    if values.get("landlord_phone") is not None and registered:
        raise InvalidInput.field(
            "/landlord_phone",
            "landlord_phone",
            "在册房东的电话见人员信息",
            "the phone of a registered landlord is the person's",
        )
    try:
        row = await RENTALS.update(desk.tx, rental_id, await _columns(desk, values))
    except asyncpg.UniqueViolationError as error:
        raise _exists() from error
    await _changed(desk, row, "changed", desk.today)
    return row


async def end(desk: Desk, rental_id: UUID, version: int, on: date) -> asyncpg.Record:
    """End the letting of a house; agreements and tenants stay as they were."""
    row = await lock_version(desk, RENTALS, rental_id, version)
    check_open(row)
    check_not_future({"/on": on}, desk.today)
    if on < row["since"]:
        raise InvalidInput.field(
            "/on", "before_since", "不能早于开始日期", "must not be before the beginning"
        )
    row = await RENTALS.update(desk.tx, rental_id, {"ended_on": on})
    await _changed(desk, row, "ended", on)
    return row


async def add_tenant(desk: Desk, rental_id: UUID, person_id: UUID, since: date, room: str | None) -> UUID:
    """Note that a person lives in a house; raises NotFound, Conflict ``linked_already``."""
    row = await RENTALS.find(desk.tx, rental_id, desk.scope)
    check_open(row)
    link_id = await link(desk, TENANTS, rental_id, person_id, since, {"room": room})
    await _changed(desk, row, "tenant_added", since)
    return link_id


async def end_tenant(desk: Desk, rental_id: UUID, link_id: UUID, until: date) -> asyncpg.Record:
    """Note until when a person lived in a house; raises NotFound, Conflict ``ended``."""
    row = await RENTALS.find(desk.tx, rental_id, desk.scope)
    ended = await unlink(desk, TENANTS, rental_id, link_id, until)
    await _changed(desk, row, "tenant_ended", until)
    return ended


async def _area_changed(desk: Desk, _before: asyncpg.Record, after: asyncpg.Record) -> None:
    await _changed(desk, after, "area_changed", desk.today)


AREA_FOLLOWING = Following("rental", street=True, unique="street", moved=_area_changed)
"""A rented house follows by its street when a community changes."""
