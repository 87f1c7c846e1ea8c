"""Every query on staff accounts."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.identity.grants import Assignment
from renkou_common.identity.rights import known_scopes
from renkou_common.identity.roles import Scope
from renkou_registry.break_glass.domain import EMERGENCY_SCOPES
from renkou_registry.roles.domain import GUARDED
from renkou_registry.staff.domain import Duty, Guard, RoleInArea, StaffMember, area_from_interval

_COLUMNS = """
SELECT a.id, a.username, a.display_name, a.active, a.must_change_password, a.version,
       a.created_at, a.updated_at,
       coalesce((SELECT jsonb_agg(jsonb_build_array(s.role, s.area, s.area_high, s.valid_from, s.valid_to)
                                  ORDER BY s.area, s.area_high DESC, s.role)
                 FROM staff_assignment s WHERE s.staff_id = a.id), '[]') AS assignments
FROM staff_account a
"""


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _member(row: asyncpg.Record) -> StaffMember:
    assignments = tuple(
        RoleInArea(role, area_from_interval(low, high), _moment(begins), _moment(ends))
        for role, low, high, begins, ends in row["assignments"]
    )
    return StaffMember(
        id=row["id"],
        username=row["username"],
        display_name=row["display_name"],
        active=row["active"],
        must_change_password=row["must_change_password"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        assignments=assignments,
    )


async def names_of(tx: Transaction, staff_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names by which members of staff are shown."""
    rows = await tx.fetch("SELECT id, display_name FROM staff_account WHERE id = ANY($1)", staff_ids)
    return {row["id"]: row["display_name"] for row in rows}


_HELD = """
SELECT s.staff_id, s.role, s.area, s.area_high, s.valid_from, s.valid_to, NULL::uuid AS acting_for
FROM staff_assignment s WHERE s.staff_id = ANY($1)
UNION ALL
SELECT b.substitute_id, s.role, s.area, s.area_high, greatest(s.valid_from, b.valid_from),
       least(s.valid_to, b.valid_to), b.holder_id
FROM substitution b JOIN staff_account h ON h.id = b.holder_id AND h.active
JOIN staff_assignment s ON s.staff_id = b.holder_id
WHERE b.substitute_id = ANY($1) AND b.ended_at IS NULL
  AND (b.every_duty OR EXISTS (SELECT FROM substitution_duty d WHERE d.substitution_id = b.id
       AND (d.role, d.area, d.area_high) = (s.role, s.area, s.area_high)))
  AND NOT EXISTS (SELECT FROM role_scope c WHERE c.role = s.role AND c.scope = ANY($2))
"""
"""Roles of accounts, their own and those they exercise for somebody on leave, each with its limits in time. A
substitution gives what the holder has that day, no more; nothing once the holder's account is closed, and never
what is guarded ($2)."""


async def active_assignments(tx: Transaction, staff_id: UUID) -> list[Assignment]:
    """Return the rights given, each with its limits in time: none for an account that is closed or has to set its
    password first. An emergency access lasts no longer than the right to it."""
    rows = await tx.fetch(
        f"WITH held AS (SELECT h.* FROM ({_HELD}) h JOIN role ON role.code = h.role AND role.active),"
        " emergency AS (SELECT e.staff_id, NULL, e.area, e.area_high, greatest(e.granted_at, h.valid_from),"
        "  least(e.expires_at, h.valid_to), NULL::uuid, e.id FROM break_glass e"
        "  JOIN held h ON h.staff_id = e.staff_id JOIN role_scope c ON c.role = h.role AND c.scope = $3"
        "  WHERE e.staff_id = ANY($1) AND e.ended_at IS NULL)"
        " SELECT t.*, ARRAY(SELECT scope FROM role_scope c WHERE c.role = t.role) AS scopes FROM"
        " (SELECT h.*, NULL::uuid AS break_glass FROM held h UNION ALL SELECT * FROM emergency) t"
        " JOIN staff_account a ON a.id = t.staff_id WHERE a.active AND NOT a.must_change_password",
        [staff_id],
        sorted(GUARDED),
        Scope.EMERGENCY_ACCESS.value,
    )
    return [
        Assignment(
            EMERGENCY_SCOPES if row["break_glass"] else known_scopes(row["scopes"]),
            row["area"],
            row["area_high"],
            row["valid_from"],
            row["valid_to"],
            row["acting_for"],
            row["break_glass"],
        )
        for row in rows
    ]


