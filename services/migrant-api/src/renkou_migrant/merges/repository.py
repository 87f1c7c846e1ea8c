"""Queries of followed merges."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from renkou_common.database import Transaction

CERTIFICATE, APPLICATION = "certificate", "application"


@dataclass(frozen=True, slots=True)
class Followed:
    """A row that followed a merge: whose it was, and what undoing needs."""

    kind: str
    row_id: UUID
    kept_ref: UUID
    gone_person_id: UUID
    note: str | None


async def remember(tx: Transaction, gone_ref: UUID, followed: Sequence[Followed]) -> None:
    """Write what followed the record ``gone_ref``."""
    await tx.executemany(
        """
        INSERT INTO followed_merge (gone_ref, kind, row_id, kept_ref, gone_person_id, note)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        [(gone_ref, one.kind, one.row_id, one.kept_ref, one.gone_person_id, one.note) for one in followed],
    )


async def take_back(tx: Transaction, gone_ref: UUID) -> list[Followed]:
    """Return what followed the record ``gone_ref``, and forget it."""
    rows = await tx.fetch(
        """
        DELETE FROM followed_merge WHERE gone_ref = $1
        RETURNING kind, row_id, kept_ref, gone_person_id, note
        """,
        gone_ref,
    )
    return [Followed(**dict(row)) for row in rows]
