"""HTTP of status lists and verification material: open to everyone, as there is nothing personal in it."""

from fastapi import APIRouter, Response

from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope
from renkou_migrant.credentials.status_list import MEDIA_TYPE
from renkou_migrant.runtime import CurrentRuntime
from renkou_migrant.status_lists import service
from renkou_migrant.status_lists.schemas import VerificationMaterial

router = APIRouter(prefix="/public", tags=["public 公开的核验材料"])
_CACHE = "public, max-age=60"


@router.get("/verification-material", summary="Trust list and status lists for offline verifiers 核验材料")
async def read_verification_material(runtime: CurrentRuntime, response: Response) -> VerificationMaterial:
    """Read what a verifier keeps to check certificates without a network. Open to everyone."""
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        trust_list, status_lists = await service.verification_material(tx, runtime)
    response.headers["Cache-Control"] = _CACHE
    return VerificationMaterial(
        trust_list=trust_list, status_lists=status_lists, generated_at=runtime.clock.now()
    )


@router.get(
    "/status-lists/{name}",
    summary="One status list 状态名单",
    response_class=Response,
    responses={200: {"content": {f"application/{MEDIA_TYPE}": {}}}},
)
async def read_status_list(name: str, runtime: CurrentRuntime) -> Response:
    """Read a list by its number, or a partner's as ``340103-1``. Open to everyone."""
    async with runtime.database.transaction(AreaScope.nothing(), read_only=True) as tx:
        token = await service.token_by_name(tx, runtime, name)
    if token is None:
        raise NotFound.of("状态名单", "status list")
    return Response(token, media_type=f"application/{MEDIA_TYPE}", headers={"Cache-Control": _CACHE})
