"""What a kind of import does beside its sheet: the rules of whole rows, look-ups, and entering rows.

    Importer            the steps that a job goes through; every step may be overridden
    └── RowByRow        rows that have nothing to do with each other: one call of a service for each

A job first reads all rows: ``prepare`` looks up what their rules need, ``check`` applies the rules,
``beside`` compares with the register, ``whole`` says what only the whole file shows. Good rows are kept,
sealed, in blocks; rows of one ``group`` lie in one block. A dry run then tries block by block (``trying.py``).
At last block by block goes in: ``build`` does what needs no database, in a thread, while the block before is
being written by ``apply``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import Finding
from renkou_common.database import Transaction
from renkou_common.errors import FieldError, RenkouError
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.areas.service import known_areas
from renkou_registry.imports import repository
from renkou_registry.imports.repository import Job
from renkou_registry.imports.sheet import Layout, Row, RowFinding, Sheet
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as persons
from renkou_registry.persons import taken
from renkou_registry.records import Desk as Office
from renkou_registry.runtime import Runtime

AREA_UNKNOWN = Finding("area_unknown", "区划代码不在现行区划表中", "no such area in the division list")
PERSON_UNKNOWN = Finding(
    "person_unknown", "登记册中没有此身份证号的人员", "nobody in the register has this resident ID"
)
NAME_DIFFERS = Finding(
    "name_differs", "姓名与登记册中此身份证号的人员不同", "the person with this resident ID has another name"
)
IN_FUTURE = Finding("in_future", "日期不能晚于今天", "the day is still to come")


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a block: how many rows went in, and what kept others out after all."""

    rows: int
    refused: Sequence[Row] = ()


