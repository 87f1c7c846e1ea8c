"""Every query on dues, payment lines, batches and overpayments."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.benefits.payments.domain import Account, Due

_ACCOUNTS = """
SELECT d.id, d.enrolment_id, d.subject_id, d.period, d.starts_on, d.due_on, d.months, d.amount, d.area,
    coalesce(l.paid, 0) AS paid, coalesce(l.waiting, 0) AS waiting, coalesce(l.parts, 0) AS parts,
    coalesce(o.returned, 0) AS returned, coalesce(o.kept, 0) AS forgiven
FROM benefit_due d
LEFT JOIN LATERAL (
    SELECT sum(amount) FILTER (WHERE state = 'paid') AS paid,
        sum(amount) FILTER (WHERE state IN ('open', 'sent')) AS waiting,
        count(*) FILTER (WHERE holds) AS parts
    FROM benefit_line l WHERE l.due_id = d.id) l ON true
LEFT JOIN LATERAL (
    SELECT sum(amount) FILTER (WHERE state = 'returned') AS returned,
        sum(amount) FILTER (WHERE state = 'kept') AS kept
    FROM benefit_overpayment o WHERE o.due_id = d.id) o ON true
"""
_UPSERT_DUES = """
INSERT INTO benefit_due AS d (id, scheme_id, enrolment_id, subject_id, period, starts_on, due_on, months,
    amount, area)
SELECT id, $1, $2, subject_id, period, starts_on, due_on, months, amount, $3
FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::date[], $8::date[], $9::int[], $10::numeric[])
    AS t (id, subject_id, period, starts_on, due_on, months, amount)
ON CONFLICT (scheme_id, subject_id, period) DO UPDATE
    SET enrolment_id = excluded.enrolment_id, starts_on = excluded.starts_on, due_on = excluded.due_on,
        months = excluded.months, amount = excluded.amount, area = excluded.area
    WHERE d.enrolment_id = excluded.enrolment_id
        OR d.amount = 0 AND NOT EXISTS (SELECT FROM benefit_line l WHERE l.due_id = d.id AND l.holds)
"""
_INSERT_LINES = """
INSERT INTO benefit_line (id, batch_id, due_id, enrolment_id, scheme_id, subject_id, period, part, amount,
    area, state, holds)
SELECT t.id, $1, d.id, d.enrolment_id, d.scheme_id, d.subject_id, d.period, t.part, t.amount, d.area, 'open',
    true
FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::numeric[]) AS t (id, due_id, part, amount)
JOIN benefit_due d ON d.id = t.due_id
ON CONFLICT (scheme_id, subject_id, period, part) WHERE holds DO NOTHING
"""
_IN_SCOPE = (
    "EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE x.area BETWEEN s.lo AND s.hi)"
)


def account(row: asyncpg.Record) -> Account:
    """Return what stands against a due."""
    return Account(
        row["area"],
        row["due_on"],
        row["amount"],
        row["paid"],
        row["waiting"],
        row["returned"],
        row["forgiven"],
    )


async def accounts(tx: Transaction, enrolment_ids: Sequence[UUID]) -> dict[UUID, list[asyncpg.Record]]:
    """Return the dues of cases with what stands against each, by case."""
    rows = await tx.fetch(
        f"{_ACCOUNTS} WHERE d.enrolment_id = ANY($1) ORDER BY d.due_on, d.id", enrolment_ids
    )
    found: dict[UUID, list[asyncpg.Record]] = {each: [] for each in enrolment_ids}
    for row in rows:
        found[row["enrolment_id"]].append(row)
    return found


async def upsert_dues(
    tx: Transaction,
    scheme_id: UUID,
    enrolment_id: UUID,
    area: int,
    ids: Sequence[UUID],
    dues: Sequence[Due],
) -> None:
    """Write dues of a case; what is due to the same subject through another case stays there."""
    await tx.execute(
        _UPSERT_DUES,
        scheme_id,
        enrolment_id,
        area,
        ids,
        [each.subject_id for each in dues],
        [each.period for each in dues],
        [each.starts_on for each in dues],
        [each.due_on for each in dues],
        [each.months for each in dues],
        [each.amount for each in dues],
    )


async def void_dues(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Set what is no longer due to nothing."""
    await tx.execute("UPDATE benefit_due SET amount = 0, months = 0 WHERE id = ANY($1)", ids)


