"""Rows of a register that follow when a community is split, merged or transferred.

Each feature has a :class:`Following` for each of its tables with an area of its own; :mod:`.areas.registers`
lists them, and a test compares the list with the schema. A row about a person follows to where that person
is, any other by the rule's street, else to where the rule sends whatever it does not name. What is over (a
service given, a statement signed, a document of the ledger) stays where it counted.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.records import Desk

type Moved = Callable[[Desk, asyncpg.Record, asyncpg.Record], Awaitable[None]]
type Place = Callable[[int, str | None, UUID | None], int]
"""Where the rule sends a street line or a place of an area."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that cannot follow to an area: what it is called there (``value``) is taken."""

    row_id: UUID
    area: int
    to_area: int
    value: str


@dataclass(frozen=True, slots=True)
class Following:
    """How rows of a table follow.

    ``person`` is the column that names whose row it is, None for one about nobody; ``address`` which of the
    two addresses comes first. ``where`` tells the rows that are still open (``t`` is the table); ``moved`` is
    called with the row before and after, to publish what figures need. ``street`` says that the table has a
    street line of its own, ``unique`` names the column by which rows of an area are told apart.
    """

    table: str
    person: str | None = None
    address: Literal["present", "registered"] = "present"
    where: str = "true"
    street: bool = False
    place: bool = False
    unique: str | None = None
    moved: Moved | None = None

    async def step(
        self,
        desk: Desk,
        sources: Sequence[int],
        successors: Collection[int],
        place: Place,
        after: UUID,
        limit: int,
        person_id: UUID | None = None,
    ) -> tuple[UUID | None, list[Taken]]:
        """Let up to ``limit`` rows of the ``sources`` follow, from ``after`` on; returns the last one's id
        (None where there are no more), and the rows that could not. With ``person_id`` only one person's."""
        rows = await self._rows(desk.tx, sources, after, limit, person_id)
        taken = []
        for row in rows:
            to = self._target(row, successors, place)
            if to is not None and to != row["area"] and not await self._put(desk, row, to):
                value = str(row[self.unique]) if self.unique else ""
                taken.append(Taken(row["id"], row["area"], to, value))
        return rows[-1]["id"] if rows else None, taken

    async def settle(self, desk: Desk, row_id: UUID, to: int, value: str) -> bool | None:
        """Let one row follow under another code or name; False where that is taken too, None where the row is
        there no more."""
        row = await desk.tx.fetchrow(f'SELECT * FROM "{self.table}" WHERE id = $1 FOR UPDATE', row_id)
        return None if row is None else await self._put(desk, row, to, value)

    async def _rows(
        self, tx: Transaction, sources: Sequence[int], after: UUID, limit: int, person_id: UUID | None
    ) -> list[asyncpg.Record]:
        person = f"t.{self.person}" if self.person else "NULL::uuid"
        return await tx.fetch(
            f'SELECT t.*, p.present_area AS lives_in, p.registered_area AS belongs_to FROM "{self.table}" t'
            f" LEFT JOIN person p ON p.id = {person} WHERE t.area = ANY($1::bigint[]) AND t.id > $2"
            f" AND ({self.where}) AND ($4::uuid IS NULL OR {person} = $4) ORDER BY t.id LIMIT $3"
            " FOR UPDATE OF t",
            list(sources),
            after,
            limit,
            person_id,
        )

    def _target(self, row: asyncpg.Record, successors: Collection[int], place: Place) -> int | None:
        if self.person is None:
            return place(
                row["area"], row["street"] if self.street else None, row["id"] if self.place else None
            )
        areas = (row["lives_in"], row["belongs_to"])
        for area in areas if self.address == "present" else areas[::-1]:
            if area in successors:
                return int(area)
        return None

    async def _put(self, desk: Desk, row: asyncpg.Record, area: int, value: str | None = None) -> bool:
        """Write the area, and what the row is called there; False where the successor has one of that code or
        name already."""
        named = f', "{self.unique}" = $3' if value is not None else ""
        await desk.tx.execute("SAVEPOINT following")
        try:
            await desk.tx.execute(
                f'UPDATE "{self.table}" SET area = $2{named}, version = version + 1 WHERE id = $1',
                row["id"],
                area,
                *([value] if value is not None else []),
            )
        except asyncpg.UniqueViolationError:
            await desk.tx.execute("ROLLBACK TO SAVEPOINT following")
            return False
        await desk.tx.execute("RELEASE SAVEPOINT following")
        after = await desk.tx.fetchrow(f'SELECT * FROM "{self.table}" WHERE id = $1', row["id"])
        assert after is not None  # it is locked
        if self.moved is not None:
            await self.moved(desk, row, after)
        return True
