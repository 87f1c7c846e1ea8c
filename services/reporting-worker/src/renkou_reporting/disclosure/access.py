"""Who may see exact figures: callers with the scope ``figure:exact``; others are pointed to what is published."""

from typing import cast

from fastapi import Request, Security

from renkou_common.errors import Forbidden
from renkou_common.identity.http import bearer, declares
from renkou_common.identity.principal import Access, Identity
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_reporting.disclosure.errors import ExactFiguresOnly


@declares(Scope.FIGURE_EXACT)
async def exact_figures(
    request: Request, _: object = Security(bearer, scopes=[Scope.FIGURE_EXACT])
) -> Access:
    """Return where the caller may see exact figures; raises ExactFiguresOnly or Unauthenticated."""
    access = await _exact(request)
    if access is None:
        raise ExactFiguresOnly
    return access


async def sees_exact_figures(request: Request) -> bool:
    """Say whether the caller sees exact figures anywhere; raises Unauthenticated."""
    return await _exact(request) is not None


async def exact_areas(request: Request) -> AreaScope:
    """Return where the caller sees exact figures, which may be nowhere; raises Unauthenticated."""
    access = await _exact(request)
    return AreaScope.nothing() if access is None else access.areas


async def _exact(request: Request) -> Access | None:
    identity = cast(Identity, request.app.state.identity)
    try:
        return await identity.access(request.headers.get("authorization"), Scope.FIGURE_EXACT)
    except Forbidden:
        return None
