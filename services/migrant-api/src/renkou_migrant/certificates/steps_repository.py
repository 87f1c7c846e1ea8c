"""Queries of histories: what happened to a certificate or an application, when, who did it and why.

Both are written alike into a table of their own, which only grows.
"""

from dataclasses import dataclass
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.certificates.records import Actor, ActorKind, Recorded


@dataclass(frozen=True, slots=True)
class Steps:
    """A table of steps; ``of`` is the column that names whose they are."""

    table: str
    of: str

    async def add(self, tx: Transaction, subject: UUID, step: Recorded) -> None:
        """Write a step into the history of ``subject``."""
        await tx.execute(
            f"""
            INSERT INTO {self.table}
                ({self.of}, step, happened_on, recorded_at, actor_kind, actor_id, reason, note)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            subject,
            step.step,
            step.happened_on,
            step.recorded_at,
            step.actor.kind,
            step.actor.id,
            step.reason,
            step.note,
        )

    async def read(self, tx: Transaction, subject: UUID) -> list[Recorded]:
        """Return the history of ``subject`` in order."""
        rows = await tx.fetch(
            f"""
            SELECT step, happened_on, recorded_at, actor_kind, actor_id, reason, note
            FROM {self.table} WHERE {self.of} = $1 ORDER BY position
            """,
            subject,
        )
        return [
            Recorded(
                row["step"],
                row["happened_on"],
                row["recorded_at"],
                Actor(ActorKind(row["actor_kind"]), row["actor_id"]),
                row["reason"],
                row["note"],
            )
            for row in rows
        ]
