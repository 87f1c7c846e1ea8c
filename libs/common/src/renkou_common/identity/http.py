"""FastAPI side of identity: ``requires(scope)`` gives a route its :class:`Access`."""

from collections.abc import Awaitable, Callable
from typing import cast

from fastapi import Request, Security
from fastapi.security import HTTPBearer

from renkou_common.identity.principal import Access, Identity
from renkou_common.identity.roles import Scope

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
