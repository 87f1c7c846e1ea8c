"""FastAPI side of identity: ``requires(scope)`` gives a route its :class:`Access`."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import cast

from fastapi import Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPBearer

from renkou_common.audit.acting import act_as, acting
from renkou_common.errors import Forbidden
from renkou_common.identity.principal import Access, Identity
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope

OWN = "own"
"""The right of a person to the own record."""
SIGNED_IN = "token"
"""The right of everybody with a good token, to what is the caller's own account."""
_RIGHT = "declared_right"
bearer = HTTPBearer(auto_error=False, description="Access token of POST /auth/token of registry-api")


def requires(scope: Scope) -> Callable[..., Awaitable[Access]]:
    """Return a dependency that lets only callers with ``scope`` in and says where they hold it.

    The application's lifespan puts an :class:`Identity` into its state under ``identity``.
    """

    async def dependency(request: Request, _: object = Security(bearer, scopes=[scope])) -> Access:
        identity = cast(Identity, request.app.state.identity)
        return await identity.access(request.headers.get("authorization"), scope)

    dependency.__name__ = f"requires_{scope.name.lower()}"
    return declares(scope)(dependency)


def declares[**P, R](right: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator by which a dependency or an endpoint says which right it asks for.

    A scope, :data:`OWN` or :data:`SIGNED_IN`. Who declares it also checks it. A test refuses routes that declare none.
    """

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        vars(function)[_RIGHT] = right
        return function

    return mark


def declared_rights(dependant: Dependant) -> Iterator[str]:
    """Return the rights that an endpoint and what it depends on declare."""
    right = getattr(dependant.call, _RIGHT, None)
    if right is not None:
        yield str(right)
    for each in dependant.dependencies:
        yield from declared_rights(each)


async def granted(request: Request, scopes: Iterable[Scope]) -> dict[Scope, AreaScope]:
    """Return where a caller holds each of some scopes; those not held are left out.

    For answers that show as much as the caller may see of several kinds of records. In whose stead the caller acts
    stays as the route's own right says.
    """
    identity, who = cast(Identity, request.app.state.identity), acting()
    found: dict[Scope, AreaScope] = {}
    for scope in sorted(set(scopes)):
        try:
            found[scope] = (await identity.access(request.headers.get("authorization"), scope)).areas
        except Forbidden:
            continue
    if who is not None:
        act_as(who)
    return found
