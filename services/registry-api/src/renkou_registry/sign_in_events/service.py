"""Noting what happens to accounts' access, in the transaction in which it happens."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.http.caller import Client
from renkou_registry.sign_in_events import repository
from renkou_registry.sign_in_events.domain import Account, Entry, Outcome


async def note(
    tx: Transaction,
    outcome: Outcome,
    account: Account,
    client: Client | None,
    *,
    session_id: UUID | None = None,
    done_by: UUID | None = None,
) -> None:
    """Note one thing; ``done_by`` is who did it where that is not the account's holder."""
    address, agent = (client.address, client.agent) if client else (None, None)
    await repository.append(tx, outcome, account, session_id, done_by, address, agent)


async def reset_by(tx: Transaction, by: UUID, subjects: Sequence[UUID], within: timedelta) -> set[UUID]:
    """Return of some accounts those whose password or second factor somebody has lately reset."""
    return await repository.reset_by(tx, by, subjects, within)


async def page(
    tx: Transaction,
    *,
    before: int | None,
    limit: int,
    subject: UUID | None,
    outcomes: Sequence[Outcome] | None,
) -> list[Entry]:
    """Return up to ``limit`` entries, newest first."""
    wanted = [each.value for each in outcomes] if outcomes else None
    return await repository.page(tx, before, limit, subject, wanted)
