"""Posting to the ledger. Callers hold the transaction; nothing here commits.

Whoever moves stock first locks its rows in the order of the batches, then decides by the rules of
:mod:`renkou_registry.supplies.domain`, then writes. So concurrent issues wait for each other and none finds
more than there is; the table's own constraint stands behind.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.offices import SupplyDocumentKind as Kind
from renkou_common.contracts.lines import LineKey
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import SupplyPosted
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_registry.persons.domain import new_id
from renkou_registry.records import Desk, check_open, publish
from renkou_registry.supplies.catalogue.service import known_specifications, open_point
from renkou_registry.supplies.domain import Stock, Taken, Wanted, apply, batch_not_here, choose, issue_lines
from renkou_registry.supplies.fields import check_day
from renkou_registry.supplies.ledger import repository
from renkou_registry.supplies.ledger.repository import DOCUMENTS


@dataclass(frozen=True, slots=True)
class Received:
    """A line of a receipt."""

    specification_id: UUID
    number: str
    expires_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came in on a day; ``paper_number`` is what stands on the paper that came with it."""

    on: date
    lines: Sequence[Received]
    source: str | None = None
    paper_number: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """An issue that was posted."""

    id: UUID
    area: int
    on: date


async def receive(desk: Desk, point_id: UUID, receipt: Receipt) -> UUID:
    """Post a receipt and return its id; batches are made known by it.

    Raises NotFound, InvalidInput (unknown specification, batch expired or known with another expiry).
    """
    on, lines = receipt.on, receipt.lines
    check_day(on, desk.today)
    point = await open_point(desk, point_id)
    at = {f"/lines/{n}/specification_id": line.specification_id for n, line in enumerate(lines)}
    for row in (await known_specifications(desk, at)).values():
        check_open(row)
    taken: dict[UUID, Taken] = {}
    for number, line in enumerate(lines):
        batch_id = await _batch(desk, line, on, f"/lines/{number}")
        before = taken[batch_id].quantity if batch_id in taken else 0
        taken[batch_id] = Taken(batch_id, line.specification_id, line.expires_on, before + line.quantity)
    entries = sorted(taken.values(), key=lambda each: each.batch_id)
    details = {"source": receipt.source, "paper_number": receipt.paper_number}
    return await post(desk, point, Kind.RECEIPT, on, entries, details)


async def _batch(desk: Desk, line: Received, on: date, pointer: str) -> UUID:
    if line.expires_on < on:
        raise InvalidInput.field(
            f"{pointer}/expires_on",
            "batch_expired",
            "已过期的批次不得入库",
            "an expired batch is not received",
        )
    batch_id, expires_on = await repository.batch(
        desk.tx, new_id(), line.specification_id, line.number, line.expires_on, desk.now
    )
    if expires_on != line.expires_on:
        raise InvalidInput.field(
            f"{pointer}/expires_on",
            "batch_expiry_differs",
            f"该批号已登记的效期为 {expires_on}",
            f"this batch number is on record as expiring on {expires_on}",
        )
    return batch_id


async def issue(
    desk: Desk,
    point_id: UUID,
    on: date,
    lines: Sequence[Wanted],
    *,
    people: int,
    named: bool,
    reason: str | None,
) -> Issued:
    """Post an issue, first expiry first out. Raises NotFound, InvalidInput, Conflict ``stock_short``."""
    check_day(on, desk.today)
    point = await open_point(desk, point_id)
    at = {f"/lines/{n}/specification_id": line.specification_id for n, line in enumerate(lines)}
    await known_specifications(desk, at)
    wanted = sorted({line.specification_id for line in lines})
    stocks = await repository.lock_specifications(desk.tx, point_id, wanted)
    details = {"people": people, "named": named, "reason": reason}
    entries = choose(stocks, lines, on, desk.today)
    document_id = await post(desk, point, Kind.ISSUE, on, entries, details, stocks=stocks)
    return Issued(document_id, point["area"], on)


async def take_back(desk: Desk, point_id: UUID, on: date, issue_id: UUID, lines: dict[UUID, int]) -> UUID:
    """Post a return of what an issue gave out.

    Raises NotFound, Conflict ``more_than_issued``, ``batch_expired``, ``already_reversed``.
    """
    check_day(on, desk.today)
    point = await open_point(desk, point_id)
    await repository.serialise(desk.tx, issue_id)
    issued = await DOCUMENTS.find(desk.tx, issue_id, desk.scope)
    if issued["kind"] != Kind.ISSUE or issued["point_id"] != point_id:
        raise NotFound.of("发放单 (须为本发放点的)", "issue of this point")
    await _check_not_reversed(desk, issue_id)
    if on < issued["happened_on"]:
        raise InvalidInput.field("/on", "before_issue", "不能早于发放日期", "must not be before the issue")
    given = {row["batch_id"]: row for row in await repository.lines(desk.tx, [issue_id])}
    back = await repository.returned(desk.tx, issue_id)
    entries = []
    for batch_id, quantity in sorted(lines.items()):
        row = given.get(batch_id)
        left = -row["quantity"] - back.get(batch_id, 0) if row else 0
        if row is None or quantity > left:
            raise Conflict(
                "more_than_issued",
                f"该单该批次最多可退 {left}",
                f"at most {left} of this batch can come back",
            )
        if row["expires_on"] < on:
            raise Conflict("batch_expired", "已过期的不得退回入库", "what has expired does not come back")
        entries.append(Taken(batch_id, row["specification_id"], row["expires_on"], quantity))
    return await post(desk, point, Kind.RETURN, on, entries, {"refers_to": issue_id})


