"""HTTP of supplies: catalogue and points, ledger, transfers, stocktaking, users, balances."""

from fastapi import APIRouter

from renkou_registry.supplies.balances.routes import router as balances
from renkou_registry.supplies.catalogue.routes import router as catalogue
from renkou_registry.supplies.counts.routes import router as counts
from renkou_registry.supplies.ledger.routes import router as ledger
from renkou_registry.supplies.transfers.routes import router as transfers
from renkou_registry.supplies.users.routes import router as users

router = APIRouter()
for part in (catalogue, ledger, transfers, counts, users, balances):
    router.include_router(part)
