"""Persons linked to a record from a day to a day: employees of an employer, tenants of a rented house."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_registry.fields import check_not_future
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import check_alive, new_id
from renkou_registry.records import Desk


@dataclass(frozen=True, slots=True)
class PersonLink:
    """A table of links ``(id, <parent>_id, person_id, since, until)`` with its names for people."""

    table: str
    parent: str
    zh: str
    en: str

    async def insert(self, tx: Transaction, values: Mapping[str, Any]) -> bool:
        """Write a link; False where the person is linked already."""
        columns = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
        done = await tx.fetchval(
            f"INSERT INTO {self.table} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING RETURNING true",
            *values.values(),
        )
        return done is not None

    async def page(
        self, tx: Transaction, parent_id: UUID, after: UUID | None, limit: int
    ) -> list[asyncpg.Record]:
        """Return a record's links in the order in which they were entered."""
        return await tx.fetch(
            f"SELECT * FROM {self.table} WHERE {self.parent}_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            parent_id,
            after or UUID(int=0),
            limit,
        )

    async def lock(self, tx: Transaction, parent_id: UUID, link_id: UUID) -> asyncpg.Record:
        """Return a link, locked; raises NotFound."""
        row = await tx.fetchrow(
            f"SELECT * FROM {self.table} WHERE id = $1 AND {self.parent}_id = $2 FOR UPDATE",
            link_id,
            parent_id,
        )
        if row is None:
            raise NotFound.of(self.zh, self.en)
        return row

    async def close(self, tx: Transaction, link_id: UUID, until: date) -> asyncpg.Record:
        """Write until when a link lasted."""
        row = await tx.fetchrow(
            f"UPDATE {self.table} SET until = $2 WHERE id = $1 RETURNING *", link_id, until
        )
        assert row is not None
        return row


async def link(
    desk: Desk, table: PersonLink, parent_id: UUID, person_id: UUID, since: date, more: Mapping[str, Any]
) -> UUID:
    """Link a person of the caller's area to a record.

    Raises NotFound, InvalidInput, Conflict ``not_alive``, ``linked_already``.
    """
    check_not_future({"/since": since}, desk.today)
    person = await persons.find(desk.tx, person_id, desk.scope)
    check_alive(person["birth_date"], person["died_on"], since)
    link_id = new_id()
    values = {
        "id": link_id,
        f"{table.parent}_id": parent_id,
        "person_id": person_id,
        "since": since,
        "recorded_at": desk.now,
        "recorded_by": desk.subject,
        **more,
    }
    if not await table.insert(desk.tx, values):
        raise Conflict("linked_already", f"已是在册的{table.zh}", f"is a current {table.en} already")
    return link_id


async def unlink(
    desk: Desk, table: PersonLink, parent_id: UUID, link_id: UUID, until: date
) -> asyncpg.Record:
    """End a link; raises NotFound, InvalidInput, Conflict ``ended``."""
    row = await table.lock(desk.tx, parent_id, link_id)
    check_not_future({"/until": until}, desk.today)
    if row["until"] is not None:
        raise Conflict("ended", f"已于 {row['until']} 终止", f"this was ended on {row['until']}")
    if until < row["since"]:
        raise InvalidInput.field(
            "/until", "before_since", "不能早于开始日期", "must not be before the beginning"
        )
    return await table.close(desk.tx, link_id, until)
