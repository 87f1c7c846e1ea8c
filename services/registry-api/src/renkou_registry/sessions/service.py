"""Sign-in sessions: opened, renewed, listed, ended. The caller owns the transaction."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from renkou_common.contracts.registry import RegistryEventType, SessionEnded
from renkou_common.database import Database, Transaction
from renkou_common.http.caller import Client
from renkou_common.identity.sessions import SessionGate
from renkou_common.ids import new_id
from renkou_common.messaging.outbox import Outbox
from renkou_common.scope import AreaScope
from renkou_registry.sessions import repository
from renkou_registry.sessions.domain import Ending, Limits, Session, Verdict, judge
from renkou_registry.settings import RegistrySettings
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.sign_in_events.domain import Account, Outcome

_CLOCKS_APART = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and the refresh token that renews it; the token itself is kept nowhere."""

    session: Session
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Renewal:
    """What came of a refresh token: a session to go on with, or none, and why."""

    verdict: Verdict
    opened: Opened | None = None


def limits_of(settings: RegistrySettings) -> Limits:
    """Return how long sessions and access tokens live."""
    return Limits(
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(minutes=settings.session_minutes),
        access=timedelta(seconds=settings.access_token_seconds),
    )


def session_gate(database: Database) -> SessionGate:
    """Return what refuses tokens of sessions that ended, read from this database."""

    async def has_ended(session_id: UUID) -> bool:
        async with database.reading(AreaScope.nothing()) as reader:
            return await repository.has_ended(reader, session_id)

    return SessionGate(has_ended)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


async def open_session(
    tx: Transaction, limits: Limits, account: Account, client: Client, *, two_factors: bool = False
) -> Opened:
    """Open a session for an account that has just proved who it is, by ``two_factors`` or by one."""
    assert account.subject is not None
    assert account.name is not None
    session = await repository.insert(
        tx,
        new_id(),
        account.kind,
        account.subject,
        account.name,
        limits.absolute,
        client.address,
        client.agent,
        two_factors=two_factors,
    )
    token = secrets.token_urlsafe(32)
    await repository.insert_refresh(tx, _hash(token), session.id)
    await sign_in_events.note(tx, Outcome.SIGNED_IN, account, client, session_id=session.id)
    return Opened(session, token)


async def renew(
    tx: Transaction, outbox: Outbox, limits: Limits, refresh_token: str, attempt: str | None, client: Client
) -> Renewal:
    """Exchange a refresh token; one that was exchanged before ends its session, see :func:`.domain.judge`."""
    token_hash = _hash(refresh_token)
    found = await repository.presented(tx, token_hash)
    if found is None:
        return Renewal(Verdict.OVER)
    session = found.session
    attempt_hash = _hash(f"{session.id}:{attempt}") if attempt else None
    verdict = judge(found, attempt_hash, limits)
    if verdict is Verdict.REUSED:
        account = Account(session.kind, session.subject, session.name)
        await sign_in_events.note(tx, Outcome.REFRESH_REUSED, account, client, session_id=session.id)
        await end(tx, outbox, limits, session.subject, Ending.REFRESH_REUSED, client, only=session.id)
    if verdict in (Verdict.REUSED, Verdict.OVER):
        return Renewal(verdict)
    token = secrets.token_urlsafe(32)
    await repository.insert_refresh(tx, _hash(token), session.id)
    if verdict is Verdict.REPEAT and found.successor is not None:
        await repository.use_refresh(tx, found.successor, None, None)
    await repository.use_refresh(tx, token_hash, _hash(token), attempt_hash)
    await repository.touch(tx, session.id, client.address, client.agent)
    return Renewal(verdict, Opened(session, token))


async def note_factors(
    tx: Transaction, subject: UUID, only: UUID | None = None, *, two_factors: bool
) -> None:
    """Note that a second factor now stands behind a session, or that none does behind any of the account's."""
    await repository.note_factors(tx, subject, only, two_factors=two_factors)


async def in_force(tx: Transaction, limits: Limits, subject: UUID) -> list[Session]:
    """Return an account's sessions in force, newest first."""
    return await repository.alive(tx, subject, limits.idle)


async def end(
    tx: Transaction,
    outbox: Outbox,
    limits: Limits,
    subject: UUID,
    why: Ending,
    client: Client | None = None,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
    done_by: UUID | None = None,
) -> list[UUID]:
    """End an account's sessions (one, all but one, all), note it and tell the other services; return which."""
    ended = await repository.end(tx, subject, why, only, but)
    last_token = datetime.now(UTC) + limits.access + _CLOCKS_APART
    for session_id, kind, name, expires_at in ended:
        account = Account(kind, subject, name)
        await sign_in_events.note(
            tx, Outcome.SESSION_ENDED, account, client, session_id=session_id, done_by=done_by
        )
        payload = SessionEnded(session_id=session_id, until=min(last_token, expires_at + _CLOCKS_APART))
        await outbox.append(tx, RegistryEventType.SESSION_ENDED, session_id, payload)
    return [session_id for session_id, *_ in ended]
