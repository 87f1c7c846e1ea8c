"""What is merely noted of a person, with its history: names, documents, phone, streets, employer, place.

Each recorded value holds from a day on until told otherwise; what was recorded later holds from its day on,
whatever was recorded before (see docs/decisions). Callers hold the transaction; nothing here commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_people import DetailsChanged
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_registry.persons import details_repository, repository
from renkou_registry.persons.documents import OTHER_DOCUMENT, text_of
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.persons.events import area_text
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.runtime import Runtime
from renkou_registry.search import service as search

PLAIN = (
    "name",
    "nationality",
    "employer",
    "registered_street",
    "present_street",
    "place_id",
    "document_kind",
)
SEALED = {"phone": PHONE, "resident_id": RESIDENT_ID, "passport": OTHER_DOCUMENT}
SEALED["birth_certificate"] = OTHER_DOCUMENT
OF_ADDRESSES = frozenset({"registered_street", "present_street", "place_id"})
_SEARCHED = {"name", "registered_street", "present_street"}
type Row = Mapping[str, Any] | asyncpg.Record


@dataclass(frozen=True, slots=True)
class Noted:
    """A new value of a field: ``value`` in the clear of a plain one, ``sealed`` of a protected one."""

    field: str
    value: str | None = None
    sealed: bytes | None = None


async def details_as_of(tx: Transaction, person_id: UUID, on: date, known_at: datetime) -> dict[str, Any]:
    """Return what was noted of a visible person for a day, as known at an instant.

    Keys: the plain fields save those of addresses, which ``timeline`` tells with every move; ``former_names``
    (borne before that day); and the sealed ones as ``phone_sealed, resident_id_sealed, passport_sealed,
    birth_certificate_sealed`` (bytes or None; open them with the cipher under :data:`SEALED`). An empty dict
    for nobody.
    """
    current = await details_repository.noted(tx, person_id)
    if current is None:
        return {}
    values = _current_values(current)
    known = [
        row for row in await details_repository.details_of(tx, person_id) if row["recorded_at"] <= known_at
    ]
    for row in known:  # in the order of recording: the last one whose day has come holds
        if row["valid_from"] is None or row["valid_from"] <= on:
            values[row["field"]] = row["value"] if row["field"] in PLAIN else row["sealed"]
    found: dict[str, Any] = {name: values[name] for name in PLAIN if name not in OF_ADDRESSES}
    found |= {f"{name}_sealed": values[name] for name in SEALED}
    return found | {"former_names": former_names(known, on, found["name"])}


def former_names(rows: Sequence[Row], on: date, name: str) -> list[str]:
    """Return the names borne before a day under the history as known, first the oldest; no corrected ones."""
    spans: list[tuple[date, str]] = []
    for row in rows:
        since = row["valid_from"] or date.min
        if row["field"] == "name" and since <= on:
            spans = [*(span for span in spans if span[0] < since), (since, row["value"])]
    borne = list(dict.fromkeys(each for _, each in spans))
    return [each for each in borne if each != name]


async def history_of(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return every noted value of a visible person in the order of recording."""
    return await details_repository.details_of(tx, person_id)


async def note(
    runtime: Runtime,
    tx: Transaction,
    person: PersonRecord,
    columns: dict[str, Any],
    noted: Sequence[Noted],
    *,
    valid_from: date | None,
    correction: bool,
    recorded_by: UUID,
) -> None:
    """Write new values of a locked person: the columns, the history beside them, and the event.

    ``valid_from`` is the day from which they hold; a correction holds from the day the wrong value did.
    Raises InvalidInput for a day before the birth.
    """
    if valid_from is not None and valid_from < person.birth_date:
        raise InvalidInput.field("/valid_from", "before_birth", "早于出生日期", "is before the birth date")
    names = await write_history(
        runtime, tx, person, noted, valid_from=valid_from, correction=correction, recorded_by=recorded_by
    )
    if not names:
        return
    if "name" in names:
        rows = await details_repository.details_of(tx, person.id)
        columns = columns | {"former_names": former_names(rows, runtime.clock.today(), columns["name"])}
    await repository.update(tx, person.id, columns, names)
    if names & _SEARCHED:
        await search.refresh(tx, person.id)
    payload = DetailsChanged(
        person_ref=person.ref,
        on=None if correction else valid_from,
        fields=sorted(names),
        present_area=area_text(person.present_area),
        registered_area=area_text(person.registered_area),
    )
    await runtime.outbox.append(tx, RegistryEventType.DETAILS_CHANGED, person.ref, payload)


async def write_history(
    runtime: Runtime,
    tx: Transaction,
    person: PersonRecord,
    noted: Sequence[Noted],
    *,
    valid_from: date | None,
    correction: bool,
    recorded_by: UUID,
) -> set[str]:
    """Append the values that differ from the present ones; returns the names of their fields."""
    current = await details_repository.noted(tx, person.id)
    assert current is not None
    values = _current_values(current)
    changed = [each for each in noted if not _same(runtime, each, values[each.field])]
    if not changed:
        return set()
    known = await details_repository.last_days(tx, person.id)
    rows: list[dict[str, Any]] = []
    for each in changed:
        if each.field not in known:
            rows.append(_baseline(each.field, values[each.field], current))
        since = known.get(each.field) if correction else valid_from
        row = {"field": each.field, "value": each.value, "sealed": each.sealed, "valid_from": since}
        now = runtime.clock.now()
        rows.append(row | {"correction": correction, "recorded_at": now, "recorded_by": recorded_by})
    await details_repository.append_details(tx, person.id, rows)
    return {each.field for each in changed}


def _baseline(field: str, value: Any, person: Row) -> dict[str, Any]:
    """Return the row for a value that has held ever since, written before its first change."""
    plain = field in PLAIN
    return {
        "field": field,
        "value": value if plain else None,
        "sealed": None if plain else value,
        "valid_from": None,
        "correction": False,
        "recorded_at": person["recorded_at"],
        "recorded_by": person["recorded_by"],
    }


def _same(runtime: Runtime, new: Noted, current: Any) -> bool:
    if new.field in PLAIN:
        return bool(new.value == current)
    if new.sealed is None or current is None:
        return new.sealed is current
    column = SEALED[new.field]
    return runtime.cipher.decrypt(new.sealed, column) == runtime.cipher.decrypt(current, column)


def _current_values(row: Row) -> dict[str, Any]:
    values: dict[str, Any] = {name: text_of(row[name]) for name in PLAIN}
    values |= {"phone": row["phone_sealed"], "resident_id": row["resident_id_sealed"]}
    for kind in ("passport", "birth_certificate"):
        values[kind] = row["other_document_sealed"] if row["other_document_kind"] == kind else None
    return values
