"""Reading the small part of CBOR (RFC 8949) that a packed certificate uses, and nothing beyond it.

A general decoder follows tags (dates, big numbers, even regular expressions) that a stranger's QR code has
no business to set off. This one knows whole numbers, byte and text strings, and arrays; lengths are definite
and in their shortest form, and nothing may follow the value.
"""

from typing import Any

MAX_DEPTH = 4
_UNSIGNED, _BYTES, _TEXT, _ARRAY = 0, 2, 3, 4
_SHORT = 24
"""Whole numbers below it are one byte."""
_SMALLEST = {24: 24, 25: 2**8, 26: 2**16, 27: 2**32}


class NestedTooDeeplyError(ValueError):
    """The value is nested deeper than a packed certificate is."""


def decode(data: bytes) -> Any:
    """The one value in ``data``: int below 2**53, bytes, str or list.

    Raises ``ValueError`` for anything else.
    """
    value, end = _value(data, 0, MAX_DEPTH)
    if end != len(data):
        raise ValueError("bytes follow the value")
    return value


def _value(data: bytes, start: int, depth: int) -> tuple[Any, int]:
    if start < len(data) and data[start] < _SHORT:
        return data[start], start + 1
    major, argument, position = _head(data, start)
    if major == _UNSIGNED:
        return argument, position
    if major == _ARRAY:
        if not depth:
            raise NestedTooDeeplyError("nested too deeply")
        return _array(data, position, argument, depth - 1)
    end = position + argument
    if major not in (_BYTES, _TEXT):
        raise ValueError("a type that certificates don't use")
    if end > len(data):
        raise ValueError("a string is cut short")
    return (data[position:end] if major == _BYTES else data[position:end].decode("utf-8")), end


def _array(data: bytes, position: int, length: int, depth: int) -> tuple[list[Any], int]:
    if length > len(data) - position:
        raise ValueError("an array is cut short")
    items = []
    for _ in range(length):
        item, position = _value(data, position, depth)
        items.append(item)
    return items, position


def _head(data: bytes, start: int) -> tuple[int, int, int]:
    """Major type, argument, and where the content begins (RFC 8949, 3)."""
    if start >= len(data):
        raise ValueError("cut short")
    major, short = data[start] >> 5, data[start] & 31
    if short < _SHORT:
        return major, short, start + 1
    if short not in _SMALLEST:
        raise ValueError("an indefinite or reserved length")
    end = start + 1 + (1 << (short - 24))
    if end > len(data):
        raise ValueError("cut short")
    argument = int.from_bytes(data[start + 1 : end], "big")
    if not _SMALLEST[short] <= argument < 2**53:
        raise ValueError("not in the shortest form, or too large")
    return major, argument, end
