"""Changing what is noted of a person: contact, streets, documents, and putting wrong ones right."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.lists import DocumentKind
from renkou_common.database import Transaction
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.field_keys import uniqueness
from renkou_registry.floor import reaching_all
from renkou_registry.life_events.addresses import AddressKind
from renkou_registry.persons import details, repository
from renkou_registry.persons.documents import blind_indexes, sealed_columns, text_of
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.persons.service import find, lock, number_taken
from renkou_registry.persons.taken import check_may_ask, document_taken
from renkou_registry.runtime import Runtime
from renkou_registry.search import service as search
from renkou_registry.timeline import addresses


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
        indexes = cipher.blind_indexes(number, RESIDENT_ID)
    else:
        columns = sealed_columns(cipher, kind, number)
        sealed, index = columns["other_document_sealed"], "other_document_index"
        indexes = blind_indexes(cipher, kind, number)
    shown = kind if kind == DocumentKind.RESIDENT_ID or row["resident_id_sealed"] is None else None
    noted = [details.Noted(kind, sealed=sealed)]
    if shown is not None:
        columns["document_kind"] = shown
        noted.append(details.Noted("document_kind", shown))
    if kind != DocumentKind.RESIDENT_ID and row["other_document_kind"] not in (None, kind):
        noted.append(details.Noted(row["other_document_kind"]))  # its number gives way to this one
    await check_may_ask(runtime, tx, recorded_by)
    await uniqueness.serialise(cipher, tx)
    async with reaching_all(tx):
        taken = await repository.is_taken(tx, index, indexes, person_id)
    if taken:
        look = repository.find_by_index if kind == DocumentKind.RESIDENT_ID else repository.find_by_document
        seen = await look(tx, indexes, scope)
        async with reaching_all(tx):
            elsewhere = await look(tx, indexes, AreaScope.everything()) if seen is None else None
        raise document_taken(
            kind, "/number", seen["id"] if seen else None, elsewhere["id"] if elsewhere else None
        )
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
        raise document_taken(kind, "/number") from error
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
        if await uniqueness.serialise(runtime.cipher, tx):
            indexes = runtime.cipher.blind_indexes(number, RESIDENT_ID)
            async with reaching_all(tx):
                if await repository.is_taken(tx, "resident_id_index", indexes, person.id):
                    raise number_taken()
    try:
        await details.note(
            runtime, tx, person, columns, noted, valid_from=None, correction=True, recorded_by=recorded_by
        )
    except asyncpg.UniqueViolationError as error:
        raise number_taken() from error
    await search.refresh(tx, person.id)
