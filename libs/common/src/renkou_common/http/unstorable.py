"""Refuses characters that nothing here can store: U+0000, which PostgreSQL has not, and half a surrogate pair,
which is no character. No name, street or reason contains either.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi import Request

from renkou_common.errors import FieldError, InvalidInput, Text

TAKES_JSON = "renkou.takes_json"
"""Where the table of routes notes in a request's scope whether its route takes a JSON body."""
_ESCAPED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_HALF = re.compile("[\ud800-\udfff]")
_NUL_TEXT = Text("含有空字符 (U+0000)", "holds the character U+0000")
_HALF_TEXT = Text("含有无法识别的字符 (不成对的代理码位)", "holds half a surrogate pair")


async def refuse_unstorable(request: Request) -> None:
    """FastAPI dependency; raises InvalidInput that lists each query parameter or body member that holds such a
    character."""
    found = [
        FieldError(f"/query/{name}", "nul_character", _NUL_TEXT)
        for name, value in request.query_params.multi_items()
        if "\0" in value
    ]
    if _is_json(request):
        body = await request.body()
        if _ESCAPED.search(body):
            try:
                found += _places(json.loads(body), "")
            except (ValueError, RecursionError):
                return  # not JSON, or nested beyond any request; the route says so
    if found:
        raise InvalidInput.fields(found)


def _is_json(request: Request) -> bool:
    """Whether a body is read as JSON; what a route takes as a file is not read before it looks."""
    return request.scope.get(TAKES_JSON, True) and "json" in request.headers.get("content-type", "").lower()


def _places(value: Any, pointer: str) -> Iterator[FieldError]:
    if isinstance(value, str):
        yield from _wrong(value, pointer)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _wrong(name, pointer)
            yield from _places(member, f"{pointer}/{_HALF.sub('?', name)}")
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _places(member, f"{pointer}/{position}")


def _wrong(text: str, pointer: str) -> Iterator[FieldError]:
    if "\0" in text:
        yield FieldError(pointer, "nul_character", _NUL_TEXT)
    if _HALF.search(text):
        yield FieldError(pointer, "string_unicode", _HALF_TEXT)
