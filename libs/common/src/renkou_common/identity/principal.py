"""The caller of a request: claims joined with the rights that this service's own database holds."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from renkou_common.audit.acting import Acting, act_as, acting
from renkou_common.clock import SHANGHAI
from renkou_common.errors import Forbidden, Unauthenticated
from renkou_common.identity.grants import Assignment, Grant, Grants, Ground, grants_at
from renkou_common.identity.roles import SERVICE_SCOPES, Scope
from renkou_common.identity.sessions import SessionGate
from renkou_common.identity.tokens import Claims, TokenVerifier
from renkou_common.scope import AreaScope


@dataclass(frozen=True, slots=True)
class Access:
    """A caller, where the right that was asked for holds and on which grounds (none named: by own right)."""

    subject: UUID
    kind: str
    name: str
    areas: AreaScope
    token: str
    grounds: tuple[Ground, ...] = ()

    def ground(self, area: int) -> Ground | None:
        """Return the ground on which the right holds at a 12-digit area key; None where none is named.

        Where several do, the caller's own right comes before another's duty, and an emergency last.
        """
        return next((each for each in self.grounds if each.areas.contains(area)), None)

    def acting_for(self, area: int) -> UUID | None:
        """Return the account in whose stead the caller acts at an area key; None by own right."""
        ground = self.ground(area)
        return ground.acting_for if ground else None

    @property
    def only_for(self) -> UUID | None:
        """Return the account in whose stead the caller acts, where the right is held in no other way."""
        stands_in = {each.acting_for for each in self.grounds}
        return stands_in.pop() if len(stands_in) == 1 else None

    @property
    def break_glass(self) -> UUID | None:
        """Return the emergency access by which the right reaches further than otherwise; None without one."""
        return next((each.break_glass for each in self.grounds if each.break_glass), None)

    def purpose(self, stated: str | None) -> str | None:
        """Return what a reading is for: the emergency while one is open, else what the caller stated."""
        return f"break_glass:{self.break_glass}" if self.break_glass else stated


type AssignmentLoader = Callable[[UUID], Awaitable[Iterable[Assignment]]]


class Identity:
    """Turns an Authorization header and a required scope into an :class:`Access`.

    Rights are read from the database and kept for ``ttl_seconds`` at most, so that a leaver's account
    ends at once. ``now`` is the clock of the days from and to which assignments hold: it is looked at in each
    request, so that a right ends with its day and needs no event.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        load_assignments: AssignmentLoader,
        *,
        sessions: SessionGate | None = None,
        ttl_seconds: float = 1.0,
        now: Callable[[], datetime] = lambda: datetime.now(SHANGHAI),
    ) -> None:
        self._verifier = verifier
        self._sessions = sessions
        self._load = load_assignments
        self._ttl = ttl_seconds
        self._now = now
        self._known: dict[UUID, tuple[float, datetime, Grants]] = {}

    async def authenticate(self, authorization: str | None) -> tuple[Claims, str]:
        """Return the claims and the raw token of an Authorization header."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("token_missing", "请先登录", "A bearer token is required")
        claims = await self._verifier.verify(token.strip())
        if self._sessions is not None:
            await self._sessions.check(claims)
        session = str(claims.session) if claims.session else None
        act_as(Acting(claims.subject, claims.kind, claims.name, session=session))
        return claims, token.strip()

    def known(self, token: str) -> tuple[UUID, str] | None:
        """Return whose token this is and of which kind of caller, where it was found good before and has not ended;
        asks nobody."""
        claims = self._verifier.known(token)
        return None if claims is None else (claims.subject, claims.kind)

    async def access(self, authorization: str | None, scope: Scope) -> Access:
        """Return the access that ``scope`` gives this caller; raises Unauthenticated or Forbidden."""
        claims, token = await self.authenticate(authorization)
        grant = await self._grant(claims, scope)
        if grant is None or not grant.areas.intervals:
            raise Forbidden("scope_missing", f"没有“{scope}”权限", f"The right {scope} is missing")
        access = Access(claims.subject, claims.kind, claims.name, grant.areas, token, grant.grounds)
        who = acting()
        if who is not None and (access.only_for is not None or access.break_glass is not None):
            act_as(replace(who, acting_for=access.only_for, purpose=access.purpose(None)))
        return access

    def forget(self, subject: UUID) -> None:
        """Read an account's rights anew at its next request, as they were just changed."""
        self._known.pop(subject, None)

    async def _grant(self, claims: Claims, scope: Scope) -> Grant | None:
        if claims.kind == "service":
            granted = SERVICE_SCOPES.get(claims.name, frozenset())
            return Grant(AreaScope.everything(), ()) if scope in granted else None
        if claims.kind != "staff":
            return None
        return (await self._grants(claims.subject)).by_scope.get(scope)

    async def _grants(self, staff_id: UUID) -> Grants:
        moment, now = time.monotonic(), self._now()
        known = self._known.get(staff_id)
        if known is not None:
            fresh_until, since, grants = known
            if moment <= fresh_until and since <= now and (grants.until is None or now < grants.until):
                return grants
        grants = grants_at(await self._load(staff_id), now)
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[staff_id] = (moment + self._ttl, now, grants)
        return grants
