"""Opaque cursors for keyset paging: the keys of the last record of a page, after which the next one begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime
from typing import Any, overload
from uuid import UUID

import orjson

from renkou_common.errors import InvalidInput

_LARGEST = 2**63 - 1
_LONGEST = 200


def encode_cursor(*keys: int | str | date | UUID) -> str:
    """Return the cursor that continues after the record with these keys."""
    return urlsafe_b64encode(orjson.dumps(keys, default=str)).decode().rstrip("=")


@overload
def decode_cursor[A](cursor: str | None, first: type[A], /) -> tuple[A] | None: ...
@overload
def decode_cursor[A, B](cursor: str | None, first: type[A], second: type[B], /) -> tuple[A, B] | None: ...
@overload
def decode_cursor[A, B, C](
    cursor: str | None, first: type[A], second: type[B], third: type[C], /
) -> tuple[A, B, C] | None: ...
@overload
def decode_cursor(cursor: str | None, /, *kinds: type) -> tuple[Any, ...] | None: ...
def decode_cursor(cursor: str | None, /, *kinds: type) -> tuple[Any, ...] | None:
    """Return the keys of a cursor, None for no cursor; raises InvalidInput for one of another list.

    ``kinds`` says what each key is: ``int`` (at most 64 bits), ``str`` (at most 200 characters), ``date``,
    ``datetime`` (with its offset) or ``UUID``. What comes out can be given to a query of those types.
    """
    if cursor is None:
        return None
    try:
        keys = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(keys, list):
            raise TypeError("a cursor is a list of keys")
        return tuple(_key(key, kind) for key, kind in zip(keys, kinds, strict=True))
    except (TypeError, ValueError, OverflowError) as error:
        raise foreign_cursor() from error


def decode_key[A](cursor: str | None, kind: type[A]) -> A | None:
    """Return the key of a cursor that holds one; see :func:`decode_cursor`."""
    keys = decode_cursor(cursor, kind)
    return None if keys is None else keys[0]


def foreign_cursor() -> InvalidInput:
    """Return the error for a cursor of another list."""
    return InvalidInput.field("/after", "cursor", "翻页标记无效", "this is not a cursor of this list")


def _key(key: Any, kind: type) -> Any:
    """Return a key as what it stands for; raises TypeError, ValueError or OverflowError."""
    if kind is int:
        if type(key) is not int or abs(key) > _LARGEST:
            raise TypeError("must be a whole number of at most 64 bits")
        return key
    if not isinstance(key, str) or len(key) > _LONGEST or "\0" in key:
        raise TypeError("must be a short text")
    if kind is UUID:
        return UUID(key)
    if kind is date:
        return date.fromisoformat(key)
    if kind is datetime:
        moment = datetime.fromisoformat(key)
        if moment.tzinfo is None:
            raise ValueError("must have an offset")
        return moment.astimezone(UTC)
    return key
