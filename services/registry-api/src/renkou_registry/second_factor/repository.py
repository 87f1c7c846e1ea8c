"""Every query on second factors."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.database import Transaction


@dataclass(frozen=True, slots=True)
class Stored:
    """A second factor as it is stored."""

    secret_sealed: bytes
    confirmed_at: datetime | None
    last_step: int | None
    recovery_codes_left: int


async def find(tx: Transaction, staff_id: UUID, *, lock: bool = False) -> Stored | None:
    """Return an account's factor, confirmed or not; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT f.secret_sealed, f.confirmed_at, f.last_step, (SELECT count(*) FROM recovery_code c"
        " WHERE c.staff_id = f.staff_id AND c.used_at IS NULL) AS recovery_codes_left"
        f" FROM second_factor f WHERE f.staff_id = $1{' FOR UPDATE OF f' if lock else ''}",
        staff_id,
    )
    return Stored(**dict(row)) if row else None


async def put(tx: Transaction, staff_id: UUID, secret_sealed: bytes) -> bool:
    """Begin an enrolment, or begin it anew; False where a factor is in force."""
    begun = await tx.fetchval(
        "INSERT INTO second_factor AS f (staff_id, secret_sealed) VALUES ($1, $2)"
        " ON CONFLICT (staff_id) DO UPDATE SET secret_sealed = excluded.secret_sealed"
        " WHERE f.confirmed_at IS NULL RETURNING true",
        staff_id,
        secret_sealed,
    )
    return bool(begun)


async def take_step(tx: Transaction, staff_id: UUID, step: int) -> None:
    """Note that a step's code was taken; the first one confirms the factor."""
    await tx.execute(
        "UPDATE second_factor SET last_step = $2, confirmed_at = coalesce(confirmed_at, clock_timestamp())"
        " WHERE staff_id = $1",
        staff_id,
        step,
    )


async def use_recovery_code(tx: Transaction, staff_id: UUID, code_hash: bytes) -> bool:
    """Use up a recovery code; False where there is none such, or it was used."""
    used = await tx.fetchval(
        "UPDATE recovery_code SET used_at = clock_timestamp() WHERE staff_id = $1 AND hash = $2"
        " AND used_at IS NULL RETURNING true",
        staff_id,
        code_hash,
    )
    return bool(used)


async def replace_recovery_codes(tx: Transaction, staff_id: UUID, hashes: Iterable[bytes]) -> None:
    """Give an account new recovery codes; the old ones end."""
    await tx.execute("DELETE FROM recovery_code WHERE staff_id = $1", staff_id)
    await tx.executemany(
        "INSERT INTO recovery_code (staff_id, hash) VALUES ($1, $2)", [(staff_id, each) for each in hashes]
    )


async def delete(tx: Transaction, staff_id: UUID) -> bool:
    """Take an account's factor and its recovery codes away; False where there is none."""
    gone = await tx.fetchval("DELETE FROM second_factor WHERE staff_id = $1 RETURNING true", staff_id)
    return bool(gone)