async def held(tx: Transaction, staff_ids: Sequence[UUID]) -> dict[UUID, list[Duty]]:
    """Return the roles of accounts: their own first, then those they exercise for somebody on leave."""
    rows = await tx.fetch(
        f"{_HELD} ORDER BY acting_for NULLS FIRST, area, area_high DESC, role, valid_from",
        staff_ids,
        sorted(GUARDED),
    )
    found: dict[UUID, list[Duty]] = {staff_id: [] for staff_id in staff_ids}
    for row in rows:
        area = area_from_interval(row["area"], row["area_high"])
        one = RoleInArea(row["role"], area, row["valid_from"], row["valid_to"])
        found[row["staff_id"]].append(Duty(one, row["acting_for"]))
    return found


async def with_substitutes(tx: Transaction, staff_ids: Sequence[UUID]) -> list[UUID]:
    """Return these accounts and everybody who exercises their duties or is going to, by id."""
    rows = await tx.fetch(
        "SELECT unnest($1::uuid[]) AS id UNION SELECT substitute_id FROM substitution"
        " WHERE holder_id = ANY($1) AND ended_at IS NULL ORDER BY id",
        staff_ids,
    )
    return [row["id"] for row in rows]


async def some(tx: Transaction, staff_ids: Sequence[UUID]) -> list[StaffMember]:
    """Return accounts by id."""
    rows = await tx.fetch(f"{_COLUMNS} WHERE a.id = ANY($1) ORDER BY a.id", staff_ids)
    return [_member(row) for row in rows]


async def member(tx: Transaction, staff_id: UUID, *, lock: bool = False) -> StaffMember | None:
    """Return one account; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(f"{_COLUMNS} WHERE a.id = $1{' FOR UPDATE OF a' if lock else ''}", staff_id)
    return _member(row) if row else None


async def members(tx: Transaction, after: str, limit: int) -> list[StaffMember]:
    """Return up to ``limit`` accounts by user name, those after ``after``."""
    rows = await tx.fetch(f"{_COLUMNS} WHERE a.username > $1 ORDER BY a.username LIMIT $2", after, limit)
    return [_member(row) for row in rows]


async def insert(
    tx: Transaction, staff_id: UUID, username: str, display_name: str, password_hash: str
) -> bool:
    """Add an account that has to change its password first; False where the user name is taken."""
    created = await tx.fetchval(
        "INSERT INTO staff_account"
        " (id, username, display_name, password_hash, must_change_password, active, version)"
        " VALUES ($1, $2, $3, $4, true, true, 1) ON CONFLICT (username) DO NOTHING RETURNING true",
        staff_id,
        username,
        display_name,
        password_hash,
    )
    return bool(created)


async def replace_assignments(tx: Transaction, staff_id: UUID, assignments: Iterable[RoleInArea]) -> None:
    """Set an account's roles and areas."""
    rows = [(each.role, *each.area.interval(), each.valid_from, each.valid_to) for each in assignments]
    await tx.execute("DELETE FROM staff_assignment WHERE staff_id = $1", staff_id)
    await tx.execute(
        "INSERT INTO staff_assignment (staff_id, role, area, area_high, valid_from, valid_to) SELECT $1, *"
        " FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])",
        staff_id,
        *([row[column] for row in rows] for column in range(5)),
    )


async def update(
    tx: Transaction, staff_id: UUID, *, display_name: str, active: bool, password_hash: str | None
) -> None:
    """Change an account; a new ``password_hash`` is a one-time password and ends a lock-out."""
    await tx.execute(
        "UPDATE staff_account SET display_name = $2, active = $3, version = version + 1, updated_at = now(),"
        " password_hash = coalesce($4, password_hash),"
        " must_change_password = must_change_password OR $4 IS NOT NULL,"
        " failed_attempts = CASE WHEN $4 IS NULL THEN failed_attempts ELSE 0 END,"
        " locked_until = CASE WHEN $4 IS NULL THEN locked_until END WHERE id = $1",
        staff_id,
        display_name,
        active,
        password_hash,
    )


