"""The caller of a request by the token alone, where no right is asked for: what concerns the own account."""

from typing import Annotated

from fastapi import Depends, Request

from renkou_common.identity.http import SIGNED_IN, bearer, declares
from renkou_common.identity.tokens import Claims
from renkou_registry.runtime import CurrentRuntime


@declares(SIGNED_IN)
async def _bearer_claims(
    request: Request, runtime: CurrentRuntime, _: Annotated[object, Depends(bearer)] = None
) -> Claims:
    claims, _token = await runtime.identity.authenticate(request.headers.get("authorization"))
    return claims


Caller = Annotated[Claims, Depends(_bearer_claims)]
