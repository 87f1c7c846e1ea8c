"""Substitution: load, decide, save, tell the other services of the substitute's rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.ids import new_id
from renkou_registry.roles import service as roles
from renkou_registry.runtime import Runtime
from renkou_registry.staff import service as staff
from renkou_registry.staff.domain import RoleInArea
from renkou_registry.substitutions import repository
from renkou_registry.substitutions.domain import (
    Substitution,
    SubstitutionState,
    check_days,
    check_duties,
    check_people,
)


@dataclass(frozen=True, slots=True)
class WantedSubstitution:
    """What is asked for; ``duties`` None: all."""

    holder_id: UUID
    substitute_id: UUID
    first_day: date
    last_day: date
    duties: tuple[RoleInArea, ...] | None
    reason: str


async def give(tx: Transaction, runtime: Runtime, wanted: WantedSubstitution, given_by: UUID) -> UUID:
    """Hand duties over and return the substitution's id.

    Raises NotFound for an unknown account, InvalidInput and Conflict for what :mod:`.domain` refuses, and where the
    substitute would come to hold what nobody may together. Callers have
    checked that it is the holder or an administrator who gives.
    """
    now = runtime.clock.now()
    begins, ends = check_days(wanted.first_day, wanted.last_day, now)
    catalogue = await roles.catalogue(tx, lock=True)  # before the accounts, as whoever changes a role does
    first, second = sorted((wanted.holder_id, wanted.substitute_id))
    both = {each: await staff.locked(tx, each) for each in (first, second)}
    holder, substitute = both[wanted.holder_id], both[wanted.substitute_id]
    check_people(holder, substitute)
    duties = check_duties(holder, wanted.duties, catalogue)
    one = Substitution(
        id=new_id(),
        holder_id=holder.id,
        substitute_id=substitute.id,
        valid_from=begins,
        valid_to=ends,
        duties=duties,
        reason=wanted.reason,
        given_by=given_by,
        given_at=now,
        ended_at=None,
        ended_by=None,
        version=1,
    )
    await repository.insert(tx, one)
    await staff.check_hands(tx, [substitute.id], "/duties", now)
    await staff.announce(tx, runtime.outbox, [substitute.id])
    return one.id


async def find(tx: Transaction, substitution_id: UUID, of_staff: UUID | None) -> Substitution:
    """Return a substitution, of one account only where one is named; raises NotFound."""
    found = await repository.find(tx, substitution_id)
    if found is None or of_staff not in (None, found.holder_id, found.substitute_id):
        raise NotFound.of("代理", "substitution")
    return found


async def page(
    tx: Transaction, of_staff: UUID | None, open_at: datetime | None, before: UUID | None, limit: int
) -> Sequence[Substitution]:
    """Return the newest substitutions, of one account only where one is named."""
    return await repository.page(tx, of_staff, open_at, before, limit)


async def end(
    tx: Transaction, runtime: Runtime, substitution_id: UUID, version: int, by: UUID, of_staff: UUID | None
) -> Substitution:
    """End a substitution before its last day; raises NotFound, VersionMismatch, Conflict where it is over."""
    await find(tx, substitution_id, of_staff)
    held = await repository.find(tx, substitution_id, lock=True)
    assert held is not None
    await check_current(tx, held.id, version, held.version)
    now = runtime.clock.now()
    if held.state(now) is SubstitutionState.ENDED:
        raise Conflict("substitution_ended", "代理已经结束", "The substitution is over")
    await repository.end(tx, substitution_id, by, now)
    await staff.announce(tx, runtime.outbox, [held.substitute_id])
    return await find(tx, substitution_id, None)
