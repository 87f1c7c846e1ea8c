"""Persons: enter, read, change, look up. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import Population
from renkou_common.codes.resident_id import normalise_resident_id
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, NotFound, Text
from renkou_common.http.conditions import check_version
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_everywhere
from renkou_registry.life_events.domain import PersonState
from renkou_registry.persons import registration, repository
from renkou_registry.persons.domain import PersonEntry, PersonRecord
from renkou_registry.persons.listing import BRANCHES
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.runtime import Runtime

NOT_FOUND = ("人员", "person")


async def register_many(
    runtime: Runtime, tx: Transaction, entries: Sequence[PersonEntry], *, recorded_by: UUID
) -> list[UUID | None]:
    """Enter up to some thousand persons with their entry events and outbox rows, in a few statements.

    Returns for each entry, in order, the person's id, or None where the resident ID is in the register
    already (that entry is left out; the others stand). Raises Conflict for an impossible entry.
    """
    return await registration.register_many(runtime, tx, entries, recorded_by=recorded_by)


async def known_resident_ids(runtime: Runtime, tx: Transaction, resident_ids: Sequence[str]) -> set[str]:
    """Return those of the resident IDs that a person visible in this transaction's scope carries already."""
    by_index = {runtime.cipher.blind_index(number, RESIDENT_ID): number for number in resident_ids}
    found = await repository.known_indexes(tx, list(by_index))
    return {by_index[index] for index in found}


async def register(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: PersonEntry, *, recorded_by: UUID
) -> UUID:
    """Enter one person; raises Conflict ``person_exists``, naming the other only to those who see them."""
    check_own_area(scope, entry.registered_area, entry.present_area)
    await check_kin(tx, scope, entry)
    found = await registration.register_many(runtime, tx, [entry], recorded_by=recorded_by)
    if found[0] is None:
        raise await person_exists(runtime, tx, scope, entry.resident_id or "")
    return found[0]


def check_own_area(scope: AreaScope, registered_area: int, present_area: int) -> None:
    """Raise NotFound unless a record with these areas belongs to the caller's area."""
    if not scope.contains(registered_area) and not scope.contains(present_area):
        raise NotFound.of("区划 (户籍地或现居住地须在您的辖区)", "area within your own")


async def check_kin(tx: Transaction, scope: AreaScope, entry: PersonEntry) -> None:
    """Raise NotFound for a mother, father or spouse whom the caller does not see."""
    kin = {each for each in (entry.mother_id, entry.father_id, entry.spouse_id) if each is not None}
    if kin and len(await repository.find_many(tx, sorted(kin), scope)) < len(kin):
        raise NotFound.of("亲属", "relative")


async def person_exists(
    runtime: Runtime, tx: Transaction, scope: AreaScope, resident_id: str, pointer: str = "/resident_id"
) -> Conflict:
    """Return the conflict for a number that is taken."""
    index = runtime.cipher.blind_index(resident_id, RESIDENT_ID)
    row = await repository.find_by_index(tx, index, scope)
    zh, en = "该身份证号已在登记中", "this ID number is in the register already"
    if row is None:
        return Conflict("person_exists", zh, en)
    person_id = row["id"]
    text = Text(f"{zh}: 人员 {person_id}", f"{en}: person {person_id}")
    return Conflict("person_exists", text.zh, text.en, [FieldError(pointer, "person_exists", text)])


