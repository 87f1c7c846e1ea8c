"""Staff accounts: load, decide, save, tell the other services."""

from collections.abc import Iterable
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged
from renkou_common.database import Database, Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current, note
from renkou_common.identity.principal import Assignment, AssignmentLoader
from renkou_common.ids import new_id
from renkou_common.messaging.outbox import Outbox
from renkou_common.scope import AreaScope
from renkou_registry.auth.passwords import hash_password
from renkou_registry.staff import repository
from renkou_registry.staff.domain import RoleInArea, StaffChange, StaffMember


def assignment_loader(database: Database) -> AssignmentLoader:
    """Return the function by which requests learn what a member of staff may do, read from this database."""

    async def load(staff_id: UUID) -> Iterable[Assignment]:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            return await repository.active_assignments(tx, staff_id)

    return load


async def rights(tx: Transaction, staff_id: UUID) -> list[Assignment]:
    """Return the roles and areas in force; none for an account that is closed or was reset."""
    return await repository.active_assignments(tx, staff_id)


async def names_of(tx: Transaction, staff_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names by which members of staff are shown, of those there are."""
    return await repository.names_of(tx, sorted(set(staff_ids)))


async def find(tx: Transaction, staff_id: UUID) -> StaffMember:
    """Return an account; raises NotFound."""
    member = await repository.member(tx, staff_id)
    if member is None:
        raise NotFound.of("工作人员账号", "staff account")
    return member


async def page(tx: Transaction, after: str, limit: int) -> list[StaffMember]:
    """Return up to ``limit`` accounts by user name, those after ``after``."""
    return await repository.members(tx, after, limit)


async def create(
    tx: Transaction,
    outbox: Outbox,
    *,
    username: str,
    display_name: str,
    password_hash: str,
    assignments: tuple[RoleInArea, ...],
) -> UUID:
    """Add an account with a one-time password and return its id; raises Conflict for a user name in use."""
    staff_id = new_id()
    if not await repository.insert(tx, staff_id, username, display_name, password_hash):
        raise Conflict("username_taken", "该用户名已被使用", "This user name is in use")
    await repository.replace_assignments(tx, staff_id, assignments)
    await _announce(tx, outbox, await find(tx, staff_id))
    return staff_id


async def change(
    tx: Transaction, outbox: Outbox, staff_id: UUID, version: int, wanted: StaffChange
) -> StaffMember:
    """Change an account; returns it as it is then.

    Raises NotFound, VersionMismatch, or Conflict where the last active administrator would be lost.
    """
    administrators = await repository.lock_administrators(tx)
    before = await repository.member(tx, staff_id, lock=True)
    if before is None:
        raise NotFound.of("工作人员账号", "staff account")
    await check_current(tx, staff_id, version, before.version)
    password_hash = await hash_password(wanted.password) if wanted.password else None
    await repository.update(
        tx,
        staff_id,
        display_name=wanted.display_name or before.display_name,
        active=before.active if wanted.active is None else wanted.active,
        password_hash=password_hash,
    )
    if wanted.assignments is not None:
        await repository.replace_assignments(tx, staff_id, wanted.assignments)
    after = await find(tx, staff_id)
    if after.assignments != before.assignments:
        await note(tx, staff_id, after.version, ["assignments"])
    if before.is_administrator and not after.is_administrator and set(administrators) <= {staff_id}:
        raise Conflict(
            "last_administrator",
            "本区最后一个在用的管理员不能停用或撤销",
            "The district's last active administrator cannot be closed or lose the role",
        )
    await _announce(tx, outbox, after)
    return after


async def extend(tx: Transaction, outbox: Outbox, ended: AreaCode, successors: Iterable[AreaCode]) -> int:
    """Give whoever has a role in a division that ended the same role in those that take its place.

    The old one stays: the record of the past is still theirs to read. Returns how many accounts it touched.
    """
    staff = await repository.assigned_to(tx, *ended.interval())
    for staff_id in staff:
        member = await repository.member(tx, staff_id, lock=True)
        assert member is not None
        roles = {each.role for each in member.assignments if each.area == ended}
        wanted = {*member.assignments, *(RoleInArea(role, area) for role in roles for area in successors)}
        await repository.replace_assignments(tx, staff_id, wanted)
        await repository.count_version(tx, staff_id)
        after = await find(tx, staff_id)
        await note(tx, staff_id, after.version, ["assignments"])
        await _announce(tx, outbox, after)
    return len(staff)


async def _announce(tx: Transaction, outbox: Outbox, member: StaffMember) -> None:
    assignments = []
    for each in member.assignments:
        low, high = each.area.interval()
        assignments.append(StaffAssignment(role=each.role, area=f"{low:012d}", area_high=f"{high:012d}"))
    payload = StaffChanged(staff_id=member.id, active=member.active, assignments=assignments)
    await outbox.append(tx, RegistryEventType.STAFF_CHANGED, member.id, payload)
