"""Requests made out of a service's own OpenAPI document, so that no endpoint is forgotten."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import httpx

PUBLIC = (
    "/health/",
    "/public/",
    "/.well-known/",
    "/auth/token",
    "/auth/refresh",
    "/auth/oidc",
    "/openapi.json",
    "/published/keys",
)


@dataclass(frozen=True)
class Operation:
    """One operation of a service."""

    service: str
    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"

    @property
    def public(self) -> bool:
        """Whether it answers without a token."""
        return self.path.startswith(PUBLIC)

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def operations(service: str, document: dict[str, Any]) -> Iterator[Operation]:
    """Yield every operation with example values for what it requires."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            query = {
                p["name"]: _example(document, p)
                for p in described.get("parameters", [])
                if p["in"] == "query" and p.get("required")
            }
            contents = described.get("requestBody", {}).get("content", {})
            content_type = next(iter(contents), "application/json")
            body = _example(document, contents[content_type]) if contents else None
            yield Operation(service, method.upper(), path, query, body, content_type)


def _example(document: dict[str, Any], holder: Mapping[str, Any]) -> Any:
    if "example" in holder:
        return holder["example"]
    if holder.get("examples"):
        examples = holder["examples"]
        first = next(iter(examples.values())) if isinstance(examples, dict) else examples[0]
        return first.get("value", first) if isinstance(first, dict) and "value" in first else first
    schema = holder.get("schema", holder)
    return _from_schema(document, schema)


def _from_schema(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _from_schema(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if schema.get("examples"):
        return deepcopy(schema["examples"][0])
    if "example" in schema:
        return deepcopy(schema["example"])
    if "anyOf" in schema:
        return _from_schema(document, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date":
        return "2025-06-01"
    if schema.get("format") == "uuid":
        return "0197f000-0000-7000-8000-000000000001"
    if schema.get("type") == "object" or "properties" in schema:
        required = schema.get("required", [])
        return {name: _from_schema(document, schema["properties"][name]) for name in required}
    kinds = {"integer": 1, "boolean": True, "string": "340103", "array": [], "number": 1}
    return kinds.get(str(schema.get("type")))


async def send(
    http: httpx.AsyncClient, url: str, operation: Operation, token: str, ids: Mapping[str, str]
) -> httpx.Response:
    """Send an operation with ids put into its path and body."""
    path = operation.path
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace(f"{{{name}}}", ids.get(name, "0197f000-0000-7000-8000-00000000dead"))
    headers = {
        "Idempotency-Key": f"walk-{operation.method}-{abs(hash(operation.path))}",
        "If-Match": '"1"',
        "Content-Type": operation.content_type,
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    is_json = operation.content_type == "application/json"
    body = _with_ids(operation.body, ids)
    return await http.request(
        operation.method,
        url + path,
        params=_with_ids(operation.query, ids),
        headers=headers,
        timeout=60,
        json=body if is_json and body is not None else None,
        content=b"not a workbook" if not is_json else None,
    )


def _put(known: str, example: Any) -> Any:
    """Put an id where the example has one, alone or first in a list; leave what is left out."""
    if isinstance(example, list):
        return [known, *example[1:]]
    return known if isinstance(example, str) else example


def _named(items: list[Any], ids: Mapping[str, str]) -> bool:
    return any(isinstance(item, dict) and not ids.keys().isdisjoint(item) for item in items)


def _with_ids(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: _put(ids[name], item) if name in ids else _with_ids(item, ids)
            for name, item in value.items()
        }
    if isinstance(value, list):  # one item is enough where each would name the same record
        return [_with_ids(item, ids) for item in (value[:1] if _named(value, ids) else value)]
    return value