async def drop_waiting(tx: Transaction, due_ids: Sequence[UUID]) -> int:
    """Take lines of these dues out of batches that were not exported yet; returns how many."""
    status = await tx.execute(
        "UPDATE benefit_line SET state = 'dropped', holds = false WHERE state = 'open' AND due_id = ANY($1)",
        due_ids,
    )
    return int(status.split()[-1])


async def payable(
    tx: Transaction, scheme_id: UUID, interval: tuple[int, int], through: date, after: UUID, limit: int
) -> list[asyncpg.Record]:
    """Return dues of an area up to a day with what stands against each, by id."""
    return await tx.fetch(
        f"{_ACCOUNTS} WHERE d.scheme_id = $1 AND d.area BETWEEN $2 AND $3 AND d.due_on <= $4 AND d.id > $5"
        " AND d.amount > 0 ORDER BY d.id LIMIT $6",
        scheme_id,
        *interval,
        through,
        after,
        limit,
    )


async def insert_batch(
    tx: Transaction, batch_id: UUID, scheme_id: UUID, period: str, area: int, by: UUID, at: datetime
) -> None:
    """Write an empty draft."""
    await tx.execute(
        "INSERT INTO benefit_batch (id, scheme_id, period, area, state, drafted_by, drafted_at, version)"
        " VALUES ($1, $2, $3, $4, 'draft', $5, $6, 1)",
        batch_id,
        scheme_id,
        period,
        area,
        by,
        at,
    )


async def insert_lines(
    tx: Transaction, batch_id: UUID, lines: Sequence[tuple[UUID, UUID, int, Decimal]]
) -> int:
    """Write lines (id, due, part, amount); what stands elsewhere is left out. Returns how many."""
    columns = [list(column) for column in zip(*lines, strict=True)]
    return int((await tx.execute(_INSERT_LINES, batch_id, *columns)).split()[-1])


