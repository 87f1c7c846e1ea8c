"""Petitions: receive, assign, reply, extend, close. Callers hold the transaction; nothing here commits."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.offices import PetitionState
from renkou_common.contracts.lines import LineKey
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import PetitionChanged
from renkou_common.errors import Conflict, InvalidInput
from renkou_registry.fields import check_not_future
from renkou_registry.persons.domain import new_id
from renkou_registry.petitions import repository
from renkou_registry.petitions.domain import Course, Rules, check_extension, clocks, petition_lines
from renkou_registry.petitions.repository import PETITIONS
from renkou_registry.records import Desk, check_something, enter, lock_version, own_area, publish
from renkou_registry.runtime import Runtime
from renkou_registry.successions import Following

NAME, PHONE, CONTENT = "petition.name", "petition.phone", "petition.content"
REPLY = "petition_reply.content"


def rules_of(runtime: Runtime) -> Rules:
    """Return the configured days."""
    settings = runtime.settings
    return Rules(
        settings.petition_first_reply_days, settings.petition_close_days, settings.petition_extension_days
    )


def course_of(row: Mapping[str, Any] | asyncpg.Record) -> Course:
    """Return what a row tells of a petition's course."""
    return Course(
        row["received_on"],
        PetitionState(row["state"]),
        row["first_replied_on"],
        row["ended_on"],
        row["extended_on"] is not None,
    )


def _lines(desk: Desk, row: asyncpg.Record | None) -> Counter[LineKey]:
    if row is None:
        return Counter()
    return petition_lines(row["area"], course_of(row), rules_of(desk.runtime))


async def _save(
    desk: Desk, before: asyncpg.Record, changes: Mapping[str, Any], action: str, on: date
) -> asyncpg.Record:
    """Write changes with the clocks they lead to, and publish the difference."""
    found = clocks(course_of({**before, **changes}), rules_of(desk.runtime))
    due = {"first_due": found.first_due, "close_due": found.close_due, "next_due": found.next_due}
    row = await PETITIONS.update(desk.tx, before["id"], {**changes, **due})
    await _publish(desk, row, action, on, before)
    return row


async def _publish(
    desk: Desk, row: asyncpg.Record, action: str, on: date, before: asyncpg.Record | None
) -> None:
    await publish(
        desk,
        RegistryEventType.PETITION_CHANGED,
        PetitionChanged,
        row["id"],
        row["area"],
        on,
        action,
        _lines(desk, row),
        _lines(desk, before),
    )


async def receive(desk: Desk, area: AreaCode, values: Mapping[str, Any]) -> UUID:
    """Enter a petition; its clocks run from the day of receipt. Raises NotFound, InvalidInput."""
    check_not_future({"/received_on": values["received_on"]}, desk.today)
    cipher = desk.runtime.cipher
    name, phone = values["petitioner_name"], values["petitioner_phone"]
    found = clocks(Course(values["received_on"], PetitionState.RECEIVED), rules_of(desk.runtime))
    columns = {
        **{key: values[key] for key in ("received_on", "channel", "topic", "office", "anonymous")},
        "name_sealed": cipher.encrypt(name, NAME) if name else None,
        "phone_sealed": cipher.encrypt(phone, PHONE) if phone else None,
        "content_sealed": cipher.encrypt(values["content"], CONTENT),
        "state": PetitionState.RECEIVED.value,
        "first_due": found.first_due,
        "close_due": found.close_due,
        "next_due": found.next_due,
    }
    petition_id = await enter(desk, PETITIONS, await own_area(desk, area), columns)
    assert petition_id is not None
    row = await PETITIONS.find(desk.tx, petition_id, desk.scope)
    await _publish(desk, row, "received", row["received_on"], None)
    return petition_id


async def _lock_open(desk: Desk, petition_id: UUID, version: int | None) -> asyncpg.Record:
    if version is None:
        row = await PETITIONS.lock(desk.tx, petition_id, desk.scope)
    else:
        row = await lock_version(desk, PETITIONS, petition_id, version)
    if row["state"] not in (PetitionState.RECEIVED, PetitionState.REPLIED):
        raise Conflict("petition_closed", "该信访已办结或撤回", "this petition is closed or withdrawn")
    return row


