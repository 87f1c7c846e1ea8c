"""Every query on persons' accounts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class Account:
    """An account with what a sign-in or an activation is checked against."""

    id: UUID
    person_id: UUID
    account: str
    password_hash: str | None
    code_hash: str | None
    code_expired: bool
    code_expires_at: datetime | None
    active: bool
    failed_attempts: int
    locked: bool
    opened_at: datetime


_SELECT = """
SELECT id, person_id, account, password_hash, code_hash,
       coalesce(code_expires_at < clock_timestamp(), true) AS code_expired, code_expires_at, active,
       failed_attempts, coalesce(locked_until > clock_timestamp(), false) AS locked, opened_at
FROM person_account
"""


def _account(row: asyncpg.Record | None) -> Account | None:
    return Account(**dict(row)) if row else None


async def by_number(tx: Transaction, account: str) -> Account | None:
    """Return and lock the account with a number; attempts on one account come one after another."""
    return _account(await tx.fetchrow(f"{_SELECT} WHERE account = $1 FOR UPDATE", account))


async def by_id(tx: Transaction, account_id: UUID) -> Account | None:
    """Return the account with an id."""
    return _account(await tx.fetchrow(f"{_SELECT} WHERE id = $1", account_id))


async def of_person(tx: Transaction, person_id: UUID, *, lock: bool = False) -> Account | None:
    """Return the account of a person."""
    ending = " FOR UPDATE" if lock else ""
    return _account(await tx.fetchrow(f"{_SELECT} WHERE person_id = $1{ending}", person_id))


async def open_account(
    tx: Transaction,
    account_id: UUID,
    person_id: UUID,
    account: str,
    code_hash: str,
    valid_for: timedelta,
    opened_at: datetime,
    opened_by: UUID,
) -> None:
    """Open an account, or give an existing one a new code: its number and password stay until it is used."""
    await tx.execute(
        "INSERT INTO person_account (id, person_id, account, code_hash, code_expires_at, active, opened_at,"
        " opened_by) VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval, true, $6, $7)"
        " ON CONFLICT (person_id) DO UPDATE SET code_hash = excluded.code_hash, active = true, closed_at = NULL,"
        " code_expires_at = excluded.code_expires_at, failed_attempts = 0, locked_until = NULL,"
        " opened_at = excluded.opened_at, opened_by = excluded.opened_by",
        account_id,
        person_id,
        account,
        code_hash,
        valid_for,
        opened_at,
        opened_by,
    )


async def set_password(tx: Transaction, account_id: UUID, password_hash: str) -> None:
    """Store the password that the person chose; the one-time code is used up."""
    await tx.execute(
        "UPDATE person_account SET password_hash = $2, code_hash = NULL, code_expires_at = NULL,"
        " failed_attempts = 0, locked_until = NULL WHERE id = $1",
        account_id,
        password_hash,
    )


async def close(tx: Transaction, account_id: UUID) -> None:
    """Close an account at once; whoever opens it again begins with a code, and no password opens it before."""
    await tx.execute(
        "UPDATE person_account SET active = false, closed_at = coalesce(closed_at, now()), code_hash = NULL,"
        " code_expires_at = NULL, password_hash = NULL WHERE id = $1",
        account_id,
    )


async def note_failure(tx: Transaction, account_id: UUID, locked_for: timedelta | None) -> None:
    """Count a failed attempt and lock the account for a while."""
    await tx.execute(
        "UPDATE person_account SET failed_attempts = failed_attempts + 1,"
        " locked_until = clock_timestamp() + $2::interval WHERE id = $1",
        account_id,
        locked_for,
    )


async def note_success(tx: Transaction, account_id: UUID) -> None:
    """Forget failed attempts."""
    await tx.execute(
        "UPDATE person_account SET failed_attempts = 0, locked_until = NULL"
        " WHERE id = $1 AND (failed_attempts > 0 OR locked_until IS NOT NULL)",
        account_id,
    )
