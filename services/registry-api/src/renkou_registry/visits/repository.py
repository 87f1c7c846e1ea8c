"""Every query on visits and on the batches of devices."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope

_VISIT = (
    "v.id, v.card_id, v.person_id, v.basis, v.state, v.population, v.area, v.place, v.due_on, v.planned_on,"
    " v.worker_id, v.accepted_on, v.settled_on, v.settled_by, v.outcome_sealed, v.next_due_on, v.version,"
    " v.changed_in"
)
_WOMAN = "p.name, p.birth_date, p.present_area, p.present_street, p.phone_sealed"
_FROM = f"SELECT {_VISIT}, {_WOMAN} FROM visit v JOIN person p ON p.id = v.person_id"
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi)"
    " WHERE p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi)"
)
_OPEN = "v.state IN ('offered', 'accepted')"
_CHANGED = "changed_in = (pg_current_xact_id()::text)::bigint, version = version + 1"


async def insert(tx: Transaction, visit: Mapping[str, Any]) -> None:
    """Write a visit that is offered."""
    names = ", ".join(visit)
    places = ", ".join(f"${number}" for number in range(1, len(visit) + 1))
    await tx.execute(f"INSERT INTO visit ({names}) VALUES ({places})", *visit.values())


async def save(tx: Transaction, visit_id: UUID, columns: Mapping[str, Any]) -> None:
    """Set columns of a visit and count its version up."""
    assignments = "".join(f"{name} = ${number}, " for number, name in enumerate(columns, 2))
    await tx.execute(f"UPDATE visit SET {assignments}{_CHANGED} WHERE id = $1", visit_id, *columns.values())


async def find(tx: Transaction, visit_id: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Return a visit in scope with whom and where it is for."""
    return await tx.fetchrow(
        f"{_FROM} WHERE v.id = $1 AND {_IN_SCOPE} AND NOT p.withdrawn", visit_id, scope.lows, scope.highs
    )


async def persons_of(tx: Transaction, visit_ids: Sequence[UUID], scope: AreaScope) -> dict[UUID, UUID]:
    """Return whom those of the visits are for that are in scope."""
    rows = await tx.fetch(
        "SELECT v.id, v.person_id FROM visit v JOIN person p ON p.id = v.person_id"
        f" WHERE v.id = ANY($1) AND {_IN_SCOPE} AND NOT p.withdrawn",
        visit_ids,
        scope.lows,
        scope.highs,
    )
    return {row["id"]: row["person_id"] for row in rows}


async def open_of(tx: Transaction, person_id: UUID) -> asyncpg.Record | None:
    """Return the open offer of a locked person."""
    return await tx.fetchrow(f"SELECT {_VISIT} FROM visit v WHERE v.person_id = $1 AND {_OPEN}", person_id)


async def last_settled(tx: Transaction, person_id: UUID) -> date | None:
    """Return the later of the days on which a person's last visit was due and settled."""
    found: date | None = await tx.fetchval(
        "SELECT max(greatest(due_on, settled_on)) FROM visit WHERE person_id = $1"
        " AND state IN ('kept', 'declined', 'missed')",
        person_id,
    )
    return found


