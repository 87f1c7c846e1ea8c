"""A person's applications under another reference: two records of the register were joined, or separated again."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from renkou_common.database import Transaction
from renkou_migrant.applications import repository
from renkou_migrant.applications.domain import OPEN, Application, ApplicationState, Step
from renkou_migrant.applications.service import recorded
from renkou_migrant.certificates.moving import Owner
from renkou_migrant.certificates.records import Actor, ActorKind
from renkou_migrant.runtime import Runtime

_REGISTER = Actor(ActorKind.REGISTER)


async def join(
    tx: Transaction, runtime: Runtime, gone_ref: UUID, kept: Owner
) -> list[tuple[Application, str | None]]:
    """Make the applications of the record that left those of the one that stays; returns them as they were.

    A person has one open at most: where both have one, that of the record that left is withdrawn, and the state
    it was in comes with it.
    """
    taken = bool(await repository.open_of(tx, [kept.ref]))
    moved = []
    for found in await repository.of_persons(tx, [gone_ref]):
        closed_from = found.state.value if taken and found.state in OPEN else None
        now = _of(found, kept)
        if closed_from is not None:
            now = replace(now, state=ApplicationState.WITHDRAWN, closed_on=runtime.clock.today())
        await _write(tx, runtime, found, now, Step.MERGE)
        moved.append((found, closed_from))
    return moved


async def separate(
    tx: Transaction, runtime: Runtime, gone: Owner, closed_from: Mapping[UUID, str | None]
) -> None:
    """Give applications back to a record that is separate again; what ``join`` withdrew is open as it was."""
    for found in await repository.find_many(tx, closed_from.keys()):
        now, state = _of(found, gone), closed_from[found.id]
        if state is not None and found.state is ApplicationState.WITHDRAWN:
            now = replace(now, state=ApplicationState(state), closed_on=None)
        await _write(tx, runtime, found, now, Step.SEPARATE)


def _of(found: Application, owner: Owner) -> Application:
    """Return an application as one of another record; an open one is handled where that is registered."""
    area = owner.registered_area if found.state in OPEN and owner.registered_area else found.registered_area
    return replace(found, person_ref=owner.ref, person_id=owner.person_id, registered_area=area)


async def _write(
    tx: Transaction, runtime: Runtime, before: Application, now: Application, step: Step
) -> None:
    await repository.update(tx, now)
    await recorded(tx, runtime, before, now, step, _REGISTER)
