"""Every query on the audit log but sealing it: writing readings, searching, reading it in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import batched
from typing import Any, Self
from uuid import UUID

import asyncpg

from renkou_common.audit.acting import NOWHERE, SERVICE, Origin, acting, origin
from renkou_common.audit.entries import COLUMNS
from renkou_common.database import Database, Reader, Transaction

AT_ONCE = 16
"""Entries of one statement at most; each number of them is one that a connection keeps prepared."""
READ, UNMASK, EXPORT, SEARCH = "read", "unmask", "export", "search"
_ENTRY = ", ".join(f"e.{name}" for name in COLUMNS)
_WRITTEN = {
    "at": "timestamptz",
    "actor_id": "uuid",
    "actor_kind": "text",
    "actor_name": "text",
    "acting_for": "uuid",
    "session": "text",
    "address": "text",
    "agent": "text",
    "trace_id": "text",
    "purpose": "text",
    "reason": "text",
    "action": "text",
    "what": "text",
    "record_id": "text",
    "person_ids": "uuid[]",
    "fields": "text[]",
}


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that was read, exported or searched for: no trigger can see that."""

    at: datetime
    actor_id: UUID | None
    actor_kind: str
    actor_name: str
    action: str
    what: str
    person_ids: tuple[UUID, ...] = ()
    fields: tuple[str, ...] = ()
    purpose: str | None = None
    reason: str | None = None
    acting_for: UUID | None = None
    session: str | None = None
    origin: Origin = NOWHERE
    record_id: str | None = None

    @classmethod
    def by_who_acts(
        cls,
        at: datetime,
        action: str,
        what: str,
        *,
        actor_id: UUID | None = None,
        person_ids: tuple[UUID, ...] = (),
        fields: tuple[str, ...] = (),
        purpose: str | None = None,
        reason: str | None = None,
        record_id: str | None = None,
    ) -> Self:
        """Return what whoever acts in this task did, from where; ``actor_id`` where it is known who that is."""
        who = acting()
        return cls(
            at=at,
            actor_id=actor_id or (who.actor_id if who else None),
            actor_kind=who.kind if who else SERVICE,
            actor_name=who.name if who else "",
            action=action,
            what=what,
            person_ids=person_ids,
            fields=fields,
            purpose=purpose,
            reason=reason,
            acting_for=who.acting_for if who else None,
            session=who.session if who else None,
            origin=origin(),
            record_id=record_id,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an auditor looks for; everything given has to fit. ``person_ids``: references of one person, any fits."""

    person_ids: tuple[UUID, ...] = ()
    actor_id: UUID | None = None
    actor_kind: str | None = None
    actions: tuple[str, ...] = ()
    what: str | None = None
    purpose: str | None = None
    address: str | None = None
    record_id: str | None = None
    trace_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def append(database: Database | Transaction, noted: Sequence[Noted]) -> None:
    """Write entries in this order, ``AT_ONCE`` in a statement: with a transaction all or none of them."""
    for group in batched(noted, AT_ONCE, strict=False):
        values: list[Any] = []
        for each in group:
            origin = each.origin
            values += (each.at, each.actor_id, each.actor_kind, each.actor_name, each.acting_for)
            values += (each.session, origin.address, origin.agent, origin.trace_id, each.purpose)
            values += (each.reason, each.action, each.what, each.record_id, each.person_ids, each.fields)
        await database.execute(_insert(len(group)), *values)


@cache
def _insert(number: int) -> str:
    """Return what writes so many entries. A row of values each: columns of arrays cost twice the time of a few rows."""
    rows = ", ".join(
        "("
        + ", ".join(
            f"${row * len(_WRITTEN) + place}::{kind}" for place, kind in enumerate(_WRITTEN.values(), 1)
        )
        + ")"
        for row in range(number)
    )
    return f"INSERT INTO audit_entry ({', '.join(_WRITTEN)}) VALUES {rows}"


async def search(
    tx: Reader, wanted: Wanted, before: tuple[datetime, int] | None, limit: int
) -> list[asyncpg.Record]:
    """Return entries, the last first, with ``seq`` where sealed; ``before`` is (at, id) of the last seen."""
    arguments: list[Any] = []

    def given(value: Any) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    conditions = [
        f"e.{name} = {given(value)}"
        for name in (*("actor_id", "actor_kind", "what", "purpose", "address", "record_id", "trace_id"),)
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.actions:
        conditions.append(f"e.action = ANY({given(list(wanted.actions))}::text[])")
        if "read" not in wanted.actions:
            conditions.append("e.action <> 'read'")
    entries = "audit_entry"
    if wanted.person_ids:
        about = f"person_ids && {given(list(wanted.person_ids))}::uuid[]"
        entries = f"(SELECT * FROM audit_entry WHERE {about} OFFSET 0)"  # by its index, whatever is expected
    if wanted.since is not None:
        conditions.append(f"e.at >= {given(wanted.since)}")
    if wanted.until is not None:
        conditions.append(f"e.at < {given(wanted.until)}")
    if before is not None:
        conditions.append(f"(e.at, e.id) < ({given(before[0])}, {given(before[1])})")
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    return await tx.fetch(
        f"SELECT f.*, s.seq FROM (SELECT {_ENTRY} FROM {entries} e {where}ORDER BY e.at DESC, e.id DESC"
        f" LIMIT {int(limit)}) f LEFT JOIN audit_seal s ON s.entry_id = f.id ORDER BY f.at DESC, f.id DESC",
        *arguments,
    )


async def readings_of(
    tx: Reader, person_ids: tuple[UUID, ...], before: tuple[datetime, int] | None, limit: int
) -> list[asyncpg.Record]:
    """Return who read a person's record, the last first; ``before`` is (at, id) of the last one seen.

    Callers have made sure that the person is asking.
    """
    return await search(tx, Wanted(person_ids, actions=(READ, UNMASK, EXPORT)), before, limit)


async def sealed(tx: Reader, after: int, until: int, limit: int) -> list[asyncpg.Record]:
    """Return places ``after`` < seq <= ``until`` in order with their hashes and entries; ``id`` is None where the
    entry is gone."""
    return await tx.fetch(
        f"SELECT s.seq, s.hash, s.chain, {_ENTRY} FROM audit_seal s LEFT JOIN audit_entry e ON e.id = s.entry_id"
        " WHERE s.seq > $1 AND s.seq <= $2 ORDER BY s.seq LIMIT $3",
        after,
        until,
        limit,
    )


async def chain_at(tx: Reader, seq: int) -> bytes | None:
    """Return the chain hash of a place."""
    found: bytes | None = await tx.fetchval("SELECT chain FROM audit_seal WHERE seq = $1", seq)
    return found


async def places_of(tx: Reader, since: datetime | None, until: datetime | None) -> tuple[int, int] | None:
    """Return the first and the last place of the entries sealed that are of ``since`` or later, but before ``until``;
    None where there is none.

    Places are not in the order of time: a long transaction's entries stand before those that were written meanwhile.
    """
    row = await tx.fetchrow(
        "SELECT min(s.seq) AS first, max(s.seq) AS last FROM audit_entry e JOIN audit_seal s ON s.entry_id = e.id"
        " WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::timestamptz IS NULL OR e.at < $2)",
        since,
        until,
    )
    return (row["first"], row["last"]) if row is not None and row["first"] is not None else None


async def last_place(tx: Reader) -> int:
    """Return the last place, 0 in an empty log."""
    return int(await tx.fetchval("SELECT coalesce(max(seq), 0) FROM audit_seal"))


async def roots(tx: Reader, after: int, limit: int) -> list[asyncpg.Record]:
    """Return roots with numbers after one, in order."""
    return await tx.fetch(
        "SELECT number, first, last, at, token FROM audit_root WHERE number > $1 ORDER BY number LIMIT $2",
        after,
        limit,
    )


async def roots_over(tx: Reader, first: int, last: int) -> list[asyncpg.Record]:
    """Return the roots that cover places from ``first`` to ``last``, in order."""
    return await tx.fetch(
        "SELECT number, first, last, at, token FROM audit_root WHERE last >= $1 AND first <= $2 ORDER BY number",
        first,
        last,
    )