async def of_card(
    tx: Transaction, card_id: UUID, after: tuple[date, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return the visits of a card that the caller was found to see, the latest due first."""
    due, last = after or (date.max, UUID(int=2**128 - 1))
    return await tx.fetch(
        f"{_FROM} WHERE v.card_id = $1 AND (v.due_on, v.id) < ($2, $3)"
        f" ORDER BY v.due_on DESC, v.id DESC LIMIT {limit:d}",
        card_id,
        due,
        last,
    )


async def worklist(
    tx: Transaction,
    interval: tuple[int, int],
    on: date,
    worker: UUID | None,
    *,
    unassigned_too: bool,
    after: tuple[int, date, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return the open visits planned up to a day of those who live in an area, by place, planned day and id.

    In this order an index has them, so that a page costs the same however many wait. ``after`` is that of the
    last one.
    """
    # The row comparison is where the index is entered: it must not begin before the area does.
    begin = after or (interval[0], date.min, UUID(int=0))
    order = "v.place, v.planned_on, v.id"
    return await tx.fetch(
        f"{_FROM} WHERE v.place BETWEEN $1 AND $2 AND v.planned_on <= $3 AND {_OPEN}"
        " AND NOT p.withdrawn AND ($4::uuid IS NULL OR v.worker_id = $4 OR ($5 AND v.worker_id IS NULL))"
        f" AND ({order}) > ($6, $7, $8) ORDER BY {order} LIMIT {limit:d}",
        *interval,
        on,
        worker,
        unassigned_too,
        *begin,
    )


async def horizon(tx: Transaction) -> int:
    """Return the lowest transaction that may still be writing: what lies below is complete."""
    found: int = await tx.fetchval("SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint")
    return found


async def changes(
    tx: Transaction, after: tuple[int, UUID], below: int, scope: AreaScope, limit: int
) -> list[asyncpg.Record]:
    """Return visits in scope changed after a place of the sequence, by completed transaction and id."""
    return await tx.fetch(
        f"{_FROM} WHERE (v.changed_in, v.id) > ($3, $4) AND v.changed_in < $5"
        " AND EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) s(lo, hi)"
        " WHERE p.present_area BETWEEN s.lo AND s.hi OR p.registered_area BETWEEN s.lo AND s.hi)"
        f" AND NOT p.withdrawn ORDER BY v.changed_in, v.id LIMIT {limit:d}",
        scope.lows,
        scope.highs,
        *after,
        below,
    )


async def lapsing(tx: Transaction, planned_before: date, limit: int) -> list[UUID]:
    """Return persons whose open offer was planned before a day."""
    rows = await tx.fetch(
        f"SELECT v.person_id FROM visit v WHERE {_OPEN} AND v.planned_on < $1 ORDER BY v.planned_on, v.id"
        f" LIMIT {limit:d}",
        planned_before,
    )
    return [row["person_id"] for row in rows]


async def is_staff(tx: Transaction, staff_id: UUID, place: int) -> bool:
    """Say whether somebody has a post that reaches a place, by which visits are recorded."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM staff_assignment a JOIN role r ON r.code = a.role AND r.active"
        " JOIN role_scope c ON c.role = r.code AND c.scope = 'visit:write'"
        " WHERE a.staff_id = $1 AND $2 BETWEEN a.area AND a.area_high)",
        staff_id,
        place,
    )
    return found


# Batches of devices


async def claim_batch(
    tx: Transaction, batch: UUID, sent_by: UUID, device: str, name: str, digest: bytes, at: datetime
) -> bool:
    """Write down that a batch came; False where it came before."""
    claimed = await tx.fetchval(
        "INSERT INTO visit_batch (id, sent_by, device_id, batch_id, request_hash, received_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sent_by, device_id, batch_id) DO NOTHING"
        " RETURNING true",
        batch,
        sent_by,
        device,
        name,
        digest,
        at,
    )
    return claimed is not None


async def known_batch(tx: Transaction, sent_by: UUID, device: str, name: str) -> asyncpg.Record | None:
    """Return a batch by what its sender called it."""
    return await tx.fetchrow(
        "SELECT * FROM visit_batch WHERE sent_by = $1 AND device_id = $2 AND batch_id = $3",
        sent_by,
        device,
        name,
    )


async def batch(tx: Transaction, batch_id: UUID, sent_by: UUID) -> asyncpg.Record | None:
    """Return a batch of this sender."""
    return await tx.fetchrow("SELECT * FROM visit_batch WHERE id = $1 AND sent_by = $2", batch_id, sent_by)


async def insert_item(tx: Transaction, item: Mapping[str, Any]) -> None:
    """Write down what became of an item."""
    names = ", ".join(item)
    places = ", ".join(f"${number}" for number in range(1, len(item) + 1))
    await tx.execute(f"INSERT INTO visit_batch_item ({names}) VALUES ({places})", *item.values())


async def items(tx: Transaction, batch_id: UUID) -> list[asyncpg.Record]:
    """Return the items of a batch in their order."""
    return await tx.fetch("SELECT * FROM visit_batch_item WHERE batch_id = $1 ORDER BY place", batch_id)


async def conflict(tx: Transaction, batch_id: UUID, client_id: str) -> asyncpg.Record | None:
    """Return an item of a batch, locked; of several with one name the first that is in conflict."""
    return await tx.fetchrow(
        "SELECT * FROM visit_batch_item WHERE batch_id = $1 AND client_id = $2"
        " ORDER BY state <> 'conflict', place LIMIT 1 FOR UPDATE",
        batch_id,
        client_id,
    )


async def settle_item(tx: Transaction, item_id: UUID, state: str, version: int | None) -> None:
    """Write how a conflict was settled; what the device sent is no longer needed."""
    await tx.execute(
        "UPDATE visit_batch_item SET state = $2, version = $3, sealed = NULL WHERE id = $1",
        item_id,
        state,
        version,
    )
