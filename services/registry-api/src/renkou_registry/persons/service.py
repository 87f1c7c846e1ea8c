"""Persons: look up, lock, write what follows from their events. Callers hold the transaction; nothing here commits.

Entering one is in :mod:`.entering`, changing what is noted in :mod:`.changing`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.audit.acting import acting
from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import DocumentKind, Population
from renkou_common.codes.resident_id import normalise_resident_id
from renkou_common.database import Reader, Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_all, reaching_everywhere
from renkou_registry.kin import history as kin
from renkou_registry.life_events.domain import PersonState
from renkou_registry.persons import registration, relatives_repository, repository, taken
from renkou_registry.persons.documents import blind_indexes, sealed_columns
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.persons.listing import BRANCHES, Narrowing
from renkou_registry.persons.registration import RESIDENT_ID
from renkou_registry.runtime import Runtime
from renkou_registry.search import service as search

NOT_FOUND = ("人员", "person")
KIN_COLUMNS = frozenset({"mother_id", "father_id", "spouse_id"})


async def known_resident_ids(runtime: Runtime, tx: Transaction, resident_ids: Sequence[str]) -> set[str]:
    """Return those of the resident IDs that a person visible in this transaction's scope carries already."""
    by_index = _indexed(runtime, resident_ids)
    found = await repository.known_indexes(tx, list(by_index))
    return {by_index[index] for index in found}


async def by_resident_ids(
    runtime: Runtime, tx: Transaction, scope: AreaScope, resident_ids: Sequence[str]
) -> dict[str, tuple[UUID, str]]:
    """Return (id, name) of the persons in scope by resident ID; numbers of nobody there are left out."""
    by_index = _indexed(runtime, resident_ids)
    rows = await repository.by_indexes(tx, list(by_index), scope)
    return {by_index[row["resident_id_index"]]: (row["id"], row["name"]) for row in rows}


def _indexed(runtime: Runtime, resident_ids: Sequence[str]) -> dict[bytes, str]:
    """Return the numbers by every index under which they may stand."""
    return {
        index: number
        for number in resident_ids
        for index in runtime.cipher.blind_indexes(number, RESIDENT_ID)
    }


async def by_names(
    tx: Transaction, scope: AreaScope, pairs: Sequence[tuple[str, date]]
) -> list[asyncpg.Record]:
    """Return (id, name, birth_date, sex) of the persons in scope with one of the names and its birth date."""
    return await repository.by_names(tx, [name for name, _ in pairs], [born for _, born in pairs], scope)


async def find(tx: Reader, person_id: UUID, scope: AreaScope) -> asyncpg.Record:
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


async def find_many_by_ref(tx: Transaction, refs: Sequence[UUID], scope: AreaScope) -> list[asyncpg.Record]:
    """Return the rows of those persons that are in scope, by reference."""
    return await repository.find_many_by_ref(tx, refs, scope)


