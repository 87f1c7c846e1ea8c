"""Lets the good rows of a checked file in, block by block; one is made ready while another is written."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from renkou_common.scope import AreaScope
from renkou_registry.background import JobSession
from renkou_registry.imports import repository
from renkou_registry.imports.checking import block_context
from renkou_registry.imports.importer import Applied, Importer, Kind
from renkou_registry.imports.repository import Job
from renkou_registry.imports.service import cells_of
from renkou_registry.imports.sheet import Layout, Row
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)


class _Blocks:
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


async def apply_job(runtime: Runtime, source: JobSession, job: Job, kind: Kind) -> Job:
    """Apply a job from the place where it stands; returns it done."""
    layout = Layout(kind.sheet, job.headings or [])
    importer = kind.importer(runtime, job, layout)
    blocks = _Blocks(runtime, job, layout, importer)
    place = job.next_place
    waiting = await blocks.numbers()
    following = asyncio.ensure_future(blocks.ready(waiting[0])) if waiting else None
    try:
        for number, block in enumerate(waiting):
            assert following is not None
            built = await following
            ahead = waiting[number + 1 : number + 2]
            following = asyncio.ensure_future(blocks.ready(ahead[0])) if ahead else None
            await _write(source, job, importer, built, place, block + 1)
            place = block + 1
            _log.info("import rows applied", job=str(job.id), block=block, of=waiting[-1])
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    async with source.transaction() as tx:
        await repository.finish(tx, job.id, runtime.clock.now())
        done = await repository.job(tx, job.id, AreaScope.everything())
    assert done is not None
    return done


async def _write(
    source: JobSession, job: Job, importer: Importer, built: Any, place: int, following: int
) -> None:
    scope = job.scope if importer.narrow else None
    async with source.transaction(scope) as tx:
        applied = await importer.apply(tx, built) if built is not None else Applied(0)
        if applied.refused:
            await _blame(importer, tx, job, applied.refused)
        moved = await repository.advance(tx, job.id, place, following, applied.rows, len(applied.refused))
        if not moved:
            raise RuntimeError(f"import {job.id} was moved by somebody else")


async def _blame(importer: Importer, tx: Any, job: Job, rows: Sequence[Row]) -> None:
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
    await repository.add_findings(tx, job.id, findings)
