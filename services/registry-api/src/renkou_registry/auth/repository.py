"""Every query of signing in."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known of an account that someone tries to sign in to."""

    id: UUID
    username: str
    display_name: str
    password_hash: str
    active: bool
    must_change_password: bool
    failed_attempts: int
    locked: bool


_CREDENTIALS = """
SELECT id, username, display_name, password_hash, active, must_change_password, failed_attempts,
       coalesce(locked_until > clock_timestamp(), false) AS locked
FROM staff_account
"""


def _credentials(row: asyncpg.Record | None) -> Credentials | None:
    return Credentials(**dict(row)) if row else None


async def credentials_of_username(tx: Transaction, username: str) -> Credentials | None:
    """Return and lock the account of a user name; attempts on one account come one after another."""
    return _credentials(await tx.fetchrow(f"{_CREDENTIALS} WHERE username = $1 FOR UPDATE", username))


async def credentials_of_id(tx: Transaction, staff_id: UUID, *, lock: bool = False) -> Credentials | None:
    """Return the account with this id."""
    return _credentials(
        await tx.fetchrow(f"{_CREDENTIALS} WHERE id = $1{' FOR UPDATE' if lock else ''}", staff_id)
    )


async def note_failure(tx: Transaction, staff_id: UUID, locked_for: timedelta | None) -> None:
    """Count a failed attempt and lock the account for a while."""
    await tx.execute(
        "UPDATE staff_account SET failed_attempts = failed_attempts + 1,"
        " locked_until = clock_timestamp() + $2::interval WHERE id = $1",
        staff_id,
        locked_for,
    )


async def note_success(tx: Transaction, staff_id: UUID) -> None:
    """Forget failed attempts."""
    await tx.execute(
        "UPDATE staff_account SET failed_attempts = 0, locked_until = NULL"
        " WHERE id = $1 AND (failed_attempts > 0 OR locked_until IS NOT NULL)",
        staff_id,
    )


async def set_password(tx: Transaction, staff_id: UUID, password_hash: str) -> None:
    """Store the password that the holder chose."""
    await tx.execute(
        "UPDATE staff_account SET password_hash = $2, must_change_password = false,"
        " version = version + 1, updated_at = now() WHERE id = $1",
        staff_id,
        password_hash,
    )


async def service_client(tx: Transaction, client_id: str) -> tuple[UUID, str, str | None] | None:
    """Return id and secret hashes of a service's account: the second while one secret follows the other."""
    row = await tx.fetchrow(
        "SELECT id, secret_hash, second_hash FROM service_client WHERE client_id = $1", client_id
    )
    return (row["id"], row["secret_hash"], row["second_hash"]) if row else None