async def lock_administrators(tx: Transaction, now: datetime) -> Sequence[UUID]:
    """Lock and return the administrators, so that two of them cannot remove each other at once.

    An administrator has an account in use and, now and without an end, a role in use that manages accounts.
    """
    rows = await tx.fetch(
        "SELECT a.id FROM staff_account a WHERE a.active AND EXISTS"
        " (SELECT FROM staff_assignment s JOIN role r ON r.code = s.role AND r.active"
        " JOIN role_scope c ON c.role = r.code AND c.scope = $1"
        " WHERE s.staff_id = a.id AND s.valid_to IS NULL AND (s.valid_from IS NULL OR s.valid_from <= $2))"
        " ORDER BY a.id FOR UPDATE OF a",
        Scope.STAFF_MANAGE.value,
        now,
    )
    return [row["id"] for row in rows]


async def guards(tx: Transaction, now: datetime) -> list[Guard]:
    """Return who, by roles in office, may decide as a second person and manages accounts or audits."""
    rows = await tx.fetch(
        "SELECT a.id, bool_or(c.scope = $2) AS manages FROM staff_account a"
        " JOIN staff_assignment s ON s.staff_id = a.id JOIN role r ON r.code = s.role AND r.active"
        " JOIN role_scope c ON c.role = r.code AND c.scope IN ($2, $3, $4)"
        " WHERE a.active AND NOT a.must_change_password"
        " AND (s.valid_from IS NULL OR s.valid_from <= $1) AND (s.valid_to IS NULL OR s.valid_to > $1)"
        " GROUP BY a.id HAVING bool_or(c.scope IN ($2, $3)) AND bool_or(c.scope = $4)",
        now,
        Scope.STAFF_MANAGE.value,
        Scope.READING_AUDIT.value,
        Scope.APPROVAL_DECIDE.value,
    )
    return [Guard(row["id"], row["manages"]) for row in rows]


async def guard_changed(tx: Transaction, but: UUID, given: Sequence[UUID], within: timedelta) -> bool:
    """Say whether an account that has a guarded role, or was once ``given`` one, was changed lately."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM staff_account a WHERE a.id <> $1 AND a.version > 1"
            " AND a.updated_at > clock_timestamp() - $3::interval AND (a.id = ANY($2) OR EXISTS"
            " (SELECT FROM staff_assignment s JOIN role_scope c ON c.role = s.role AND c.scope = ANY($4)"
            " WHERE s.staff_id = a.id)))",
            but,
            given,
            within,
            sorted(GUARDED),
        )
    )


async def holders(tx: Transaction, role: str) -> list[StaffMember]:
    """Return and lock the accounts that hold a role, closed ones among them, by id."""
    rows = await tx.fetch(
        f"{_COLUMNS} WHERE EXISTS (SELECT FROM staff_assignment h WHERE h.staff_id = a.id AND h.role = $1)"
        " ORDER BY a.id FOR UPDATE OF a",
        role,
    )
    return [_member(row) for row in rows]


async def username_exists(tx: Transaction, username: str) -> bool:
    """Say whether a user name is in use."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM staff_account WHERE username = $1)", username))


async def service_secret_hashes(tx: Transaction, client_id: str) -> list[str]:
    """Return the stored secrets of a service's account, in order; none where there is no account."""
    row = await tx.fetchrow(
        "SELECT secret_hash, second_hash FROM service_client WHERE client_id = $1", client_id
    )
    return [each for each in row if each is not None] if row else []


async def put_service_client(
    tx: Transaction, new_id: UUID, client_id: str, secret_hash: str, second_hash: str | None
) -> None:
    """Add a service's account, or replace its secrets; the id of an existing one stays."""
    await tx.execute(
        "INSERT INTO service_client (client_id, id, secret_hash, second_hash) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (client_id) DO UPDATE SET secret_hash = excluded.secret_hash,"
        " second_hash = excluded.second_hash, updated_at = now()",
        client_id,
        new_id,
        secret_hash,
        second_hash,
    )


async def assigned_to(tx: Transaction, low: int, high: int) -> list[UUID]:
    """Return the accounts with a role in exactly this division, by its interval of keys."""
    rows = await tx.fetch(
        "SELECT DISTINCT staff_id FROM staff_assignment WHERE area = $1 AND area_high = $2 ORDER BY staff_id",
        low,
        high,
    )
    return [row["staff_id"] for row in rows]


async def count_version(tx: Transaction, staff_id: UUID) -> None:
    """Count an account's version up."""
    await tx.execute(
        "UPDATE staff_account SET version = version + 1, updated_at = now() WHERE id = $1", staff_id
    )
