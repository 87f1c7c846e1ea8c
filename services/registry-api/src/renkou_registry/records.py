"""Records of an office in an area: the same table operations, rights and publishing for every such register.

A register's table has the columns ``id``, ``area`` (12-digit integer key), ``version``, ``recorded_at`` and
``recorded_by`` beside its own, and an index on (area, id). Column names come from this service's code only,
never from a request's text.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import LineKey, difference
from renkou_common.contracts.registry_offices import OfficeEvent
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.scope import AreaScope
from renkou_registry.persons.commands import check_known_areas
from renkou_registry.persons.domain import new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime

_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE t.area BETWEEN s.lo AND s.hi)"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a record is kept: the process, the open transaction, who keeps it and for which areas."""

    runtime: Runtime
    tx: Transaction
    scope: AreaScope
    subject: UUID

    @property
    def today(self) -> date:
        return self.runtime.clock.today()

    @property
    def now(self) -> datetime:
        return self.runtime.clock.now()


@dataclass(frozen=True, slots=True)
class AreaTable:
    """A register's table with its names for people (zh, en); one constant in each ``repository.py``."""

    name: str
    zh: str
    en: str

    async def insert(self, tx: Transaction, values: Mapping[str, Any]) -> bool:
        """Write a row; False where a unique index holds such a row already."""
        columns = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        done = await tx.fetchval(
            f"INSERT INTO {self.name} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING RETURNING true",
            *values.values(),
        )
        return done is not None

    async def find(self, tx: Transaction, record_id: UUID, scope: AreaScope) -> asyncpg.Record:
        """Return a row in scope; raises NotFound."""
        return await self._one(tx, record_id, scope, "")

    async def lock(self, tx: Transaction, record_id: UUID, scope: AreaScope) -> asyncpg.Record:
        """Return a row in scope, locked until the transaction ends; raises NotFound."""
        return await self._one(tx, record_id, scope, " FOR UPDATE")

    async def _one(self, tx: Transaction, record_id: UUID, scope: AreaScope, ending: str) -> asyncpg.Record:
        row = await tx.fetchrow(
            f"SELECT t.* FROM {self.name} t WHERE t.id = $1 AND {_IN_SCOPE}{ending}",
            record_id,
            scope.lows,
            scope.highs,
        )
        if row is None:
            raise NotFound.of(self.zh, self.en)
        return row

    async def update(self, tx: Transaction, record_id: UUID, changes: Mapping[str, Any]) -> asyncpg.Record:
        """Set columns of a row, count its version up and return it."""
        sets = "".join(f"{column} = ${number}, " for number, column in enumerate(changes, 2))
        row = await tx.fetchrow(
            f"UPDATE {self.name} SET {sets}version = version + 1 WHERE id = $1 RETURNING *",
            record_id,
            *changes.values(),
        )
        assert row is not None
        return row

    async def page(
        self,
        tx: Transaction,
        interval: tuple[int, int],
        after: tuple[int, UUID] | None,
        limit: int,
        equals: Mapping[str, Any] | None = None,
    ) -> list[asyncpg.Record]:
        """Return rows of an area interval by (area, id); ``equals`` are columns with the value wanted."""
        area, record_id = after or (-1, UUID(int=0))
        wanted = {column: value for column, value in (equals or {}).items() if value is not None}
        more = "".join(f" AND t.{column} = ${number}" for number, column in enumerate(wanted, 6))
        return await tx.fetch(
            f"SELECT t.* FROM {self.name} t WHERE t.area BETWEEN $1 AND $2 AND (t.area, t.id) > ($3, $4)"
            f"{more} ORDER BY t.area, t.id LIMIT $5",
            *interval,
            area,
            record_id,
            limit,
            *wanted.values(),
        )


async def own_area(desk: Desk, code: AreaCode, pointer: str = "/area") -> int:
    """Return the key of an area of this district that the caller works for.

    Raises InvalidInput for an area elsewhere or unknown, NotFound for one outside the caller's.
    """
    if not desk.runtime.district.contains(code):
        raise InvalidInput.field(pointer, "area_elsewhere", "应为本区的区划", "must be in this district")
    await check_known_areas(desk.tx, {pointer: code}, desk.runtime.district)
    if not desk.scope.covers(*code.interval()):
        raise NotFound.of("区划", "area")
    return code.key


async def enter(desk: Desk, table: AreaTable, area: int, values: Mapping[str, Any]) -> UUID | None:
    """Write a new record (version 1) and return its id; None where a unique index holds it already."""
    record_id = new_id()
    head = {
        "id": record_id,
        "area": area,
        "version": 1,
        "recorded_at": desk.now,
        "recorded_by": desk.subject,
    }
    return record_id if await table.insert(desk.tx, {**head, **values}) else None


async def lock_version(desk: Desk, table: AreaTable, record_id: UUID, version: int) -> asyncpg.Record:
    """Return a locked record that the caller has seen.

    Raises NotFound, or VersionMismatch that names what was changed since.
    """
    row = await table.lock(desk.tx, record_id, desk.scope)
    await check_current(desk.tx, record_id, version, row["version"])
    return row


async def publish(
    desk: Desk,
    event_type: str,
    model: type[OfficeEvent],
    record_id: UUID,
    area: int,
    on: date,
    action: str,
    new: Counter[LineKey] | None = None,
    old: Counter[LineKey] | None = None,
) -> None:
    """Publish what was done to a record, with the difference of the lines that it stands for."""
    lines = difference(new or Counter(), old or Counter())
    payload = model(record_id=record_id, area=area_text(area), happened_on=on, action=action, lines=lines)
    await desk.runtime.outbox.append(desk.tx, event_type, record_id, payload)


async def page_of_area(
    desk: Desk,
    table: AreaTable,
    area: AreaCode,
    after: str | None,
    limit: int,
    equals: Mapping[str, Any] | None = None,
) -> tuple[list[asyncpg.Record], str | None]:
    """Return a page of an area's records and the next cursor; raises NotFound outside the caller's area."""
    interval = area.interval()
    if not desk.scope.covers(*interval):
        raise NotFound.of("区划", "area")
    found = await table.page(desk.tx, interval, decode_cursor(after, int, UUID), limit + 1, equals)
    rows = found[:limit]
    following = encode_cursor(rows[-1]["area"], str(rows[-1]["id"])) if len(found) > limit else None
    return rows, following


def check_open(row: asyncpg.Record) -> None:
    """Raise Conflict ``ended`` for a record that has been ended."""
    if row["ended_on"] is not None:
        raise Conflict("ended", f"已于 {row['ended_on']} 终止", f"this was ended on {row['ended_on']}")


def check_something(given: Collection[Any]) -> None:
    """Raise InvalidInput ``no_change`` for a change that names nothing to change."""
    if not given:
        raise InvalidInput.field("", "no_change", "没有任何改动", "nothing would be different")


def check_four_eyes(first: UUID, second: UUID) -> None:
    """Raise Conflict ``same_person`` where the one who checks is the one who did it."""
    if first == second:
        raise Conflict("same_person", "须由另一人办理", "another person has to do this")
