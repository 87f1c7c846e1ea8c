"""Every query on batches, stock, documents and entries."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.records import AreaTable
from renkou_registry.supplies.domain import Stock, Taken

DOCUMENTS = AreaTable("supply_document", "药具单据", "document")
_STOCK = "batch_id, specification_id, expires_on, quantity, last_on"
_LINES = (
    "SELECT e.document_id, e.batch_id, b.number AS batch_number, b.expires_on, e.specification_id, e.quantity"
    " FROM supply_entry e JOIN supply_batch b ON b.id = e.batch_id"
)


def _stock(row: asyncpg.Record) -> Stock:
    return Stock(row["batch_id"], row["specification_id"], row["expires_on"], row["quantity"], row["last_on"])


async def batch(
    tx: Transaction, batch_id: UUID, specification_id: UUID, number: str, expires_on: date, now: datetime
) -> tuple[UUID, date]:
    """Write a batch once; returns the id and the expiry of the one that stands."""
    await tx.execute(
        "INSERT INTO supply_batch (id, specification_id, number, expires_on, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (specification_id, number) DO NOTHING",
        batch_id,
        specification_id,
        number,
        expires_on,
        now,
    )
    row = await tx.fetchrow(
        "SELECT id, expires_on FROM supply_batch WHERE specification_id = $1 AND number = $2",
        specification_id,
        number,
    )
    assert row is not None
    return row["id"], row["expires_on"]


async def lock_specifications(tx: Transaction, point_id: UUID, ids: Sequence[UUID]) -> list[Stock]:
    """Lock a point's stock of specifications until the transaction ends, in the order of the batches."""
    rows = await tx.fetch(
        f"SELECT {_STOCK} FROM supply_stock WHERE point_id = $1 AND specification_id = ANY($2)"
        " ORDER BY batch_id FOR UPDATE",
        point_id,
        list(ids),
    )
    return [_stock(row) for row in rows]


async def lock_batches(tx: Transaction, point_id: UUID, ids: Sequence[UUID]) -> list[Stock]:
    """Lock a point's stock of batches until the transaction ends, in the order of the batches."""
    rows = await tx.fetch(
        f"SELECT {_STOCK} FROM supply_stock WHERE point_id = $1 AND batch_id = ANY($2)"
        " ORDER BY batch_id FOR UPDATE",
        point_id,
        list(ids),
    )
    return [_stock(row) for row in rows]


async def open_stock(tx: Transaction, point: asyncpg.Record, entries: Sequence[Taken], on: date) -> None:
    """Make the empty stock rows that a first entry of a batch at a point needs."""
    await tx.execute(
        "INSERT INTO supply_stock (point_id, batch_id, area, specification_id, expires_on, quantity, last_on)"
        " SELECT $1, t.batch, $2, t.specification, t.expires_on, 0, $3"
        " FROM unnest($4::uuid[], $5::uuid[], $6::date[]) AS t (batch, specification, expires_on)"
        " ORDER BY t.batch ON CONFLICT DO NOTHING",
        point["id"],
        point["area"],
        on,
        [each.batch_id for each in entries],
        [each.specification_id for each in entries],
        [each.expires_on for each in entries],
    )


