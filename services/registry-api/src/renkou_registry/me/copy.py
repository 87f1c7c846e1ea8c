"""A person's full copy: every row held about the person, sealed values opened, secrets left out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import Table

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.areas import service as areas
from renkou_registry.benefits.schemes import service as schemes
from renkou_registry.duplicates import service as duplicates
from renkou_registry.external_lists import service as external_lists
from renkou_registry.fields import area_code
from renkou_registry.me import repository
from renkou_registry.persons import details
from renkou_registry.persons import service as persons
from renkou_registry.privacy.requests import answers as requests
from renkou_registry.runtime import Runtime
from renkou_registry.staff import service as staff
from renkou_registry.supplies.users import service as supplies

AREA = re.compile(r"\d{12}")
_AREAS = ("area", "place")
_LEAST_AREA = 10**11
_BY = ("_by", "worker_id", "actor_id", "acting_for")
_RELATIVES = frozenset(
    {
        "mother_id",
        "father_id",
        "spouse_id",
        "kin_id",
        "child_id",
        "partner_id",
        "first_holder_id",
        "second_holder_id",
    }
)
_OF_RELATIVES = (
    "person",
    "kin_link",
    "life_event",
    "childbirth_registration",
    "childbirth_birth",
    "honour_certificate",
)
_WHERE = frozenset({"tx", "session", "address", "agent", "trace_id", "actor_name"})
"""Where members of staff worked: their own data, for the auditor. Who they are stands under their ids."""
_SECRET = ("_index", "_hash")
"""Look-up keys and password hashes: they say nothing about the person."""


async def full_copy(runtime: Runtime, tx: Transaction, person_id: UUID) -> dict[str, Any]:
    """Return everything held about a person: table name to rows, in the order in which they hang together.

    Whoever else a row names stands there by id; ``names`` has the names of parents, spouse and children, and of
    schemes, ``staff`` those of members of staff by id, ``areas`` the full names of areas by code.
    """
    record_ids = [person_id, *await duplicates.joined_to(tx, person_id)]
    found = await repository.everything_of(tx, record_ids)
    own = await supplies.own_copy(runtime, tx, AreaScope.everything(), person_id)
    own |= {"external_list_row": await external_lists.own_lines(runtime, tx, person_id)}
    records: dict[str, list[dict[str, Any]]] = {
        each.table: [_opened(runtime, each.table, row) for row in each.rows]
        for each in found
        if each.table not in own
    }
    requests.own_copy(records.get("privacy_request", ()), records.get("privacy_request_step", ()))
    records |= {table: rows for table, rows in own.items() if rows}
    records = {table: [_with_codes(row) for row in rows] for table, rows in records.items()}
    return {
        "person_id": str(person_id),
        "made_at": runtime.clock.now().isoformat(),
        "staff": await _staff(tx, records),
        "areas": await _areas(tx, records),
        "names": await _names(tx, records),
        "records": records,
    }


def _with_codes(value: Any, name: str = "") -> Any:
    """Return a value with its areas as codes of twelve digits, at any depth."""
    if isinstance(value, Mapping):
        return {str(inner): _with_codes(each, str(inner)) for inner, each in value.items()}
    if isinstance(value, list):
        return [_with_codes(each, name) for each in value]
    if name.endswith(_AREAS) and isinstance(value, int) and value > _LEAST_AREA:
        return area_code(value)
    return value


def _values(value: Any, names: tuple[str, ...], name: str = "") -> Iterator[Any]:
    """Yield what stands under names with one of these endings, at any depth."""
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from _values(each, names, str(inner))
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, names, name)
    elif value is not None and name.endswith(names):
        yield value


async def _staff(tx: Transaction, records: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the members of staff whom records name; the person's own account among them."""
    named = {each for each in _values(records, _BY) if isinstance(each, UUID)}
    own = {str(row["id"]): "本人 the person" for row in records.get("person_account", [])}
    return own | {str(each): name for each, name in (await staff.names_of(tx, named)).items()}


async def _names(tx: Transaction, records: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the relatives and of the schemes that records name, by id."""
    kin = {
        str(each)
        for table in _OF_RELATIVES
        for row in records.get(table, [])
        for each in _values(row, tuple(_RELATIVES | ({"person_id"} if table == "kin_link" else set())))
    }
    rows = await persons.find_many(tx, sorted(map(UUID, kin)), AreaScope.everything())
    found = {str(row["id"]): row["name"] for row in rows}
    for scheme_id in {each for each in _values(records, ("scheme_id",)) if isinstance(each, UUID)}:
        scheme, versions = await schemes.read(tx, scheme_id)
        newest = versions[-1]
        found[str(scheme["id"])] = f"{newest['name_zh']} {newest['name_en']}"
    return found


async def _areas(tx: Transaction, records: Mapping[str, Any]) -> dict[str, str]:
    named = {each for each in _values(records, _AREAS) if isinstance(each, str) and AREA.fullmatch(each)}
    found = await areas.full_names(tx, (AreaCode.parse(each) for each in sorted(named)))
    return {code.value: name for code, name in found.items()}


def columns_of(table: Table) -> list[str]:
    """Return what the columns of a table are called in the copy; those that are secrets are left out."""
    return [
        name
        for column in table.columns
        if (name := _plain_name(str(table.name), str(column.name))) is not None
    ]


def _opened(runtime: Runtime, table: str, row: asyncpg.Record) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column, value in row.items():
        name = _plain_name(table, column)
        if name is None:
            continue
        if _is_sealed(column):
            if value is not None:
                values[name] = _unsealed(runtime, table, column, row)
            elif name not in values:
                values[name] = None
        elif value is not None or name not in values:
            values[name] = value
    return values


def _is_sealed(column: str) -> bool:
    return column == "sealed" or column.endswith("_sealed")


def _plain_name(table: str, column: str) -> str | None:
    """Return what a column is called in the copy; None for a secret and for one that names others as well."""
    if column.endswith(_SECRET) or column == "person_ids" or (table == "audit_entry" and column in _WHERE):
        return None
    if table == "person_detail" and column == "sealed":
        return "value"
    return "content" if column == "sealed" else column.removesuffix("_sealed")


def _unsealed(runtime: Runtime, table: str, column: str, row: asyncpg.Record) -> Any:
    """Return a sealed value in the clear; what was sealed as JSON as its members."""
    if table == "person_detail":
        return runtime.cipher.decrypt(row[column], details.SEALED[row["field"]])
    contexts = (f"{table}.{column.removesuffix('_sealed')}", f"{table}.{column}")
    text = _first(runtime, row[column], contexts)
    return orjson.loads(text) if text.startswith((b"{", b"[")) else text.decode()


def _first(runtime: Runtime, sealed: bytes, contexts: Sequence[str]) -> bytes:
    """Return a value under whichever of its feature's two ways of naming contexts it was sealed."""
    for context in contexts[:-1]:
        try:
            return runtime.cipher.unseal(sealed, context)
        except InvalidTag:
            continue
    return runtime.cipher.unseal(sealed, contexts[-1])
