"""Memberships of a record that joins another. Callers hold the transaction and let it reach everywhere.

Leaving the register ends the memberships of the record that leaves, and its return lets them last again (see
:func:`.service.person_merged`); here the record that stays takes its place in the household, and gives it up.
"""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.codes.lists import MembershipKind
from renkou_common.database import Transaction
from renkou_registry.households import changes, repository
from renkou_registry.households.domain import Member, MemberEntry
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.runtime import Runtime


async def take_over(
    runtime: Runtime, tx: Transaction, gone_id: UUID, kept: PersonRecord, cause: UUID, recorded_by: UUID
) -> list[str]:
    """Let ``kept`` be a member where ``cause`` ended a membership of ``gone_id``; returns the new ids.

    Left out is a second registered household, one in a community where the kept record is not, and one where
    it is a member already.
    """
    ended = await repository.ended_by(tx, gone_id, cause)
    homes = await repository.lock_many(tx, sorted({row.household_id for row in ended}))
    own = [row for row in await repository.ever_of_person(tx, kept.id) if row.is_open]
    registered = any(row.kind is MembershipKind.REGISTERED for row in own)
    there = {row.household_id for row in own}
    members = []
    for row in ended:
        home = homes[row.household_id]
        second = row.kind is MembershipKind.REGISTERED
        area = kept.registered_area if second else kept.present_area
        if row.household_id in there or (second and registered) or home["area"] != area:
            continue
        entry = MemberEntry(kept.id, row.relation, row.since, row.kind)
        members.append(Member(new_id(), row.household_id, home["area"], entry))
    if members:
        await repository.add_members(tx, members, runtime.clock.now(), recorded_by)
    for each in members:
        await repository.update(tx, each.household_id, {}, ["members"])
        await changes.publish(runtime, tx, homes[each.household_id], "member_joined", runtime.clock.today())
    return [str(each.id) for each in members]


async def give_back(runtime: Runtime, tx: Transaction, ids: Sequence[str]) -> None:
    """Undo :func:`take_over`: those memberships, where they still last, were none."""
    households = await repository.forget_memberships(tx, [UUID(each) for each in ids], runtime.clock.now())
    homes = await repository.lock_many(tx, sorted(set(households)))
    for household_id in sorted(homes):
        await repository.update(tx, household_id, {}, ["members"])
        await changes.publish(runtime, tx, homes[household_id], "member_left", runtime.clock.today())
