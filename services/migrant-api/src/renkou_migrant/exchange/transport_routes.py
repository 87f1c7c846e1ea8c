"""HTTP of the transport: what goes on with each partner, what was found, and what could not be taken in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_migrant.exchange import comparison, dead_letters
from renkou_migrant.exchange.transport_schemas import (
    DeadLetterPage,
    DeadLetterRead,
    FindingPage,
    FindingRead,
    PairPage,
    PairRead,
    RestorationRead,
)
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(tags=["exchange 交换"])
Reader = Annotated[Access, Depends(requires(Scope.PARTNER_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PARTNER_MANAGE))]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/exchange/pairs", summary="The exchange with each partner 各区交换进度")
async def list_pairs(
    runtime: CurrentRuntime, access: Reader, after: str | None = None, limit: Limit = 50
) -> PairPage:
    """List how far the exchange with each partner has come, by code. Needs `partner:read`."""
    start = decode_key(after, str) or ""
    async with runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        found = await comparison.page(tx, start, limit + 1)
    return PairPage(
        items=[PairRead(**one) for one in found[:limit]],
        next=encode_cursor(found[limit - 1]["partner"]) if len(found) > limit else None,
    )


@router.get("/exchange/findings", summary="What comparing has shown 对账发现")
async def list_findings(
    runtime: CurrentRuntime, access: Reader, after: str | None = None, limit: Limit = 50
) -> FindingPage:
    """List what the daily digests have shown, the latest first. Needs `partner:read`."""
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await comparison.findings(tx, before, limit + 1)
    return FindingPage(
        items=[FindingRead.model_validate(one) for one in found[:limit]],
        next=encode_cursor(found[limit - 1]["position"]) if len(found) > limit else None,
    )


@router.post("/exchange/restoration", summary="This node was restored 已从备份恢复")
async def note_restoration(runtime: CurrentRuntime, access: Manager) -> RestorationRead:
    """Send nothing new before every partner has told what it holds. Say it after going on from a backup.

    Saying it again changes nothing while answers are outstanding. Needs `partner:manage`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        return RestorationRead(comparing=await comparison.start(tx))


@router.get("/exchange/dead-letters", summary="What could not be taken in 无法接收的来件")
async def list_dead_letters(
    runtime: CurrentRuntime, access: Reader, after: str | None = None, limit: Limit = 50
) -> DeadLetterPage:
    """List what came from the hub and could not be taken in, with the reason. Needs `partner:read`."""
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await dead_letters.page(tx, before, limit + 1)
    return DeadLetterPage(
        items=[DeadLetterRead(**one.members) for one in found[:limit]],
        next=encode_cursor(found[limit - 1].position) if len(found) > limit else None,
    )


@router.post("/exchange/dead-letters/{letter_id}/replay", summary="Take it in again 重新接收")
async def replay_dead_letter(letter_id: UUID, runtime: CurrentRuntime, access: Manager) -> DeadLetterRead:
    """Take a dead letter in again, as if it came now; one that was taken already is only returned.

    Who asked for it is kept with the letter. Needs `partner:manage`.
    """
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        found = await dead_letters.replay(tx, runtime, letter_id, access.subject, runtime.clock.now())
    return DeadLetterRead(**found.members)
