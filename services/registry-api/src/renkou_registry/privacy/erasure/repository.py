"""Every query on deletions on request."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.privacy.erasure.rules import MONEY_DAYS, Effect, Part

type Counted = tuple[str, Effect]
"""A table, and what was done to its rows."""
_IN_FORCE = "h.lifted_at IS NULL AND (h.until IS NULL OR h.until > $2)"
_OPEN_CASE = "state NOT IN ('ended', 'rejected', 'withdrawn')"


async def add(
    tx: Transaction,
    erasure_id: UUID,
    person_id: UUID,
    record_ids: Sequence[UUID],
    request_id: UUID | None,
    ordered_by: UUID | None,
    approved_by: UUID | None,
    at: datetime,
    steps: Sequence[str],
) -> bool:
    """Write a deletion and its steps; False where one runs for the person already."""
    added = await tx.fetchval(
        "INSERT INTO erasure (id, person_id, record_ids, request_id, ordered_by, approved_by, state, ordered_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'running', $7)"
        " ON CONFLICT (person_id) WHERE state = 'running' DO NOTHING RETURNING true",
        erasure_id,
        person_id,
        list(record_ids),
        request_id,
        ordered_by,
        approved_by,
        at,
    )
    if added:
        await add_steps(tx, erasure_id, steps)
    return bool(added)


async def add_steps(tx: Transaction, erasure_id: UUID, codes: Sequence[str]) -> None:
    """Write those of the steps that a deletion does not have, also because an older release ordered it."""
    await tx.execute(
        "INSERT INTO erasure_step (erasure_id, code, place, state)"
        " SELECT $1, s.code, s.place, 'waiting' FROM unnest($2::text[]) WITH ORDINALITY AS s (code, place)"
        " ON CONFLICT DO NOTHING",
        erasure_id,
        list(codes),
    )


async def take_over(tx: Transaction, record_ids: Sequence[UUID], cause: str, at: datetime) -> None:
    """End the deletions of somebody's records that were answered: what waits in them is left to a later one."""
    rows = await tx.fetch(
        "UPDATE erasure SET state = 'finished', finished_at = $2 WHERE person_id = ANY ($1) AND state = 'running'"
        " AND told_kinds IS NOT NULL RETURNING id",
        list(record_ids),
        at,
    )
    await tx.execute(
        "UPDATE erasure_step SET state = 'held', cause = $2 WHERE erasure_id = ANY ($1) AND state <> 'done'",
        [row["id"] for row in rows],
        cause,
    )


async def find(tx: Transaction, erasure_id: UUID) -> asyncpg.Record | None:
    """Return a deletion that the floor shows."""
    return await tx.fetchrow("SELECT * FROM erasure WHERE id = $1", erasure_id)


async def steps(tx: Transaction, erasure_id: UUID) -> list[asyncpg.Record]:
    """Return its steps in their order."""
    return await tx.fetch("SELECT * FROM erasure_step WHERE erasure_id = $1 ORDER BY place", erasure_id)


async def due(tx: Transaction, now: datetime, today: date) -> list[UUID]:
    """Return the deletions that are to be looked at now, the first first: not those of which only the account waits."""
    rows = await tx.fetch(
        "SELECT id FROM erasure WHERE state = 'running' AND (next_try_at IS NULL OR next_try_at <= $1)"
        " AND (account_due_on IS NULL OR account_due_on <= $2) ORDER BY ordered_at, id",
        now,
        today,
    )
    return [row["id"] for row in rows]


async def pause(tx: Transaction, erasure_id: UUID, until: datetime) -> None:
    """Leave a deletion that is not through alone for a while."""
    await tx.execute(
        "UPDATE erasure SET next_try_at = $2 WHERE id = $1 AND state = 'running'", erasure_id, until
    )


async def take(tx: Transaction, erasure_id: UUID) -> asyncpg.Record | None:
    """Lock a deletion that is not through, after whoever is at it; None where it is through."""
    return await tx.fetchrow(
        "SELECT * FROM erasure WHERE id = $1 AND state = 'running' FOR UPDATE", erasure_id
    )


