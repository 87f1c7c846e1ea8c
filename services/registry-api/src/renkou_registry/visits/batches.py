"""Batches that devices send after they were offline. One transaction per batch, one savepoint per item.

The same batch again finds what became of it. An item made on an older version of its visit is not applied: it
is kept in conflict, with what the device sent sealed, until its sender says which side holds.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import ValidationError

from renkou_common.codes.cards import VisitState
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound, RenkouError, VersionMismatch
from renkou_common.http.problems import field_error
from renkou_common.identity.principal import Access
from renkou_registry.cards.repository import Row
from renkou_registry.fields import check_not_future
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import new_id
from renkou_registry.runtime import Runtime
from renkou_registry.visits import repository, service
from renkou_registry.visits.schemas import BatchCreate, BatchItem, OutcomeIn
from renkou_registry.visits.service import Outcome

ITEM = "visit_batch_item.sealed"


def outcome_of(body: OutcomeIn) -> Outcome:
    """Return the outcome that a request states."""
    return Outcome(
        VisitState(body.result),
        body.on,
        body.effect,
        body.problem,
        body.note,
        body.still_used,
        body.all_visits,
    )


async def receive(runtime: Runtime, tx: Transaction, access: Access, body: BatchCreate) -> UUID:
    """Apply a batch unless it came before; returns its id. Raises Conflict for another batch of that name."""
    digest = sha256(_json(body.items)).digest()
    mark = runtime.cipher.mark(digest, "visit_batch.request_hash")
    batch = new_id()
    claimed = await repository.claim_batch(
        tx, batch, access.subject, body.device_id, body.batch_id, mark, runtime.clock.now()
    )
    if not claimed:
        known = await repository.known_batch(tx, access.subject, body.device_id, body.batch_id)
        assert known is not None
        if known["request_hash"] not in (mark, digest):  # bare where it came before hashes had a key
            raise Conflict(
                "batch_reused",
                "该批次号已用于另一批数据",
                "a batch with this id but another content came before",
            )
        known_id: UUID = known["id"]
        return known_id
    parsed = [_parse(number, item) for number, item in enumerate(body.items)]
    wanted = sorted({each.visit_id for each in parsed if isinstance(each, BatchItem)})
    whose = await repository.persons_of(tx, wanted, access.areas)
    await persons.lock(tx, sorted(set(whose.values())), access.areas)
    bases: dict[UUID, int] = {}
    for place, (raw, item) in enumerate(zip(body.items, parsed, strict=True)):
        await _take(runtime, tx, access, batch, place, raw, item, whose, bases)
    return batch


def _json(value: Any) -> bytes:
    """Return JSON with sorted names, also of numbers beyond 64 bits: these are refused item by item."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return dumps(value, sort_keys=True).encode()


def _parse(number: int, item: dict[str, Any]) -> BatchItem | list[FieldError]:
    try:
        return BatchItem.model_validate_json(_json(item))
    except ValidationError as error:
        return [
            field_error(e["type"], ("items", number, *e["loc"]), e.get("ctx", {}), e["msg"])
            for e in error.errors()
        ]


async def _take(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    batch: UUID,
    place: int,
    raw: dict[str, Any],
    item: BatchItem | list[FieldError],
    whose: Mapping[UUID, UUID],
    bases: dict[UUID, int],
) -> None:
    """Apply one item or write down why not."""
    row: dict[str, Any] = {"id": new_id(), "batch_id": batch, "place": place, "errors": []}
    if isinstance(item, list):
        row |= {"client_id": str(raw.get("client_id", ""))[:64], "state": "refused", "errors": _told(item)}
        await repository.insert_item(tx, row)
        return
    row |= {"client_id": item.client_id, "visit_id": item.visit_id, "base_version": item.base_version}
    row["person_id"] = whose.get(item.visit_id)
    try:
        async with _savepoint(tx):
            follows_own = bases.get(item.visit_id) == item.base_version
            version = None if follows_own else item.base_version
            row["version"] = await _apply(runtime, tx, access, item, version, f"/items/{place}")
        row["state"] = "applied"
        bases.setdefault(item.visit_id, item.base_version)
    except VersionMismatch as mismatch:
        content = item.model_dump_json(include={"outcome", "acceptance", "plan"}, exclude_none=True)
        row |= {"state": "conflict", "version": mismatch.current}
        row["sealed"] = runtime.cipher.seal(content.encode(), ITEM)
    except RenkouError as error:
        found = error.errors or (FieldError(f"/items/{place}", error.code, error.detail),)
        row |= {"state": "refused", "errors": _told(list(found))}
    await repository.insert_item(tx, row)


