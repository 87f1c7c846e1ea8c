"""The published contracts: documented, versioned, and free of anything personal."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.contracts.document import rendered
from renkou_common.contracts.migrant import MigrantEventType
from renkou_common.contracts.registry import RegistryEventType

DOCS = Path(__file__).resolve().parents[4] / "docs"
PERSONAL = re.compile(r"name|resident_id|id_number|phone|street|address|birth_date|employer|text|note|reason")


def field_names(model: type[BaseModel]) -> set[str]:
    schema = model.model_json_schema()
    found = set(schema["properties"])
    for definition in schema.get("$defs", {}).values():
        found |= set(definition.get("properties", {}))
    return found


@pytest.mark.parametrize("name", ["events.md", "asyncapi.json"])
def test_the_documents_say_what_the_contracts_say(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == rendered()[name]


def test_every_type_of_the_closed_enums_has_a_payload() -> None:
    assert set(EVENT_TYPES) == {*RegistryEventType, *MigrantEventType}


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_type_names_follow_the_grammar(name: str) -> None:
    assert re.fullmatch(r"(registry|migrant)\.[a-z-]+\.[a-z-]+\.v\d+", name)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_no_event_has_a_field_for_personal_data(name: str) -> None:
    assert not [field for field in field_names(EVENT_TYPES[name]) if PERSONAL.search(field)]
