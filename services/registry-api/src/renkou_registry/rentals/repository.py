"""Tables of rented houses by name; most statements are in ``records``, ``links`` and ``yearly``."""

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.links import PersonLink
from renkou_registry.records import AreaTable

RENTALS = AreaTable("rental", "出租房屋", "rented house")
AGREEMENTS = AreaTable("rental_agreement", "出租房屋协议", "agreement")
TENANTS = PersonLink("rental_tenant", "rental", "租客", "tenant")


async def at_street(tx: Transaction, area: int, street: str) -> asyncpg.Record | None:
    """Return the house that is let at an address of an area that the caller was found to work for."""
    return await tx.fetchrow(
        "SELECT * FROM rental WHERE area = $1 AND street = $2 AND ended_on IS NULL", area, street
    )
