"""Reconciliations: ask for one, read how it came out; :mod:`.working` works it off."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.database import Reader, Transaction
from renkou_common.errors import NotFound
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_reporting.labels import Label
from renkou_reporting.reconciliation import repository
from renkou_reporting.reconciliation.domain import KIND_TEXTS, Kind
from renkou_reporting.reconciliation.errors import ReconciliationUnderway
from renkou_reporting.reconciliation.schemas import (
    DifferenceAnswer,
    FeedResult,
    ListQuestion,
    ReconciliationAnswer,
    ReconciliationList,
    ReconciliationSummary,
    ReturnsResult,
    StockResult,
)

MAX_DIFFERENCES = 1000


@dataclass(frozen=True, slots=True)
class Latest:
    """The last reconciliation that was finished.

    ``positions`` say by feed up to which number it compared; ``unhealed`` how many differences it left.
    """

    id: UUID
    finished_at: datetime
    positions: dict[str, int]
    unhealed: int


async def latest(tx: Reader) -> Latest | None:
    """Return the last reconciliation that was finished, None where none ever was; for the checks of a closing."""
    row = await repository.latest(tx)
    if row is None:
        return None
    positions = {feed: min(told["position"], told["head"]) for feed, told in row["feeds"].items()}
    return Latest(row["id"], row["finished_at"], positions, row["found"] - row["healed"])


async def request_reconciliation(tx: Transaction, access: Access, clock: Clock) -> UUID:
    """Queue a reconciliation; raises ReconciliationUnderway."""
    run = new_id()
    if not await repository.insert(tx, run, access.subject, clock.now()):
        raise ReconciliationUnderway
    return run


async def read_reconciliation(tx: Transaction, run: UUID) -> ReconciliationAnswer:
    """Return a reconciliation with what it found; raises NotFound."""
    row = await repository.find(tx, run)
    if row is None:
        raise NotFound.of("对账", "reconciliation")
    found = await repository.differences(tx, run, MAX_DIFFERENCES)
    stock = row["stock"]
    return ReconciliationAnswer(
        **_summary(row),
        feeds=[FeedResult(feed=feed, **told) for feed, told in sorted(row["feeds"].items())],
        returns=ReturnsResult(**row["returns"]) if row["returns"] else None,
        stock=StockResult(**{"areas": None, "registered": None, "differing": None} | stock)
        if stock
        else None,
        differences=[_difference(one) for one in found],
    )


async def list_reconciliations(tx: Transaction, question: ListQuestion) -> ReconciliationList:
    """Return a page of reconciliations, the newest first."""
    before = decode_cursor(question.after, datetime, UUID)
    rows = await repository.page(tx, before, question.limit + 1)
    items = [ReconciliationSummary(**_summary(row)) for row in rows[: question.limit]]
    more = len(rows) > question.limit
    following = encode_cursor(items[-1].requested_at, items[-1].id) if more else None
    return ReconciliationList(items=items, next=following)


def _summary(row: asyncpg.Record) -> dict[str, Any]:
    names = ("id", "state", "requested_by", "requested_at", "finished_at", "found", "healed", "reason")
    equal = row["found"] == 0 if row["state"] == "done" else None
    return {name: row[name] for name in names} | {"equal": equal}


def _difference(row: asyncpg.Record) -> DifferenceAnswer:
    text = KIND_TEXTS[Kind(row["kind"])]
    return DifferenceAnswer(
        kind=row["kind"],
        label=Label(zh=text.zh, en=text.en),
        feed=row["feed"],
        seq=row["seq"],
        line_no=row["line_no"],
        area=AreaCode.from_key(row["area"]).value if row["area"] is not None else None,
        population=row["population"],
        stored=row["stored"],
        expected=row["expected"],
        healed=row["healed"],
        reason=row["reason"],
    )
