"""HTTP of verifying a printed proof."""

from typing import Annotated

from fastapi import APIRouter, Depends

from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.proofs import service
from renkou_registry.proofs.schemas import Verification, VerificationRequest
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["proofs 凭证"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]


@router.post("/proofs/verification", summary="Verify a proof 核验凭证", response_model=Verification)
async def verify(body: VerificationRequest, runtime: CurrentRuntime, _: Reader) -> Verification:
    """Say whether a printed proof agrees with the record as it stands; any office of the district may ask.
    Needs `resident:read`."""
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        return Verification(agrees=await service.agrees(runtime, tx, body.number, body.code))
