"""The caller of a request: claims joined with the rights that this service's own database holds."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from renkou_common.errors import Forbidden, Unauthenticated
from renkou_common.identity.roles import ROLE_SCOPES, SERVICE_SCOPES, Role, Scope
from renkou_common.identity.tokens import Claims, TokenVerifier
from renkou_common.scope import AreaScope


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role over the subtree ``low..high`` of 12-digit area keys."""

    role: Role
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Access:
    """A caller and where the right that was asked for holds."""

    subject: UUID
    kind: str
    name: str
    areas: AreaScope
    token: str


type AssignmentLoader = Callable[[UUID], Awaitable[Iterable[Assignment]]]


def grants_of(assignments: Iterable[Assignment]) -> dict[Scope, AreaScope]:
    """Return for each scope the union of the areas in which some role grants it."""
    intervals: dict[Scope, list[tuple[int, int]]] = {}
    for assignment in assignments:
        for scope in ROLE_SCOPES[assignment.role]:
            intervals.setdefault(scope, []).append((assignment.low, assignment.high))
    return {scope: AreaScope.of(found) for scope, found in intervals.items()}


class Identity:
    """Turns an Authorization header and a required scope into an :class:`Access`.

    Rights are read from the database and kept for ``ttl_seconds`` at most, so that a leaver's account
    ends at once.
    """

    def __init__(
        self, verifier: TokenVerifier, load_assignments: AssignmentLoader, *, ttl_seconds: float = 1.0
    ) -> None:
        self._verifier = verifier
        self._load = load_assignments
        self._ttl = ttl_seconds
        self._known: dict[UUID, tuple[float, Mapping[Scope, AreaScope]]] = {}

    async def authenticate(self, authorization: str | None) -> tuple[Claims, str]:
        """Return the claims and the raw token of an Authorization header."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("token_missing", "请先登录", "A bearer token is required")
        return await self._verifier.verify(token.strip()), token.strip()

    async def access(self, authorization: str | None, scope: Scope) -> Access:
        """Return the access that ``scope`` gives this caller; raises Unauthenticated or Forbidden."""
        claims, token = await self.authenticate(authorization)
        areas = await self._areas(claims, scope)
        if areas is None or not areas.intervals:
            raise Forbidden("scope_missing", f"没有“{scope}”权限", f"The right {scope} is missing")
        return Access(claims.subject, claims.kind, claims.name, areas, token)

    async def _areas(self, claims: Claims, scope: Scope) -> AreaScope | None:
        if claims.kind == "service":
            granted = SERVICE_SCOPES.get(claims.name, frozenset())
            return AreaScope.everything() if scope in granted else None
        if claims.kind != "staff":
            return None
        now = time.monotonic()
        known = self._known.get(claims.subject)
        if known is None or known[0] < now:
            grants = grants_of(await self._load(claims.subject))
            if len(self._known) > 10_000:
                self._known.clear()
            known = (now + self._ttl, grants)
            self._known[claims.subject] = known
        return known[1].get(scope)
