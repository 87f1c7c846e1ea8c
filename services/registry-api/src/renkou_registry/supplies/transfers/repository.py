"""Every query on transfers."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.http.changes import note
from renkou_common.scope import AreaScope
from renkou_registry.supplies.domain import Taken

_AT_EITHER_END = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi)"
    " WHERE t.area BETWEEN s.lo AND s.hi OR t.to_area BETWEEN s.lo AND s.hi)"
)


async def insert(tx: Transaction, values: Mapping[str, Any], entries: Sequence[Taken]) -> None:
    """Write a transfer with its lines (the quantities of ``entries`` are negative: they went out)."""
    columns = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await tx.execute(f"INSERT INTO supply_transfer ({columns}) VALUES ({places})", *values.values())
    await tx.execute(
        "INSERT INTO supply_transfer_line (transfer_id, batch_id, area, to_area, specification_id,"
        " expires_on, quantity) SELECT $1, t.batch, $2, $3, t.specification, t.expires_on, t.quantity"
        " FROM unnest($4::uuid[], $5::uuid[], $6::date[], $7::bigint[])"
        " AS t (batch, specification, expires_on, quantity)",
        values["id"],
        values["area"],
        values["to_area"],
        [each.batch_id for each in entries],
        [each.specification_id for each in entries],
        [each.expires_on for each in entries],
        [-each.quantity for each in entries],
    )


async def find(tx: Transaction, transfer_id: UUID, scope: AreaScope, *, lock: bool = False) -> asyncpg.Record:
    """Return a transfer from or to the caller's area; raises NotFound."""
    row = await tx.fetchrow(
        f"SELECT t.* FROM supply_transfer t WHERE t.id = $1 AND {_AT_EITHER_END}"
        + (" FOR UPDATE" if lock else ""),
        transfer_id,
        scope.lows,
        scope.highs,
    )
    if row is None:
        raise NotFound.of("药具调拨单", "transfer")
    return row


async def lines(tx: Transaction, transfer_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the lines of transfers that the caller was found to see."""
    return await tx.fetch(
        "SELECT l.*, b.number AS batch_number FROM supply_transfer_line l"
        " JOIN supply_batch b ON b.id = l.batch_id WHERE l.transfer_id = ANY($1)"
        " ORDER BY l.transfer_id, l.batch_id",
        list(transfer_ids),
    )


async def settle(
    tx: Transaction, transfer_id: UUID, state: str, on: object, in_document: UUID | None
) -> asyncpg.Record:
    """Write that a transfer arrived or was called back."""
    row = await tx.fetchrow(
        "UPDATE supply_transfer SET state = $2, settled_on = $3, in_document = $4, version = version + 1"
        " WHERE id = $1 RETURNING *",
        transfer_id,
        state,
        on,
        in_document,
    )
    assert row is not None
    await note(tx, transfer_id, row["version"], ["state", "settled_on", "in_document"])
    return row


async def page(
    tx: Transaction,
    column: str,
    interval: tuple[int, int],
    state: str | None,
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return transfers by (area, id) of the end that ``column`` (area or to_area) names."""
    area, transfer_id = after or (-1, UUID(int=0))
    return await tx.fetch(
        f"SELECT t.* FROM supply_transfer t WHERE t.{column} BETWEEN $1 AND $2"
        f" AND (t.{column}, t.id) > ($3, $4) AND ($5::text IS NULL OR t.state = $5)"
        f" ORDER BY t.{column}, t.id LIMIT $6",
        *interval,
        area,
        transfer_id,
        state,
        limit,
    )
