"""Papers of one year for whatever record has them. Callers hold the transaction; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.offices import YEARLY_STATES, YearlyState
from renkou_common.contracts.lines import difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_offices import OfficeEvent
from renkou_common.errors import InvalidInput, NotFound
from renkou_registry.fields import check_not_future
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.records import AreaTable, Desk, lock_version, publish
from renkou_registry.yearly import repository
from renkou_registry.yearly.domain import Measures, check_step, due_on, yearly_lines
from renkou_registry.yearly.schemas import YearlyOut, YearlyPatch

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Book:
    """Which papers: their table, the table of what they are of, event and measures."""

    table: AreaTable
    parent: str
    event_type: RegistryEventType
    model: type[OfficeEvent]
    measures: Measures


def out(row: asyncpg.Record) -> YearlyOut:
    """Return the answer for one paper."""
    same = {name: row[name] for name in YearlyOut.model_fields if name != "state_label"}
    return YearlyOut(**same, state_label=YEARLY_STATES.entry(row["state"]).zh)


async def open_papers(desk: Desk, book: Book, year: int, parents: Sequence[tuple[UUID, int, date]]) -> int:
    """Make the papers of a year due for records (id, area, since); returns how many were new."""
    papers = [(new_id(), parent, area, due_on(year, since)) for parent, area, since in parents]
    new = await repository.insert_many(
        desk.tx, book.table.name, book.parent, year, papers, desk.now, desk.subject
    )
    events = []
    for paper_id, parent, area, due in papers:
        if paper_id in new:
            lines = difference(
                yearly_lines(book.measures, area, due, YearlyState.DUE),
                yearly_lines(book.measures, area, due, YearlyState.CANCELLED),
            )
            payload = book.model(
                record_id=parent, area=area_text(area), happened_on=due, action="year_opened", lines=lines
            )
            events.append((book.event_type, parent, payload))
    await desk.runtime.outbox.append_many(desk.tx, events)
    return len(events)


async def open_year(desk: Desk, book: Book, area: AreaCode, year: int) -> tuple[int, bool]:
    """Open a year for up to 1,000 records of an area that lack its paper; says whether more are left."""
    interval = area.interval()
    if not desk.scope.covers(*interval):
        raise NotFound.of("区划", "area")
    if year > desk.today.year + 1:
        raise InvalidInput.field("/year", "year_ahead", "最多可提前一年", "at most next year")
    rows = await repository.lacking(desk.tx, book.table.name, book.parent, interval, year, AT_ONCE + 1)
    parents = [(row["id"], row["area"], row["since"]) for row in rows[:AT_ONCE]]
    return await open_papers(desk, book, year, parents), len(rows) > AT_ONCE


async def papers_of(desk: Desk, book: Book, parent_id: UUID) -> list[YearlyOut]:
    """Return the papers of a record that the caller was found to see."""
    rows = await repository.of_parent(desk.tx, book.table.name, book.parent, parent_id)
    return [out(row) for row in rows]


async def change(
    desk: Desk, book: Book, parent_id: UUID, paper_id: UUID, version: int, body: YearlyPatch
) -> asyncpg.Record:
    """Write what became of a paper; raises NotFound, VersionMismatch, Conflict ``yearly_state``, InvalidInput.

    A paper is signed in its year, late, or at the earliest in the year before.
    """
    before = await lock_version(desk, book.table, paper_id, version)
    if before[f"{book.parent}_id"] != parent_id:
        raise NotFound.of(book.table.zh, book.table.en)
    check_not_future({"/signed_on": body.signed_on}, desk.today)
    if body.signed_on is not None and body.signed_on.year < before["year"] - 1:
        earliest = date(before["year"] - 1, 1, 1)
        raise InvalidInput.field(
            "/signed_on", "too_early", f"不能早于 {earliest}", f"must not be before {earliest}"
        )
    old, new = YearlyState(before["state"]), YearlyState(body.state)
    check_step(old, new)
    after = await book.table.update(desk.tx, paper_id, body.model_dump())
    area, due = after["area"], after["due_on"]
    await publish(
        desk,
        book.event_type,
        book.model,
        parent_id,
        area,
        due,
        f"year_{new.value}",
        yearly_lines(book.measures, area, due, new),
        yearly_lines(book.measures, area, due, old),
    )
    return after