async def write_off(
    desk: Desk, point_id: UUID, on: date, loss_kind: str, reason: str, lines: dict[UUID, int]
) -> UUID:
    """Post a loss. Raises NotFound, Conflict ``batch_not_here``, ``stock_short``, ``not_expired``."""
    check_day(on, desk.today)
    point = await open_point(desk, point_id)
    stocks = await repository.lock_batches(desk.tx, point_id, sorted(lines))
    held = {stock.batch_id: stock for stock in stocks}
    entries = []
    for batch_id, quantity in sorted(lines.items()):
        if batch_id not in held:
            raise batch_not_here()
        stock = held[batch_id]
        if loss_kind == "expired" and stock.expires_on >= on:
            raise Conflict(
                "not_expired",
                f"该批次 {stock.expires_on} 才到期",
                f"this batch expires on {stock.expires_on}",
            )
        entries.append(Taken(batch_id, stock.specification_id, stock.expires_on, -quantity))
    details = {"loss_kind": loss_kind, "reason": reason}
    return await post(desk, point, Kind.LOSS, on, entries, details, stocks=stocks)


async def reverse(desk: Desk, document_id: UUID, reason: str) -> tuple[UUID, asyncpg.Record]:
    """Take a document back as a whole, dated today; returns the reversal's id and what was reversed.

    Transfers are called back at the transfer, a stocktaking by counting again. Raises NotFound, Conflict
    ``already_reversed``, ``not_reversible``, ``has_returns``, ``stock_short``.
    """
    await repository.serialise(desk.tx, document_id)
    document = await DOCUMENTS.find(desk.tx, document_id, desk.scope)
    if document["kind"] not in (Kind.RECEIPT, Kind.ISSUE, Kind.RETURN, Kind.LOSS):
        raise Conflict("not_reversible", "该单据不能冲销", "a document of this kind is not reversed")
    if document["refers_to"] is not None:
        await repository.serialise(desk.tx, document["refers_to"])
    await _check_not_reversed(desk, document_id)
    if document["kind"] == Kind.ISSUE and await repository.returned(desk.tx, document_id):
        raise Conflict("has_returns", "请先冲销该单的退回", "reverse the returns of this issue first")
    point = await open_point(desk, document["point_id"])
    return await post_reversal(desk, point, document, reason), document


async def post_reversal(desk: Desk, point: asyncpg.Record, document: asyncpg.Record, reason: str) -> UUID:
    """Post the opposite of a document's entries and take its counts back."""
    entries = [
        Taken(row["batch_id"], row["specification_id"], row["expires_on"], -row["quantity"])
        for row in await repository.lines(desk.tx, [document["id"]])
    ]
    details = {"refers_to": document["id"], "reason": reason}
    old = issue_lines(document["area"], document["happened_on"], document["people"])
    return await post(desk, point, Kind.REVERSAL, desk.today, entries, details, old=old)


async def _check_not_reversed(desk: Desk, document_id: UUID) -> None:
    if await repository.is_reversed(desk.tx, document_id):
        raise Conflict("already_reversed", "该单据已冲销", "this document has been reversed")


async def post(
    desk: Desk,
    point: asyncpg.Record,
    kind: Kind,
    on: date,
    entries: Sequence[Taken],
    details: dict[str, Any],
    *,
    stocks: Sequence[Stock] | None = None,
    old: Counter[LineKey] | None = None,
) -> UUID:
    """Post one document: check the rules on locked stock, write, publish; returns its id.

    ``stocks`` are rows that the caller has locked already; otherwise they are made and locked here.
    """
    if stocks is None:
        await repository.open_stock(desk.tx, point, entries, on)
        batches = sorted(entry.batch_id for entry in entries)
        stocks = await repository.lock_batches(desk.tx, point["id"], batches)
    apply(stocks, entries, on)
    document = {
        "id": new_id(),
        "area": point["area"],
        "point_id": point["id"],
        "kind": kind.value,
        "happened_on": on,
        "recorded_at": desk.now,
        "recorded_by": desk.subject,
    } | details
    await repository.insert_document(desk.tx, document)
    await repository.post(desk.tx, document, entries)
    new = issue_lines(point["area"], on, document.get("people", 0))
    await publish(
        desk,
        RegistryEventType.SUPPLY_POSTED,
        SupplyPosted,
        document["id"],
        point["area"],
        on,
        kind.value,
        new,
        old,
    )
    document_id: UUID = document["id"]
    return document_id
