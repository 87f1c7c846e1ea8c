"""HTTP of certificate keys: for the administrator of the district."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.certificate_keys import service
from renkou_migrant.certificate_keys.schemas import (
    CertificateKeyList,
    CertificateKeyRead,
    CompromiseCreate,
    CompromiseRead,
)
from renkou_migrant.runtime import CurrentRuntime
from renkou_migrant.status_lists import service as status_lists

router = APIRouter(prefix="/certificate-keys", tags=["certificate keys 签发密钥"])
Reader = Annotated[Access, Depends(requires(Scope.PARTNER_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PARTNER_MANAGE))]
NEXT_STEP = (
    "请将新的地区说明 (GET /partners/self) 交给信任名单管理方, 并申请批量换发 (POST /certificate-reissues). "
    "Give the new description (GET /partners/self) to the operator of the trust list, and ask for a reissue."
)


@router.get("", summary="Keys that sign certificates 签发密钥列表")
async def list_keys(runtime: CurrentRuntime, access: Reader) -> CertificateKeyList:
    """List this district's keys, which one signs, and which are compromised. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        declared = await service.compromises(tx)
        signs = await status_lists.current_key(tx, runtime)
        listed = await status_lists.listed_keys(tx, runtime)
    items = [
        CertificateKeyRead(
            kid=key.kid,
            algorithm=key.signing.algorithm,
            valid_from=key.valid_from,
            valid_to=key.valid_to,
            listed=key.kid in listed,
            signs=signs is not None and key.kid == signs.kid,
            compromised_at=declared[key.kid].declared_at if key.kid in declared else None,
            compromise_reason=declared[key.kid].reason if key.kid in declared else None,
        )
        for key in runtime.certificate_keys
    ]
    return CertificateKeyList(items=items)


@router.post("/{kid}/compromise", status_code=201, summary="Declare a key compromised 宣布密钥泄露")
async def declare_compromised(
    kid: Annotated[str, Path(max_length=100)],
    body: CompromiseCreate,
    runtime: CurrentRuntime,
    access: Manager,
) -> CompromiseRead:
    """Stop a key for good and end every certificate that it signed; they wait for reissue.

    The status lists are signed anew with another key at once; the trust list's next issue leaves the key
    out. Needs `partner:manage`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        await service.declare(tx, runtime, kid, body.reason, access.subject)
        ended = await status_lists.end_signed_with(tx, kid)
    return CompromiseRead(kid=kid, ended=ended, next_step=NEXT_STEP)
