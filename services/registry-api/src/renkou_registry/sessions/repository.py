"""Every query on sign-in sessions and refresh tokens; real time, by the database's clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from renkou_common.database import Reader, Transaction
from renkou_registry.sessions.domain import Ending, Presented, Session

_COLUMNS = (
    "s.id, s.subject, s.kind, s.name, s.created_at, s.last_used_at, s.expires_at, s.address, s.agent, s.ended_at,"
    " s.two_factors"
)


def _session(row: asyncpg.Record) -> Session:
    return Session(**{name: row[name] for name in Session.__slots__})


async def insert(
    tx: Transaction,
    session_id: UUID,
    kind: str,
    subject: UUID,
    name: str,
    lasts: timedelta,
    address: str,
    agent: str,
    *,
    two_factors: bool,
) -> Session:
    """Add a session that begins now."""
    row = await tx.fetchrow(
        "INSERT INTO sign_in_session AS s (id, kind, subject, name, expires_at, address, agent, two_factors)"
        f" VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval, $6, $7, $8) RETURNING {_COLUMNS}",
        session_id,
        kind,
        subject,
        name,
        lasts,
        address,
        agent,
        two_factors,
    )
    assert row is not None
    return _session(row)


async def insert_refresh(tx: Transaction, token_hash: bytes, session_id: UUID) -> None:
    """Add a refresh token."""
    await tx.execute("INSERT INTO refresh_token (hash, session_id) VALUES ($1, $2)", token_hash, session_id)


async def presented(tx: Transaction, token_hash: bytes) -> Presented | None:
    """Return a refresh token and lock its session: attempts on one session come one after another."""
    session_id = await tx.fetchval("SELECT session_id FROM refresh_token WHERE hash = $1", token_hash)
    if session_id is None:
        return None
    locked = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM sign_in_session s WHERE s.id = $1 FOR UPDATE", session_id
    )
    row = await tx.fetchrow(
        "SELECT r.used_at, r.attempt_hash, r.successor, n.used_at IS NOT NULL AS successor_used,"
        " clock_timestamp() AS now"
        " FROM refresh_token r LEFT JOIN refresh_token n ON n.hash = r.successor WHERE r.hash = $1",
        token_hash,
    )
    if locked is None or row is None:
        return None
    return Presented(session=_session(locked), **dict(row))


async def use_refresh(
    tx: Transaction, token_hash: bytes, successor: bytes | None, attempt_hash: bytes | None
) -> None:
    """Note that a refresh token was exchanged, or (without a successor) that another one took its place."""
    await tx.execute(
        "UPDATE refresh_token SET used_at = coalesce(used_at, clock_timestamp()), successor = $2,"
        " attempt_hash = $3 WHERE hash = $1",
        token_hash,
        successor,
        attempt_hash,
    )


async def touch(tx: Transaction, session_id: UUID, address: str, agent: str) -> None:
    """Note that a session was used, and from where."""
    await tx.execute(
        "UPDATE sign_in_session SET last_used_at = clock_timestamp(), address = $2, agent = $3 WHERE id = $1",
        session_id,
        address,
        agent,
    )


async def note_factors(tx: Transaction, subject: UUID, only: UUID | None, *, two_factors: bool) -> None:
    """Say of an account's sessions in force (one, or all) whether two factors stand behind them."""
    await tx.execute(
        "UPDATE sign_in_session SET two_factors = $3 WHERE subject = $1 AND ended_at IS NULL"
        " AND ($2::uuid IS NULL OR id = $2)",
        subject,
        only,
        two_factors,
    )


async def alive(tx: Transaction, subject: UUID, idle: timedelta) -> list[Session]:
    """Return an account's sessions in force, newest first."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM sign_in_session s WHERE subject = $1 AND ended_at IS NULL"
        " AND expires_at > clock_timestamp() AND last_used_at > clock_timestamp() - $2::interval"
        " ORDER BY created_at DESC, id DESC LIMIT 200",
        subject,
        idle,
    )
    return [_session(row) for row in rows]


async def end(
    tx: Transaction, subject: UUID, why: Ending, only: UUID | None, but: UUID | None
) -> Sequence[tuple[UUID, str, str, datetime]]:
    """End an account's sessions (one, all but one, all); return id, kind, name and absolute end of each."""
    rows = await tx.fetch(
        "UPDATE sign_in_session SET ended_at = clock_timestamp(), ended_why = $2 WHERE subject = $1"
        " AND ended_at IS NULL AND ($3::uuid IS NULL OR id = $3) AND ($4::uuid IS NULL OR id <> $4)"
        " RETURNING id, kind, name, expires_at",
        subject,
        why.value,
        only,
        but,
    )
    return [(row["id"], row["kind"], row["name"], row["expires_at"]) for row in rows]


async def has_ended(reader: Reader, session_id: UUID) -> bool:
    """Say whether a session is no longer in force, or was never one."""
    return not await reader.fetchval(
        "SELECT EXISTS (SELECT FROM sign_in_session WHERE id = $1 AND ended_at IS NULL"
        " AND expires_at > clock_timestamp())",
        session_id,
    )
