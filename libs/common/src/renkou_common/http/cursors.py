"""Opaque cursors for keyset paging."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from renkou_common.errors import InvalidInput


def encode_cursor(*keys: Any) -> str:
    """Return the cursor that continues after the record with these keys."""
    return urlsafe_b64encode(orjson.dumps(keys)).decode().rstrip("=")


def decode_cursor(cursor: str | None, count: int) -> list[Any] | None:
    """Return the ``count`` keys of a cursor, None for no cursor; raises InvalidInput for a foreign one."""
    if cursor is None:
        return None
    try:
        keys = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        keys = None
    if not isinstance(keys, list) or len(keys) != count:
        raise InvalidInput.field("/after", "cursor", "翻页标记无效", "this is not a cursor of this list")
    return keys
