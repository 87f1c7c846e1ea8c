"""Changes of a household by the office: members, head, split, merger, move. Callers hold the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.kinship import Relation
from renkou_common.codes.lists import MembershipKind
from renkou_common.errors import Conflict, InvalidInput
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_all
from renkou_registry.households import changes, repository
from renkou_registry.households.changes import Opened
from renkou_registry.households.domain import (
    HouseholdEntry,
    Member,
    MemberEntry,
    Membership,
    check_joins,
    head_of,
    membership_of,
    new_relations,
)
from renkou_registry.households.service import check_registered, number_taken
from renkou_registry.life_events import service as life_events
from renkou_registry.life_events.addresses import AddressKind
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import changing
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id


@dataclass(frozen=True, slots=True)
class Address:
    """Where a household moves to; ``area`` is the 12-digit key, ``number`` its number there."""

    area: int
    number: str
    street: str | None = None
    place_id: UUID | None = None


async def change(desk: Desk, household_id: UUID, version: int, columns: dict[str, Any], on: date) -> None:
    """Change number, kind, street or place from a day on. Raises NotFound, VersionMismatch, Conflict."""
    household = await changes.opened(desk.tx, desk.scope, household_id, version)
    row = household.row
    different = {name: value for name, value in columns.items() if row[name] != value}
    if not different:
        return
    number = different.get("number")
    if number is not None and not await repository.is_free(desk.tx, row["area"], number):
        raise number_taken()
    await changes.save(desk.runtime, desk.tx, row, different, list(different), on, recorded_by=desk.subject)
    await changes.publish(desk.runtime, desk.tx, dict(row) | different, "changed", on)


async def join(desk: Desk, household_id: UUID, version: int, entry: MemberEntry) -> None:
    """Add a member from a day on. Raises NotFound, VersionMismatch, Conflict."""
    household = await changes.opened(desk.tx, desk.scope, household_id, version, [entry.person_id])
    check_joins(household.members, entry.person_id, entry.relation)
    person = household.people[entry.person_id]
    if person.died_on is not None and (entry.since is None or entry.since >= person.died_on):
        raise Conflict("not_alive", "该人已死亡", "the person is dead")
    member = Member(new_id(), household_id, household.row["area"], entry)
    await check_registered(desk.tx, await persons.find(desk.tx, person.id, desk.scope), member)
    await _add(desk, [member])
    await repository.update(desk.tx, household_id, {}, ["members"])
    refs = household.refs([person.id])
    await changes.publish(desk.runtime, desk.tx, household.row, "member_joined", entry.since, refs)


async def leave(desk: Desk, household_id: UUID, version: int, person_id: UUID, on: date, reason: str) -> None:
    """End a membership on a day. Raises NotFound, VersionMismatch, InvalidInput, Conflict."""
    household = await changes.opened(desk.tx, desk.scope, household_id, version)
    row = membership_of(household.members, person_id, "/person_id")
    await changes.end(desk.runtime, desk.tx, [row], on, reason, recorded_by=desk.subject)
    await repository.update(desk.tx, household_id, {}, ["members"])
    refs = household.refs([person_id])
    await changes.publish(desk.runtime, desk.tx, household.row, "member_left", on, refs)


async def change_head(
    desk: Desk, household_id: UUID, version: int, head: UUID, relations: dict[UUID, str], on: date
) -> None:
    """Make another member the head from a day on; ``relations`` are the others' to the new head.

    Who is not named keeps the relation, the former head becomes "other". Raises as :func:`leave`.
    """
    household = await changes.opened(desk.tx, desk.scope, household_id, version)
    await _relate(desk, household, household.members, head, relations, on)
    await repository.update(desk.tx, household_id, {}, ["head", "members"])
    await changes.publish(desk.runtime, desk.tx, household.row, "head_changed", on, household.refs([head]))


async def _relate(
    desk: Desk,
    household: Opened,
    members: Sequence[Membership],
    head: UUID,
    relations: dict[UUID, str],
    on: date,
) -> None:
    """Write the relations to a new head from a day on."""
    wanted = new_relations(members, head, relations)
    rows = [row for row in members if row.person_id in wanted]
    await changes.end(desk.runtime, desk.tx, rows, on, "relation", recorded_by=desk.subject)
    await _add(desk, [_again(row, household.row, on, wanted[row.person_id]) for row in rows])


def _again(row: Membership, home: asyncpg.Record, on: date, relation: str) -> Member:
    entry = MemberEntry(row.person_id, relation, on, row.kind)
    return Member(new_id(), home["id"], home["area"], entry)


async def _add(desk: Desk, members: Sequence[Member]) -> None:
    if not members:
        return
    async with reaching_all(desk.tx):
        added = await repository.add_members(desk.tx, members, desk.runtime.clock.now(), desk.subject)
    if len(added) < len(members):
        raise Conflict(
            "registered_in_household",
            "有成员已是另一户的户籍成员, 请先迁出",
            "a member is registered in another household; that membership has to end first",
        )


async def split(
    desk: Desk,
    household_id: UUID,
    version: int,
    number: str,
    street: str | None,
    members: Sequence[MemberEntry],
    remaining_head: UUID | None,
    on: date,
) -> UUID:
    """Put members into a household of their own, in the same community, from a day on; returns its id.

    Raises NotFound, VersionMismatch, InvalidInput, Conflict.
    """
    household = await changes.opened(desk.tx, desk.scope, household_id, version)
    leaving = {
        entry.person_id: membership_of(household.members, entry.person_id, f"/members/{index}/person_id")
        for index, entry in enumerate(members)
    }
    staying = [row for row in household.members if row.person_id not in leaving]
    if not staying:
        raise InvalidInput.field(
            "/members", "nobody_stays", "至少须有一人留在原户", "somebody has to stay in the household"
        )
    row = household.row
    entry = HouseholdEntry(number, row["area"], row["kind"], street or row["street"], (), row["place_id"])
    new_household = new_id()
    now = desk.runtime.clock.now()
    if not await repository.insert(desk.tx, new_household, entry, now, desk.subject):
        raise number_taken()
    await changes.end(desk.runtime, desk.tx, list(leaving.values()), on, "split", recorded_by=desk.subject)
    await _add(
        desk,
        [
            Member(
                new_id(),
                new_household,
                row["area"],
                replace(each, since=on, kind=leaving[each.person_id].kind),
            )
            for each in members
        ],
    )
    if remaining_head is not None:
        await _relate(desk, household, staying, remaining_head, {}, on)
    await repository.update(desk.tx, household_id, {}, ["members"])
    refs = household.refs(leaving)
    await changes.publish(desk.runtime, desk.tx, row, "split", on, refs, other=new_household)
    made = await repository.find(desk.tx, new_household, desk.scope)
    assert made is not None
    await changes.publish(desk.runtime, desk.tx, made, "entered", on, refs, other=household_id)
    return new_household


async def merge(
    desk: Desk, household_id: UUID, version: int, into: UUID, relations: dict[UUID, str], on: date
) -> None:
    """Put every member into another household of the community from a day on; this one is dissolved.

    ``relations`` are to the other household's head; who is not named is "other" there. Raises NotFound,
    VersionMismatch, InvalidInput, Conflict ``other_community``.
    """
    if into == household_id:
        raise InvalidInput.field("/into", "same_household", "不能并入自身", "must be another household")
    household = await changes.opened(desk.tx, desk.scope, household_id, version, others=[into])
    target = await changes.opened(desk.tx, desk.scope, into, None)
    if target.row["area"] != household.row["area"]:
        raise Conflict(
            "other_community",
            "两户不在同一社区, 请先迁移",
            "the households lie in different communities; move one first",
        )
    for person in relations:
        membership_of(household.members, person, "/relations")
    if Relation.HEAD in relations.values() and head_of(target.members) is not None:
        raise Conflict("second_head", "一户只有一名户主", "a household has one head")
    both = {row.person_id for row in target.members}
    await changes.end(desk.runtime, desk.tx, household.members, on, "merger", recorded_by=desk.subject)
    entering = [row for row in household.members if row.person_id not in both]
    await _add(
        desk,
        [_again(row, target.row, on, relations.get(row.person_id, Relation.OTHER)) for row in entering],
    )
    columns = {"dissolved_on": on}
    await changes.save(
        desk.runtime,
        desk.tx,
        household.row,
        columns,
        ["members", "dissolved_on"],
        on,
        recorded_by=desk.subject,
    )
    await repository.update(desk.tx, into, {}, ["members"])
    refs = household.refs(row.person_id for row in household.members)
    after = dict(household.row) | columns
    await changes.publish(desk.runtime, desk.tx, after, "merged", on, refs, other=into)
    await changes.publish(desk.runtime, desk.tx, target.row, "extended", on, refs, other=household_id)


async def move(desk: Desk, household_id: UUID, version: int, to: Address, on: date) -> None:
    """Move a household with those who belong to it: a life event for each of them.

    Registered members take their registration along, also those who live elsewhere; members who live here go
    to live there. Within the community only street and place change. Raises NotFound, VersionMismatch,
    Conflict; nothing is done where one member cannot have moved on that day.
    """
    household = await changes.opened(desk.tx, desk.scope, household_id, version)
    row, here = household.row, household.row["area"]
    if (to.area, to.number) != (here, row["number"]):
        async with reaching_all(desk.tx):
            if not await repository.is_free(desk.tx, to.area, to.number):
                raise number_taken()
    columns = {"area": to.area, "number": to.number, "street": to.street, "place_id": to.place_id}
    different = {name: value for name, value in columns.items() if row[name] != value}
    everywhere = replace(desk, scope=AreaScope.everything())
    async with reaching_all(desk.tx):
        await changes.save(
            desk.runtime, desk.tx, row, different, list(different), on, recorded_by=desk.subject
        )
        await repository.follow_area(desk.tx, household_id, to.area)
        for member in household.members:
            await _move_member(everywhere, household.people[member.person_id], member, here, to, on)
        refs = household.refs(each.person_id for each in household.members)
        await changes.publish(desk.runtime, desk.tx, dict(row) | different, "moved", on, refs)


async def _move_member(
    desk: Desk, person: PersonRecord, member: Membership, here: int, to: Address, on: date
) -> None:
    registered = member.kind is MembershipKind.REGISTERED and person.registered_area == here
    lives_here = person.present_area == here
    if not registered and not lives_here:
        return
    if to.area != here:
        await life_events.record_move(
            desk,
            person.id,
            on,
            to.area,
            to.street,
            transfer_registration=registered,
            registration_only=not lives_here,
        )
    elif to.street is not None:
        for kind, goes_along in ((AddressKind.REGISTERED, registered), (AddressKind.PRESENT, lives_here)):
            if goes_along:
                await life_events.record_address(desk, person.id, on, kind, to.street, to.place_id)
    if lives_here:
        place = {"place_id": to.place_id}
        await changing.note_address(
            desk.runtime, desk.tx, person.id, desk.scope, place, on, recorded_by=desk.subject
        )
