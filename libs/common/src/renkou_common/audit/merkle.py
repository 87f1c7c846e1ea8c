"""A hash over many values and the path from one of them to it (RFC 9162, section 2.1: SHA-256).

A path shows that a value is one of those under the root and tells nothing of the others but their number.
"""

from collections.abc import Sequence
from hashlib import sha256


def root(values: Sequence[bytes]) -> bytes:
    """Return the root over values; raises ValueError for none."""
    if not values:
        raise ValueError("a tree has at least one value")
    level = [_leaf(value) for value in values]
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(values: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from value ``index`` (0 and up) to the root, the nearest first."""
    level, found = [_leaf(value) for value in values], []
    while len(level) > 1:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1])
        level, index = _above(level), index >> 1
    return found


def root_by_path(value: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """Return the root of ``size`` values to which a path leads; raises ValueError for one of another length."""
    if not 0 <= index < size:
        raise ValueError("index outside the tree")
    found, left = _leaf(value), list(hashes)
    while size > 1:
        if index ^ 1 < size:
            if not left:
                raise ValueError("the path is too short")
            beside = left.pop(0)
            found = _node(beside, found) if index & 1 else _node(found, beside)
        index, size = index >> 1, (size + 1) >> 1
    if left:
        raise ValueError("the path is too long")
    return found


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _leaf(value: bytes) -> bytes:
    return sha256(b"\x00" + value).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
