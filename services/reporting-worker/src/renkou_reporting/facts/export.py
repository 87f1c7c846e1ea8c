"""All facts and the dated divisions as CSV, so that figures can be computed anew with other means.

A file is named after what it holds; ``manifest.json`` is written last and tells the positions of the feeds that
everything stands at, and of each file its rows, columns and SHA-256. The same facts give the same files. No person is
in them, and no event's identifier; the feed's number of a fact leads to its event for those who may read the feed.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson

from renkou_common.database import Session, connect
from renkou_reporting.facts import export_repository as repository
from renkou_reporting.facts.errors import FolderNotEmpty

FORMAT = "renkou-facts-1"
MANIFEST = "manifest.json"
_FOR_THE_OPERATOR = 0o600


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export."""

    rows: int
    sha256: str
    columns: list[str]


@dataclass(frozen=True, slots=True)
class Export:
    """What was written. ``positions``: up to which event of each feed everything is in, as a figure's ``as_of``."""

    format: str
    district: str
    taken_at: datetime
    positions: dict[str, int]
    held: dict[str, int]
    files: dict[str, File]


async def export_facts(
    dsn: str, folder: Path, district: str, now: datetime, further: Mapping[str, str]
) -> Export:
    """Write every fact, and what each of the ``further`` queries gives by name, into an empty folder.

    Raises FolderNotEmpty, OSError, and what asyncpg raises where the database cannot be read.
    """
    _empty(folder)
    connection = await connect(dsn)
    try:
        await repository.begin(connection)
        positions = await repository.numbers(connection, repository.POSITIONS)
        held = await repository.numbers(connection, repository.HELD)
        queries = {"fact": repository.FACTS, **further}
        files = {
            f"{name}.csv": await _write(connection, query, folder / f"{name}.csv")
            for name, query in queries.items()
        }
    finally:
        await connection.close()
    written = Export(FORMAT, district, now, positions, held, files)
    manifest = orjson.dumps(asdict(written), option=orjson.OPT_INDENT_2)
    with _opened(folder / MANIFEST) as file:
        file.write(manifest + b"\n")
    return written


async def _write(connection: Session, query: str, path: Path) -> File:
    digest = hashlib.sha256()
    head = b""
    with _opened(path) as file:

        async def write(data: bytes) -> None:
            nonlocal head
            if b"\n" not in head:
                head += data
            digest.update(data)
            file.write(data)

        rows = await repository.copy(connection, query, write)
    columns = head.partition(b"\n")[0].decode().split(",")
    return File(rows, digest.hexdigest(), columns)


def _empty(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty(folder)


def _opened(path: Path) -> BinaryIO:
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, _FOR_THE_OPERATOR))
