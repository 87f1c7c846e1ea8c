"""Households: enter, extend, read; what life events do to memberships. Callers hold the transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import MembershipKind
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_people import HouseholdChanged
from renkou_common.database import Reader, Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.messaging.outbox import Message
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_all
from renkou_registry.households import changes, repository
from renkou_registry.households.domain import HouseholdEntry, Member, MemberEntry, Membership, members_on
from renkou_registry.households.staying import Told, changed, home_of
from renkou_registry.life_events.domain import EventKind, LifeEvent
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.persons.service import find_many
from renkou_registry.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Prepared:
    """Households ready to be written, as if the register had none of them yet; no database was asked."""

    entries: Sequence[HouseholdEntry]
    households: list[tuple[Any, ...]]
    members: list[tuple[Any, ...]]
    messages: list[Message]


def prepare_many(runtime: Runtime, entries: Sequence[HouseholdEntry]) -> Prepared:
    """Return households ready for :func:`write_many`, which may be of one (area, number) several times."""
    places = {(each.area, each.number): (new_id(), 1) for each in entries}
    distinct = {(each.area, each.number): each for each in entries}
    return Prepared(
        entries,
        [repository.record_of(places[key][0], each) for key, each in distinct.items()],
        _members(entries, places),
        _messages(runtime, entries, places),
    )


def _members(
    entries: Sequence[HouseholdEntry], places: Mapping[tuple[int, str], tuple[UUID, int]]
) -> list[tuple[Any, ...]]:
    return [
        repository.member_record(Member(new_id(), places[each.area, each.number][0], each.area, member))
        for each in entries
        for member in each.members
    ]


def _messages(
    runtime: Runtime,
    entries: Sequence[HouseholdEntry],
    places: Mapping[tuple[int, str], tuple[UUID, int]],
) -> list[Message]:
    kinds = {(each.area, each.number): each.kind for each in entries}
    told = [
        (
            RegistryEventType.HOUSEHOLD_CHANGED,
            household_id,
            HouseholdChanged(
                household_id=household_id,
                change="entered" if version == 1 else "extended",
                kind=kinds[key],
                area=area_text(key[0]),
            ),
        )
        for key, (household_id, version) in places.items()
    ]
    return runtime.outbox.messages(told)


async def write_many(
    runtime: Runtime, tx: Transaction, prepared: Prepared, *, recorded_by: UUID
) -> list[UUID]:
    """Enter households with their members in a few statements; returns their ids in order.

    A household whose (area, number) is in the register already is extended by the members it lacks, so that
    a roster may bring one household in several batches, or twice in one.
    """
    now = runtime.clock.now()
    found = await repository.upsert_many(tx, prepared.households, now, recorded_by)
    members, messages = prepared.members, prepared.messages
    if any(version > 1 for _, version in found.values()):
        members = _members(prepared.entries, found)
        messages = _messages(runtime, prepared.entries, found)
    await repository.add_records(tx, members, now, recorded_by)
    await runtime.outbox.append_messages(tx, messages)
    return [found[each.area, each.number][0] for each in prepared.entries]


async def create_many(
    runtime: Runtime, tx: Transaction, households: Sequence[HouseholdEntry], *, recorded_by: UUID
) -> list[UUID]:
    """Enter households as :func:`write_many` does."""
    return await write_many(runtime, tx, prepare_many(runtime, households), recorded_by=recorded_by)


async def create(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: HouseholdEntry, *, recorded_by: UUID
) -> UUID:
    """Enter one household; raises NotFound for an area or a member outside the caller's area."""
    if not scope.contains(entry.area):
        raise NotFound.of("区划", "area")
    wanted = sorted({member.person_id for member in entry.members})
    people = {row["id"]: row for row in await find_many(tx, wanted, scope)} if wanted else {}
    if len(people) < len(wanted):
        raise NotFound.of("人员", "person")
    household_id, now = new_id(), runtime.clock.now()
    if not await repository.insert(tx, household_id, entry, now, recorded_by):
        raise number_taken()
    members = [Member(new_id(), household_id, entry.area, member) for member in entry.members]
    for member in members:
        await check_registered(tx, people[member.entry.person_id], member)
    await repository.add_members(tx, members, now, recorded_by)
    row = await repository.find(tx, household_id, scope)
    assert row is not None
    await changes.publish(runtime, tx, row, "entered", None, [people[each]["ref"] for each in wanted])
    return household_id


def number_taken() -> Conflict:
    """Return the error for a number that the community has already."""
    return Conflict(
        "household_exists", "该社区已有此户号", "this community has a household of that number already"
    )


async def check_registered(tx: Transaction, person: Any, member: Member) -> None:
    """Raise Conflict where a registered membership is asked for that cannot be.

    A person is registered in one household, in the community of the registered address.
    """
    if member.entry.kind is not MembershipKind.REGISTERED:
        return
    if person["registered_area"] != member.area:
        raise Conflict(
            "registered_elsewhere",
            "该人户籍不在本社区, 只能登记为同住人员",
            "the person is registered in another community and can only be entered as living there",
        )
    async with reaching_all(tx):
        ever = await repository.ever_of_person(tx, person["id"])
    if any(row.is_open and row.kind is MembershipKind.REGISTERED for row in ever):
        raise Conflict(
            "registered_in_household",
            "该人已是另一户的户籍成员, 请先迁出",
            "the person is a registered member of another household; that membership has to end first",
        )