async def lock_records(tx: Transaction, record_ids: Sequence[UUID]) -> None:
    """Lock a person's records in the order of their ids: whoever writes a row that names one waits."""
    await tx.execute("SELECT id FROM person WHERE id = ANY ($1) ORDER BY id FOR UPDATE", list(record_ids))


async def set_records(tx: Transaction, erasure_id: UUID, record_ids: Sequence[UUID]) -> None:
    """Note which records are the person's by now."""
    await tx.execute("UPDATE erasure SET record_ids = $2 WHERE id = $1", erasure_id, list(record_ids))


async def begin_anew(tx: Transaction, erasure_id: UUID) -> None:
    """Let the steps that were done wait for their turn again; what they did stays counted."""
    await tx.execute(
        "UPDATE erasure_step SET state = 'waiting', done_at = NULL WHERE erasure_id = $1 AND state = 'done'",
        erasure_id,
    )


async def note_held(tx: Transaction, erasure_id: UUID, code: str, cause: str) -> None:
    """Note that a step waits, and for what."""
    await tx.execute(
        "UPDATE erasure_step SET state = 'held', cause = $3 WHERE erasure_id = $1 AND code = $2"
        " AND state <> 'done' AND cause IS DISTINCT FROM $3",
        erasure_id,
        code,
        cause,
    )


async def note_counts(
    tx: Transaction, erasure_id: UUID, code: str, counts: Mapping[Counted, int], at: datetime | None
) -> None:
    """Add what a step did to what it did before; ``at`` where it is done with that."""
    row = await tx.fetchrow(
        "SELECT counts FROM erasure_step WHERE erasure_id = $1 AND code = $2 FOR UPDATE", erasure_id, code
    )
    assert row is not None
    total = Counter({(each["table_name"], Effect(each["effect"])): each["rows"] for each in row["counts"]})
    total.update(counts)
    await tx.execute(
        "UPDATE erasure_step SET counts = $3, done_at = $4,"
        " state = CASE WHEN $4::timestamptz IS NULL THEN state ELSE 'done' END,"
        " cause = CASE WHEN $4::timestamptz IS NULL THEN cause END WHERE erasure_id = $1 AND code = $2",
        erasure_id,
        code,
        [
            {"table_name": table, "effect": effect.value, "rows": rows}
            for (table, effect), rows in sorted(total.items())
            if rows
        ],
        at,
    )


async def carried_out(
    tx: Transaction,
    erasure_id: UUID,
    at: datetime,
    account_due_on: date | None,
) -> None:
    """Note that all but the account is gone."""
    await tx.execute(
        "UPDATE erasure SET carried_out_at = $2, account_due_on = $3 WHERE id = $1",
        erasure_id,
        at,
        account_due_on,
    )


async def note_told(
    tx: Transaction, erasure_id: UUID, kinds: Sequence[str], kept: Sequence[Mapping[str, Any]]
) -> None:
    """Note what is gone as the others hear it, and what stays."""
    await tx.execute(
        "UPDATE erasure SET told_kinds = $2, kept = $3 WHERE id = $1", erasure_id, list(kinds), list(kept)
    )


async def finish(tx: Transaction, erasure_id: UUID, at: datetime) -> None:
    """Note that a deletion is through."""
    await tx.execute("UPDATE erasure SET state = 'finished', finished_at = $2 WHERE id = $1", erasure_id, at)


async def person_held(tx: Transaction, record_ids: Sequence[UUID], today: date) -> bool:
    """Say whether a hold keeps everything of a person."""
    return bool(
        await tx.fetchval(
            f"SELECT EXISTS (SELECT FROM retention_hold h WHERE h.person_id = ANY ($1) AND {_IN_FORCE})",
            list(record_ids),
            today,
        )
    )