async def find_ever(tx: Transaction, ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return the rows of persons who are or were in the register, by id.

    For lists of a past day whose area is the caller's; the caller reaches everywhere.
    """
    return await repository.find_ever(tx, ids)


async def in_areas(tx: Transaction, areas: Sequence[int], after: UUID, limit: int) -> list[UUID]:
    """Return up to ``limit`` living persons who have an address in one of the areas, by id."""
    return await repository.in_areas(tx, areas, after, limit)


async def find_by_resident_id(
    runtime: Runtime, tx: Transaction, resident_id: str, scope: AreaScope
) -> asyncpg.Record | None:
    """Return the row of the person with a number, as people write it, if in scope."""
    indexes = runtime.cipher.blind_indexes(normalise_resident_id(resident_id), RESIDENT_ID)
    return await repository.find_by_index(tx, indexes, scope)


async def find_by_document(
    runtime: Runtime, tx: Transaction, kind: str, number: str, scope: AreaScope
) -> asyncpg.Record | None:
    """Return the row of the person with a passport or a birth certificate of this number, if in scope."""
    return await repository.find_by_document(tx, blind_indexes(runtime.cipher, kind, number), scope)


async def page(
    runtime: Runtime,
    tx: Reader,
    scope: AreaScope,
    area: AreaCode,
    population: Population | None,
    narrowing: Narrowing,
    after: tuple[int, int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return a page of an area's persons; raises NotFound where the area is not the caller's."""
    interval = area.interval()
    if not scope.covers(*interval):
        raise NotFound.of("区划", "area")
    district, today = runtime.district.interval(), runtime.clock.today()
    return await repository.page(tx, BRANCHES[population], interval, district, today, narrowing, after, limit)


async def of_places(
    tx: Transaction, places: Sequence[UUID], scope: AreaScope, after: tuple[UUID, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return who lives in places, by place and person."""
    return await repository.of_places(tx, places, scope, after, limit)


async def check_number_free(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID, resident_id: str
) -> None:
    """Raise Conflict ``person_exists`` where somebody else in the register has this number, TooMany where the caller
    was told so too often."""
    who = acting()
    if who is not None and who.actor_id is not None:
        await taken.check_may_ask(runtime, tx, who.actor_id)
    async with reaching_everywhere(tx, scope):
        row = await find_by_resident_id(runtime, tx, resident_id, AreaScope.everything())
    if row is not None and row["id"] != person_id:
        raise number_taken(row["id"])


def number_taken(elsewhere: UUID | None = None) -> Conflict:
    """Return the conflict for a number that somebody else has."""
    return taken.document_taken(DocumentKind.RESIDENT_ID, "/resident_id", elsewhere=elsewhere)


async def lock(tx: Transaction, ids: Sequence[UUID], scope: AreaScope) -> dict[UUID, PersonRecord]:
    """Lock persons in the order of their ids; raises NotFound unless the caller sees all of them."""
    wanted = sorted(set(ids))
    found = await repository.lock(tx, wanted, scope)
    if len(found) < len(wanted):
        raise NotFound.of(*NOT_FOUND)
    return found


async def lock_known(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, PersonRecord]:
    """Lock those of the persons who are in the register, in the order of their ids, wherever they live.

    For kin of somebody the caller sees; the caller reaches everywhere.
    """
    return await repository.lock(tx, sorted(set(ids)), AreaScope.everything())


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
    tx: Transaction,
    before: PersonRecord,
    state: PersonState,
    today: date,
    more: dict[str, Any],
    *,
    runtime: Runtime,
    recorded_by: UUID,
) -> None:
    """Write the state that a history leads to; ``more`` are columns that no state tells.

    A place belongs to its area: it is cleared where the present one changes. Kin go on in their own history.
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
    if state.present_area != before.present_area:
        columns["place_id"] = None
    columns |= more
    changed = {name for name, value in columns.items() if getattr(before, name, value) != value}
    await repository.update(tx, before.id, columns, changed)
    await search.refresh(tx, before.id)
    if changed & KIN_COLUMNS:
        await _follow_kin(runtime, tx, before, columns, recorded_by)


async def _follow_kin(
    runtime: Runtime, tx: Transaction, before: PersonRecord, columns: dict[str, Any], recorded_by: UUID
) -> None:
    """Let the history of kin, and a spouse who is one no longer, follow a person's columns."""
    old = {name: getattr(before, name) for name in KIN_COLUMNS}
    new = {name: columns.get(name, old[name]) for name in KIN_COLUMNS}
    async with reaching_all(tx):
        await kin.followed(tx, before.id, old, new, runtime.clock.now(), recorded_by)
        if before.spouse_id is not None and new["spouse_id"] != before.spouse_id:
            await relatives_repository.part(tx, before.spouse_id, before.id)


async def spouses_of(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Return the present spouses in the register of persons; the caller reaches everywhere."""
    return set(await relatives_repository.spouses_of(tx, ids))


async def set_spouse(
    runtime: Runtime, tx: Transaction, person_id: UUID, spouse_id: UUID | None, *, recorded_by: UUID
) -> None:
    """Write a locked person's spouse with the history of kin; the caller reaches everywhere."""
    before = (await lock_known(tx, [person_id]))[person_id]
    if before.spouse_id != spouse_id:
        columns: dict[str, Any] = {"spouse_id": spouse_id}
        await repository.update(tx, person_id, columns, columns)
        await _follow_kin(runtime, tx, before, columns, recorded_by)


async def set_kin(tx: Transaction, person_id: UUID, columns: dict[str, Any]) -> None:
    """Write kin columns and the number of children; the history of kin is the caller's."""
    await repository.update(tx, person_id, columns, columns)


async def withdraw(runtime: Runtime, tx: Transaction, person_id: UUID, withdrawn_by: UUID) -> None:
    """Take a person out of the register whose entry was retracted; documents are free again, kin let go."""
    columns = {
        "withdrawn": True,
        "resident_id_sealed": None,
        "resident_id_index": None,
        **sealed_columns(runtime.cipher, "", None),
        "usual_area": None,
        "usual_next_area": None,
    }
    await repository.update(tx, person_id, columns, ["withdrawn"])
    async with reaching_all(tx):
        await relatives_repository.forget(tx, person_id)
        await kin.left(tx, person_id, runtime.clock.now(), withdrawn_by)
    await search.forget(tx, person_id)


async def hide(tx: Transaction, person_id: UUID) -> None:
    """Take a record out of the register that has joined another; the ID number stays with it, and taken."""
    columns = {"withdrawn": True, "usual_area": None, "usual_next_area": None}
    await repository.update(tx, person_id, columns, ["withdrawn"])
    await search.forget(tx, person_id)


async def lock_hidden(tx: Transaction, person_id: UUID) -> PersonRecord:
    """Lock a record that is out of the register; raises NotFound."""
    found = await repository.lock_hidden(tx, person_id)
    if found is None:
        raise NotFound.of(*NOT_FOUND)
    return found


async def hand_over_document(tx: Transaction, giver_id: UUID, taker_id: UUID) -> None:
    """Give the identity document of one record to another that has none; raises Conflict."""
    if not await repository.hand_over_document(tx, giver_id, taker_id):
        raise Conflict(
            "document_present",
            "保留的记录已有证件, 或另一条没有证件",
            "the record that stays has a document already, or the other has none",
        )


async def has_document(tx: Transaction, person_id: UUID) -> bool:
    """Say whether a record that the caller sees carries an identity document."""
    return await repository.has_document(tx, person_id)


async def add_children(tx: Transaction, parent_ids: Sequence[UUID], number: int) -> None:
    """Change how many children parents have."""
    await relatives_repository.add_children(tx, parent_ids, number)


async def children_born(tx: Transaction, mother_id: UUID, since: date) -> list[UUID]:
    """Return the mother's children in the register who were born on a day or later; the caller reaches
    everywhere."""
    return await relatives_repository.children_born(tx, mother_id, since)


async def restricted(tx: Transaction, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some persons whose data are not processed further; the transaction reaches them all."""
    return await repository.restricted(tx, person_ids)


async def set_restricted(tx: Transaction, person_id: UUID, *, restricted: bool) -> None:
    """Mark a locked person as one whose data are not processed further, or no longer."""
    await repository.update(tx, person_id, {"restricted": restricted})


async def refs_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the references that events carry, also of persons whose entry was retracted."""
    return await repository.refs_of(tx, ids)


async def children_of_many(tx: Transaction, parent_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return (parent_id, id, birth_date, sex, died_on) of children that the transaction's scope shows."""
    return await relatives_repository.children_of_many(tx, parent_ids)


async def has_child(tx: Transaction, mother_id: UUID, birth_date: date, name: str) -> bool:
    """Say whether a mother has a child of that name and birth date in the register."""
    return await relatives_repository.has_child(tx, mother_id, birth_date, name)


async def children_birth_dates(tx: Transaction, person_id: UUID, scope: AreaScope) -> list[date]:
    """Return the birth dates of a visible person's children in the register, wherever those live."""
    async with reaching_everywhere(tx, scope):
        rows = await relatives_repository.children_of(tx, person_id)
    return [row["birth_date"] for row in rows]
