"""HTTP of a woman's own card and visits: read, take back, accept, decline. For the person alone."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.errors import NotFound
from renkou_common.http.conditions import expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.scope import AreaScope
from renkou_registry.cards import own as own_card
from renkou_registry.cards.schemas import CardOut
from renkou_registry.me.identity import Myself, Own
from renkou_registry.runtime import CurrentRuntime, Runtime
from renkou_registry.visits import own as own_visits
from renkou_registry.visits.schemas import VisitPage

router = APIRouter(prefix="/me", tags=["me 本人"])
Version = Annotated[int, Depends(expected_version)]
EVERYWHERE = AreaScope.everything()
"""The own card lies where she lives or is registered; every statement names the person."""


@router.get("/card", summary="My card 我的信息卡", response_model=CardOut)
async def read_own_card(me: Myself, runtime: CurrentRuntime) -> CardOut:
    """Read the own card with everything told, in the clear. For the person."""
    return await _card(runtime, me)


async def _card(runtime: Runtime, me: Own) -> CardOut:
    async with runtime.database.transaction(EVERYWHERE, read_only=True) as tx:
        card = await own_card.read(runtime, tx, me.person_id)
    if card is None:
        raise NotFound.of("信息卡", "card")
    return card


@router.post("/card/facts/{fact_id}/withdrawal", summary="Take back what I told 撤回告知内容")
async def take_back_own_fact(fact_id: UUID, me: Myself, runtime: CurrentRuntime) -> CardOut:
    """Destroy something told before; it counts no longer. For the person."""
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await own_card.take_back(runtime, tx, me.person_id, fact_id)
    return await _card(runtime, me)


@router.put("/card/visits-declined", summary="I want no visits 不需要随访")
async def decline_all_visits(me: Myself, runtime: CurrentRuntime) -> CardOut:
    """Decline all visits from today on: none is offered any more, nothing follows. For the person."""
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await own_card.decline_visits(runtime, tx, me.person_id)
    return await _card(runtime, me)


@router.delete("/card/visits-declined", summary="I want visits again 恢复随访")
async def accept_visits_again(me: Myself, runtime: CurrentRuntime) -> CardOut:
    """Have visits offered again. For the person."""
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await own_card.accept_visits(runtime, tx, me.person_id)
    return await _card(runtime, me)


@router.get("/visits", summary="My visits 我的随访", response_model=VisitPage)
async def list_own_visits(
    me: Myself,
    runtime: CurrentRuntime,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> VisitPage:
    """Read offers and visits with what was written of them, the latest first. For the person."""
    async with runtime.database.transaction(EVERYWHERE, read_only=True) as tx:
        found = await own_visits.read(runtime, tx, me.person_id, decode_cursor(after, date, UUID), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = encode_cursor(last.due_on.isoformat(), str(last.id)) if last else None
    return VisitPage(items=list(found[:limit]), next=following)


@router.post("/visits/{visit_id}/acceptance", status_code=204, summary="Accept a visit 接受随访")
async def accept_own_visit(visit_id: UUID, me: Myself, runtime: CurrentRuntime, version: Version) -> Response:
    """Accept an offer. For the person."""
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await own_visits.accept(runtime, tx, me.person_id, visit_id, version)
    return Response(status_code=204)


@router.post("/visits/{visit_id}/decline", status_code=204, summary="Decline a visit 不需要此次随访")
async def decline_own_visit(
    visit_id: UUID, me: Myself, runtime: CurrentRuntime, version: Version
) -> Response:
    """Decline an offer; nothing follows from it. For the person."""
    async with runtime.database.transaction(EVERYWHERE) as tx:
        await own_visits.decline(runtime, tx, me.person_id, visit_id, version)
    return Response(status_code=204)
