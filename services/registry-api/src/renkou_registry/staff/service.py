"""Staff accounts: load, decide, save, tell the other services."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged
from renkou_common.database import Database, Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current, note
from renkou_common.identity.grants import Assignment
from renkou_common.identity.principal import AssignmentLoader
from renkou_common.ids import new_id
from renkou_common.messaging.outbox import Outbox
from renkou_common.scope import AreaScope
from renkou_registry.auth.passwords import hash_password
from renkou_registry.roles import service as roles
from renkou_registry.roles.domain import GUARDED, Catalogue, check_together
from renkou_registry.staff import repository
from renkou_registry.staff.domain import Duty, Guard, RoleInArea, StaffChange, StaffMember


def assignment_loader(database: Database) -> AssignmentLoader:
    """Return the function by which requests learn what a member of staff may do, read from this database."""

    async def load(staff_id: UUID) -> Iterable[Assignment]:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            return await repository.active_assignments(tx, staff_id)

    return load


async def rights(tx: Transaction, staff_id: UUID) -> list[Assignment]:
    """Return the rights given, each with its limits; none for an account that is closed or was reset."""
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


async def locked(tx: Transaction, staff_id: UUID) -> StaffMember:
    """Return an account and hold it until the transaction ends; raises NotFound."""
    member = await repository.member(tx, staff_id, lock=True)
    if member is None:
        raise NotFound.of("工作人员账号", "staff account")
    return member


async def is_guarded(tx: Transaction, member: StaffMember) -> bool:
    """Say whether an account has a role that manages accounts or audits."""
    catalogue = await roles.catalogue(tx)
    return bool(GUARDED & catalogue.scopes_of(each.role for each in member.assignments))


async def duties(tx: Transaction, staff_id: UUID) -> list[Duty]:
    """Return what an account exercises for others on leave, now or later."""
    return [each for each in (await repository.held(tx, [staff_id]))[staff_id] if each.acting_for]


async def roles_of(tx: Transaction, staff_id: UUID) -> set[str]:
    """Return the codes of the roles that an account has, or exercises for somebody on leave, now or later."""
    return {each.role_in_area.role for each in (await repository.held(tx, [staff_id]))[staff_id]}


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
    await announce(tx, outbox, [staff_id])
    return staff_id


async def change(
    tx: Transaction, outbox: Outbox, staff_id: UUID, version: int, wanted: StaffChange, now: datetime
) -> StaffMember:
    """Change an account; returns it as it is then.

    Raises NotFound, VersionMismatch, or Conflict where the last active administrator would be lost.
    """
    administrators = await lock_administrators(tx, now)
    before = await locked(tx, staff_id)
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
    if wanted.assignments and not after.active:
        raise Conflict(
            "account_closed",
            "账号已停用, 不能授予岗位; 请先启用",
            "The account is closed and gets no role; open it first",
        )
    if after.assignments != before.assignments:
        await check_hands(tx, [staff_id], "/assignments", now)
        await note(tx, staff_id, after.version, ["assignments"])
    if administrators:
        await _check_administered(tx, now)
    await announce(tx, outbox, [staff_id])
    return after


async def guards(tx: Transaction, now: datetime) -> list[Guard]:
    """Return who is in office to decide as a second person."""
    return await repository.guards(tx, now)


async def guard_changed(tx: Transaction, but: UUID, given: Sequence[UUID], within: timedelta) -> bool:
    """Say whether somebody else with power over accounts or over the log, now or ``given`` once, was changed lately."""
    return await repository.guard_changed(tx, but, given, within)


async def add_assignments(
    tx: Transaction, outbox: Outbox, staff_id: UUID, given: Sequence[RoleInArea], now: datetime
) -> None:
    """Give an account roles besides those it has, or other days for one of them.

    Raises NotFound, Conflict for one that is closed, and where the last administrator's role would get an end.
    """
    administrators = await lock_administrators(tx, now)
    member = await locked(tx, staff_id)
    if not member.active:
        raise Conflict(
            "account_closed",
            "账号已停用, 不能授予岗位; 请先启用",
            "The account is closed and gets no role; open it first",
        )
    renewed = {(each.role, each.area) for each in given}
    kept = [each for each in member.assignments if (each.role, each.area) not in renewed]
    await repository.replace_assignments(tx, staff_id, [*kept, *given])
    await check_hands(tx, [staff_id], "/assignments", now)
    if administrators:
        await _check_administered(tx, now)
    await repository.count_version(tx, staff_id)
    await note(tx, staff_id, member.version + 1, ["assignments"])
    await announce(tx, outbox, [staff_id])


async def lock_administrators(tx: Transaction, now: datetime) -> Sequence[UUID]:
    """Lock and return the administrators until the transaction ends; asked for before anything that may end one."""
    return await repository.lock_administrators(tx, now)


async def _check_administered(tx: Transaction, now: datetime) -> None:
    if not await repository.lock_administrators(tx, now):
        raise Conflict(
            "last_administrator",
            "本区最后一个在用的管理员不能停用或撤销",
            "The district's last active administrator cannot be closed or lose the role",
        )


async def follow_role(tx: Transaction, outbox: Outbox, role: str, now: datetime) -> int:
    """Tell the other services what a changed role gives its holders now; returns how many there are.

    Raises Conflict where no administrator would be left, InvalidInput where some holder would have scopes together
    that nobody may have.
    """
    found = await repository.holders(tx, role)
    await check_hands(tx, [member.id for member in found], "/scopes", now)
    await _check_administered(tx, now)
    await announce(tx, outbox, [member.id for member in found])
    return len(found)


async def check_hands(tx: Transaction, staff_ids: Sequence[UUID], pointer: str, now: datetime) -> None:
    """Raise InvalidInput where an account, or whoever exercises its duties, would hold what nobody may together, now
    or later.

    The roles stay as they are until the transaction ends: one that changed meanwhile would not have been looked at.
    """
    catalogue = await roles.catalogue(tx, lock=True)
    held = await repository.held(tx, await repository.with_substitutes(tx, staff_ids))
    for duties_held in held.values():
        scopes = catalogue.scopes_of(each.role_in_area.role for each in duties_held if each.lasts(now))
        check_together(scopes, catalogue.apart, pointer)


async def check_awaited(tx: Transaction, staff_id: UUID, awaited: Sequence[str], now: datetime) -> None:
    """Raise InvalidInput where an account would hold what nobody may together, were it given these roles as well."""
    catalogue = await roles.catalogue(tx)
    held = (await repository.held(tx, [staff_id]))[staff_id]
    scopes = catalogue.scopes_of([*(each.role_in_area.role for each in held if each.lasts(now)), *awaited])
    check_together(scopes, catalogue.apart, "/assignments")


async def announce_holders(tx: Transaction, outbox: Outbox, role: str) -> None:
    """Tell the other services of the rights of everybody who holds a role."""
    await announce(tx, outbox, [member.id for member in await repository.holders(tx, role)])


async def extend(tx: Transaction, outbox: Outbox, ended: AreaCode, successors: Sequence[AreaCode]) -> int:
    """Give whoever has a role in a division that ended the same role in those that take its place.

    The old one stays: the record of the past is still theirs to read. Returns how many accounts it touched.
    """
    staff = await repository.assigned_to(tx, *ended.interval())
    for staff_id in staff:
        member = await repository.member(tx, staff_id, lock=True)
        assert member is not None
        kept = {(each.role, each.area) for each in member.assignments}
        wanted = [*member.assignments]
        for each in (each for each in member.assignments if each.area == ended):
            wanted += [replace(each, area=area) for area in successors if (each.role, area) not in kept]
        await repository.replace_assignments(tx, staff_id, wanted)
        await repository.count_version(tx, staff_id)
        after = await find(tx, staff_id)
        await note(tx, staff_id, after.version, ["assignments"])
        await announce(tx, outbox, [staff_id])
    return len(staff)


async def announce(tx: Transaction, outbox: Outbox, staff_ids: Sequence[UUID]) -> None:
    """Tell the other services the rights of accounts, and of whoever exercises their duties during leave."""
    every = await repository.with_substitutes(tx, staff_ids)
    held = await repository.held(tx, every)
    catalogue = await roles.catalogue(tx)
    events = [
        (
            RegistryEventType.STAFF_CHANGED,
            member.id,
            StaffChanged(
                staff_id=member.id,
                active=member.active,
                assignments=[_told(each, catalogue) for each in held[member.id]],
            ),
        )
        for member in await repository.some(tx, every)
    ]
    await outbox.append_many(tx, events)


def _told(duty: Duty, catalogue: Catalogue) -> StaffAssignment:
    one = duty.role_in_area
    low, high = one.area.interval()
    return StaffAssignment(
        role=one.role,
        area=f"{low:012d}",
        area_high=f"{high:012d}",
        scopes=sorted(catalogue.scopes_of([one.role])),
        valid_from=one.valid_from,
        valid_to=one.valid_to,
        acting_for=duty.acting_for,
    )