async def find(
    tx: Transaction, household_id: UUID, scope: AreaScope
) -> tuple[asyncpg.Record, list[Membership]]:
    """Return a household in scope with what is known now of its memberships; raises NotFound."""
    row = await repository.find(tx, household_id, scope)
    if row is None:
        raise changes.not_found()
    return row, await repository.members_of(tx, household_id)


async def recorded(tx: Transaction, household_id: UUID) -> tuple[asyncpg.Record, list[Membership]]:
    """Return a household that the caller has just changed, also where it has left the caller's area by it."""
    async with reaching_all(tx):
        row = (await repository.lock_many(tx, [household_id]))[household_id]
        return row, await repository.members_of(tx, household_id)


async def members_as_of(
    tx: Transaction, household_id: UUID, on: date, known_at: datetime
) -> list[Membership]:
    """Return who belonged to a visible household on a day, as known at an instant; the head first."""
    return members_on(await repository.memberships_of(tx, household_id), on, known_at)


async def memberships_as_of(
    tx: Transaction, person_id: UUID, on: date, known_at: datetime
) -> list[Membership]:
    """Return the visible households to which a person belonged on a day, as known at an instant."""
    return members_on(await repository.ever_of_person(tx, person_id), on, known_at)


async def household_as_of(
    tx: Transaction, household_id: UUID, scope: AreaScope, on: date, known_at: datetime
) -> dict[str, Any]:
    """Return ``number, kind, area, street, place_id, dissolved`` of a household on a day, as known at an
    instant; raises NotFound."""
    row = await repository.find(tx, household_id, scope)
    if row is None:
        raise changes.not_found()
    names = ("number", "kind", "area", "street", "place_id")
    found: dict[str, Any] = {name: row[name] for name in names} | {"dissolved": False}
    for each in await repository.details_of(tx, household_id):  # what was recorded last holds
        if each["recorded_at"] <= known_at and (each["valid_from"] is None or each["valid_from"] <= on):
            found = {name: each[name] for name in (*names, "dissolved")}
    return found


