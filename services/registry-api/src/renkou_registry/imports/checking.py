"""Checks every row of a roster and keeps everything that is wrong with it, at once."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from itertools import batched
from typing import Protocol

import structlog

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import Finding
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.areas.service import known_areas
from renkou_registry.households import service as households
from renkou_registry.imports import repository
from renkou_registry.imports.cells import shown
from renkou_registry.imports.columns import Column
from renkou_registry.imports.domain import (
    Context,
    RosterRow,
    Row,
    RowFinding,
    Unreadable,
    areas_in,
    check_row,
)
from renkou_registry.imports.repository import Job
from renkou_registry.imports.roster import RosterCheck
from renkou_registry.imports.workbook import Workbook
from renkou_registry.persons.service import known_resident_ids
from renkou_registry.runtime import Runtime

__all__ = ["TransactionSource", "check_job"]

_log = structlog.get_logger(__name__)
CHUNK_ROWS = 1000

type NumberedRow = tuple[int, Row]
type Checked = tuple[NumberedRow, RosterRow | None]


class TransactionSource(Protocol):
    """Where a job's transactions come from."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Open one."""
        ...


_REGISTERED = Finding("person_registered", "此人已在登记册中", "the person is in the register already")
_HEAD_REGISTERED = Finding(
    "household_head_registered",
    "登记册中该户已有户主",
    "the household in the register has a head already",
)


class _Checker:
    """The check of one job: what is known of areas, and what the rows so far have shown."""

    def __init__(self, runtime: Runtime, job: Job) -> None:
        self._runtime = runtime
        self._job = job
        self._areas: dict[AreaCode, bool] = {}
        self._roster = RosterCheck()

    async def chunk(self, tx: Transaction, rows: Sequence[NumberedRow]) -> list[RowFinding]:
        """Return what is wrong with some rows, in themselves, beside earlier rows and beside the register."""
        await self._look_up_areas(tx, rows)
        checked, findings = await asyncio.to_thread(self._check_rows, rows)
        findings += await self._beside_register(tx, checked)
        return findings

    async def _look_up_areas(self, tx: Transaction, rows: Sequence[NumberedRow]) -> None:
        unknown = {code for _, row in rows for code in areas_in(row)} - self._areas.keys()
        found = await known_areas(tx, unknown)
        for code in unknown:
            record = found.get(code)
            self._areas[code] = record is not None and record.valid_on(self._job.stock_date)

    def _check_rows(self, rows: Sequence[NumberedRow]) -> tuple[list[Checked], list[RowFinding]]:
        context = Context(
            district=self._runtime.district,
            scope=self._job.scope,
            stock_date=self._job.stock_date,
            known=frozenset(code for code, known in self._areas.items() if known),
        )
        checked: list[Checked] = []
        findings: list[RowFinding] = []
        for number, row in rows:
            good, found = check_row(number, row, context)
            findings += found
            findings += self._roster.see(number, row, good)
            checked.append(((number, row), good))
        return checked, findings

    async def _beside_register(self, tx: Transaction, checked: Sequence[Checked]) -> list[RowFinding]:
        good = [(numbered, row) for numbered, row in checked if row is not None]
        ids = [row.resident_id for _, row in good if row.resident_id is not None]
        known_ids = await known_resident_ids(self._runtime, tx, ids)
        without = sorted({row.household for _, row in good if row.resident_id is None})
        members = await households.members_without_resident_id(tx, without)
        heads = await households.headed(tx, [row.household for _, row in good if row.is_head])
        findings = []
        for (number, cells), row in good:
            if row.resident_id is not None and row.resident_id in known_ids:
                column = Column.DOCUMENT_NUMBER
                findings.append(_blame(number, cells, column, _REGISTERED))
            elif row.resident_id is None and (row.household, row.name, row.birth_date) in members:
                findings.append(_blame(number, cells, Column.NAME, _REGISTERED))
            home = row.household_area(self._runtime.district).key
            if row.is_head and (row.household, home) in heads:
                findings.append(_blame(number, cells, Column.RELATION, _HEAD_REGISTERED))
        return findings

    async def whole(self, tx: Transaction) -> list[RowFinding]:
        """Return what only the whole roster shows: households without a head."""
        in_register = await households.headed(tx, self._roster.households_without_head)
        return self._roster.missing_heads(number for number, _ in in_register)


def _blame(number: int, row: Row, column: Column, finding: Finding) -> RowFinding:
    return RowFinding(number, column, shown(column, row.get(column, "")), finding)


async def check_job(runtime: Runtime, source: TransactionSource, job: Job, book: Workbook) -> Job:
    """Check a job from its first row on and close the check; returns the job as it is then.

    An interrupted check leaves nothing in the register and starts over. Raises Unreadable for an empty sheet.
    """
    total = sum(1 for _ in book.rows())
    if total == 0:
        raise Unreadable("no_rows", "表中没有人员", "the sheet holds no person")
    async with source.transaction() as tx:
        await repository.begin_check(tx, job.id, total)
    checker, seen = _Checker(runtime, job), 0
    for rows in batched(book.rows(), CHUNK_ROWS, strict=False):
        async with source.transaction() as tx:
            await _keep(tx, job, book, await checker.chunk(tx, rows))
            seen += len(rows)
            await repository.note_checked(tx, job.id, seen)
        _log.info("import rows checked", job=str(job.id), rows=seen, of=total)
    async with source.transaction() as tx:
        await _keep(tx, job, book, await checker.whole(tx))
        await repository.end_check(tx, job.id, runtime.clock.now())
        checked = await repository.job(tx, job.id, AreaScope.everything())
    assert checked is not None
    return checked


async def _keep(tx: Transaction, job: Job, book: Workbook, findings: Sequence[RowFinding]) -> None:
    if findings:
        cells = [book.position(each.row, each.column) for each in findings]
        await repository.add_findings(tx, job.id, findings, cells)
