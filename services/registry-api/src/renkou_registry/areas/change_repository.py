"""Every query on changes of divisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_registry.areas.succession import ChangeKind, Rule, Succession, Successor, parent

_COLUMNS = (
    "c.id, c.kind, c.effective_on, c.sources, c.successors, c.rule, c.state, c.phase, c.next_person,"
    " c.followed, c.left_over, c.households_followed, c.households_left_over, c.version, c.requested_by,"
    " c.requested_at, c.started_by, c.finished_at,"
    " (SELECT count(*) FROM area_unsettled u WHERE u.change_id = c.id AND u.settled_at IS NULL) AS unsettled"
)


class ChangeState(StrEnum):
    """Where a change stands."""

    PLANNED = "planned"  # 已拟定
    QUEUED = "queued"  # 待执行
    APPLYING = "applying"  # 执行中
    DONE = "done"  # 已完成
    CANCELLED = "cancelled"  # 已取消


@dataclass(frozen=True, slots=True)
class AreaChange:
    """A stored change with its progress."""

    id: UUID
    succession: Succession
    state: ChangeState
    phase: str
    next_person: UUID | None
    followed: int
    left_over: int
    households_followed: int
    households_left_over: int
    version: int
    requested_by: UUID
    requested_at: datetime
    started_by: UUID | None
    finished_at: datetime | None
    unsettled: int


def _record(row: asyncpg.Record) -> AreaChange:
    succession = Succession(
        ChangeKind(row["kind"]),
        row["effective_on"],
        tuple(row["sources"]),
        tuple(Successor(each["area"], each["name"]) for each in row["successors"]),
        Rule.of_json(row["rule"]),
    )
    same = {name: row[name] for name in AreaChange.__slots__ if name not in ("succession", "state")}
    return AreaChange(succession=succession, state=ChangeState(row["state"]), **same)


async def insert(
    tx: Transaction, change_id: UUID, change: Succession, requested_by: UUID, requested_at: datetime
) -> None:
    """Write a planned change."""
    await tx.execute(
        "INSERT INTO area_change (id, kind, effective_on, sources, successors, rule, state, phase, followed,"
        " left_over, households_followed, households_left_over, version, requested_by, requested_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'planned', 'divisions', 0, 0, 0, 0, 1, $7, $8)",
        change_id,
        change.kind,
        change.effective_on,
        list(change.sources),
        [{"area": each.area, "name": each.name} for each in change.successors],
        change.rule.as_json(),
        requested_by,
        requested_at,
    )


async def find(tx: Transaction, change_id: UUID, *, lock: bool = False) -> AreaChange | None:
    """Return a change; ``lock`` holds it until the transaction ends."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM area_change c WHERE c.id = $1{' FOR UPDATE' if lock else ''}", change_id
    )
    return _record(row) if row else None


async def page(tx: Transaction, before: UUID | None, limit: int) -> list[AreaChange]:
    """Return changes, the latest first."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM area_change c WHERE $1::uuid IS NULL OR c.id < $1"
        " ORDER BY c.id DESC LIMIT $2",
        before,
        limit,
    )
    return [_record(row) for row in rows]


async def take_up(tx: Transaction, today: date) -> AreaChange | None:
    """Lock and return the oldest change that is to be carried on and that no other worker holds."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM area_change c WHERE c.state IN ('queued', 'applying')"
        " AND c.effective_on <= $1 ORDER BY c.id LIMIT 1 FOR UPDATE SKIP LOCKED",
        today,
    )
    return _record(row) if row else None


async def set_state(
    tx: Transaction,
    change_id: UUID,
    state: ChangeState,
    *,
    phase: str | None = None,
    started_by: UUID | None = None,
    finished_at: datetime | None = None,
) -> None:
    """Move a locked change on; a new phase begins at its beginning."""
    await tx.execute(
        "UPDATE area_change SET state = $2, phase = coalesce($3, phase),"
        " next_person = CASE WHEN $3 IS NULL THEN next_person END,"
        " started_by = coalesce($4, started_by), finished_at = $5, version = version + 1 WHERE id = $1",
        change_id,
        state,
        phase,
        started_by,
        finished_at,
    )