def _told(errors: list[FieldError]) -> list[dict[str, str]]:
    return [{"pointer": e.pointer, "code": e.code, "zh": e.text.zh, "en": e.text.en} for e in errors]


@asynccontextmanager
async def _savepoint(tx: Transaction) -> AsyncIterator[None]:
    await tx.execute("SAVEPOINT item")
    try:
        yield
    except RenkouError:
        await tx.execute("ROLLBACK TO SAVEPOINT item")
        raise
    await tx.execute("RELEASE SAVEPOINT item")


async def _apply(
    runtime: Runtime, tx: Transaction, access: Access, item: BatchItem, version: int | None, at: str
) -> int:
    """Do what a device did; returns the visit's version after it."""
    today = runtime.clock.today()
    held = await service.hold(tx, item.visit_id, access.areas, version)
    part = ""
    try:
        if item.outcome is not None:
            part = "/outcome"
            check_not_future({"/on": item.outcome.on}, today)
            await service.settle(runtime, tx, held, outcome_of(item.outcome), access.subject)
        elif item.acceptance is not None:
            part = "/acceptance"
            check_not_future({"/on": item.acceptance.on}, today)
            await service.accept(runtime, tx, held, item.acceptance.on)
        elif item.plan is not None:
            part = "/plan"
            await service.reschedule(runtime, tx, held, item.plan.columns(access.subject))
    except InvalidInput as error:
        raise InvalidInput.fields(
            [FieldError(at + part + each.pointer, each.code, each.text) for each in error.errors]
        ) from error
    found: int = (await service.find(tx, item.visit_id, access.areas))["version"]
    return found


async def find(
    tx: Transaction, access: Access, batch_id: UUID
) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """Return a batch of the caller's with its items; raises NotFound."""
    batch = await repository.batch(tx, batch_id, access.subject)
    if batch is None:
        raise NotFound.of("批次", "batch")
    return batch, await repository.items(tx, batch_id)


def device_side(runtime: Runtime, item: Row) -> dict[str, Any] | None:
    """Return what the device sent of an item in conflict."""
    sealed: bytes | None = item["sealed"]
    return None if sealed is None else orjson.loads(runtime.cipher.unseal(sealed, ITEM))


async def resolve(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    batch_id: UUID,
    client_id: str,
    keep: str,
    version: int,
) -> None:
    """Settle a conflict for one side; ``version`` is the visit as the caller saw it.

    Raises NotFound, VersionMismatch where the visit changed once more, Conflict where nothing is in conflict.
    """
    await find(tx, access, batch_id)
    item = await repository.conflict(tx, batch_id, client_id)
    if item is None:
        raise NotFound.of("批次项目", "item of this batch")
    if item["state"] == f"kept_{keep}":
        return
    if item["state"] != "conflict":
        raise Conflict("not_in_conflict", "该项目没有待处理的冲突", "this item is not in conflict")
    held = await service.hold(tx, item["visit_id"], access.areas, version)
    after = held.visit["version"]
    if keep == "device":
        content = {"client_id": client_id, "visit_id": str(item["visit_id"]), "base_version": version}
        again = BatchItem.model_validate_json(orjson.dumps(content | (device_side(runtime, item) or {})))
        after = await _apply(runtime, tx, access, again, version, "")
    await repository.settle_item(tx, item["id"], f"kept_{keep}", after)
