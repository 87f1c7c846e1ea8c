"""From rows to answers: the one place where protected fields are masked."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson
from fastapi import Response

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import DOCUMENT_KINDS
from renkou_common.codes.masking import mask_document_number, mask_phone, mask_resident_id
from renkou_registry.fields import area_code
from renkou_registry.persons.details import SEALED
from renkou_registry.persons.reading import Facts, open_other_document, open_phone, open_resident_id
from renkou_registry.persons.schemas import DetailOut, FactsOut, PersonOut, PersonSummary, labels
from renkou_registry.runtime import Runtime

_MEMBERS = tuple(PersonOut.model_fields)
_SAME = frozenset(_MEMBERS) - {"resident_id", "phone", "registered_area", "present_area"}


def _masked_number(runtime: Runtime, row: asyncpg.Record) -> str | None:
    number = open_resident_id(runtime, row)
    return mask_resident_id(number) if number else None


def members(runtime: Runtime, row: asyncpg.Record) -> dict[str, Any]:
    """Return the members of :class:`PersonOut` as they are written as JSON at once."""
    values = {name: value for name, value in row.items() if name in _SAME}
    values |= labels(row["sex"], row["marital_status"], row["nationality"])
    phone = open_phone(runtime, row)
    other = open_other_document(runtime, row)
    values |= {
        "resident_id": _masked_number(runtime, row),
        "document_kind_label": DOCUMENT_KINDS.entry(row["document_kind"]).zh,
        "other_document_number": mask_document_number(other) if other else None,
        "phone": mask_phone(phone) if phone else None,
        "registered_area": area_code(row["registered_area"]),
        "present_area": area_code(row["present_area"]),
    }
    return {name: values[name] for name in _MEMBERS}


def written(runtime: Runtime, row: asyncpg.Record) -> bytes:
    """Return :class:`PersonOut` as JSON.

    By orjson, told of the driver's UUIDs: Pydantic finds out anew for each of them what it is, which took longer than
    everything else on the way from the row to the answer.
    """
    return orjson.dumps(members(runtime, row), default=str, option=orjson.OPT_UTC_Z)


def person(runtime: Runtime, row: asyncpg.Record) -> PersonOut:
    """Return the answer for one person, where it is part of another."""
    return PersonOut.model_construct(**members(runtime, row))


def summary(runtime: Runtime, row: asyncpg.Record) -> PersonSummary:
    """Return a person as lists show it."""
    return PersonSummary.model_construct(**listed(runtime, row) | {"id": row["id"]})


def listed(runtime: Runtime, row: asyncpg.Record) -> dict[str, Any]:
    """Return the members of :class:`PersonSummary`, as lists show a person.

    Plain values that are written as JSON at once: building a model for each of a page's persons costs more
    than finding them.
    """
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "sex": row["sex"],
        "birth_date": row["birth_date"],
        "resident_id": _masked_number(runtime, row),
        "marital_status": row["marital_status"],
        "registered_area": area_code(row["registered_area"]),
        "present_area": area_code(row["present_area"]),
        "alive": row["alive"],
    }


def page(items: Sequence[dict[str, Any]], following: str | None) -> Response:
    """Return a page of summaries with its cursor."""
    return Response(orjson.dumps({"items": items, "next": following}), media_type="application/json")


def detail(runtime: Runtime, row: asyncpg.Record) -> DetailOut:
    """Return one value that was noted of a person, masked where it is protected."""
    value = row["value"]
    if row["sealed"] is not None:
        mask = {"phone": mask_phone, "resident_id": mask_resident_id}.get(row["field"], mask_document_number)
        value = mask(runtime.cipher.decrypt(row["sealed"], SEALED[row["field"]]))
    return DetailOut(
        field=row["field"],
        value=value,
        valid_from=row["valid_from"],
        correction=row["correction"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
    )


def facts(found: Facts) -> FactsOut:
    """Return the facts in the clear."""
    row = found.row
    return FactsOut(
        person_id=row["id"],
        person_ref=row["ref"],
        name=row["name"],
        sex=row["sex"],
        birth_date=row["birth_date"],
        document_kind=row["document_kind"],
        resident_id=found.resident_id,
        other_document_kind=row["other_document_kind"],
        other_document_number=found.other_document_number,
        marital_status=row["marital_status"],
        marital_status_label=labels(row["sex"], row["marital_status"], row["nationality"])[
            "marital_status_label"
        ],
        children_count=row["children_count"],
        children_birth_dates=found.children_birth_dates,
        registered_area=area_code(row["registered_area"]),
        registered_area_name=found.area_names.get(AreaCode.from_key(row["registered_area"])),
        present_area=area_code(row["present_area"]),
        present_area_name=found.area_names.get(AreaCode.from_key(row["present_area"])),
        present_since=row["present_since"],
        alive=row["alive"],
        died_on=row["died_on"],
    )
