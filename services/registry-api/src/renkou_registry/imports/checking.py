"""Checks every row of a file once, keeps everything that is wrong with it, and the good rows for applying."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

import orjson
import structlog

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_common.sheets.domain import Unreadable
from renkou_common.sheets.opening import Opened, open_file
from renkou_common.sheets.reading import Numbered
from renkou_registry.background import JobSession
from renkou_registry.imports import repository
from renkou_registry.imports.ahead import ahead
from renkou_registry.imports.blocks import block_context
from renkou_registry.imports.importer import Importer, Kind
from renkou_registry.imports.repository import Job
from renkou_registry.imports.sheet import Layout, Row, Severity
from renkou_registry.imports.trying import try_rows
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)


def file_context(job: Job, part: int) -> str:
    """What a part is sealed for: it can be moved neither to another job nor to another place."""
    return f"import_file.sealed/{job.id}/{part}"


def cells_context(job: Job, part: int) -> str:
    """What the cells of a part are sealed for."""
    return f"import_cells.sealed/{job.id}/{part}"


async def _content(cipher: FieldCipher, source: JobSession, job: Job) -> AsyncIterator[bytes]:
    part = 0
    while True:
        async with source.transaction() as tx:
            sealed = await repository.file_part(tx, job.id, part)
        if sealed is None:
            return
        yield cipher.unseal(sealed, file_context(job, part))
        part += 1


class _Check:
    """The check of one job: its importer, and which block each group of rows lies in."""

    def __init__(self, runtime: Runtime, job: Job, layout: Layout, importer: Importer) -> None:
        self._cipher = runtime.cipher
        self._job = job
        self._layout = layout
        self._importer = importer
        self._block_of: dict[str, int] = {}
        self._block = 0
        self._filled = 0

    async def rows(self, opened: Opened) -> AsyncGenerator[tuple[list[Numbered], list[Row]]]:
        """Yield the rows of a file in blocks, with their cells and with the values of single cells."""
        async for numbered in opened.blocks():
            yield numbered, await asyncio.to_thread(self._layout.read_many, numbered)

    async def part(
        self, tx: Transaction, part: int, numbered: Sequence[Numbered], rows: Sequence[Row]
    ) -> tuple[int, int]:
        """Check some rows and keep what comes of them; returns how many were refused and warned of."""
        await self._importer.prepare(tx, rows)
        await asyncio.to_thread(self._check, rows)
        await self._importer.beside(tx, [row for row in rows if not row.refused])
        await self._keep(tx, part, rows, numbered)
        refused = sum(row.refused for row in rows)
        warned = sum(any(each.severity is Severity.WARNING for each in row.findings) for row in rows)
        return refused, warned

    def _check(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._importer.check(row)

    async def _keep(
        self, tx: Transaction, part: int, rows: Sequence[Row], numbered: Sequence[Numbered]
    ) -> None:
        job = self._job
        findings = [finding for row in rows for finding in row.findings]
        if findings:
            await repository.add_findings(self._cipher, tx, job.id, findings)
        cells = self._cipher.seal(orjson.dumps(numbered), cells_context(job, part))
        await repository.add_cells(tx, job.id, part, rows[0].number, rows[-1].number, cells)
        for block, members in self._placed([row for row in rows if not row.refused]).items():
            sealed = self._cipher.seal(self._layout.dump(members), block_context(job, block, part))
            await repository.add_block(tx, job.id, block, part, sealed)

    def _placed(self, rows: Sequence[Row]) -> dict[int, list[Row]]:
        """Return good rows by block: a row follows its group, a block is closed when it is full."""
        placed: dict[int, list[Row]] = {}
        for row in rows:
            group = self._importer.group(row)
            block = self._block if group is None else self._block_of.get(group, self._block)
            if group is not None and group not in self._block_of:
                block = self._open_block()
                self._block_of[group] = block
            elif group is None:
                block = self._open_block()
            self._filled += block == self._block
            placed.setdefault(block, []).append(row)
        return placed

    def _open_block(self) -> int:
        if self._filled >= self._importer.block_rows(self._block):
            self._block, self._filled = self._block + 1, 0
        return self._block


async def check_job(runtime: Runtime, source: JobSession, job: Job, kind: Kind) -> Job:
    """Check a job from its first row on and close the check; returns the job as it is then.

    An interrupted check leaves nothing in the register and starts over. Raises Unreadable for a file that
    cannot be taken, or without rows.
    """
    opened = await open_file(_content(runtime.cipher, source, job), kind.sheet.title)
    try:
        layout = Layout(kind.sheet, opened.headings)
        importer = kind.importer(runtime, job, layout)
        check, part, seen = _Check(runtime, job, layout, importer), 0, 0
        async with source.transaction() as tx:
            await repository.begin_check(tx, job.id, opened.headings)
        async with aclosing(ahead(check.rows(opened))) as read:
            async for numbered, rows in read:
                async with source.transaction() as tx:
                    refused, warned = await check.part(tx, part, numbered, rows)
                    part, seen = part + 1, seen + len(numbered)
                    await repository.note_checked(tx, job.id, seen, refused=refused, warned=warned)
                _log.info("import rows checked", job=str(job.id), rows=seen)
    finally:
        opened.close()
    if seen == 0:
        raise Unreadable("no_rows", "表中没有可导入的行", "the sheet holds no rows")
    async with source.transaction() as tx:
        if findings := await importer.whole(tx):
            await repository.add_findings(runtime.cipher, tx, job.id, findings)
    if job.dry_run:
        await try_rows(runtime, source, job, kind, layout)
    return await _close(runtime, source, job)


async def _close(runtime: Runtime, source: JobSession, job: Job) -> Job:
    async with source.transaction() as tx:
        await repository.end_check(tx, job.id, runtime.clock.now())
        await repository.drop_file(tx, job.id)
        checked = await repository.job(tx, job.id, AreaScope.everything())
    assert checked is not None
    return checked
