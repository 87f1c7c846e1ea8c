"""Queries of certificates. Explicit area predicates here, the row-level floor underneath."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_migrant.certificates.domain import CertificateState, LimitedBy
from renkou_migrant.certificates.records import StoredCertificate
from renkou_migrant.certificates.steps_repository import Steps

STEPS = Steps("certificate_step", "certificate_id")
_SELECT = """
SELECT c.id, c.position, c.number, c.person_id, c.person_ref, c.registered_area, c.birth_month, c.sex,
    c.valid_from, c.valid_to, c.limited_by, c.revoked_on, c.revocation_reason, c.died_on, c.list_number,
    c.status_index, c.kid, c.issued_at, c.version, c.groups, c.holder_key, c.revocation_note, c.replaced_on,
    c.replaced_as, c.replacement_reason, c.successor_id, c.facts_changed, c.facts_changed_at, c.facts_changed_on
FROM certificate c
"""
_IN_SCOPE = """
EXISTS (
    SELECT FROM unnest($1::bigint[], $2::bigint[]) s(lo, hi) WHERE c.registered_area BETWEEN s.lo AND s.hi
)
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None means everything. ``standing`` is asked about the day ``today``."""

    today: date
    person_id: UUID | None = None
    number: str | None = None
    area: tuple[int, int] | None = None
    standing: bool | None = None
    facts_changed: bool | None = None
    kid: str | None = None


def _certificate(row: asyncpg.Record) -> StoredCertificate:
    values = dict(row)
    values["limited_by"] = LimitedBy(row["limited_by"])
    values["replaced_as"] = CertificateState(row["replaced_as"]) if row["replaced_as"] else None
    return StoredCertificate(**values)


async def insert(
    tx: Transaction, new: StoredCertificate, sealed: bytes, paper_sealed: bytes | None, issued_by: UUID
) -> None:
    """Write a certificate; its position is the database's."""
    await tx.execute(
        """
        INSERT INTO certificate (id, number, person_id, person_ref, registered_area, birth_month, sex,
            valid_from, valid_to, limited_by, list_number, status_index, kid, sealed, issued_at, issued_by,
            groups, holder_key, paper_sealed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        """,
        new.id,
        new.number,
        new.person_id,
        new.person_ref,
        new.registered_area,
        new.birth_month,
        new.sex,
        new.valid_from,
        new.valid_to,
        new.limited_by,
        new.list_number,
        new.status_index,
        new.kid,
        sealed,
        new.issued_at,
        issued_by,
        list(new.groups),
        new.holder_key,
        paper_sealed,
    )


async def find(
    tx: Transaction, scope: AreaScope, certificate_id: UUID, *, lock: bool = False
) -> StoredCertificate | None:
    """Return a certificate in scope."""
    row = await tx.fetchrow(
        f"{_SELECT} WHERE c.id = $3 AND {_IN_SCOPE} {'FOR UPDATE' if lock else ''}",
        scope.lows,
        scope.highs,
        certificate_id,
    )
    return None if row is None else _certificate(row)


async def sealed(tx: Transaction, scope: AreaScope, certificate_id: UUID) -> bytes | None:
    """Return the sealed text of a certificate in scope."""
    return await _sealed(tx, scope, certificate_id, "sealed")


async def paper_sealed(tx: Transaction, scope: AreaScope, certificate_id: UUID) -> bytes | None:
    """Return the sealed form for paper of a certificate in scope that is bound to a holder's key."""
    return await _sealed(tx, scope, certificate_id, "paper_sealed")


async def _sealed(tx: Transaction, scope: AreaScope, certificate_id: UUID, column: str) -> bytes | None:
    found: bytes | None = await tx.fetchval(
        f"SELECT c.{column} FROM certificate c WHERE c.id = $3 AND {_IN_SCOPE}",
        scope.lows,
        scope.highs,
        certificate_id,
    )
    return found


async def of_holders(tx: Transaction, refs: Sequence[UUID]) -> list[StoredCertificate]:
    """Return all certificates of some persons, in the order of issue."""
    rows = await tx.fetch(f"{_SELECT} WHERE c.person_ref = ANY($1::uuid[]) ORDER BY c.position", list(refs))
    return [_certificate(row) for row in rows]


async def find_many(tx: Transaction, ids: Collection[UUID]) -> list[StoredCertificate]:
    """Return certificates by id, in the order of issue."""
    rows = await tx.fetch(f"{_SELECT} WHERE c.id = ANY($1::uuid[]) ORDER BY c.position", list(ids))
    return [_certificate(row) for row in rows]