async def find_batch(
    tx: Transaction, batch_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return a batch whose area begins in scope, locked until the transaction ends where asked."""
    return await tx.fetchrow(
        f"SELECT x.* FROM benefit_batch x WHERE x.id = $1 AND {_IN_SCOPE}" + (" FOR UPDATE" if lock else ""),
        batch_id,
        scope.lows,
        scope.highs,
    )


async def batches(
    tx: Transaction, interval: tuple[int, int], scheme_id: UUID, after: UUID, limit: int
) -> list[asyncpg.Record]:
    """Return batches of a scheme in an area, the newest first."""
    return await tx.fetch(
        "SELECT * FROM benefit_batch WHERE scheme_id = $1 AND area BETWEEN $2 AND $3 AND id < $4"
        " ORDER BY id DESC LIMIT $5",
        scheme_id,
        *interval,
        after,
        limit,
    )


async def totals(tx: Transaction, batch_id: UUID) -> asyncpg.Record:
    """Return how many lines stand for how much, paid and failed."""
    row = await tx.fetchrow(
        "SELECT count(*) FILTER (WHERE state <> 'dropped') AS count,"
        " coalesce(sum(amount) FILTER (WHERE state <> 'dropped'), 0) AS total,"
        " count(*) FILTER (WHERE state = 'paid') AS paid_count,"
        " coalesce(sum(amount) FILTER (WHERE state = 'paid'), 0) AS paid_total,"
        " count(*) FILTER (WHERE state = 'failed') AS failed_count FROM benefit_line WHERE batch_id = $1",
        batch_id,
    )
    assert row is not None
    return row


async def lines(tx: Transaction, batch_id: UUID, after: UUID, limit: int) -> list[asyncpg.Record]:
    """Return lines of a batch by id."""
    return await tx.fetch(
        "SELECT l.*, e.person_id, e.account_sealed FROM benefit_line l"
        " JOIN benefit_enrolment e ON e.id = l.enrolment_id"
        " WHERE l.batch_id = $1 AND l.id > $2 ORDER BY l.id LIMIT $3",
        batch_id,
        after,
        limit,
    )


async def update_batch(tx: Transaction, batch_id: UUID, changes: dict[str, Any]) -> None:
    """Set columns of a batch and count its version up."""
    assignments = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, 2))
    await tx.execute(
        f"UPDATE benefit_batch SET {assignments}, version = version + 1 WHERE id = $1",
        batch_id,
        *changes.values(),
    )


async def drop_lines(tx: Transaction, batch_id: UUID) -> None:
    """Free every line of a cancelled batch."""
    await tx.execute(
        "UPDATE benefit_line SET state = 'dropped', holds = false WHERE batch_id = $1 AND state = 'open'",
        batch_id,
    )


async def send_lines(tx: Transaction, batch_id: UUID) -> None:
    """Mark the lines that go to the bank: from now on none of them is dropped."""
    await tx.execute(
        "UPDATE benefit_line SET state = 'sent' WHERE batch_id = $1 AND state = 'open'", batch_id
    )


async def record_export(
    tx: Transaction,
    batch_id: UUID,
    kind: str,
    checksum: str,
    counted: tuple[int, Decimal],
    by: UUID,
    at: datetime,
) -> None:
    """Write down who opened the accounts of a batch."""
    await tx.execute(
        "INSERT INTO benefit_export (batch_id, format, checksum, line_count, total, exported_by, exported_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        batch_id,
        kind,
        checksum,
        *counted,
        by,
        at,
    )


async def find_export(tx: Transaction, batch_id: UUID) -> asyncpg.Record | None:
    """Return who exported a batch, when, and the file's checksum."""
    return await tx.fetchrow("SELECT * FROM benefit_export WHERE batch_id = $1", batch_id)


async def keep_file(tx: Transaction, batch_id: UUID, sealed: bytes) -> None:
    """Keep the sealed bytes of an export until its results are read."""
    await tx.execute("INSERT INTO benefit_export_file (batch_id, sealed) VALUES ($1, $2)", batch_id, sealed)


async def kept_file(tx: Transaction, batch_id: UUID) -> bytes | None:
    """Return the sealed bytes of an export; None where they are gone."""
    found: bytes | None = await tx.fetchval(
        "SELECT sealed FROM benefit_export_file WHERE batch_id = $1", batch_id
    )
    return found


async def drop_file(tx: Transaction, batch_id: UUID) -> None:
    """Delete the bytes of an export."""
    await tx.execute("DELETE FROM benefit_export_file WHERE batch_id = $1", batch_id)


async def record_copy(
    tx: Transaction, copy_id: UUID, batch_id: UUID, reason: str, by: UUID, at: datetime
) -> None:
    """Write down who took the file of an export out again."""
    await tx.execute(
        "INSERT INTO benefit_export_copy (id, batch_id, reason, exported_by, exported_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        copy_id,
        batch_id,
        reason,
        by,
        at,
    )


async def copies(tx: Transaction, batch_id: UUID) -> list[asyncpg.Record]:
    """Return who took a file out again, in order."""
    return await tx.fetch("SELECT * FROM benefit_export_copy WHERE batch_id = $1 ORDER BY id", batch_id)


async def settle_lines(
    tx: Transaction, batch_id: UUID, paid: Sequence[UUID], failed: Sequence[tuple[UUID, str]]
) -> None:
    """Write down what the bank said of each line."""
    await tx.execute(
        "UPDATE benefit_line SET state = 'paid' WHERE batch_id = $1 AND id = ANY($2)", batch_id, paid
    )
    await tx.execute(
        "UPDATE benefit_line l SET state = 'failed', holds = false, failure = t.reason"
        " FROM unnest($2::uuid[], $3::text[]) AS t (id, reason) WHERE l.batch_id = $1 AND l.id = t.id",
        batch_id,
        [each for each, _ in failed],
        [reason for _, reason in failed],
    )


async def lapse_overpayments(tx: Transaction, due_ids: Sequence[UUID]) -> None:
    """End open overpayments that no longer are any."""
    await tx.execute(
        "UPDATE benefit_overpayment SET state = 'lapsed', version = version + 1"
        " WHERE due_id = ANY($1) AND state = 'open'",
        due_ids,
    )


async def upsert_overpayment(
    tx: Transaction, overpayment_id: UUID, due: asyncpg.Record, amount: Decimal, at: datetime
) -> None:
    """Write down what was paid too much of a due; an open one takes the new amount."""
    await tx.execute(
        "INSERT INTO benefit_overpayment AS o (id, due_id, enrolment_id, amount, area, state, found_at,"
        " version) VALUES ($1, $2, $3, $4, $5, 'open', $6, 1)"
        " ON CONFLICT (due_id) WHERE state = 'open' DO UPDATE"
        " SET amount = excluded.amount, version = o.version + 1 WHERE o.amount <> excluded.amount",
        overpayment_id,
        due["id"],
        due["enrolment_id"],
        amount,
        due["area"],
        at,
    )


async def overpayments(
    tx: Transaction, interval: tuple[int, int], state: str, after: tuple[int, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return overpayments of an area by (area, id) with their period."""
    area, overpayment_id = after or (-1, UUID(int=0))
    return await tx.fetch(
        "SELECT x.*, d.period, d.subject_id FROM benefit_overpayment x JOIN benefit_due d ON d.id = x.due_id"
        " WHERE x.state = $1 AND x.area BETWEEN $2 AND $3 AND (x.area, x.id) > ($4, $5)"
        " ORDER BY x.area, x.id LIMIT $6",
        state,
        *interval,
        area,
        overpayment_id,
        limit,
    )


async def find_overpayment(
    tx: Transaction, overpayment_id: UUID, scope: AreaScope, *, lock: bool = False
) -> asyncpg.Record | None:
    """Return an overpayment in scope with its period."""
    return await tx.fetchrow(
        "SELECT x.*, d.period, d.subject_id FROM benefit_overpayment x JOIN benefit_due d ON d.id = x.due_id"
        f" WHERE x.id = $1 AND {_IN_SCOPE}" + (" FOR UPDATE OF x" if lock else ""),
        overpayment_id,
        scope.lows,
        scope.highs,
    )


async def decide_overpayment(
    tx: Transaction, overpayment_id: UUID, state: str, note: str, by: UUID, at: datetime
) -> None:
    """Write a decision down."""
    await tx.execute(
        "UPDATE benefit_overpayment SET state = $2, note = $3, decided_by = $4, decided_at = $5,"
        " version = version + 1 WHERE id = $1",
        overpayment_id,
        state,
        note,
        by,
        at,
    )


async def enrolments_of_subject(tx: Transaction, subject_id: UUID) -> list[UUID]:
    """Return the cases through which a subject (a person or a child) has dues."""
    rows = await tx.fetch("SELECT DISTINCT enrolment_id FROM benefit_due WHERE subject_id = $1", subject_id)
    return [row["enrolment_id"] for row in rows]


async def move_subject(tx: Transaction, merged: UUID, survivor: UUID) -> list[asyncpg.Record]:
    """Let the dues of a merged subject be the survivor's; returns those whose period the survivor has too."""
    await tx.execute(
        "UPDATE benefit_due d SET subject_id = $2, merged_subject_id = $1 WHERE d.subject_id = $1 AND NOT"
        " EXISTS (SELECT FROM benefit_due o WHERE o.subject_id = $2 AND o.scheme_id = d.scheme_id"
        " AND o.period = d.period)",
        merged,
        survivor,
    )
    await tx.execute(
        "UPDATE benefit_line l SET subject_id = $2 FROM benefit_due d"
        " WHERE d.id = l.due_id AND d.merged_subject_id = $1 AND d.subject_id = $2 AND l.subject_id = $1",
        merged,
        survivor,
    )
    return await tx.fetch(
        "SELECT d.id, o.id AS other_id FROM benefit_due d JOIN benefit_due o ON o.subject_id = $2"
        " AND o.scheme_id = d.scheme_id AND o.period = d.period WHERE d.subject_id = $1 ORDER BY d.id",
        merged,
        survivor,
    )


async def move_lines(tx: Transaction, due_id: UUID, other_id: UUID, survivor: UUID) -> None:
    """Let standing lines of a merged due stand for the survivor's, where that has none of the same part."""
    await tx.execute(
        "UPDATE benefit_line l SET due_id = $2, merged_due_id = $1, subject_id = $3"
        " WHERE l.due_id = $1 AND l.holds AND NOT EXISTS (SELECT FROM benefit_line o"
        " WHERE o.due_id = $2 AND o.part = l.part AND o.holds)",
        due_id,
        other_id,
        survivor,
    )


async def restore_subject(tx: Transaction, merged: UUID, survivor: UUID) -> None:
    """Undo :func:`move_subject` and :func:`move_lines`."""
    await tx.execute(
        "UPDATE benefit_line l SET due_id = l.merged_due_id, merged_due_id = NULL, subject_id = $1"
        " FROM benefit_due d WHERE d.id = l.merged_due_id AND d.subject_id = $1 AND l.subject_id = $2",
        merged,
        survivor,
    )
    await tx.execute(
        "UPDATE benefit_line l SET subject_id = $1 FROM benefit_due d"
        " WHERE d.id = l.due_id AND d.merged_subject_id = $1 AND d.subject_id = $2",
        merged,
        survivor,
    )
    await tx.execute(
        "UPDATE benefit_due SET subject_id = $1, merged_subject_id = NULL"
        " WHERE merged_subject_id = $1 AND subject_id = $2",
        merged,
        survivor,
    )
