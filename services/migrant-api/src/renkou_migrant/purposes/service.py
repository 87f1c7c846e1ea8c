"""The copy of the register's purposes that sending asks. Callers hold the transaction.

It starts with the purposes that every district starts with, and follows the register's feed: what the administrator
ends there is sent no more as soon as the event has come.
"""

from datetime import date

from renkou_common.contracts.registry_privacy import NOTICE, PurposeChanged
from renkou_common.database import Transaction


async def take_over(tx: Transaction, change: PurposeChanged) -> None:
    """Hold a purpose as the register has it now."""
    kinds = [each.removeprefix(NOTICE) for each in change.covers if each.startswith(NOTICE)]
    await tx.execute(
        "INSERT INTO exchange_purpose (code, kinds, active_from, active_to) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (code) DO UPDATE SET kinds = excluded.kinds, active_from = excluded.active_from,"
        " active_to = excluded.active_to",
        change.code,
        kinds,
        change.active_from,
        change.active_to,
    )


async def kinds_in_force(tx: Transaction, on: date) -> frozenset[str]:
    """Return the kinds of message that have a purpose in force on a day."""
    rows = await tx.fetch(
        "SELECT DISTINCT unnest(kinds) AS kind FROM exchange_purpose"
        " WHERE active_from <= $1 AND (active_to IS NULL OR $1 < active_to)",
        on,
    )
    return frozenset(row["kind"] for row in rows)
