"""Rows that make up documents: those of one number go in together, as one document, or not at all."""

import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from renkou_common.codes.findings import Finding
from renkou_common.database import Transaction
from renkou_common.errors import RenkouError
from renkou_registry.imports.importer import RowByRow
from renkou_registry.imports.repository import Job
from renkou_registry.imports.sheet import Layout, Row, RowFinding
from renkou_registry.life_events.recording import Desk
from renkou_registry.runtime import Runtime

_INCOMPLETE = Finding(
    "document_incomplete",
    "同一单据的另一行有误, 整张单据未录入",
    "another row of this document is wrong, so the whole document stays out",
)
_LINE = re.compile(r"/lines/([0-9]+)(/.*)?")


class RowsOfDocuments(RowByRow):
    """A kind whose column ``number`` says which rows are lines of one document; a row without is one alone.

    ``head`` are the headings that all rows of a document have in common. Pointers of the service's errors
    into ``/lines/n`` mean the n-th row; ``columns`` names them by ``/lines/0``.
    """

    number = ""
    head: Sequence[str] = ()

    def __init__(self, runtime: Runtime, job: Job, layout: Layout) -> None:
        super().__init__(runtime, job, layout)
        self._heads: dict[str, tuple[int, list[object]]] = {}
        self._rows: dict[str, list[int]] = defaultdict(list)
        self._wrong: dict[str, set[int]] = defaultdict(set)

    @abstractmethod
    async def enter_document(self, desk: Desk, rows: Sequence[Row]) -> None:
        """Enter the rows of a document. Raises RenkouError."""

    async def enter(self, desk: Desk, row: Row, persons: Mapping[str, UUID]) -> None:
        await self.enter_document(desk, [row])

    def check(self, row: Row) -> None:
        super().check(row)
        if (number := self.group(row)) is None:
            return
        common: list[object] = [row[title] for title in self.head]
        first, expected = self._heads.setdefault(number, (row.number, common))
        for title, here, there in zip(self.head, common, expected, strict=True):
            if here != there:
                finding = Finding(
                    "document_differs",
                    f"与同一单据的第 {first} 行不一致",
                    f"not the same as in row {first} of the same document",
                )
                row.blame(title, finding)
        self._note(number, row)

    def _note(self, number: str, row: Row) -> None:
        if row.number not in self._rows[number]:
            self._rows[number].append(row.number)
        if row.refused:
            self._wrong[number].add(row.number)

    async def beside(self, tx: Transaction, rows: Sequence[Row]) -> None:
        await super().beside(tx, rows)
        for row in rows:
            if (number := self.group(row)) is not None:
                self._note(number, row)

    async def whole(self, tx: Transaction) -> list[RowFinding]:
        return [
            RowFinding(row, self.number, self.layout.position(row, self.number), number, _INCOMPLETE)
            for number, wrong in self._wrong.items()
            if wrong
            for row in self._rows[number]
            if row not in wrong
        ]

    def group(self, row: Row) -> str | None:
        number: str | None = row[self.number]
        return number

    def units(self, rows: Sequence[Row]) -> list[list[Row]]:
        documents: dict[object, list[Row]] = defaultdict(list)
        for row in rows:
            documents[self.group(row) or row.number].append(row)
        good = []
        for document in documents.values():
            if any(row.refused for row in document):
                self._leave_out(document)
            else:
                good.append(document)
        return good

    async def enter_unit(
        self, desk: Desk, unit: Sequence[Row], persons: Mapping[int, Mapping[str, UUID]]
    ) -> None:
        await self.enter_document(desk, unit)

    def refuse_unit(self, unit: Sequence[Row], error: RenkouError) -> None:
        for each in error.errors:
            if (line := _LINE.fullmatch(each.pointer)) is not None:
                self.blame_field(unit[int(line[1])], f"/lines/0{line[2] or ''}", each)
        if any(row.refused for row in unit):
            self._leave_out(unit)
        else:
            super().refuse_unit(unit, error)

    def _leave_out(self, document: Sequence[Row]) -> None:
        for row in document:
            if not row.refused:
                row.blame(self.number if row[self.number] else self._leading, _INCOMPLETE)
