"""HTTP of one's own pre-pregnancy checks: see how far they are, withdraw. For the person alone."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from renkou_common.errors import NotFound
from renkou_common.http.conditions import etag, expected_version
from renkou_common.scope import AreaScope
from renkou_registry.me.identity import Myself
from renkou_registry.prepregnancy import answers, service
from renkou_registry.prepregnancy.schemas import CheckOut, CheckPage
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(prefix="/me/prepregnancy-checks", tags=["me 本人"])
_EVERYWHERE = AreaScope.everything()
"""A check stays where the couple registered, wherever the person lives now; every query names the person."""


@router.get("", summary="My checks 我的孕前检查", response_model=CheckPage)
async def list_own(me: Myself, runtime: CurrentRuntime) -> CheckPage:
    """Read the checks that the caller takes part in, the latest first. For the person."""
    async with runtime.database.transaction(_EVERYWHERE, read_only=True) as tx:
        rows = await service.of_person(tx, me.access.areas, me.person_id)
    return CheckPage(items=[answers.summary(row) for row in rows], next=None)


@router.post("/{check_id}/withdrawal", summary="Withdraw 退出检查", response_model=CheckOut)
async def withdraw_own(
    check_id: UUID,
    response: Response,
    me: Myself,
    runtime: CurrentRuntime,
    version: Annotated[int, Depends(expected_version)],
) -> CheckOut:
    """Withdraw from a check: what was found is deleted; no reason is asked. For the person."""
    access = replace(me.access, areas=_EVERYWHERE)
    async with runtime.database.transaction(_EVERYWHERE) as tx:
        check = await service.find(tx, check_id, _EVERYWHERE)
        if me.person_id not in {each.id for each in check.couple}:
            raise NotFound.of("孕前检查", "pre-pregnancy check")
        found = await service.withdraw(runtime, tx, access, check_id, version, runtime.clock.today())
    response.headers["ETag"] = etag(found.row["version"])
    return answers.check(found)
