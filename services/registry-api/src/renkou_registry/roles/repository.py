"""Every query on roles."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import Text
from renkou_common.identity.rights import known_scopes
from renkou_common.identity.roles import Scope
from renkou_registry.roles.domain import Apart, Role

_ROLES = """
SELECT r.id, r.code, r.label_zh, r.label_en, r.built_in, r.active, r.version, r.created_at, r.updated_at,
       ARRAY(SELECT s.scope FROM role_scope s WHERE s.role = r.code) AS scopes
FROM role r
"""


def _role(row: asyncpg.Record) -> Role:
    return Role(**{**dict(row), "scopes": known_scopes(row["scopes"])})


async def roles(tx: Transaction, *, lock: bool = False) -> list[Role]:
    """Return every role by code; ``lock`` keeps them from changing until the transaction ends."""
    rows = await tx.fetch(f"{_ROLES} ORDER BY r.code{' FOR SHARE OF r' if lock else ''}")
    return [_role(row) for row in rows]


async def role(tx: Transaction, code: str, *, lock: bool = False) -> Role | None:
    """Return one role; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(f"{_ROLES} WHERE r.code = $1{' FOR UPDATE OF r' if lock else ''}", code)
    return _role(row) if row else None


async def code_of(tx: Transaction, role_id: UUID) -> str:
    """Return the code of a role by its id."""
    code: str = await tx.fetchval("SELECT code FROM role WHERE id = $1", role_id)
    return code


async def apart(tx: Transaction) -> list[Apart]:
    """Return the rules of what may not be held together."""
    rows = await tx.fetch(
        "SELECT first, second, reason_zh, reason_en FROM scopes_apart ORDER BY first, second"
    )
    return [Apart(row["first"], row["second"], Text(row["reason_zh"], row["reason_en"])) for row in rows]


async def insert(
    tx: Transaction, role_id: UUID, code: str, label_zh: str, label_en: str, *, built_in: bool
) -> bool:
    """Add an active role without scopes; False where the code is taken."""
    created = await tx.fetchval(
        "INSERT INTO role (id, code, label_zh, label_en, built_in, active, version)"
        " VALUES ($1, $2, $3, $4, $5, true, 1) ON CONFLICT (code) DO NOTHING RETURNING true",
        role_id,
        code,
        label_zh,
        label_en,
        built_in,
    )
    return bool(created)


async def update(tx: Transaction, code: str, *, label_zh: str, label_en: str, active: bool) -> None:
    """Change a role and count its version up."""
    await tx.execute(
        "UPDATE role SET label_zh = $2, label_en = $3, active = $4, version = version + 1, updated_at = now()"
        " WHERE code = $1",
        code,
        label_zh,
        label_en,
        active,
    )


async def replace_scopes(tx: Transaction, code: str, scopes: Iterable[Scope]) -> None:
    """Set what a role bundles."""
    await tx.execute("DELETE FROM role_scope WHERE role = $1", code)
    await tx.execute(
        "INSERT INTO role_scope (role, scope) SELECT $1, unnest($2::text[])", code, sorted(scopes)
    )