async def insert_document(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Write the head of a document."""
    columns = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await tx.execute(f"INSERT INTO supply_document ({columns}) VALUES ({places})", *values.values())


async def post(tx: Transaction, document: Mapping[str, Any], entries: Sequence[Taken]) -> None:
    """Write entries and move the locked stock by them; the table itself refuses what falls below zero."""
    batches = [each.batch_id for each in entries]
    quantities = [each.quantity for each in entries]
    await tx.execute(
        "INSERT INTO supply_entry (document_id, point_id, batch_id, specification_id, area, kind,"
        " happened_on, quantity) SELECT $1, $2, t.batch, t.specification, $3, $4, $5, t.quantity"
        " FROM unnest($6::uuid[], $7::uuid[], $8::bigint[]) AS t (batch, specification, quantity)",
        document["id"],
        document["point_id"],
        document["area"],
        document["kind"],
        document["happened_on"],
        batches,
        [each.specification_id for each in entries],
        quantities,
    )
    await tx.execute(
        "UPDATE supply_stock s SET quantity = s.quantity + t.quantity, last_on = $2"
        " FROM unnest($3::uuid[], $4::bigint[]) AS t (batch, quantity)"
        " WHERE s.point_id = $1 AND s.batch_id = t.batch",
        document["point_id"],
        document["happened_on"],
        batches,
        quantities,
    )


async def lines(tx: Transaction, document_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the entries of documents that the caller was found to see, with batch number and expiry."""
    return await tx.fetch(
        f"{_LINES} WHERE e.document_id = ANY($1) ORDER BY e.document_id, e.position", list(document_ids)
    )


async def returned(tx: Transaction, issue_id: UUID) -> dict[UUID, int]:
    """Return how much of each batch of an issue came back, reversed returns left out."""
    rows = await tx.fetch(
        "SELECT e.batch_id, sum(e.quantity)::bigint AS quantity FROM supply_document d"
        " JOIN supply_entry e ON e.document_id = d.id WHERE d.refers_to = $1 AND d.kind = 'return'"
        " AND NOT EXISTS (SELECT FROM supply_document r WHERE r.refers_to = d.id AND r.kind = 'reversal')"
        " GROUP BY e.batch_id",
        issue_id,
    )
    return {row["batch_id"]: row["quantity"] for row in rows}


async def is_reversed(tx: Transaction, document_id: UUID) -> bool:
    """Whether a document has been reversed."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM supply_document WHERE refers_to = $1 AND kind = 'reversal')", document_id
    )
    return found


async def serialise(tx: Transaction, document_id: UUID) -> None:
    """Let nobody else decide about a document until the transaction ends (documents cannot be locked)."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(document_id))


async def add_recipient(tx: Transaction, document_id: UUID, area: int, sealed: bytes, index: bytes) -> None:
    """Write who received by an issue, sealed."""
    await tx.execute(
        "INSERT INTO supply_recipient (document_id, area, person_sealed, person_index)"
        " VALUES ($1, $2, $3, $4)",
        document_id,
        area,
        sealed,
        index,
    )


async def recipient(tx: Transaction, document_id: UUID) -> bytes | None:
    """Return who received by an issue, sealed; None for an anonymous one."""
    sealed: bytes | None = await tx.fetchval(
        "SELECT person_sealed FROM supply_recipient WHERE document_id = $1", document_id
    )
    return sealed


async def issues_to(
    tx: Transaction, indexes: Sequence[bytes], after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return the issues to a person that the caller's area shows, the newest first; ``indexes`` are those of
    the person's record and of records that have joined it."""
    return await tx.fetch(
        "SELECT d.*, EXISTS (SELECT FROM supply_document r WHERE r.refers_to = d.id AND r.kind = 'reversal')"
        " AS reversed FROM supply_recipient x JOIN supply_document d ON d.id = x.document_id"
        " WHERE x.person_index = ANY($1::bytea[]) AND x.document_id < $2 ORDER BY x.document_id DESC LIMIT $3",
        indexes,
        after or UUID(int=(1 << 128) - 1),
        limit,
    )


async def first_issue(tx: Transaction, indexes: Sequence[bytes], since: date, until: date) -> date | None:
    """Return the day of a person's first issue of a time that was not reversed."""
    day: date | None = await tx.fetchval(
        "SELECT min(d.happened_on) FROM supply_recipient x JOIN supply_document d ON d.id = x.document_id"
        " WHERE x.person_index = ANY($1::bytea[]) AND d.happened_on BETWEEN $2 AND $3 AND NOT EXISTS"
        " (SELECT FROM supply_document r WHERE r.refers_to = d.id AND r.kind = 'reversal')",
        indexes,
        since,
        until,
    )
    return day


async def documents_of_point(
    tx: Transaction, point_id: UUID, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return a point's documents, the newest first."""
    return await tx.fetch(
        "SELECT * FROM supply_document WHERE point_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        point_id,
        after or UUID(int=(1 << 128) - 1),
        limit,
    )


async def stock_of_point(
    tx: Transaction, point_id: UUID, after: tuple[UUID, date, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return what a point holds, by specification and expiry."""
    specification_id, expires_on, batch_id = after or (UUID(int=0), date.min, UUID(int=0))
    return await tx.fetch(
        "SELECT s.*, b.number AS batch_number FROM supply_stock s JOIN supply_batch b ON b.id = s.batch_id"
        " WHERE s.point_id = $1 AND s.quantity > 0"
        " AND (s.specification_id, s.expires_on, s.batch_id) > ($2, $3, $4)"
        " ORDER BY s.specification_id, s.expires_on, s.batch_id LIMIT $5",
        point_id,
        specification_id,
        expires_on,
        batch_id,
        limit,
    )


async def batches_on_hand(tx: Transaction, point_id: UUID) -> list[Stock]:
    """Lock and return everything a point holds."""
    rows = await tx.fetch(
        f"SELECT {_STOCK} FROM supply_stock WHERE point_id = $1 ORDER BY batch_id FOR UPDATE", point_id
    )
    return [_stock(row) for row in rows]
