"""The query on published events by their ids."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from renkou_common.database import Transaction


async def events(tx: Transaction, event_ids: Sequence[UUID]) -> list[tuple[UUID, str, dict[str, Any]]]:
    """Return (id, type, payload) of published events, in the order in which they were recorded."""
    rows = await tx.fetch(
        "SELECT event_id, type, body FROM outbox WHERE event_id = ANY($1::uuid[]) ORDER BY position",
        event_ids,
    )
    return [(row["event_id"], row["type"], orjson.loads(row["body"])["data"]) for row in rows]
