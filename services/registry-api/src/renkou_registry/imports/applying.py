"""Lets the good rows of a checked roster into the register, household by household."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from renkou_common.codes.findings import Finding
from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.households import service as households
from renkou_registry.households.domain import HouseholdEntry, MemberEntry
from renkou_registry.imports import repository
from renkou_registry.imports.cells import shown
from renkou_registry.imports.checking import TransactionSource
from renkou_registry.imports.columns import Column
from renkou_registry.imports.domain import (
    Context,
    RosterRow,
    Row,
    RowFinding,
    areas_in,
    check_row,
    household_of,
)
from renkou_registry.imports.repository import Job
from renkou_registry.imports.roster import chunks, couple, in_order
from renkou_registry.imports.workbook import Workbook
from renkou_registry.persons.domain import PersonEntry, new_id
from renkou_registry.persons.service import known_resident_ids, register_many
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
CHUNK_ROWS = 1000
_MEANWHILE = Finding(
    "person_registered",
    "检查之后, 此人已由他人登入登记册",
    "somebody else entered the person after the check",
)


class _Roster:
    """The rows of a checked roster by number, and the order in which they go in."""

    def __init__(self, job: Job, book: Workbook, runtime: Runtime) -> None:
        self.book = book
        self.rows = dict(book.rows())
        self.households = {number: household_of(row) for number, row in self.rows.items()}
        self.order = in_order(self.households.items())
        self._job = job
        self._district = runtime.district

    def good(self, numbers: Sequence[int]) -> list[RosterRow]:
        """Return rows that passed the check as persons."""
        found = []
        for number in numbers:
            row = self.rows[number]
            context = Context(self._district, self._job.scope, self._job.stock_date, frozenset(areas_in(row)))
            good, _ = check_row(number, row, context)
            if good is not None:
                found.append(good)
        return found


async def apply_job(runtime: Runtime, source: TransactionSource, job: Job, book: Workbook) -> Job:
    """Apply a job from the place where it stands; returns it done."""
    roster = await asyncio.to_thread(_Roster, job, book, runtime)
    async with source.transaction() as tx:
        refused = await repository.refused_rows(tx, job.id)
    for places in chunks(roster.order, roster.households, job.next_place, CHUNK_ROWS):
        numbers = [roster.order[place] for place in places]
        wanted = [number for number in numbers if number not in refused]
        rows = await asyncio.to_thread(roster.good, wanted)
        async with source.transaction() as tx:
            applied = await _Chunk(runtime, tx, job, roster).apply(rows)
            if not await repository.advance(tx, job.id, places.start, places.stop, applied):
                raise RuntimeError(f"import {job.id} was moved by somebody else")
        _log.info("import rows applied", job=str(job.id), place=places.stop, of=len(roster.order))
    async with source.transaction() as tx:
        await repository.finish(tx, job.id, runtime.clock.now())
        done = await repository.job(tx, job.id, AreaScope.everything())
    assert done is not None
    return done


class _Chunk:
    """Some whole households, entered in one transaction."""

    def __init__(self, runtime: Runtime, tx: Transaction, job: Job, roster: _Roster) -> None:
        self._runtime = runtime
        self._tx = tx
        self._job = job
        self._roster = roster

    async def apply(self, rows: Sequence[RosterRow]) -> int:
        """Enter persons and households; returns how many persons went in."""
        rows = await self._leave_out_known(rows)
        by_household: dict[str, list[RosterRow]] = {}
        for row in rows:
            by_household.setdefault(row.household, []).append(row)
        ids = {row.row: new_id() for row in rows}
        spouses: dict[int, UUID] = {}
        for members in by_household.values():
            if pair := couple(members):
                head, spouse = pair
                spouses |= {head.row: ids[spouse.row], spouse.row: ids[head.row]}
        entries = [self._entry(row, ids[row.row], spouses.get(row.row)) for row in rows]
        entered = await register_many(self._runtime, self._tx, entries, recorded_by=self._job.created_by)
        late = [row for row, person_id in zip(rows, entered, strict=True) if person_id is None]
        await self._refuse(late)
        left_out = {row.row for row in late}
        await self._enter_households(by_household, ids, left_out)
        return len(rows) - len(late)

    def _entry(self, row: RosterRow, person_id: UUID, spouse_id: UUID | None) -> PersonEntry:
        return row.entry(person_id, self._job.stock_date, spouse_id)

    async def _leave_out_known(self, rows: Sequence[RosterRow]) -> list[RosterRow]:
        ids = [row.resident_id for row in rows if row.resident_id is not None]
        known = await known_resident_ids(self._runtime, self._tx, ids)
        await self._refuse([row for row in rows if row.resident_id in known])
        return [row for row in rows if row.resident_id not in known]

    async def _refuse(self, rows: Sequence[RosterRow]) -> None:
        column = Column.DOCUMENT_NUMBER
        findings = [RowFinding(row.row, column, self._shown(row, column), _MEANWHILE) for row in rows]
        if findings:
            cells = [self._roster.book.position(each.row, each.column) for each in findings]
            await repository.add_findings(self._tx, self._job.id, findings, cells)

    def _shown(self, row: RosterRow, column: Column) -> str:
        cells: Row = self._roster.rows[row.row]
        return shown(column, cells.get(column, ""))

    async def _enter_households(
        self, by_household: dict[str, list[RosterRow]], ids: dict[int, UUID], left_out: set[int]
    ) -> None:
        """Enter households where their head lives; those whose head is in the register join it there."""
        headless = [number for number, rows in by_household.items() if not any(row.is_head for row in rows)]
        known = await households.headed(self._tx, headless)
        entries = []
        for number, rows in by_household.items():
            members = [row for row in rows if row.row not in left_out]
            if members:
                area, street = self._home(number, rows, known)
                entered = tuple(MemberEntry(ids[row.row], row.relation) for row in members)
                entries.append(HouseholdEntry(number=number, area=area, street=street, members=entered))
        if entries:
            await households.create_many(self._runtime, self._tx, entries, recorded_by=self._job.created_by)

    def _home(
        self, number: str, rows: Sequence[RosterRow], known: set[tuple[str, int]]
    ) -> tuple[int, str | None]:
        district = self._runtime.district
        leading = next((row for row in rows if row.is_head), rows[0])
        area = leading.household_area(district)
        existing = sorted(key for household, key in known if household == number)
        if existing and area.key not in existing:
            return existing[0], None
        street = leading.present_street if area == leading.present_area else leading.registered_street
        return area.key, street
