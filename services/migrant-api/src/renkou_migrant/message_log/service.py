"""Appending to the message log and reading it."""

from renkou_common.database import Transaction
from renkou_migrant.message_log import domain, repository
from renkou_migrant.message_log.domain import Entry, Link


async def append(tx: Transaction, entries: list[Entry]) -> None:
    """Append entries in this order; call it late in the transaction, as the chain is locked until its end."""
    if entries:
        position, previous = await repository.lock_head(tx)
        await repository.insert(tx, domain.append(position, previous, entries))


async def page(tx: Transaction, after: int, limit: int) -> list[Link]:
    """Return entries after a position, in order."""
    return await repository.page(tx, after, limit)
