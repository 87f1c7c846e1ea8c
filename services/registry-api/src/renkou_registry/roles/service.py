"""Roles: load, decide, save. Who calls tells the other services of the holders' new rights (staff)."""

from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current, note
from renkou_common.identity.roles import ROLE_SCOPES, Scope
from renkou_common.identity.roles import Role as BuiltIn
from renkou_common.ids import new_id
from renkou_registry.roles import repository
from renkou_registry.roles.domain import Apart, Catalogue, Role, RoleChange, check_scopes

BUILT_IN_LABELS = {
    BuiltIn.COMMUNITY_WORKER: ("社区专干", "Community worker"),
    BuiltIn.SUBDISTRICT_CLERK: ("街道经办人", "Subdistrict clerk"),
    BuiltIn.SERVICE_STATION: ("服务站", "Service station"),
    BuiltIn.STATISTICIAN: ("统计员", "Statistician"),
    BuiltIn.ADMINISTRATOR: ("区管理员", "District administrator"),
    BuiltIn.AUDITOR: ("审计员", "Auditor"),
}


async def catalogue(tx: Transaction, *, lock: bool = False) -> Catalogue:
    """Return every role and the rules; ``lock`` keeps the roles as they are until the transaction ends."""
    found = await repository.roles(tx, lock=lock)
    return Catalogue({each.code: each for each in found}, await repository.apart(tx))


async def every(tx: Transaction) -> list[Role]:
    """Return every role by code."""
    return await repository.roles(tx)


async def rules(tx: Transaction) -> list[Apart]:
    """Return which scopes may not be held together."""
    return await repository.apart(tx)


async def find(tx: Transaction, code: str) -> Role:
    """Return a role; raises NotFound."""
    found = await repository.role(tx, code)
    if found is None:
        raise NotFound.of("岗位", "role")
    return found


async def find_by_id(tx: Transaction, role_id: UUID) -> Role:
    """Return a role that is there."""
    return await find(tx, await repository.code_of(tx, role_id))


async def create(tx: Transaction, code: str, label_zh: str, label_en: str, scopes: frozenset[Scope]) -> UUID:
    """Add a role of the district and return its id.

    Raises InvalidInput for scopes that may not go together, Conflict for a code in use.
    """
    check_scopes(scopes, await repository.apart(tx))
    role_id = new_id()
    if not await repository.insert(tx, role_id, code, label_zh, label_en, built_in=False):
        raise Conflict("role_code_taken", "该岗位代码已被使用", "This code of a role is in use")
    await repository.replace_scopes(tx, code, scopes)
    return role_id


async def check_change(tx: Transaction, code: str, version: int, wanted: RoleChange) -> Role:
    """Return the role, held until the transaction ends, where a change may be made; raises what :func:`change` does."""
    before = await repository.role(tx, code, lock=True)
    if before is None:
        raise NotFound.of("岗位", "role")
    if before.built_in:
        raise Conflict(
            "role_built_in",
            "内置岗位随程序版本而定, 不能修改; 可另建本区岗位",
            "A built-in role comes with the program and cannot be changed; define one of your own instead",
        )
    await check_current(tx, before.id, version, before.version)
    if wanted.scopes is not None:
        check_scopes(wanted.scopes, await repository.apart(tx))
    return before


async def change(tx: Transaction, code: str, version: int, wanted: RoleChange) -> tuple[Role, Role]:
    """Change a role of the district; returns it as it was and as it is.

    Raises NotFound, VersionMismatch, InvalidInput for scopes that may not go together, and Conflict for a
    built-in role: those come with the program.
    """
    before = await check_change(tx, code, version, wanted)
    await repository.update(
        tx,
        code,
        label_zh=wanted.label_zh or before.label_zh,
        label_en=wanted.label_en or before.label_en,
        active=before.active if wanted.active is None else wanted.active,
    )
    if wanted.scopes is not None and wanted.scopes != before.scopes:
        await repository.replace_scopes(tx, code, wanted.scopes)
        await note(tx, before.id, before.version + 1, ["scopes"])
    return before, await find(tx, code)


async def settle_built_in(tx: Transaction) -> list[str]:
    """Bring the built-in roles to what this version of the program says; returns the codes whose scopes changed."""
    changed = []
    for code, (label_zh, label_en) in BUILT_IN_LABELS.items():
        found = await repository.role(tx, code, lock=True)
        if found is None:
            await repository.insert(tx, new_id(), code, label_zh, label_en, built_in=True)
        elif (found.label_zh, found.label_en) != (label_zh, label_en):
            await repository.update(tx, code, label_zh=label_zh, label_en=label_en, active=True)
        if found is None or found.scopes != ROLE_SCOPES[code]:
            await repository.replace_scopes(tx, code, ROLE_SCOPES[code])
            changed.append(code.value)
    return changed
