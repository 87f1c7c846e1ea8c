"""Persons: enter, read, change, look up. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import DocumentKind, KinKind, Population
from renkou_common.codes.resident_id import normalise_resident_id
from renkou_common.database import Reader, Transaction
from renkou_common.errors import Conflict, FieldError, NotFound, Text
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.floor import reaching_all, reaching_everywhere
from renkou_registry.kin import history as kin
from renkou_registry.kin.domain import check_parent, has_spouse
from renkou_registry.life_events.addresses import AddressKind
from renkou_registry.life_events.domain import PersonState
from renkou_registry.persons import details, registration, repository
from renkou_registry.persons.documents import blind_index, sealed_columns, text_of
from renkou_registry.persons.domain import PersonEntry, PersonRecord
from renkou_registry.persons.listing import BRANCHES, Narrowing
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.runtime import Runtime
from renkou_registry.search import service as search
from renkou_registry.timeline import addresses

NOT_FOUND = ("人员", "person")
KIN_COLUMNS = frozenset({"mother_id", "father_id", "spouse_id"})


async def register_many(
    runtime: Runtime, tx: Transaction, entries: Sequence[PersonEntry], *, recorded_by: UUID
) -> list[UUID | None]:
    """Enter up to some thousand persons with their entry events and outbox rows, in a few statements.

    Returns for each entry, in order, the person's id, or None where the document is in the register
    already (that entry is left out; the others stand). Raises Conflict for an impossible entry.
    """
    return await registration.register_many(runtime, tx, entries, recorded_by=recorded_by)


async def known_resident_ids(runtime: Runtime, tx: Transaction, resident_ids: Sequence[str]) -> set[str]:
    """Return those of the resident IDs that a person visible in this transaction's scope carries already."""
    by_index = {runtime.cipher.blind_index(number, RESIDENT_ID): number for number in resident_ids}
    found = await repository.known_indexes(tx, list(by_index))
    return {by_index[index] for index in found}


async def by_resident_ids(
    runtime: Runtime, tx: Transaction, scope: AreaScope, resident_ids: Sequence[str]
) -> dict[str, tuple[UUID, str]]:
    """Return (id, name) of the persons in scope by resident ID; numbers of nobody there are left out."""
    by_index = {runtime.cipher.blind_index(number, RESIDENT_ID): number for number in resident_ids}
    rows = await repository.by_indexes(tx, list(by_index), scope)
    return {by_index[row["resident_id_index"]]: (row["id"], row["name"]) for row in rows}


async def by_names(
    tx: Transaction, scope: AreaScope, pairs: Sequence[tuple[str, date]]
) -> list[asyncpg.Record]:
    """Return (id, name, birth_date, sex) of the persons in scope with one of the names and its birth date."""
    return await repository.by_names(tx, [name for name, _ in pairs], [born for _, born in pairs], scope)


async def register(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: PersonEntry, *, recorded_by: UUID
) -> UUID:
    """Enter one person; raises Conflict ``person_exists``, naming the other only to those who see them."""
    check_own_area(scope, entry.registered_area, entry.present_area)
    await check_kin(tx, scope, entry)
    found = await registration.register_many(runtime, tx, [entry], recorded_by=recorded_by)
    if found[0] is None:
        raise await document_taken(runtime, tx, scope, entry)
    return found[0]


def check_own_area(scope: AreaScope, registered_area: int, present_area: int) -> None:
    """Raise NotFound unless a record with these areas belongs to the caller's area."""
    if not scope.contains(registered_area) and not scope.contains(present_area):
        raise NotFound.of("区划 (户籍地或现居住地须在您的辖区)", "area within your own")


async def check_kin(tx: Transaction, scope: AreaScope, entry: PersonEntry) -> None:
    """Raise NotFound for a mother, father or spouse whom the caller does not see, InvalidInput or Conflict
    for one who cannot be."""
    kin = {each for each in (entry.mother_id, entry.father_id, entry.spouse_id) if each is not None}
    if not kin:
        return
    known = {row["id"]: row for row in await repository.find_many(tx, sorted(kin), scope)}
    if len(known) < len(kin):
        raise NotFound.of("亲属", "relative")
    for kind, parent_id in ((KinKind.MOTHER, entry.mother_id), (KinKind.FATHER, entry.father_id)):
        if parent_id is not None:
            parent = known[parent_id]
            pointer = f"/{kind}_id"
            check_parent(kind, parent["sex"], parent["birth_date"], entry.birth_date, pointer)
    if entry.spouse_id is not None:
        await lock(tx, [entry.spouse_id], scope)
        if (await repository.kin_columns(tx, [entry.spouse_id]))[entry.spouse_id][2] is not None:
            raise has_spouse()