async def memberships_of(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return what is known now of a person's memberships in visible households."""
    return await repository.of_person(tx, person_id)


async def add_member(
    runtime: Runtime,
    tx: Transaction,
    household_id: UUID,
    scope: AreaScope,
    person_id: UUID,
    relation: str,
    since: date,
    *,
    recorded_by: UUID,
) -> None:
    """Add a newborn to a household in scope from the birth on; raises NotFound."""
    row = await repository.find(tx, household_id, scope, lock=True)
    if row is None:
        raise changes.not_found()
    member = Member(new_id(), household_id, row["area"], MemberEntry(person_id, relation, since))
    await repository.add_members(tx, [member], runtime.clock.now(), recorded_by)
    await repository.update(tx, household_id, {}, ["members"])
    await changes.publish(runtime, tx, row, "member_joined", since)


async def forget_person(tx: Transaction, runtime: Runtime, person_id: UUID) -> None:
    """Take a person whose entry was retracted out of every household, as if never there."""
    async with reaching_all(tx):
        await repository.forget(tx, person_id, runtime.clock.now())


async def person_merged(
    tx: Transaction, runtime: Runtime, person_id: UUID, on: date, cause: UUID, *, recorded_by: UUID
) -> None:
    """End the memberships of a locked person whose record joins another; ``cause`` is the event, by which
    :func:`person_back` finds them again."""
    async with reaching_all(tx):
        rows = [row for row in await repository.ever_of_person(tx, person_id) if row.is_open]
        homes = await repository.lock_many(tx, sorted({row.household_id for row in rows}))
        for row in rows:
            day = max(on, row.since) if row.since else on
            await changes.end(runtime, tx, [row], day, "merged", recorded_by=recorded_by, cause=cause)
        await _tell(runtime, tx, rows, homes, "member_left", on)


async def person_back(
    tx: Transaction, runtime: Runtime, person_id: UUID, cause: UUID, *, recorded_by: UUID
) -> None:
    """Let the memberships last again that the merge ended which was undone."""
    async with reaching_all(tx):
        ended = await repository.ended_by(tx, person_id, cause)
        homes = await repository.lock_many(tx, sorted({row.household_id for row in ended}))
        await _reopen(runtime, tx, person_id, ended, homes, recorded_by=recorded_by)


async def _reopen(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    ended: Sequence[Membership],
    homes: dict[UUID, asyncpg.Record],
    *,
    recorded_by: UUID,
) -> None:
    """Let memberships last again, save in a household that is no more or where another has taken the place."""
    for row in ended:
        taken = [each for each in await repository.ever_of_person(tx, person_id) if each.is_open]
        if not _is_taken(row, taken) and not homes[row.household_id]["dissolved_on"]:
            await changes.reopen(runtime, tx, [row], recorded_by=recorded_by)
            await _tell(runtime, tx, [row], homes, "member_joined", None)


def _is_taken(row: Membership, present: Sequence[Membership]) -> bool:
    """Say whether another membership has taken the place of one."""
    registered = row.kind is MembershipKind.REGISTERED
    return any(
        other.household_id == row.household_id or (registered and other.kind is MembershipKind.REGISTERED)
        for other in present
    )


async def follow(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    before: Told,
    after: Told,
    event: LifeEvent,
    *,
    recorded_by: UUID,
) -> None:
    """Let memberships of a locked person follow a life event: each ends where the history ends it now, and
    lasts again where it no longer does. A newborn's begin with the birth."""
    if event.kind not in _FOLLOWED:
        return
    async with reaching_all(tx):
        rows = [row for row in await repository.ever_of_person(tx, person_id) if row.known_until is None]
        homes = await repository.lock_many(tx, sorted({row.household_id for row in rows}))
        rows = await _born_then(runtime, tx, rows, before, after, recorded_by)
        lie = {each: home_of(homes[each], await repository.details_of(tx, each)) for each in homes}
        found = changed(rows, lie, before, after)
        for row, end in found:
            if end is not None:
                await changes.end(
                    runtime, tx, [row], end.on, end.reason, recorded_by=recorded_by, cause=end.event_id
                )
                await _tell(runtime, tx, [row], homes, "member_left", end.on)
        again = [row for row, end in found if end is None]
        await _reopen(runtime, tx, person_id, again, homes, recorded_by=recorded_by)


_FOLLOWED = frozenset({EventKind.MOVE, EventKind.DEATH, EventKind.CORRECTION, EventKind.RETRACTION})


async def _born_then(
    runtime: Runtime,
    tx: Transaction,
    rows: list[Membership],
    before: Told,
    after: Told,
    recorded_by: UUID,
) -> list[Membership]:
    """Return memberships with those begun at a birth begun on its right day."""
    (old, *_), (new, *_) = before.facts, after.facts
    if new.kind is not EventKind.BIRTH or old.happened_on == new.happened_on:
        return rows
    moved = {row.id: new_id() for row in rows if row.since == old.happened_on}
    for row in rows:
        if row.id in moved:
            until = max(row.until, new.happened_on) if row.until else None
            await repository.replace(
                tx,
                [row.id],
                [moved[row.id]],
                until,
                row.reason,
                runtime.clock.now(),
                recorded_by,
                row.cause,
                since=new.happened_on,
            )
    return [replace(row, id=moved[row.id], since=new.happened_on) if row.id in moved else row for row in rows]


async def _tell(
    runtime: Runtime,
    tx: Transaction,
    rows: Sequence[Membership],
    homes: dict[UUID, asyncpg.Record],
    change: Any,
    on: date | None,
) -> None:
    for household_id in sorted({row.household_id for row in rows}):
        await repository.update(tx, household_id, {}, ["members"])
        await changes.publish(runtime, tx, homes[household_id], change, on)


async def page(
    tx: Reader,
    scope: AreaScope,
    area: AreaCode,
    number: str,
    after: tuple[int, UUID] | None,
    limit: int,
    *,
    without_head: bool = False,
) -> list[asyncpg.Record]:
    """Return a page of an area's households, all or those without a head; raises NotFound where the area is
    not the caller's."""
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    return await repository.page(tx, interval, number, after, limit, without_head=without_head)


async def headed(tx: Transaction, numbers: Sequence[str]) -> set[tuple[str, int]]:
    """Return (number, area key) of the households with one of the numbers that have a head now."""
    return {(row["number"], row["area"]) for row in await repository.headed(tx, numbers)}


async def members_without_resident_id(
    tx: Transaction, numbers: Sequence[str]
) -> dict[tuple[str, str, date], asyncpg.Record]:
    """Return (id, registered_area, present_area) of present members who carry no resident ID, by household number,
    name and birth_date."""
    rows = await repository.members_without_resident_id(tx, numbers)
    return {(row["number"], row["name"], row["birth_date"]): row for row in rows}


async def in_areas(tx: Transaction, areas: Sequence[int], after: UUID, limit: int) -> list[asyncpg.Record]:
    """Return up to ``limit`` households in areas by id, with where each one's head lives now."""
    return await repository.in_areas(tx, areas, after, limit)


async def reassign(
    runtime: Runtime,
    tx: Transaction,
    household_id: UUID,
    columns: Mapping[str, Any],
    on: date,
    *,
    recorded_by: UUID,
) -> bool:
    """Let a household follow a change of the division from a day on; ``columns`` are the ``area`` and, where
    it gets another, the ``number``. False where its number is taken in the new area."""
    row = (await repository.lock_many(tx, [household_id]))[household_id]
    if not await repository.is_free(tx, columns["area"], columns.get("number", row["number"])):
        return False
    await changes.save(runtime, tx, row, columns, list(columns), on, recorded_by=recorded_by)
    await repository.follow_area(tx, household_id, columns["area"])
    await changes.publish(runtime, tx, dict(row) | dict(columns), "changed", on)
    return True
