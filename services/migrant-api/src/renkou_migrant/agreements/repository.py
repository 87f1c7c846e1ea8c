"""Queries of agreements and of what happened to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.agreements.document import read_members
from renkou_migrant.agreements.domain import Agreement, AgreementState, Terms

_SELECT = """
SELECT a.id, a.partner, a.text, a.state, a.proposed_here, a.own_signature, a.partner_signature, a.drafted_by,
    a.signed_by, a.suspended_here_at, a.suspended_there_at, a.heard_at, a.ended_on, a.replaced_from, a.revision
FROM agreement a
"""


@dataclass(frozen=True, slots=True)
class StoredAgreement:
    """An agreement with its text and the signatures at hand, as compact tokens."""

    agreement: Agreement
    text: bytes
    own_signature: str | None
    partner_signature: str | None
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an agreement; ``by`` is None where the partner or the node did it."""

    what: str
    at: datetime
    by: UUID | None
    reason: str | None = None
    document: str | None = None


def _agreement(row: asyncpg.Record) -> Agreement:
    return Agreement(
        id=row["id"],
        partner=row["partner"],
        terms=_terms(row["text"]),
        stored_state=AgreementState(row["state"]),
        proposed_here=row["proposed_here"],
        drafted_by=row["drafted_by"],
        signed_by=row["signed_by"],
        suspended_here_at=row["suspended_here_at"],
        suspended_there_at=row["suspended_there_at"],
        ended_on=row["ended_on"],
        replaced_from=row["replaced_from"],
        revision=row["revision"],
    )


@lru_cache(maxsize=4096)
def _terms(text: str) -> Terms:
    """Every batch of messages asks for the same few agreements: each text is read once."""
    return read_members(orjson.loads(text))


async def insert(
    tx: Transaction, agreement: Agreement, text: bytes, partner_signature: str | None, at: datetime
) -> bool:
    """Write an agreement; returns False where its id is taken already."""
    written = await tx.fetchval(
        """
        INSERT INTO agreement (id, partner, lineage, text, state, proposed_here, partner_signature, drafted_by,
            recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING RETURNING true
        """,
        agreement.id,
        agreement.partner,
        agreement.lineage,
        text.decode(),
        agreement.stored_state,
        agreement.proposed_here,
        partner_signature,
        agreement.drafted_by,
        at,
    )
    return bool(written)


async def get(tx: Transaction, agreement_id: UUID, *, lock: bool = False) -> StoredAgreement | None:
    """Return one agreement with its text and signatures."""
    row = await tx.fetchrow(f"{_SELECT} WHERE a.id = $1 {'FOR UPDATE' if lock else ''}", agreement_id)
    if row is None:
        return None
    return StoredAgreement(
        _agreement(row), row["text"].encode(), row["own_signature"], row["partner_signature"], row["heard_at"]
    )


async def get_many(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Agreement]:
    """Return agreements by id."""
    rows = await tx.fetch(f"{_SELECT} WHERE a.id = ANY($1::uuid[])", list(ids))
    return {row["id"]: _agreement(row) for row in rows}


async def of_partner(tx: Transaction, partner: str) -> list[Agreement]:
    """Return a partner's agreements, the one recorded last first."""
    rows = await tx.fetch(f"{_SELECT} WHERE a.partner = $1 ORDER BY a.recorded_at DESC, a.id", partner)
    return [_agreement(row) for row in rows]


async def active(tx: Transaction) -> list[Agreement]:
    """Return agreements under which something may go or come, by partner."""
    rows = await tx.fetch(f"{_SELECT} WHERE a.state IN ('signed', 'in_force') ORDER BY a.partner, a.id")
    return [_agreement(row) for row in rows]


async def page(
    tx: Transaction, partner: str | None, after: tuple[str, UUID] | None, limit: int
) -> list[Agreement]:
    """Return a page of agreements by partner and id."""
    rows = await tx.fetch(
        f"""{_SELECT}
        WHERE ($1::text IS NULL OR a.partner = $1)
          AND ($2::text IS NULL OR (a.partner, a.id) > ($2, $3::uuid))
        ORDER BY a.partner, a.id LIMIT $4
        """,
        partner,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [_agreement(row) for row in rows]


async def update(tx: Transaction, agreement_id: UUID, **columns: Any) -> None:
    """Write columns of an agreement as a change; names come from code, never from a request."""
    names = sorted(columns)
    settings = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, start=2))
    await tx.execute(
        f"UPDATE agreement SET {settings}, revision = revision + 1 WHERE id = $1",
        agreement_id,
        *(columns[name] for name in names),
    )


async def replace(tx: Transaction, lineage: UUID, successor: UUID, first_day: date) -> None:
    """Let the versions before ``successor`` hold until the day before its first day."""
    await tx.execute(
        """
        UPDATE agreement SET replaced_from = $3, revision = revision + 1
        WHERE lineage = $1 AND id <> $2 AND state IN ('signed', 'in_force')
          AND (replaced_from IS NULL OR replaced_from > $3)
        """,
        lineage,
        successor,
        first_day,
    )


async def suspended_by_partner(tx: Transaction, ids: Sequence[UUID], at: datetime) -> list[UUID]:
    """Note that a partner had suspended agreements when it signed something ``at`` an instant.

    Returns those of which it was not known. What the partner has declared of an agreement since then stands.
    """
    rows = await tx.fetch(
        """
        UPDATE agreement SET suspended_there_at = $2, revision = revision + 1
        WHERE id = ANY($1::uuid[]) AND suspended_there_at IS NULL AND (heard_at IS NULL OR heard_at < $2)
            AND state IN ('signed', 'in_force')
        RETURNING id
        """,
        list(ids),
        at,
    )
    return [row["id"] for row in rows]


async def note(tx: Transaction, agreement_id: UUID, event: Event) -> None:
    """Add to the history of an agreement."""
    await tx.execute(
        "INSERT INTO agreement_event (id, agreement_id, what, at, by, reason, document)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        new_id(),
        agreement_id,
        event.what,
        event.at,
        event.by,
        event.reason,
        event.document,
    )


async def history(tx: Transaction, agreement_id: UUID) -> list[Event]:
    """Return what happened to an agreement, oldest first."""
    rows = await tx.fetch(
        "SELECT what, at, by, reason, document FROM agreement_event WHERE agreement_id = $1 ORDER BY position",
        agreement_id,
    )
    return [Event(**dict(row)) for row in rows]