async def document_taken(
    runtime: Runtime, tx: Transaction, scope: AreaScope, entry: PersonEntry, pointer: str = ""
) -> Conflict:
    """Return the conflict for the document of an entry that is taken; ``pointer`` is where it stands."""
    if entry.resident_id is not None:
        return await person_exists(runtime, tx, scope, entry.resident_id, f"{pointer}/resident_id")
    number = entry.document_number or ""
    row = await find_by_document(runtime, tx, entry.document_kind, number, scope)
    return _document_exists(row, f"{pointer}/document_number")


def _document_exists(row: asyncpg.Record | None, pointer: str) -> Conflict:
    zh, en = "该证件号码已在登记中", "this document is in the register already"
    if row is None:
        return Conflict("person_exists", zh, en)
    text = Text(f"{zh}: 人员 {row['id']}", f"{en}: person {row['id']}")
    return Conflict("person_exists", text.zh, text.en, [FieldError(pointer, "person_exists", text)])


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
    index = runtime.cipher.blind_index(normalise_resident_id(resident_id), RESIDENT_ID)
    return await repository.find_by_index(tx, index, scope)


async def find_by_document(
    runtime: Runtime, tx: Transaction, kind: str, number: str, scope: AreaScope
) -> asyncpg.Record | None:
    """Return the row of the person with a passport or a birth certificate of this number, if in scope."""
    return await repository.find_by_document(tx, blind_index(runtime.cipher, kind, number), scope)


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


async def change_details(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    scope: AreaScope,
    version: int,
    changes: dict[str, Any],
    *,
    recorded_by: UUID,
    valid_from: date | None = None,
    correction: bool = False,
) -> asyncpg.Record:
    """Change what is noted of the version the caller saw (:mod:`.details`); returns the new row.

    ``valid_from`` defaults to today. Raises VersionMismatch with what changed since.
    """
    person = (await lock(tx, [person_id], scope))[person_id]
    await check_current(tx, person_id, version, person.version)
    columns = dict(changes)
    plain = [name for name in changes if name in details.PLAIN]
    noted = [details.Noted(name, text_of(changes[name])) for name in plain]
    if "phone" in columns:
        phone = columns.pop("phone")
        sealed = runtime.cipher.encrypt(phone, PHONE) if phone else None
        columns |= {"phone_sealed": sealed}
        columns |= {"phone_index": runtime.cipher.blind_index(phone, PHONE) if phone else None}
        noted.append(details.Noted("phone", sealed=sealed))
    streets = {
        AddressKind(kind): columns[f"{kind}_street"]
        for kind in ("registered", "present")
        if f"{kind}_street" in columns
    }
    await addresses.note_streets(tx, person_id, streets, runtime.clock.now())
    day = valid_from or runtime.clock.today()
    await details.note(
        runtime,
        tx,
        person,
        columns,
        noted,
        valid_from=day,
        correction=correction,
        recorded_by=recorded_by,
    )
    return await find(tx, person_id, scope)


async def note_address(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    scope: AreaScope,
    columns: dict[str, Any],
    on: date,
    *,
    recorded_by: UUID,
) -> None:
    """Note the place of a person from a day on, as it follows from a household's."""
    person = (await lock(tx, [person_id], scope))[person_id]
    noted = [details.Noted(name, text_of(value)) for name, value in columns.items()]
    await details.note(
        runtime, tx, person, columns, noted, valid_from=on, correction=False, recorded_by=recorded_by
    )


