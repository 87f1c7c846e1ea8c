"""Example contents, made from the schema of a kind: for partners' documents and their conformance checks.

A sample is whatever the schema asks for, with the known values below where a member has one of these names.
Optional members are tried one by one and stay where the model accepts them.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError

type Json = dict[str, Any]

_FILE = b"%PDF-1.4\n%%EOF\n"
_KNOWN: Json = {
    "name": "王小雨",
    "resident_id": "340103199001011233",
    "home_area": "340103002003",
    "present_area": "310115005001",
    "birth_area": "310115005001",
    "destination_district": "320106",
    "questions": ["person"],
    "attachments": [
        {
            "name": "户口簿.pdf",
            "media_type": "application/pdf",
            "sha256": sha256(_FILE).hexdigest(),
            "data": urlsafe_b64encode(_FILE).rstrip(b"=").decode(),
        }
    ],
}
_BY_FORMAT = {
    "date": "2026-01-05",
    "date-time": "2026-01-05T09:30:00+08:00",
    "uuid": "0197a1f0-0000-7000-8000-0000000000aa",
}
_BY_PATTERN = {
    r"^[0-9a-f]{64}$": "0" * 64,
    r"^[0-9a-f]{32}$": "0" * 32,
    r"^\d{6}$": "340103",
    r"^\d{12}$": "340103002003",
}


def least(model: type[BaseModel]) -> Json:
    """Return content with the required members only. Raises ValidationError where the model refuses it."""
    schema = model.model_json_schema()
    members = _members(schema, schema.get("$defs", {}))
    model.model_validate(members)
    return members


def most(model: type[BaseModel]) -> Json:
    """Return content with every optional member that the model accepts beside the others."""
    schema = model.model_json_schema()
    members = least(model)
    for name, definition in schema["properties"].items():
        if name in members:
            continue
        fuller = {**members, name: _value(name, definition, schema.get("$defs", {}))}
        try:
            model.model_validate(fuller)
        except ValidationError:
            continue
        members = fuller
    return members


def _members(schema: Json, definitions: Json) -> Json:
    properties = schema.get("properties", {})
    return {name: _value(name, properties[name], definitions) for name in schema.get("required", [])}


def _value(name: str, schema: Json, definitions: Json) -> Any:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        return _value(name, options[0], definitions)
    if name in _KNOWN:
        return _KNOWN[name]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return _members(schema, definitions)
    if schema["type"] == "array":
        count = int(schema.get("minItems", 1))
        return [_value("", schema["items"], definitions) for _ in range(count)]
    return _plain(schema)


def _plain(schema: Json) -> Any:
    """A value of a type without parts; raises KeyError for a pattern that has no example here yet."""
    if schema["type"] == "integer":
        return int(schema.get("minimum", 0)) or 1
    if schema["type"] == "boolean":
        return True
    if "format" in schema:
        return _BY_FORMAT[schema["format"]]
    if "pattern" in schema:
        return _BY_PATTERN[schema["pattern"]]
    return "示例 example"[: schema.get("maxLength", 100)]
