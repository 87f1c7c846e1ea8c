"""The sealed blocks of a job: read and made ready one by one, and what kept their rows out after all."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.imports import repository
from renkou_registry.imports.importer import Importer
from renkou_registry.imports.repository import Job
from renkou_registry.imports.service import cells_of
from renkou_registry.imports.sheet import Layout, Row
from renkou_registry.runtime import Runtime


def block_context(job: Job, block: int, part: int) -> str:
    """What the values of a block are sealed for."""
    return f"import_block.sealed/{job.id}/{block}/{part}"


class Blocks:
    """The blocks of a job that are still to go in, read and made ready beside the job's own connection."""

    def __init__(self, runtime: Runtime, job: Job, layout: Layout, importer: Importer) -> None:
        self._runtime = runtime
        self._job = job
        self._layout = layout
        self._importer = importer
        self.refused: set[int] = set()

    async def numbers(self) -> list[int]:
        """Return the blocks still to go in."""
        async with self._runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
            self.refused = await repository.refused_rows(tx, self._job.id)
            return await repository.blocks(tx, self._job.id, self._job.next_place)

    async def each(self, numbers: Sequence[int]) -> AsyncGenerator[tuple[int, Any]]:
        """Yield blocks with what :meth:`ready` returns for each."""
        for block in numbers:
            yield block, await self.ready(block)

    async def ready(self, block: int) -> Any:
        """Return what the importer takes for a block; None where no row is left in it."""
        async with self._runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
            parts = await repository.block_parts(tx, self._job.id, block)
        return await asyncio.to_thread(self._build, block, [(row["part"], row["sealed"]) for row in parts])

    def _build(self, block: int, parts: Sequence[tuple[int, bytes]]) -> Any:
        rows: list[Row] = []
        for part, sealed in parts:
            content = self._runtime.cipher.unseal(sealed, block_context(self._job, block, part))
            rows += [row for row in self._layout.load(content) if row.number not in self.refused]
        return self._importer.build(rows) if rows else None


async def blame(importer: Importer, tx: Transaction, job: Job, rows: Sequence[Row]) -> None:
    """Keep what kept rows out at last, with their cells as the file has them."""
    by_number = {row.number: row for row in rows}
    findings = []
    cells = await cells_of(importer.runtime.cipher, tx, job, set(by_number))
    for number, row_cells in cells:
        row = by_number[number]
        again = Row(importer.layout, number, row_cells, row.values)
        for each in row.findings:
            again.blame(each.title, each.finding, each.severity)
        findings += again.findings
    await repository.add_findings(importer.runtime.cipher, tx, job.id, findings)
