"""What every change of a household shares: locks in one order, history, event. Callers hold the transaction.

Persons are locked before households, and each in the order of their ids: a death locks its person first and
then ends the memberships.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_people import HouseholdChanged, HouseholdChangeKind
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_all
from renkou_registry.households import repository
from renkou_registry.households.domain import Membership, check_end, dissolved
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Opened:
    """A household locked for a change, its present members, and these persons locked too."""

    row: asyncpg.Record
    members: list[Membership]
    people: dict[UUID, PersonRecord]

    def refs(self, ids: Iterable[UUID]) -> list[UUID]:
        """Return the references by which events mean persons."""
        return [self.people[each].ref for each in ids if each in self.people]


def not_found() -> NotFound:
    """Return the error for a household that the caller does not see."""
    return NotFound.of("户", "household")


async def opened(
    tx: Transaction,
    scope: AreaScope,
    household_id: UUID,
    version: int | None,
    more: Sequence[UUID] = (),
    others: Sequence[UUID] = (),
) -> Opened:
    """Lock a household in scope with its members, ``more`` persons and ``others`` households.

    Raises NotFound, VersionMismatch with what changed since, Conflict ``household_dissolved``.
    """
    for each in (household_id, *others):
        if await repository.find(tx, each, scope) is None:
            raise not_found()
    if more:
        await persons.lock(tx, more, scope)
    async with reaching_all(tx):
        wanted = {
            row.person_id
            for each in (household_id, *others)
            for row in await repository.open_members(tx, each)
        }
        people = await persons.lock(tx, sorted(wanted | set(more)), AreaScope.everything())
        row = (await repository.lock_many(tx, [household_id, *others]))[household_id]
        members = await repository.open_members(tx, household_id)
    if version is not None:
        await check_current(tx, household_id, version, row["version"])
    if row["dissolved_on"] is not None:
        raise dissolved()
    return Opened(row, members, people)


async def end(
    runtime: Runtime,
    tx: Transaction,
    rows: Sequence[Membership],
    on: date,
    reason: str | None,
    *,
    recorded_by: UUID,
    cause: UUID | None = None,
) -> None:
    """End memberships on a day; raises Conflict for a day before they began."""
    for row in rows:
        check_end(row, on)
    await _replace(runtime, tx, rows, on, reason, recorded_by, cause)


async def reopen(runtime: Runtime, tx: Transaction, rows: Sequence[Membership], *, recorded_by: UUID) -> None:
    """Let ended memberships last again."""
    await _replace(runtime, tx, rows, None, None, recorded_by, None)


async def _replace(
    runtime: Runtime,
    tx: Transaction,
    rows: Sequence[Membership],
    until: date | None,
    reason: str | None,
    recorded_by: UUID,
    cause: UUID | None,
) -> None:
    ids, new_ids = [row.id for row in rows], [new_id() for _ in rows]
    if ids:
        now = runtime.clock.now()
        await repository.replace(tx, ids, new_ids, until, reason, now, recorded_by, cause)


async def save(
    runtime: Runtime,
    tx: Transaction,
    row: asyncpg.Record,
    columns: Mapping[str, Any],
    names: Sequence[str],
    on: date | None,
    *,
    recorded_by: UUID,
) -> None:
    """Write columns of a locked household from a day on, with their history, and count the version up."""
    await repository.update(tx, row["id"], dict(columns), names)
    if not columns:
        return
    if not await repository.details_of(tx, row["id"]):
        await repository.add_detail(
            tx, row["id"], row, None, row["recorded_at"], row["recorded_by"], is_dissolved=False
        )
    after = dict(row) | dict(columns)
    await repository.add_detail(
        tx,
        row["id"],
        after,
        on,
        runtime.clock.now(),
        recorded_by,
        is_dissolved=after["dissolved_on"] is not None,
    )


async def publish(
    runtime: Runtime,
    tx: Transaction,
    row: Mapping[str, Any] | asyncpg.Record,
    change: HouseholdChangeKind,
    on: date | None,
    refs: Sequence[UUID] = (),
    *,
    other: UUID | None = None,
) -> None:
    """Append the event about a household; ``row`` has its columns after the change."""
    payload = HouseholdChanged(
        household_id=row["id"],
        change=change,
        on=on,
        kind=row["kind"],
        area=area_text(row["area"]),
        dissolved=row["dissolved_on"] is not None,
        other_household_id=other,
        person_refs=list(refs),
    )
    await runtime.outbox.append(tx, RegistryEventType.HOUSEHOLD_CHANGED, row["id"], payload)