async def reassign(tx: Transaction, ids: Collection[UUID], person_ref: UUID, person_id: UUID) -> None:
    """Make certificates those of another record of the register."""
    await tx.execute(
        """
        UPDATE certificate SET person_ref = $2, person_id = $3, version = version + 1
        WHERE id = ANY($1::uuid[])
        """,
        list(ids),
        person_ref,
        person_id,
    )


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[StoredCertificate]:
    """Return certificates, the last issued first, before a position."""
    rows = await tx.fetch(
        f"""{_SELECT}
        WHERE {_IN_SCOPE}
          AND ($3::bigint IS NULL OR c.position < $3)
          AND ($4::uuid IS NULL OR c.person_id = $4)
          AND ($5::text IS NULL OR c.number = $5)
          AND ($6::bigint IS NULL OR c.registered_area BETWEEN $6 AND $7::bigint)
          AND ($8::boolean IS NULL OR $8 = ($9::date BETWEEN c.valid_from AND c.valid_to
               AND coalesce(c.revoked_on > $9, true) AND coalesce(c.replaced_on > $9, true)
               AND coalesce(c.died_on > $9, true)))
          AND ($11::boolean IS NULL OR $11 = (cardinality(c.facts_changed) > 0))
          AND ($12::text IS NULL OR c.kid = $12)
        ORDER BY c.position DESC LIMIT $10
        """,
        scope.lows,
        scope.highs,
        before,
        filters.person_id,
        filters.number,
        filters.area[0] if filters.area else None,
        filters.area[1] if filters.area else None,
        filters.standing,
        filters.today,
        limit,
        filters.facts_changed,
        filters.kid,
    )
    return [_certificate(row) for row in rows]


async def revoke(
    tx: Transaction, certificate_id: UUID, on: date, reason: str, note: str | None, by: UUID
) -> None:
    """Write the first day without the certificate and why."""
    await tx.execute(
        """
        UPDATE certificate SET revoked_on = $2, revocation_reason = $3, revocation_note = $4, revoked_by = $5,
            version = version + 1
        WHERE id = $1
        """,
        certificate_id,
        on,
        reason,
        note,
        by,
    )


async def supersede(
    tx: Transaction, certificate_id: UUID, on: date, state: CertificateState, reason: str | None, by: UUID
) -> None:
    """Write since when another certificate stands in the place of this one."""
    await tx.execute(
        """
        UPDATE certificate SET replaced_on = $2, replaced_as = $3, replacement_reason = $4, successor_id = $5,
            version = version + 1
        WHERE id = $1
        """,
        certificate_id,
        on,
        state,
        reason,
        by,
    )


async def mark_facts_changed(
    tx: Transaction, certificate_id: UUID, names: Sequence[str], changed_on: date, changed_at: datetime
) -> None:
    """Note about which facts the register says otherwise, and the earliest day something came about."""
    await tx.execute(
        """
        UPDATE certificate SET facts_changed = $2, facts_changed_at = $4,
            facts_changed_on = least(facts_changed_on, $3), version = version + 1
        WHERE id = $1
        """,
        certificate_id,
        list(names),
        changed_on,
        changed_at,
    )


async def unmark_facts(tx: Transaction, certificate_id: UUID, names: Sequence[str]) -> None:
    """Take facts off those about which the register says otherwise; with the last one goes the day."""
    await tx.execute(
        """
        UPDATE certificate c SET facts_changed = left_over.names, version = version + 1,
            facts_changed_at = CASE WHEN cardinality(left_over.names) > 0 THEN c.facts_changed_at END,
            facts_changed_on = CASE WHEN cardinality(left_over.names) > 0 THEN c.facts_changed_on END
        FROM (
            SELECT array(SELECT unnest(facts_changed) EXCEPT SELECT unnest($2::text[]) ORDER BY 1) AS names
            FROM certificate WHERE id = $1
        ) AS left_over
        WHERE c.id = $1
        """,
        certificate_id,
        list(names),
    )


async def follow_register(
    tx: Transaction,
    person_ref: UUID,
    *,
    sex: int,
    birth_month: str,
    died_on: date | None,
    registered_area: int | None,
) -> None:
    """Let a person's certificates follow the register; ``registered_area`` None leaves the area."""
    await tx.execute(
        """
        UPDATE certificate SET sex = $2, birth_month = $3, died_on = $4,
            registered_area = coalesce($5, registered_area), version = version + 1
        WHERE person_ref = $1 AND (sex, birth_month, died_on, registered_area) IS DISTINCT FROM
            ($2::integer, $3::text, $4::date, coalesce($5::bigint, registered_area))
        """,
        person_ref,
        sex,
        birth_month,
        died_on,
        registered_area,
    )