class Importer(ABC):
    """One job of one kind; holds what the rows so far have shown."""

    narrow = False
    """Whether rows are entered with the clerk's own rights on areas as the floor."""
    tried = False
    """Whether only entering a row shows all of its rules, so that a dry run has to try."""

    def __init__(self, runtime: Runtime, job: Job, layout: Layout) -> None:
        self.runtime = runtime
        self.job = job
        self.layout = layout
        self.areas: dict[AreaCode, bool] = {}

    def block_rows(self, block: int) -> int:
        """Return from how many rows on a block is full: a transaction of rows that go in one by one stays
        short."""
        return 1000

    @property
    def scope(self) -> AreaScope:
        """Return where the clerk who handed the file in may write."""
        return self.job.scope

    @property
    def today(self) -> date:
        """Return the day of today."""
        return self.runtime.clock.today()

    async def prepare(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Look up what the rules of these rows need: areas that are in the division list."""
        wanted = {value for row in rows for value in row.values if type(value) is AreaCode}
        unknown = wanted - self.areas.keys()
        if unknown:
            found = await known_areas(tx, unknown)
            for code in unknown:
                record = found.get(code)
                self.areas[code] = record is not None and record.valid_on(self.job.stock_date)

    def check(self, row: Row) -> None:  # noqa: B027 - a kind may have no such rules
        """Blame what is wrong with a row as a whole, also beside the rows before it."""

    async def beside(self, tx: Transaction, rows: Sequence[Row]) -> None:  # noqa: B027 - as above
        """Blame what is wrong with good rows beside the register."""

    async def whole(self, tx: Transaction) -> list[RowFinding]:
        """Return what only the whole file shows."""
        return []

    def group(self, row: Row) -> str | None:
        """Return what a row has to go in together with; None for a row that goes in alone."""
        return None

    def build(self, rows: Sequence[Row]) -> Any:
        """Return what ``apply`` takes."""
        return rows

    @abstractmethod
    async def apply(self, tx: Transaction, built: Any) -> Applied:
        """Enter a block in the open transaction."""


def office_of(desk: Desk) -> Office:
    """Return the desk at which an office's records are kept."""
    return Office(desk.runtime, desk.tx, desk.scope, desk.subject)


_TOGETHER = 25
"""Rows entered in one savepoint: each costs two round trips, and of checked rows hardly any is refused."""


class RowByRow(Importer):
    """Rows that go in one by one, and none by half: some share a savepoint, and where one of them is refused,
    all are taken back and entered again, each in a savepoint of its own.

    A row that went in before, from this file or another, is refused: what is kept of it is a keyed hash. A
    kind states ``person`` (the heading of the resident ID column, and of the name beside it) where its rows
    are about persons; ``enter`` then gets the person's id. ``days`` are headings whose days must not be still
    to come. ``columns`` says which heading a service's JSON pointer means.
    """

    narrow = True
    tried = True
    person: Sequence[tuple[str, str]] = ()
    days: Sequence[str] = ()
    columns: Mapping[str, str] = MappingProxyType({})

    def __init__(self, runtime: Runtime, job: Job, layout: Layout) -> None:
        super().__init__(runtime, job, layout)
        self._first: dict[bytes, int] = {}

    async def look_up(self, desk: Desk, row: Row) -> None:
        """Raise RenkouError for what a row names and is not there; asked when the file is checked."""

    @abstractmethod
    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        """Enter one row through the feature's service; ``persons`` are ids by heading. Raises RenkouError."""

    def check(self, row: Row) -> None:
        for title in self.days:
            if row[title] is not None and row[title] > self.today:
                row.blame(title, IN_FUTURE)
        for place, value in enumerate(row.values):
            if type(value) is AreaCode and not self.areas[value]:
                row.blame(self.layout.sheet.fields[place].title, AREA_UNKNOWN)
        if row.refused:
            return
        first = self._first.setdefault(self._digest(row), row.number)
        if first != row.number:
            finding = Finding(
                "duplicate_in_file", f"与第 {first} 行重复", f"the same as row {first} of this file"
            )
            row.blame(self._leading, finding)

    async def beside(self, tx: Transaction, rows: Sequence[Row]) -> None:
        await self._blame_repeated(tx, rows, self._digests(rows))
        await self._find(tx, rows)
        desk = Desk(self.runtime, tx, self.scope, self.job.created_by)
        for row in rows:
            if not row.refused:
                try:
                    await self.look_up(desk, row)
                except RenkouError as error:
                    await taken.tell_at_once(self.runtime, error, self.job.created_by)
                    self.refuse(row, error)

    async def apply(self, tx: Transaction, built: Sequence[Row]) -> Applied:
        digests = self._digests(built)
        await self._blame_repeated(tx, built, digests)
        found = await self._find(tx, built)
        desk = Desk(self.runtime, tx, self.scope, self.job.created_by)

        async def enter(units: Sequence[Sequence[Row]]) -> int:
            async with tx.transaction():
                for unit in units:
                    await self.enter_unit(desk, unit, found)
                kept = [digests[row.number] for unit in units for row in unit]
                await repository.remember(tx, self.layout.sheet.kind, kept, self.job.id)
            return len(kept)

        entered = 0
        for together in batched(self.units(built), _TOGETHER, strict=False):
            try:
                entered += await enter(together)
            except RenkouError:
                for unit in together:
                    try:
                        entered += await enter([unit])
                    except RenkouError as error:
                        await taken.tell_at_once(self.runtime, error, self.job.created_by)
                        self.refuse_unit(unit, error)
        return Applied(entered, [row for row in built if row.refused])

    def units(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Return the rows not refused, those together that go in together or not at all."""
        return [[row] for row in rows if not row.refused]

    async def enter_unit(
        self, desk: Desk, unit: Sequence[Row], persons: Mapping[int, Mapping[str, UUID]]
    ) -> None:
        """Enter rows that go in together. Raises RenkouError."""
        for row in unit:
            await self.enter(desk, row, persons[row.number])

    def refuse_unit(self, unit: Sequence[Row], error: RenkouError) -> None:
        """Blame rows that go in together for what entering them raised."""
        for row in unit:
            self.refuse(row, error)

    @property
    def _leading(self) -> str:
        return self.layout.sheet.fields[0].title

    def _digest(self, row: Row) -> bytes:
        text = orjson.dumps(row.values, default=str, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
        return self.runtime.cipher.digest(text, f"import_applied.digest/{self.layout.sheet.kind}")

    def _digests(self, rows: Sequence[Row]) -> dict[int, bytes]:
        return {row.number: self._digest(row) for row in rows if not row.refused}

    async def _blame_repeated(
        self, tx: Transaction, rows: Sequence[Row], digests: Mapping[int, bytes]
    ) -> None:
        found = await repository.remembered(tx, self.layout.sheet.kind, list(digests.values()))
        for row in rows if found else ():
            if digests.get(row.number) in found:
                finding = Finding("row_imported", "此行以前已导入", "this row was imported before")
                row.blame(self._leading, finding)

    async def _find(self, tx: Transaction, rows: Sequence[Row]) -> dict[int, dict[str, UUID]]:
        """Return the persons of each row by heading; blame numbers that nobody in the clerk's area has."""
        numbers = {row[title] for row in rows for title, _ in self.person if row[title] is not None}
        known = (
            await persons.by_resident_ids(self.runtime, tx, self.scope, sorted(numbers)) if numbers else {}
        )
        found: dict[int, dict[str, UUID]] = {}
        for row in rows:
            found[row.number] = {}
            for title, name_title in self.person:
                number = row[title]
                if number is None or row.refused:
                    continue
                if number not in known:
                    row.blame(title, PERSON_UNKNOWN)
                elif name_title and row[name_title] is not None and known[number][1] != row[name_title]:
                    row.blame(name_title, NAME_DIFFERS)
                else:
                    found[row.number][title] = known[number][0]
        return found

    def refuse(self, row: Row, error: RenkouError) -> None:
        """Blame the cells of a row for what a service found wrong."""
        if not error.errors:
            row.blame(self._leading, Finding(error.code, error.detail.zh, error.detail.en))
        for each in error.errors:
            self.blame_field(row, each.pointer, each)

    def blame_field(self, row: Row, pointer: str, error: FieldError) -> None:
        """Blame the cell that a pointer of the service means."""
        title = self.columns.get(pointer, self._leading)
        row.blame(title, Finding(error.code, error.text.zh, error.text.en))


@dataclass(frozen=True)
class Kind:
    """A kind of import: its sheet, the right that its clerk needs beside ``sheet:import``, its importer.

    ``stock_dated`` kinds tell what was true on the day given with the file.
    """

    sheet: Sheet
    right: Scope
    importer: Callable[[Runtime, Job, Layout], Importer]
    zh: str
    stock_dated: bool = False
