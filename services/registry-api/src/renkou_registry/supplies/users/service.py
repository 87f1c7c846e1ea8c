"""Users of supplies and who received: sealed here, told to nobody but for a purpose that is logged.

Callers hold the transaction; nothing here commits.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import SupplyUserChanged
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput
from renkou_common.scope import AreaScope
from renkou_registry.duplicates import service as duplicates
from renkou_registry.field_keys import uniqueness
from renkou_registry.floor import reaching_everywhere
from renkou_registry.persons import reading
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import check_alive
from renkou_registry.records import Desk, check_open, enter, lock_version, publish
from renkou_registry.runtime import Runtime
from renkou_registry.supplies.catalogue.service import open_point
from renkou_registry.supplies.domain import UserYear, user_lines
from renkou_registry.supplies.fields import check_day
from renkou_registry.supplies.ledger import repository as ledger
from renkou_registry.supplies.ledger.service import Issued
from renkou_registry.supplies.users import repository
from renkou_registry.supplies.users.repository import USERS

COLUMN = "supply.person"
COPIED_AT_MOST = 10_000


def sealed_person(runtime: Runtime, person_id: UUID) -> tuple[bytes, bytes]:
    """Return a person's id sealed, and the index under which the same person is found again."""
    text = str(person_id)
    return runtime.cipher.encrypt(text, COLUMN), runtime.cipher.blind_index(text, COLUMN)


def indexes_of(runtime: Runtime, person_id: UUID) -> list[bytes]:
    """Return every index under which a person may stand."""
    return runtime.cipher.blind_indexes(str(person_id), COLUMN)


def _counted(row: asyncpg.Record) -> UserYear:
    return UserYear(
        row["area"],
        row["population"],
        row["since"],
        row["reached_on"] is not None,
        row["confirmed_on"] is not None,
        row["withdrawn"],
    )


async def changed(
    desk: Desk, row: asyncpg.Record, action: str, on: date, before: asyncpg.Record | None
) -> None:
    await publish(
        desk,
        RegistryEventType.SUPPLY_USER_CHANGED,
        SupplyUserChanged,
        row["id"],
        row["area"],
        on,
        action,
        user_lines(_counted(row)),
        user_lines(_counted(before)) if before is not None else None,
    )


async def register(desk: Desk, person_id: UUID, point_id: UUID, since: date) -> UUID:
    """Enter somebody who asks for supplies in the year of ``since``.

    Raises NotFound, InvalidInput for another year, Conflict ``not_alive``, ``user_exists``.
    """
    check_day(since, desk.today, "/since")
    if since.year != desk.today.year:
        raise InvalidInput.field("/since", "year_over", "应在本年度内", "must be a day of this year")
    person = await persons.find(desk.tx, person_id, desk.scope)
    check_alive(person["birth_date"], person["died_on"], since)
    point = await open_point(desk, point_id)
    sealed, index = sealed_person(desk.runtime, person_id)
    indexes = indexes_of(desk.runtime, person_id)
    if await uniqueness.serialise(desk.runtime.cipher, desk.tx):
        async with reaching_everywhere(desk.tx, desk.scope):
            if await repository.of_year(desk.tx, indexes, since.year) is not None:
                raise user_exists()
    low, high = desk.runtime.district.interval()
    here = low <= person["registered_area"] <= high
    user_id = await enter(
        desk,
        USERS,
        point["area"],
        {
            "point_id": point_id,
            "person_sealed": sealed,
            "person_index": index,
            "population": "resident" if here else "migrant_in",
            "year": since.year,
            "since": since,
            "reached_on": await _first_issue(desk, indexes, since.year),
            "withdrawn": False,
        },
    )
    if user_id is None:
        raise user_exists()
    await changed(desk, await USERS.find(desk.tx, user_id, desk.scope), "registered", since, None)
    return user_id


def user_exists() -> Conflict:
    """Return the conflict for a second registration of a year."""
    return Conflict("user_exists", "此人本年度已登记", "this person is registered for this year already")


async def _first_issue(desk: Desk, indexes: Sequence[bytes], year: int) -> date | None:
    async with reaching_everywhere(desk.tx, desk.scope):
        return await ledger.first_issue(desk.tx, indexes, date(year, 1, 1), date(year, 12, 31))


async def confirm(desk: Desk, user_id: UUID, version: int, on: date) -> asyncpg.Record:
    """Note that the person confirmed the use; raises NotFound, VersionMismatch, Conflict."""
    before = await lock_version(desk, USERS, user_id, version)
    check_open(before)
    _check_within(before, on, desk.today)
    if before["confirmed_on"] is not None:
        raise Conflict("already_confirmed", "已确认使用", "the use is confirmed already")
    after = await USERS.update(desk.tx, user_id, {"confirmed_on": on})
    await changed(desk, after, "confirmed", on, before)
    return after


async def end(desk: Desk, user_id: UUID, version: int, on: date, *, withdrawn: bool) -> asyncpg.Record:
    """End a registration, or withdraw one that was a mistake, which then counts nowhere."""
    before = await lock_version(desk, USERS, user_id, version)
    check_open(before)
    _check_within(before, on, desk.today)
    after = await USERS.update(desk.tx, user_id, {"ended_on": on, "withdrawn": withdrawn})
    await changed(desk, after, "withdrawn" if withdrawn else "ended", on, before)
    return after