async def correction_open(tx: Transaction, record_ids: Sequence[UUID]) -> bool:
    """Say whether a correction waits for a decision."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM correction_request WHERE person_id = ANY ($1) AND state = 'requested')",
            list(record_ids),
        )
    )


async def benefit_open(tx: Transaction, record_ids: Sequence[UUID]) -> bool:
    """Say whether a benefit case runs, or a payment has been neither made nor dropped."""
    return bool(
        await tx.fetchval(
            f"SELECT EXISTS (SELECT FROM benefit_enrolment WHERE person_id = ANY ($1) AND {_OPEN_CASE})"
            " OR EXISTS (SELECT FROM benefit_line l JOIN benefit_enrolment e ON e.id = l.enrolment_id"
            " WHERE e.person_id = ANY ($1) AND l.state IN ('open', 'sent'))",
            list(record_ids),
        )
    )


def _free(part: Part) -> str:
    """Return the condition that no hold is on a row; $2 is the day."""
    if part.key is None:
        return "$2::date IS NOT NULL"
    return f"NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id = t.{part.key} AND {_IN_FORCE})"


def _filled(part: Part) -> str:
    return f" AND ({' OR '.join(f't.{name} IS NOT NULL' for name in part.columns)})" if part.columns else ""


async def count(tx: Transaction, part: Part, found_by: Sequence[Any], today: date) -> tuple[int, int]:
    """Return how many rows of a part would go, and how many more a hold keeps."""
    row = await tx.fetchrow(
        f"SELECT count(*) FILTER (WHERE {_free(part)}) AS free, count(*) AS found FROM {part.table} t"
        f" WHERE ({part.where}){_filled(part)}",
        list(found_by),
        today,
    )
    assert row is not None
    return row["free"], row["found"] - row["free"]


async def free(tx: Transaction, part: Part, found_by: Sequence[Any], today: date) -> list[UUID]:
    """Return which rows of a part would go, for features that see to that themselves; by id."""
    rows = await tx.fetch(
        f"SELECT t.{part.key} AS id FROM {part.table} t WHERE ({part.where}) AND {_free(part)}{_filled(part)}"
        " ORDER BY 1",
        list(found_by),
        today,
    )
    return [row["id"] for row in rows]


async def carry_out(
    tx: Transaction,
    erasure_id: UUID,
    part: Part,
    found_by: Sequence[Any],
    indexes: Sequence[bytes],
    today: date,
) -> int:
    """Delete the rows of a part, or empty its columns in them; returns how many."""
    if part.append_only:
        return int(
            await tx.fetchval(
                "SELECT renkou_erase($1, $2, $3, $4)", erasure_id, part.table, list(indexes), today
            )
        )
    which = f"({part.where}) AND {_free(part)}{_filled(part)}"
    if part.effect is Effect.ERASE:
        statement = f"DELETE FROM {part.table} t WHERE {which}"
    else:
        changes = [f"{name} = NULL" for name in part.columns]
        if part.versioned:
            changes.append("version = version + 1")
        statement = f"UPDATE {part.table} t SET {', '.join(changes)} WHERE {which}"
    done: str = await tx.execute(statement, list(found_by), today)
    return int(done.rsplit(" ", 1)[-1])


async def last_day(tx: Transaction, table: str, keys: Sequence[UUID]) -> date | None:
    """Return the last day of some accounting records of a person, by their enrolments."""
    of = "id" if table == "benefit_enrolment" else "enrolment_id"
    found: date | None = await tx.fetchval(
        f"SELECT max({MONEY_DAYS[table]}) FROM {table} t WHERE t.{of} = ANY ($1)", list(keys)
    )
    return found


async def accounts(tx: Transaction, record_ids: Sequence[UUID]) -> list[UUID]:
    """Return the accounts of a person's records."""
    rows = await tx.fetch("SELECT id FROM person_account WHERE person_id = ANY ($1)", list(record_ids))
    return [row["id"] for row in rows]


async def findings(tx: Transaction, record_ids: Sequence[UUID]) -> int:
    """Return how many findings of pre-pregnancy checks there are of a person."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM prepregnancy_step WHERE person_id = ANY ($1)", list(record_ids)
        )
    )


async def findings_held(tx: Transaction, record_ids: Sequence[UUID], today: date) -> int:
    """Return how many findings of checks in which somebody takes part a hold keeps, also of a partner."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM prepregnancy_step s JOIN prepregnancy_check c ON c.id = s.check_id"
            " WHERE (c.first_person_id = ANY ($1) OR c.second_person_id = ANY ($1)) AND EXISTS (SELECT FROM"
            f" retention_hold h WHERE (h.record_id = s.id OR h.person_id = s.person_id) AND {_IN_FORCE})",
            list(record_ids),
            today,
        )
    )
