"""Stocktaking: the sheet is entered by one person, its differences are booked by another.

The differences are those of the moment of the count; what moved since moved on its own account.
"""

from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.offices import SupplyDocumentKind as Kind
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import SupplyCountChanged
from renkou_common.errors import Conflict, FieldError, InvalidInput, Text
from renkou_registry.records import Desk, check_four_eyes, enter, lock_version, publish
from renkou_registry.supplies.catalogue.service import open_point
from renkou_registry.supplies.counts import repository
from renkou_registry.supplies.counts.repository import COUNTS
from renkou_registry.supplies.domain import Taken
from renkou_registry.supplies.fields import check_day
from renkou_registry.supplies.ledger.repository import batches_on_hand
from renkou_registry.supplies.ledger.service import post


async def _changed(desk: Desk, row: asyncpg.Record, action: str) -> None:
    await publish(
        desk,
        RegistryEventType.SUPPLY_COUNT_CHANGED,
        SupplyCountChanged,
        row["id"],
        row["area"],
        row["counted_on"],
        action,
    )


async def count(desk: Desk, point_id: UUID, on: date, counted: list[tuple[UUID, int]]) -> UUID:
    """Enter a count sheet beside what the ledger has at this moment; returns its id.

    Raises NotFound, InvalidInput (a batch twice, unknown here, or left out), Conflict ``count_open``.
    """
    check_day(on, desk.today)
    point = await open_point(desk, point_id)
    held = {stock.batch_id: stock.quantity for stock in await batches_on_hand(desk.tx, point_id)}
    _check_sheet(held, counted)
    count_id = await enter(
        desk, COUNTS, point["area"], {"point_id": point_id, "state": "entered", "counted_on": on}
    )
    if count_id is None:
        raise Conflict("count_open", "该点尚有未审核的盘点单", "a stocktaking of this point is still open")
    lines = [(batch_id, held[batch_id], number) for batch_id, number in sorted(counted)]
    await repository.add_lines(desk.tx, count_id, point["area"], lines)
    await _changed(desk, await COUNTS.find(desk.tx, count_id, desk.scope), "entered")
    return count_id


def _check_sheet(held: dict[UUID, int], counted: list[tuple[UUID, int]]) -> None:
    found: list[FieldError] = []
    seen: set[UUID] = set()
    for number, (batch_id, _) in enumerate(counted):
        pointer = f"/lines/{number}/batch_id"
        if batch_id not in held:
            text = Text("该发放点没有此批次", "this point does not hold that batch")
            found.append(FieldError(pointer, "batch_not_here", text))
        elif batch_id in seen:
            found.append(FieldError(pointer, "batch_twice", Text("该批次已列出", "is listed already")))
        seen.add(batch_id)
    missing = [str(batch_id) for batch_id, quantity in held.items() if quantity and batch_id not in seen]
    if missing:
        text = Text(f"漏盘批次: {'、'.join(missing[:20])}", f"batches left out: {', '.join(missing[:20])}")
        found.append(FieldError("/lines", "batch_left_out", text))
    if found:
        raise InvalidInput.fields(found)


async def _lock_entered(desk: Desk, count_id: UUID, version: int) -> asyncpg.Record:
    row = await lock_version(desk, COUNTS, count_id, version)
    if row["state"] != "entered":
        raise Conflict("count_settled", "该盘点单已审核", "this stocktaking has been settled")
    check_four_eyes(row["recorded_by"], desk.subject)
    return row


async def book(desk: Desk, count_id: UUID, version: int) -> asyncpg.Record:
    """Book the differences as one document of today; by another person than who counted."""
    row = await _lock_entered(desk, count_id, version)
    point = await open_point(desk, row["point_id"])
    entries = [
        Taken(
            line["batch_id"], line["specification_id"], line["expires_on"], line["counted"] - line["expected"]
        )
        for line in await repository.lines(desk.tx, [count_id])
        if line["counted"] != line["expected"]
    ]
    document_id = None
    if entries:
        entries.sort(key=lambda each: each.batch_id)
        document_id = await post(desk, point, Kind.STOCKTAKING, desk.today, entries, {})
    settled = {"settled_by": desk.subject, "settled_at": desk.now, "document_id": document_id}
    row = await COUNTS.update(desk.tx, count_id, {"state": "booked", **settled})
    await _changed(desk, row, "booked")
    return row


async def reject(desk: Desk, count_id: UUID, version: int, reason: str) -> asyncpg.Record:
    """Send a sheet back: nothing is booked, the stock is counted again."""
    await _lock_entered(desk, count_id, version)
    settled = {"settled_by": desk.subject, "settled_at": desk.now, "reason": reason}
    row = await COUNTS.update(desk.tx, count_id, {"state": "rejected", **settled})
    await _changed(desk, row, "rejected")
    return row