def _check_within(row: asyncpg.Record, on: date, today: date) -> None:
    check_day(on, today)
    if on < row["since"]:
        raise InvalidInput.field(
            "/on", "before_since", "不能早于登记日期", "must not be before the registration"
        )


async def note_issue(desk: Desk, issued: Issued, person_id: UUID) -> None:
    """Write down, sealed, who received, and that a registered user was reached.

    Raises NotFound, Conflict ``not_alive``.
    """
    person = await persons.find(desk.tx, person_id, desk.scope)
    check_alive(person["birth_date"], person["died_on"], issued.on)
    sealed, index = sealed_person(desk.runtime, person_id)
    await ledger.add_recipient(desk.tx, issued.id, issued.area, sealed, index)
    await _set_reached(desk, indexes_of(desk.runtime, person_id), issued.on)


async def note_reversal(desk: Desk, issue: asyncpg.Record) -> None:
    """Take back that a user was reached where the reversed issue was the only one."""
    sealed = await ledger.recipient(desk.tx, issue["id"])
    if sealed is not None:
        person_id = UUID(desk.runtime.cipher.decrypt(sealed, COLUMN))
        await _set_reached(desk, indexes_of(desk.runtime, person_id), issue["happened_on"])


async def _set_reached(desk: Desk, indexes: Sequence[bytes], on: date) -> None:
    async with reaching_everywhere(desk.tx, desk.scope):
        before = await repository.of_year(desk.tx, indexes, on.year)
        if before is None:
            return
        first = await ledger.first_issue(desk.tx, indexes, date(on.year, 1, 1), date(on.year, 12, 31))
        if first == before["reached_on"]:
            return
        after = await USERS.update(desk.tx, before["id"], {"reached_on": first})
    await changed(desk, after, "reached" if first else "not_reached", on, before)


async def person_withdrawn(runtime: Runtime, tx: Transaction, person_id: UUID, by: UUID) -> None:
    """Withdraw the registrations of a person whose entry was taken back; the transaction reaches everywhere."""
    desk = Desk(runtime, tx, AreaScope.everything(), by)
    for row in await repository.of_person(tx, indexes_of(runtime, person_id)):
        after = await USERS.update(tx, row["id"], {"withdrawn": True})
        await changed(desk, after, "withdrawn", desk.today, row)


async def issues_to_person(
    desk: Desk, person_id: UUID, purpose: str, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return what a person of the caller's received, and log the reading; raises NotFound."""
    await persons.find(desk.tx, person_id, desk.scope)
    await reading.log_health(desk.runtime, desk.tx, desk.subject, person_id, ["supply_issues"], purpose)
    return await held_about(desk.runtime, desk.tx, desk.scope, person_id, after, limit)


async def held_about(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Return the issues to a person whom the caller may read, wherever they were made (also for /me)."""
    async with reaching_everywhere(tx, scope):
        ids = [person_id, *await duplicates.joined_to(tx, person_id)]
        indexes = [index for each in ids for index in indexes_of(runtime, each)]
        return await ledger.issues_to(tx, indexes, after, limit)


async def registrations_of(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID
) -> list[asyncpg.Record]:
    """Return a person's registrations as a user of supplies (for /me), the newest first."""
    async with reaching_everywhere(tx, scope):
        return await repository.of_person(tx, indexes_of(runtime, person_id))


async def own_copy(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID
) -> dict[str, list[dict[str, Any]]]:
    """Return what is held about a person here, for the person's own copy: receipts and registrations.

    No foreign key leads from these to the person, so nothing that follows keys finds them.
    """
    issues = await held_about(runtime, tx, scope, person_id, None, COPIED_AT_MOST)
    async with reaching_everywhere(tx, scope):
        lines = await ledger.lines(tx, [row["id"] for row in issues])
    registrations = await registrations_of(runtime, tx, scope, person_id)
    hidden = ("person_sealed", "person_index")
    return {
        "supply_recipient": [
            {
                "document_id": line["document_id"],
                "happened_on": issue["happened_on"],
                "point_id": issue["point_id"],
                "specification_id": line["specification_id"],
                "batch_number": line["batch_number"],
                "quantity": -line["quantity"],
                "reversed": issue["reversed"],
            }
            for issue in issues
            for line in lines
            if line["document_id"] == issue["id"]
        ],
        "supply_user": [{k: v for k, v in row.items() if k not in hidden} for row in registrations],
    }


async def lines_of_issues(desk: Desk, issue_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the lines of issues that :func:`issues_to_person` found."""
    async with reaching_everywhere(desk.tx, desk.scope):
        return await ledger.lines(desk.tx, issue_ids)


async def follow_point(desk: Desk, point_id: UUID, area: int) -> None:
    """Let this year's registrations of a point count where it lies by now; earlier years stay."""
    for before in await repository.of_point(desk.tx, point_id):
        if before["year"] == desk.today.year:
            after = await USERS.update(desk.tx, before["id"], {"area": area})
            await changed(desk, after, "area_changed", desk.today, before)
