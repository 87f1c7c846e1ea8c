"""Transfers: sent, in transit, received or called back. Callers hold the transaction."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.offices import SupplyDocumentKind as Kind
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import SupplyTransferChanged
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_registry.persons.domain import new_id
from renkou_registry.records import Desk, publish
from renkou_registry.supplies.catalogue.service import any_open_point, known_specifications, open_point
from renkou_registry.supplies.domain import Taken, Wanted, choose
from renkou_registry.supplies.fields import check_day
from renkou_registry.supplies.ledger import repository as ledger
from renkou_registry.supplies.ledger.service import post, post_reversal, write_off
from renkou_registry.supplies.transfers import repository


async def _changed(desk: Desk, row: asyncpg.Record, action: str, on: date) -> None:
    await publish(
        desk,
        RegistryEventType.SUPPLY_TRANSFER_CHANGED,
        SupplyTransferChanged,
        row["id"],
        row["to_area"],
        on,
        action,
    )


async def send(desk: Desk, point_id: UUID, to_point: UUID, on: date, lines: Sequence[Wanted]) -> UUID:
    """Take supplies out of a point's stock and put them on the way to another, first expiry first.

    Raises NotFound, InvalidInput, Conflict ``stock_short``.
    """
    check_day(on, desk.today)
    origin = await open_point(desk, point_id)
    target = await any_open_point(desk, to_point, "/to_point")
    if origin["id"] == target["id"]:
        raise InvalidInput.field("/to_point", "same_point", "不能调往本点", "must be another point")
    at = {f"/lines/{n}/specification_id": line.specification_id for n, line in enumerate(lines)}
    await known_specifications(desk, at)
    wanted = sorted({line.specification_id for line in lines})
    stocks = await ledger.lock_specifications(desk.tx, point_id, wanted)
    entries = choose(stocks, lines, on, desk.today)
    document_id = await post(desk, origin, Kind.TRANSFER_OUT, on, entries, {}, stocks=stocks)
    transfer_id = new_id()
    transfer = {
        "id": transfer_id,
        "area": origin["area"],
        "to_area": target["area"],
        "from_point": point_id,
        "to_point": to_point,
        "state": "in_transit",
        "sent_on": on,
        "out_document": document_id,
        "version": 1,
        "recorded_at": desk.now,
        "recorded_by": desk.subject,
    }
    await repository.insert(desk.tx, transfer, entries)
    row = await repository.find(desk.tx, transfer_id, desk.scope)
    await _changed(desk, row, "sent", on)
    return transfer_id


async def _lock_in_transit(desk: Desk, transfer_id: UUID, version: int) -> asyncpg.Record:
    row = await repository.find(desk.tx, transfer_id, desk.scope, lock=True)
    await check_current(desk.tx, transfer_id, version, row["version"])
    if row["state"] != "in_transit":
        raise Conflict("not_in_transit", "该调拨已收或已撤回", "this transfer arrived or was called back")
    return row


async def receive(
    desk: Desk, transfer_id: UUID, version: int, on: date, shortages: dict[UUID, int]
) -> asyncpg.Record:
    """Put what was sent into the stock of the caller's point; what is short is a loss on the way."""
    check_day(on, desk.today)
    transfer = await _lock_in_transit(desk, transfer_id, version)
    if not desk.scope.contains(transfer["to_area"]):
        raise NotFound.of("药具调拨单 (须由收方办理)", "transfer to a point of yours")
    if on < transfer["sent_on"]:
        raise InvalidInput.field("/on", "before_sent", "不能早于调出日期", "must not be before the sending")
    point = await open_point(desk, transfer["to_point"])
    sent = {
        row["batch_id"]: Taken(row["batch_id"], row["specification_id"], row["expires_on"], row["quantity"])
        for row in await repository.lines(desk.tx, [transfer_id])
    }
    for batch_id, short in shortages.items():
        if batch_id not in sent or short > sent[batch_id].quantity:
            raise InvalidInput.field(
                "/shortages", "more_than_sent", "短少数量超过调出数量", "more is short than was sent"
            )
    entries = sorted(sent.values(), key=lambda each: each.batch_id)
    document_id = await post(desk, point, Kind.TRANSFER_IN, on, entries, {})
    if shortages:
        await write_off(desk, point["id"], on, "transit", "调拨在途短少", shortages)
    row = await repository.settle(desk.tx, transfer_id, "received", on, document_id)
    await _changed(desk, row, "received", on)
    return row


async def call_back(desk: Desk, transfer_id: UUID, version: int, reason: str) -> asyncpg.Record:
    """Put what has not arrived back into the sender's stock."""
    transfer = await _lock_in_transit(desk, transfer_id, version)
    if not desk.scope.contains(transfer["area"]):
        raise NotFound.of("药具调拨单 (须由调出方办理)", "transfer from a point of yours")
    point = await open_point(desk, transfer["from_point"])
    document = await ledger.DOCUMENTS.find(desk.tx, transfer["out_document"], desk.scope)
    await post_reversal(desk, point, document, reason)
    row = await repository.settle(desk.tx, transfer_id, "called_back", desk.today, None)
    await _changed(desk, row, "called_back", desk.today)
    return row