async def advance(tx: Transaction, change_id: UUID, upto: UUID, counts: Sequence[int]) -> None:
    """Count a batch in: persons followed and left over, households followed and left over."""
    await tx.execute(
        "UPDATE area_change SET next_person = $2, followed = followed + $3, left_over = left_over + $4,"
        " households_followed = households_followed + $5,"
        " households_left_over = households_left_over + $6 WHERE id = $1",
        change_id,
        upto,
        *counts,
    )


async def settled(tx: Transaction, change_id: UUID) -> None:
    """Count one person who was left over as followed."""
    await tx.execute(
        "UPDATE area_change SET followed = followed + 1, left_over = greatest(left_over - 1, 0)"
        " WHERE id = $1",
        change_id,
    )


async def found_area(tx: Transaction, area: int, name: str, since: date) -> None:
    """Add a division from a day on, unless there is one of this code; one that had ended lives on."""
    await tx.execute(
        "INSERT INTO area (key, level, parent, name, valid_from) VALUES ($1, $5, $2, $3, $4)"
        " ON CONFLICT (key, level) DO NOTHING",
        area,
        parent(area),
        name,
        since,
        _level(area),
    )


def _level(area: int) -> int:
    return int(AreaCode.from_key(area).level)


async def rename(tx: Transaction, area: int, name: str, since: date) -> None:
    """Give a division another name from a day on and keep the one before."""
    await tx.execute(
        "INSERT INTO area_former_name (key, level, valid_until, name)"
        " SELECT key, level, $3, name FROM area WHERE key = $1 AND level = $4 AND name <> $2"
        " ON CONFLICT DO NOTHING",
        area,
        name,
        since,
        _level(area),
    )
    await tx.execute("UPDATE area SET name = $2 WHERE key = $1 AND level = $3", area, name, _level(area))


async def end_area(
    tx: Transaction, change_id: UUID, area: int, last_day: date, successors: Sequence[int]
) -> None:
    """End a division; the first successor stands in its row, all of them beside it."""
    await tx.execute(
        "UPDATE area SET valid_to = $2, successor = $3 WHERE key = $1 AND level = $4",
        area,
        last_day,
        successors[0],
        _level(area),
    )
    await tx.execute(
        "INSERT INTO area_successor (area, successor, change_id)"
        " SELECT $1, successor, $3 FROM unnest($2::bigint[]) AS t (successor) ON CONFLICT DO NOTHING",
        area,
        successors,
        change_id,
    )


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A row whose code or name (``value``) is taken in the successor (``to_area``): it stayed in ``area``."""

    id: UUID
    change_id: UUID
    register: str
    row_id: UUID
    area: int
    to_area: int
    value: str


_UNSETTLED = "u.id, u.change_id, u.register, u.row_id, u.area, u.to_area, u.value"


async def add_unsettled(tx: Transaction, rows: Sequence[Unsettled]) -> None:
    """List rows to be settled; one that is listed stays as is."""
    await tx.executemany(
        "INSERT INTO area_unsettled (id, change_id, register, row_id, area, to_area, value)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (change_id, row_id) DO NOTHING",
        [
            (each.id, each.change_id, each.register, each.row_id, each.area, each.to_area, each.value)
            for each in rows
        ],
    )


async def unsettled(tx: Transaction, change_id: UUID, after: UUID, limit: int) -> list[Unsettled]:
    """Return rows of a change that wait, as far as the transaction sees, by id."""
    rows = await tx.fetch(
        f"SELECT {_UNSETTLED} FROM area_unsettled u WHERE u.change_id = $1 AND u.settled_at IS NULL"
        " AND u.id > $2 ORDER BY u.id LIMIT $3",
        change_id,
        after,
        limit,
    )
    return [Unsettled(**row) for row in rows]


async def lock_unsettled(tx: Transaction, change_id: UUID, unsettled_id: UUID) -> Unsettled | None:
    """Lock and return a row that waits."""
    row = await tx.fetchrow(
        f"SELECT {_UNSETTLED} FROM area_unsettled u WHERE u.id = $2 AND u.change_id = $1"
        " AND u.settled_at IS NULL FOR UPDATE",
        change_id,
        unsettled_id,
    )
    return Unsettled(**row) if row else None


async def row_settled(tx: Transaction, unsettled_id: UUID, now: datetime, by: UUID) -> None:
    """Take a row off the list."""
    await tx.execute(
        "UPDATE area_unsettled SET settled_at = $2, settled_by = $3 WHERE id = $1", unsettled_id, now, by
    )
