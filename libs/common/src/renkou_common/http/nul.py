"""Refuses U+0000 in requests: PostgreSQL cannot store it, and no name, street or reason contains it."""

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import Request

from renkou_common.errors import FieldError, InvalidInput, Text

_ESCAPED = b"\\u0000"
_TEXT = Text("含有空字符 (U+0000)", "holds the character U+0000")


async def refuse_nul(request: Request) -> None:
    """FastAPI dependency; raises InvalidInput that lists each query parameter or body member with U+0000."""
    found = [f"/query/{name}" for name, value in request.query_params.multi_items() if "\0" in value]
    if _is_json(request):
        body = await request.body()
        if _ESCAPED in body:
            try:
                found += _places(orjson.loads(body), "")
            except (ValueError, RecursionError):
                return  # not JSON, or nested beyond any request; the route says so
    if found:
        raise InvalidInput.fields([FieldError(pointer, "nul_character", _TEXT) for pointer in found])


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "").lower()


def _places(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if "\0" in value:
            yield pointer
    elif isinstance(value, dict):
        for name, member in value.items():
            if "\0" in name:
                yield pointer
            yield from _places(member, f"{pointer}/{name}")
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _places(member, f"{pointer}/{position}")
