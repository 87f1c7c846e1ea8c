"""FastAPI side of identity: ``requires(scope)`` gives a route its :class:`Access`."""

from collections.abc import Awaitable, Callable, Iterable
from typing import cast

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from renkou_common.errors import Forbidden
from renkou_common.identity.principal import Access, Identity
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope

bearer = HTTPBearer(auto_error=False, description="Access token of POST /auth/token of registry-api")


def requires(scope: Scope) -> Callable[..., Awaitable[Access]]:
    """Return a dependency that lets only callers with ``scope`` in and says where they hold it.

    The application's lifespan puts an :class:`Identity` into its state under ``identity``.
    """

    async def dependency(request: Request, _: object = Security(bearer, scopes=[scope])) -> Access:
        identity = cast(Identity, request.app.state.identity)
        return await identity.access(request.headers.get("authorization"), scope)

    dependency.__name__ = f"requires_{scope.name.lower()}"
    return dependency


async def granted(request: Request, scopes: Iterable[Scope]) -> dict[Scope, AreaScope]:
    """Return where a caller holds each of some scopes; those not held are left out.

    For answers that show as much as the caller may see of several kinds of records.
    """
    identity = cast(Identity, request.app.state.identity)
    found: dict[Scope, AreaScope] = {}
    for scope in sorted(set(scopes)):
        try:
            found[scope] = (await identity.access(request.headers.get("authorization"), scope)).areas
        except Forbidden:
            continue
    return found
