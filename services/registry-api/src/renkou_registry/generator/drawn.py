"""What the kinds of records are written from: a chunk with what the program derives from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from renkou_common.codes.area import AreaCode
from renkou_common.crypto import FieldCipher
from renkou_registry.generator.drawing import Chunk
from renkou_registry.persons.registration import Entered, prepare

RECORDED_BY = uuid5(UUID(int=0), "renkou_registry.generator")


@dataclass(frozen=True, slots=True)
class Context:
    """What every chunk is written with."""

    district: AreaCode
    cipher: FieldCipher
    now: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chunk with the entry event, the state and the lines of each person."""

    chunk: Chunk
    entered: list[Entered]


def entered(chunk: Chunk, context: Context) -> Drawn:
    """Enter a chunk's persons as the program does, unwritten."""
    district = context.district.interval()
    return Drawn(chunk, [prepare(entry, district, chunk.new_id()) for entry in chunk.persons])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: its table, the columns that are written, and the rows of a chunk in their order."""

    table: str
    columns: tuple[str, ...]
    rows: Callable[[Drawn, Context], Iterable[tuple[Any, ...]]]