async def give_document(
    runtime: Runtime,
    tx: Transaction,
    person_id: UUID,
    scope: AreaScope,
    version: int,
    kind: str,
    number: str,
    *,
    recorded_by: UUID,
    valid_from: date | None = None,
    correction: bool = False,
) -> asyncpg.Record:
    """Give a person a document, or another in the place of one; returns the new row.

    A resident ID becomes the document shown, another one stays beside it. Raises VersionMismatch, Conflict
    ``person_exists`` where somebody else has this document.
    """
    person = (await lock(tx, [person_id], scope))[person_id]
    await check_current(tx, person_id, version, person.version)
    row = await find(tx, person_id, scope)
    cipher = runtime.cipher
    if kind == DocumentKind.RESIDENT_ID:
        columns: dict[str, Any] = {
            "resident_id_sealed": cipher.encrypt(number, RESIDENT_ID),
            "resident_id_index": cipher.blind_index(number, RESIDENT_ID),
        }
        sealed, index = columns["resident_id_sealed"], "resident_id_index"
    else:
        columns = sealed_columns(cipher, kind, number)
        sealed, index = columns["other_document_sealed"], "other_document_index"
    shown = kind if kind == DocumentKind.RESIDENT_ID or row["resident_id_sealed"] is None else None
    noted = [details.Noted(kind, sealed=sealed)]
    if shown is not None:
        columns["document_kind"] = shown
        noted.append(details.Noted("document_kind", shown))
    if kind != DocumentKind.RESIDENT_ID and row["other_document_kind"] not in (None, kind):
        noted.append(details.Noted(row["other_document_kind"]))  # its number gives way to this one
    async with reaching_all(tx):
        taken = await repository.is_taken(tx, index, columns[index], person_id)
    if taken:
        look = repository.find_by_index if kind == DocumentKind.RESIDENT_ID else repository.find_by_document
        raise _document_exists(await look(tx, columns[index], scope), "/number")
    try:
        await details.note(
            runtime,
            tx,
            person,
            columns,
            noted,
            valid_from=valid_from or runtime.clock.today(),
            correction=correction,
            recorded_by=recorded_by,
        )
    except asyncpg.UniqueViolationError as error:  # somebody was given it at the same moment
        raise _document_exists(None, "/number") from error
    return await find(tx, person_id, scope)


async def correct_details(
    runtime: Runtime, tx: Transaction, person: PersonRecord, values: dict[str, str], *, recorded_by: UUID
) -> None:
    """Put right the name, nationality or ID number of a locked person; raises Conflict ``person_exists``.

    What was wrong was wrong all along: the new values hold from the day the wrong ones did.
    """
    columns: dict[str, Any] = {name: values[name] for name in ("name", "nationality") if name in values}
    noted = [details.Noted(name, value) for name, value in columns.items()]
    if "resident_id" in values:
        number = values["resident_id"]
        sealed = runtime.cipher.encrypt(number, RESIDENT_ID)
        columns |= {
            "document_kind": "resident_id",
            "resident_id_sealed": sealed,
            "resident_id_index": runtime.cipher.blind_index(number, RESIDENT_ID),
        }
        noted += [details.Noted("resident_id", sealed=sealed), details.Noted("document_kind", "resident_id")]
    try:
        await details.note(
            runtime, tx, person, columns, noted, valid_from=None, correction=True, recorded_by=recorded_by
        )
    except asyncpg.UniqueViolationError as error:
        raise number_taken() from error
    await search.refresh(tx, person.id)


async def check_number_free(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID, resident_id: str
) -> None:
    """Raise Conflict ``person_exists`` where somebody else in the register has this number."""
    async with reaching_everywhere(tx, scope):
        row = await find_by_resident_id(runtime, tx, resident_id, AreaScope.everything())
    if row is not None and row["id"] != person_id:
        raise number_taken()


def number_taken() -> Conflict:
    """Return the conflict for a number that somebody else has."""
    return Conflict("person_exists", "该身份证号已在登记中", "this ID number is in the register already")


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
            await repository.part(tx, before.spouse_id, before.id)


async def spouses_of(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Return the present spouses in the register of persons; the caller reaches everywhere."""
    return set(await repository.spouses_of(tx, ids))


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
        await repository.forget(tx, person_id)
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


async def add_children(tx: Transaction, parent_ids: Sequence[UUID], number: int) -> None:
    """Change how many children parents have."""
    await repository.add_children(tx, parent_ids, number)


async def children_born(tx: Transaction, mother_id: UUID, since: date) -> list[UUID]:
    """Return the mother's children in the register who were born on a day or later; the caller reaches
    everywhere."""
    return await repository.children_born(tx, mother_id, since)


async def refs_of(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the references that events carry, also of persons whose entry was retracted."""
    return await repository.refs_of(tx, ids)


async def children_of_many(tx: Transaction, parent_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Return (parent_id, id, birth_date, sex, died_on) of children that the transaction's scope shows."""
    return await repository.children_of_many(tx, parent_ids)


async def has_child(tx: Transaction, mother_id: UUID, birth_date: date, name: str) -> bool:
    """Say whether a mother has a child of that name and birth date in the register."""
    return await repository.has_child(tx, mother_id, birth_date, name)


async def children_birth_dates(tx: Transaction, person_id: UUID, scope: AreaScope) -> list[date]:
    """Return the birth dates of a visible person's children in the register, wherever those live."""
    async with reaching_everywhere(tx, scope):
        rows = await repository.children_of(tx, person_id)
    return [row["birth_date"] for row in rows]