async def change(desk: Desk, petition_id: UUID, version: int, values: Mapping[str, Any]) -> asyncpg.Record:
    """Change topic or office of an open petition; raises NotFound, VersionMismatch, Conflict, InvalidInput."""
    check_something(values)
    before = await _lock_open(desk, petition_id, version)
    return await _save(desk, before, values, "assigned" if "office" in values else "changed", desk.today)


async def _check_order(desk: Desk, petition: asyncpg.Record, on: date) -> None:
    """Raise InvalidInput for a day before the receipt or before a reply: no closing is dated back into time."""
    earliest = await repository.last_reply(desk.tx, petition["id"]) or petition["received_on"]
    if on < earliest:
        raise InvalidInput.field(
            "/on", "before_earlier", f"不能早于 {earliest}", f"must not be before {earliest}"
        )


async def reply(desk: Desk, petition_id: UUID, on: date, content: str, *, closing: bool) -> UUID:
    """Enter a reply; the first one stops the first clock, a closing one both. Raises NotFound, Conflict."""
    before = await _lock_open(desk, petition_id, None)
    check_not_future({"/on": on}, desk.today)
    await _check_order(desk, before, on)
    reply_id = new_id()
    sealed = desk.runtime.cipher.encrypt(content, REPLY)
    await repository.add_reply(desk.tx, reply_id, before, on, sealed, desk.now, desk.subject, closing=closing)
    changes: dict[str, Any] = {"first_replied_on": before["first_replied_on"] or on}
    changes["state"] = (PetitionState.CLOSED if closing else PetitionState.REPLIED).value
    if closing:
        changes["ended_on"] = on
    await _save(desk, before, changes, "closed" if closing else "replied", on)
    return reply_id


async def extend(desk: Desk, petition_id: UUID, version: int, reason: str) -> asyncpg.Record:
    """Extend the closing once; raises NotFound, VersionMismatch, Conflict."""
    before = await lock_version(desk, PETITIONS, petition_id, version)
    check_extension(course_of(before), desk.today, rules_of(desk.runtime))
    changes = {"extended_on": desk.today, "extension_reason": reason}
    return await _save(desk, before, changes, "extended", desk.today)


async def withdraw(desk: Desk, petition_id: UUID, version: int, on: date) -> asyncpg.Record:
    """Note that the petitioner takes it back; it counts nowhere any more."""
    before = await _lock_open(desk, petition_id, version)
    check_not_future({"/on": on}, desk.today)
    await _check_order(desk, before, on)
    changes = {"state": PetitionState.WITHDRAWN.value, "ended_on": on}
    return await _save(desk, before, changes, "withdrawn", on)


async def petitioner(desk: Desk, petition_id: UUID, reason: str) -> tuple[str | None, str | None]:
    """Return name and phone of the petitioner in the clear; the reading is logged with its reason."""
    row = await PETITIONS.find(desk.tx, petition_id, desk.scope)
    await repository.log_reading(desk.tx, new_id(), row, reason, desk.subject, desk.now)
    return opened(desk.runtime, row)


def opened(runtime: Runtime, row: asyncpg.Record) -> tuple[str | None, str | None]:
    """Return name and phone of a row in the clear."""
    name, phone = row["name_sealed"], row["phone_sealed"]
    return (
        runtime.cipher.decrypt(name, NAME) if name else None,
        runtime.cipher.decrypt(phone, PHONE) if phone else None,
    )


async def _area_changed(desk: Desk, before: asyncpg.Record, after: asyncpg.Record) -> None:
    await _publish(desk, after, "area_changed", desk.today, before)


AREA_FOLLOWING = Following("petition", where="t.state IN ('received', 'replied')", moved=_area_changed)
"""A petition that is not closed goes where the rule sends what it does not name."""
