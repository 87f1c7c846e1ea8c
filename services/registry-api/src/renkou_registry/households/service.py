"""Households: create, extend, read. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.scope import AreaScope
from renkou_registry.households import repository
from renkou_registry.households.domain import HouseholdEntry, Member, MemberEntry
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.service import find_many
from renkou_registry.runtime import Runtime


async def create_many(
    runtime: Runtime, tx: Transaction, households: Sequence[HouseholdEntry], *, recorded_by: UUID
) -> list[UUID]:
    """Enter households with their members in a few statements; returns their ids in order.

    A household whose (area, number) is in the register already is extended by the members it lacks, so that
    a roster may bring one household in several batches, or twice in one.
    """
    distinct = {(each.area, each.number): each for each in households}
    ids = [new_id() for _ in distinct]
    found = await repository.upsert_many(tx, ids, list(distinct.values()), runtime.clock.now(), recorded_by)
    placed = [found[each.area, each.number] for each in households]
    await repository.add_members(
        tx,
        [
            Member(new_id(), household_id, each.area, member)
            for household_id, each in zip(placed, households, strict=True)
            for member in each.members
        ],
    )
    return placed


async def create(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: HouseholdEntry, *, recorded_by: UUID
) -> UUID:
    """Enter one household; raises NotFound for an area or a member outside the caller's area."""
    if not scope.contains(entry.area):
        raise NotFound.of("区划", "area")
    wanted = sorted({member.person_id for member in entry.members})
    if wanted and len(await find_many(tx, wanted, scope)) < len(wanted):
        raise NotFound.of("人员", "person")
    household_id = new_id()
    if not await repository.insert(tx, household_id, entry, runtime.clock.now(), recorded_by):
        raise Conflict(
            "household_exists", "该社区已有此户号", "this community has a household of that number already"
        )
    members = [Member(new_id(), household_id, entry.area, member) for member in entry.members]
    await repository.add_members(tx, members)
    return household_id


async def find(
    tx: Transaction, household_id: UUID, scope: AreaScope
) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
    """Return a household in scope with its memberships; raises NotFound."""
    row = await repository.find(tx, household_id, scope)
    if row is None:
        raise NotFound.of("户", "household")
    return row, await repository.members_of(tx, household_id)


async def add_member(
    tx: Transaction, household_id: UUID, scope: AreaScope, person_id: UUID, relation: str, since: date
) -> None:
    """Add a person to a household in scope from a day on; raises NotFound."""
    row = await repository.find(tx, household_id, scope)
    if row is None:
        raise NotFound.of("户", "household")
    member = Member(new_id(), household_id, row["area"], MemberEntry(person_id, relation, since))
    await repository.add_members(tx, [member])


async def forget_person(tx: Transaction, person_id: UUID) -> None:
    """Take a person whose entry was retracted out of every household."""
    await repository.remove_person(tx, person_id)


async def member_ids(tx: Transaction, number: str, scope: AreaScope) -> list[UUID]:
    """Return who belongs now to the caller's households with this number."""
    return await repository.current_member_ids(tx, number, scope)


async def page(
    tx: Transaction, scope: AreaScope, area: AreaCode, number: str, after: tuple[int, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return a page of an area's households; raises NotFound where the area is not the caller's."""
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    return await repository.page(tx, interval, number, after, limit)


async def headed(tx: Transaction, numbers: Sequence[str]) -> set[tuple[str, int]]:
    """Return (number, area key) of the households with one of the numbers that have a head now."""
    return {(row["number"], row["area"]) for row in await repository.headed(tx, numbers)}


async def members_without_resident_id(tx: Transaction, numbers: Sequence[str]) -> set[tuple[str, str, date]]:
    """Return (household number, name, birth date) of present members who carry no resident ID."""
    rows = await repository.members_without_resident_id(tx, numbers)
    return {(row["number"], row["name"], row["birth_date"]) for row in rows}


async def in_areas(tx: Transaction, areas: Sequence[int], after: UUID, limit: int) -> list[asyncpg.Record]:
    """Return up to ``limit`` households in areas by id, with where each one's head lives now."""
    return await repository.in_areas(tx, areas, after, limit)


async def reassign(tx: Transaction, household_id: UUID, area: int) -> bool:
    """Let a household follow a change of the division; False where its number is taken in the new area."""
    return await repository.reassign(tx, household_id, area)
