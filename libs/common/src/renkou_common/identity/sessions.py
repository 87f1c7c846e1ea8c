"""Sign-in sessions (登录会话) as every service sees them: a token of one that has ended opens nothing any more.

registry-api asks its own table. The other services keep what ``registry.session.ended.v1`` says in their table
``ended_session`` until the session's last access token has run out, and ask that.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID

from renkou_common.contracts.registry import SessionEnded
from renkou_common.database import Database, Transaction
from renkou_common.identity.tokens import Claims, refused
from renkou_common.scope import AreaScope

_REMEMBERED = 10_000


class SessionGate:
    """Refuses tokens of ended sessions.

    That a session goes on is believed for ``ttl_seconds`` at most; that it has ended is not kept but asked each time.
    """

    def __init__(self, has_ended: Callable[[UUID], Awaitable[bool]], *, ttl_seconds: float = 1.0) -> None:
        self._has_ended = has_ended
        self._ttl = ttl_seconds
        self._alive_until: OrderedDict[UUID, float] = OrderedDict()

    async def check(self, claims: Claims) -> None:
        """Raise Unauthenticated where the token's session has ended."""
        session = claims.session
        if session is None or self._alive_until.get(session, 0.0) > time.monotonic():
            return
        asked_at = time.monotonic()
        if await self._has_ended(session):
            self.forget(session)
            raise refused()
        self._alive_until[session] = asked_at + self._ttl
        self._alive_until.move_to_end(session)
        while len(self._alive_until) > _REMEMBERED:
            self._alive_until.popitem(last=False)

    def forget(self, session: UUID) -> None:
        """Ask again for this session: this process has ended it."""
        self._alive_until.pop(session, None)


def ended_session_gate(database: Database) -> SessionGate:
    """Return the gate of a service that learns of ended sessions by the feed."""

    async def has_ended(session: UUID) -> bool:
        async with database.reading(AreaScope.nothing()) as reader:
            return bool(
                await reader.fetchval(
                    "SELECT EXISTS (SELECT FROM ended_session WHERE session_id = $1)", session
                )
            )

    return SessionGate(has_ended)


async def take_over_end(tx: Transaction, ended: SessionEnded) -> None:
    """Note an ended session; those whose tokens have run out long ago are forgotten."""
    await tx.execute("DELETE FROM ended_session WHERE until < now() - interval '1 hour'")
    await tx.execute(
        "INSERT INTO ended_session (session_id, until) VALUES ($1, $2) ON CONFLICT (session_id) DO NOTHING",
        ended.session_id,
        ended.until,
    )