async def find(tx: Transaction, person_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a person's row in scope; raises NotFound."""
    row = await repository.find(tx, person_id, scope)
    if row is None:
        raise NotFound.of(*NOT_FOUND)
    return row


async def find_by_ref(tx: Transaction, ref: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a person's row in scope by reference; raises NotFound."""
    row = await repository.find_by_ref(tx, ref, scope)
    if row is None:
        raise NotFound.of(*NOT_FOUND)
    return row


async def find_many(tx: Transaction, ids: Sequence[UUID], scope: AreaScope) -> list[asyncpg.Record]:
    """Return the rows of those persons that are in scope, by id."""
    return await repository.find_many(tx, ids, scope)


async def find_by_resident_id(
    runtime: Runtime, tx: Transaction, resident_id: str, scope: AreaScope
) -> asyncpg.Record | None:
    """Return the row of the person with a number, as people write it, if in scope."""
    index = runtime.cipher.blind_index(normalise_resident_id(resident_id), RESIDENT_ID)
    return await repository.find_by_index(tx, index, scope)


async def find_by_name(tx: Transaction, name: str, scope: AreaScope, limit: int) -> list[asyncpg.Record]:
    """Return rows of persons whose name begins with ``name``."""
    return await repository.find_by_name(tx, name, scope, limit)


async def page(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    area: AreaCode,
    population: Population | None,
    name: str,
    after: tuple[int, int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return a page of an area's persons; raises NotFound where the area is not the caller's."""
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    district, today = runtime.district.interval(), runtime.clock.today()
    return await repository.page(tx, BRANCHES[population], interval, district, today, name, after, limit)


async def change_details(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    scope: AreaScope,
    version: int,
    changes: dict[str, Any],
) -> asyncpg.Record:
    """Change phone, streets or employer of the version the caller saw; returns the new row."""
    locked = await lock(tx, [person_id], scope)
    check_version(version, locked[person_id].version)
    columns = dict(changes)
    if "phone" in columns:
        phone = columns.pop("phone")
        columns["phone_sealed"] = runtime.cipher.encrypt(phone, PHONE) if phone else None
        columns["phone_index"] = runtime.cipher.blind_index(phone, PHONE) if phone else None
    if columns:
        await repository.update(tx, person_id, columns)
    return await find(tx, person_id, scope)


async def lock(tx: Transaction, ids: Sequence[UUID], scope: AreaScope) -> dict[UUID, PersonRecord]:
    """Lock persons in the order of their ids; raises NotFound unless the caller sees all of them."""
    wanted = sorted(set(ids))
    found = await repository.lock(tx, wanted, scope)
    if len(found) < len(wanted):
        raise NotFound.of(*NOT_FOUND)
    return found


async def id_of_ref(tx: Transaction, ref: UUID) -> UUID:
    """Return the person that a reference in an event means; raises NotFound."""
    person_id = await repository.id_of_ref(tx, ref)
    if person_id is None:
        raise NotFound.of(*NOT_FOUND)
    return person_id


async def is_alive(tx: Transaction, person_id: UUID, scope: AreaScope) -> bool:
    """Say whether a visible person's relative, wherever that one lives, is alive in the register."""
    async with reaching_everywhere(tx, scope):
        return await repository.is_alive(tx, person_id)


async def save_state(
    tx: Transaction, before: PersonRecord, state: PersonState, today: date, more: dict[str, Any]
) -> None:
    """Write the state that a history leads to; ``more`` are columns that no history tells (streets, kin).

    A street belongs to its area: where the area changes it is cleared unless ``more`` has the new one.
    """
    columns: dict[str, Any] = {
        "sex": state.sex,
        "birth_date": state.birth_date,
        "marital_status": state.marital_status,
        "registered_area": state.registered_area,
        "registered_since": state.registered_since,
        "present_area": state.present_area,
        "present_since": state.present_since,
        "alive": state.alive,
        "died_on": state.died_on,
        **registration.usual_columns(state, today),
    }
    if state.registered_area != before.registered_area:
        columns["registered_street"] = None
    if state.present_area != before.present_area:
        columns["present_street"] = None
    await repository.update(tx, before.id, columns | more)


async def withdraw(tx: Transaction, person_id: UUID) -> None:
    """Take a person out of the register whose entry was retracted; the ID number is free again."""
    columns = {"withdrawn": True, "resident_id_sealed": None, "resident_id_index": None}
    await repository.update(tx, person_id, columns | {"usual_area": None, "usual_next_area": None})


async def add_children(tx: Transaction, parent_ids: Sequence[UUID], number: int) -> None:
    """Change how many children parents have."""
    await repository.add_children(tx, parent_ids, number)


async def refs_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the references that events carry, also of persons whose entry was retracted."""
    return await repository.refs_of(tx, ids)


async def children_of_many(tx: Transaction, parent_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return (parent_id, id, birth_date, sex, died_on) of children that the transaction's scope shows."""
    return await repository.children_of_many(tx, parent_ids)


async def children_birth_dates(tx: Transaction, person_id: UUID, scope: AreaScope) -> list[date]:
    """Return the birth dates of a visible person's children in the register, wherever those live."""
    async with reaching_everywhere(tx, scope):
        rows = await repository.children_of(tx, person_id)
    return [row["birth_date"] for row in rows]
