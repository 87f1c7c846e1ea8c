"""The division tree of the country, five levels, as shipped in `data/divisions.xz`.

Layout of the file, inside xz: one line of JSON (source, cut_off, counts per level, suffixes); then for each
level three columns: number of children of each division of the level above (uint16, little endian; of the
country for the first), step of the last code part from the sibling before (uint16; the first: from 0),
index of the name's suffix (uint8); then the names without suffix, one a line, in UTF-16 little endian.
`libs/common/tools/build_divisions.py` writes it.

The parent of a division is the one whose code is its own without the last part; in the source that holds
without exception. Two cases look odd:

- Five divisions have the key of their parent: the county-level rows of 东莞, 中山 and 儋州 (441900 under
  4419; its towns are 441900003...), and 金门, whose town and village rows are placeholders. A table keyed by
  `key` alone leaves them out: `if not division.shares_parent_key`.
- Counties administered by the province itself (济源 419001, 仙桃 429004) hang under the statistical
  prefecture `4190`, `4290` (省直辖县级行政区划), which stays in the tree, as 市辖区 (1101) does.
"""

import hashlib
import json
import lzma
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

from renkou_common.codes.area import KEY_DIGITS, AreaLevel

DATA_FILE = Path(__file__).parent / "data" / "divisions.xz"


class Division(NamedTuple):
    """A division of the tree. `key` and `parent` are 12-digit area keys, `parent` of a province is 0."""

    key: int
    level: int
    parent: int
    name: str

    @property
    def code(self) -> str:
        """The code with the 2, 4, 6, 9 or 12 digits of its level."""
        return str(self.key)[: AreaLevel(self.level).digits]

    @property
    def shares_parent_key(self) -> bool:
        """Whether the last code part is zero, so that the parent has the same key."""
        return self.key == self.parent


def read_divisions(file: Path = DATA_FILE) -> Iterator[Division]:
    """Every division, level by level from the provinces down, ordered by code within a level.

    Takes about half a second and 100 MB for the 665,276 of the shipped file.
    """
    packed = lzma.decompress(file.read_bytes())
    header_end = packed.index(b"\n") + 1
    header = json.loads(packed[:header_end])
    counts: list[int] = header["counts"]
    sizes = [2 * above + 3 * count for above, count in zip([1, *counts], counts, strict=False)]
    names_start = header_end + sum(sizes)
    names = iter(packed[names_start:].decode("utf-16-le").split("\n"))
    parents, start = [0], header_end
    for level, (count, size) in enumerate(zip(counts, sizes, strict=True), 1):
        column = packed[start : start + size]
        start += size
        keys = []
        for division in _read_level(AreaLevel(level), parents, count, column, header["suffixes"], names):
            keys.append(division.key)
            yield division
        parents = keys


def _read_level(
    level: AreaLevel,
    parents: list[int],
    count: int,
    column: bytes,
    suffixes: list[str],
    names: Iterator[str],
) -> Iterator[Division]:
    middle, end = 2 * len(parents), 2 * (len(parents) + count)
    children, steps = _numbers(column[:middle]), _numbers(column[middle:end])
    unit = 10 ** (KEY_DIGITS - level.digits)
    parent_of_each = chain.from_iterable(map(repeat, parents, children))
    previous_parent, key = -1, 0
    rows = zip(parent_of_each, steps, column[end:], strict=True)
    for parent, step, suffix in rows:
        if parent != previous_parent:
            key = previous_parent = parent
        key += step * unit
        yield Division(key, int(level), parent, next(names) + suffixes[suffix])


def _numbers(column: bytes) -> array[int]:
    numbers = array("H", column)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def content_hash(divisions: Iterable[Division]) -> str:
    """SHA-256 over one line `key level parent name` for each division, in the order given."""
    digest = hashlib.sha256()
    for division in divisions:
        digest.update(f"{division.key} {division.level} {division.parent} {division.name}\n".encode())
    return digest.hexdigest()
