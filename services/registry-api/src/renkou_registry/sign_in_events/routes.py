"""HTTP of the record of sign-ins."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.sign_in_events import service
from renkou_registry.sign_in_events.domain import Outcome
from renkou_registry.sign_in_events.schemas import SignInEventOut, SignInEventPage

router = APIRouter(tags=["auth 登录"])


@router.get("/auth/events", summary="The record of sign-ins 登录记录", response_model=SignInEventPage)
async def list_events(
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.READING_AUDIT))],
    subject: Annotated[UUID | None, Query(description="one account only")] = None,
    outcome: Annotated[list[Outcome] | None, Query(description="these only; may be repeated")] = None,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SignInEventPage:
    """Sign-ins, failures, locks, ended sessions, passwords set: who, when, from where. Nothing of it can be
    changed; it goes when it has had its time (`/retention/rules`). Needs `reading:audit`."""
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, before=before, limit=limit + 1, subject=subject, outcomes=outcome)
    page = found[:limit]
    items = [SignInEventOut.model_validate(asdict(each) | {"id": str(each.id)}) for each in page]
    return SignInEventPage(items=items, next=encode_cursor(page[-1].id) if len(found) > limit else None)
