"""Opaque cursors for keyset paging."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from renkou_common.errors import InvalidInput

_LARGEST = 2**63 - 1
_LONGEST = 200


def encode_cursor(*keys: Any) -> str:
    """Return the cursor that continues after the record with these keys."""
    return urlsafe_b64encode(orjson.dumps(keys)).decode().rstrip("=")


def decode_cursor(cursor: str | None, count: int) -> list[Any] | None:
    """Return the ``count`` keys of a cursor, None for no cursor; raises InvalidInput for a foreign one.

    A key is a whole number of at most 64 bits or a short text, so that a query can take it.
    """
    if cursor is None:
        return None
    try:
        keys = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        keys = None
    if not isinstance(keys, list) or len(keys) != count or not all(map(_is_key, keys)):
        raise InvalidInput.field("/after", "cursor", "翻页标记无效", "this is not a cursor of this list")
    return keys


def whole_number_key(keys: list[Any] | None) -> int | None:
    """Return the key of a cursor that holds one whole number; raises InvalidInput for any other cursor."""
    if keys is None:
        return None
    if type(keys[0]) is not int:
        raise InvalidInput.field("/after", "cursor", "翻页标记无效", "this is not a cursor of this list")
    return keys[0]


def _is_key(key: Any) -> bool:
    if type(key) is int:
        return abs(key) <= _LARGEST
    return isinstance(key, str) and len(key) <= _LONGEST and "\0" not in key
