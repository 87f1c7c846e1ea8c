"""Every query on the record of sign-ins."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from renkou_common.database import Transaction
from renkou_registry.sign_in_events.domain import Account, Entry, Outcome


async def append(
    tx: Transaction,
    outcome: Outcome,
    account: Account,
    session_id: UUID | None,
    done_by: UUID | None,
    address: str | None,
    agent: str | None,
) -> None:
    """Add one row."""
    await tx.execute(
        "INSERT INTO sign_in_event (outcome, kind, subject, name, session_id, done_by, address, agent)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        outcome.value,
        account.kind,
        account.subject,
        account.name,
        session_id,
        done_by,
        address,
        agent,
    )


async def reset_by(tx: Transaction, by: UUID, subjects: Sequence[UUID], within: timedelta) -> set[UUID]:
    """Return of some accounts those that somebody has lately had in hand: has reset their password or second factor, or
    has said who of a provider they are."""
    rows = await tx.fetch(
        "SELECT DISTINCT subject FROM sign_in_event WHERE subject = ANY($2) AND done_by = $1"
        " AND outcome = ANY($3) AND happened_at > clock_timestamp() - $4::interval",
        by,
        subjects,
        [Outcome.PASSWORD_RESET, Outcome.FACTOR_RESET, Outcome.PROVIDER_LINKED],
        within,
    )
    return {row["subject"] for row in rows}


async def page(
    tx: Transaction, before: int | None, limit: int, subject: UUID | None, outcomes: Sequence[str] | None
) -> list[Entry]:
    """Return up to ``limit`` rows, newest first, those before ``before``."""
    rows = await tx.fetch(
        "SELECT id, happened_at, outcome, kind, subject, name, session_id, done_by, address, agent"
        " FROM sign_in_event WHERE ($1::bigint IS NULL OR id < $1) AND ($2::uuid IS NULL OR subject = $2)"
        " AND ($3::text[] IS NULL OR outcome = ANY($3)) ORDER BY id DESC LIMIT $4",
        before,
        subject,
        outcomes,
        limit,
    )
    return [Entry(**dict(row) | {"outcome": Outcome(row["outcome"])}) for row in rows]
