"""Every query on honour certificates. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.floor import PERSON_IN_SCOPE
from renkou_registry.honour.domain import Certificate

_COLUMNS = tuple(each.name for each in fields(Certificate))
_INSERT = (
    f"INSERT INTO honour_certificate ({', '.join(_COLUMNS)}, recorded_at, recorded_by)"
    f" VALUES ({', '.join(f'${number}' for number in range(1, len(_COLUMNS) + 3))})"
    " ON CONFLICT DO NOTHING RETURNING true"
)
_IN_SCOPE = f"EXISTS (SELECT FROM person p WHERE p.id IN (h.first_holder_id, h.second_holder_id) AND {PERSON_IN_SCOPE})"


async def next_number(tx: Transaction) -> int:
    """Return the next position in the row of numbers; gaps are possible."""
    position: int = await tx.fetchval("SELECT nextval('honour_number')")
    return position


async def insert(tx: Transaction, certificate: Certificate, recorded_at: datetime, recorded_by: UUID) -> bool:
    """Write a certificate; False where its number is taken or another one stands for the child."""
    values = asdict(certificate)
    created = await tx.fetchval(_INSERT, *(values[name] for name in _COLUMNS), recorded_at, recorded_by)
    return created is not None


async def end(tx: Transaction, certificate: Certificate) -> None:
    """Write that a certificate no longer stands and count its version up."""
    await tx.execute(
        "UPDATE honour_certificate SET state = $2, ended_on = $3, cancel_reason = $4, version = version + 1"
        " WHERE id = $1",
        certificate.id,
        certificate.state,
        certificate.ended_on,
        certificate.cancel_reason,
    )


async def find(
    tx: Transaction, certificate_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a certificate of which a holder is in scope."""
    locking = "FOR UPDATE OF h" if lock else ""
    return await tx.fetchrow(
        f"SELECT h.* FROM honour_certificate h WHERE h.id = $1 AND {_IN_SCOPE} {locking}",
        certificate_id,
        scope.lows,
        scope.highs,
    )


async def id_of_number(tx: Transaction, number: str) -> UUID | None:
    """Return the certificate with a number."""
    found: UUID | None = await tx.fetchval("SELECT id FROM honour_certificate WHERE number = $1", number)
    return found


async def of_person(tx: Transaction, person_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the certificates that a visible person holds, the latest first."""
    return await tx.fetch(
        "SELECT * FROM honour_certificate WHERE first_holder_id = $1 OR second_holder_id = $1"
        " ORDER BY issued_on DESC, id DESC LIMIT 20",
        person_id,
    )


async def holders(tx: Transaction, person_ids: Sequence[UUID], day: date) -> set[UUID]:
    """Return which of the persons hold a certificate on a day."""
    rows = await tx.fetch(
        "SELECT first_holder_id AS id FROM honour_certificate WHERE first_holder_id = ANY($1)"
        " AND issued_on <= $2 AND (ended_on IS NULL OR ended_on > $2)"
        " UNION SELECT second_holder_id FROM honour_certificate WHERE second_holder_id = ANY($1)"
        " AND issued_on <= $2 AND (ended_on IS NULL OR ended_on > $2)",
        person_ids,
        day,
    )
    return {row["id"] for row in rows}


async def page(
    tx: Transaction,
    interval: tuple[int, int],
    state: str | None,
    after: tuple[int, date, UUID],
    limit: int,
) -> Sequence[asyncpg.Record]:
    """Return certificates of an area by (area, day of issue, id)."""
    return await tx.fetch(
        "SELECT h.* FROM honour_certificate h WHERE h.area BETWEEN $1 AND $2"
        " AND EXISTS (SELECT FROM person p WHERE p.id IN (h.first_holder_id, h.second_holder_id)"
        " AND NOT p.withdrawn OFFSET 0)"
        " AND ($3::text IS NULL OR h.state = $3) AND (h.area, h.issued_on, h.id) > ($4, $5, $6)"
        " ORDER BY h.area, h.issued_on, h.id LIMIT $7",
        *interval,
        state,
        *after,
        limit,
    )
