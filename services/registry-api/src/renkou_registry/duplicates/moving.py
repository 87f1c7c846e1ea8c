"""Which rows of other features follow a person whose record joins another, and which stay.

Every column with a foreign key to ``person`` is in exactly one of three lists, and a test compares them with
the schema: a table added later fails it until somebody has decided. ``MOVED`` rows are made to name the
record that is kept, each one remembered, and back when the merge is undone. ``BY_FEATURE`` columns are the
business of the feature, which has more to do than to rename them. ``STAYING`` rows keep the record they were
written for, for the reason given.
"""

from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_registry.metadata import metadata

MOVED: dict[str, tuple[str, ...]] = {
    "childbirth_registration": ("person_id", "partner_id"),
    "childbirth_birth": ("child_id",),
    "consent": ("person_id",),
    "employer_employee": ("person_id",),
    "honour_certificate": ("first_holder_id", "second_holder_id", "child_id"),
    "prepregnancy_check": ("first_person_id", "second_person_id"),
    "prepregnancy_consent": ("person_id",),
    "prepregnancy_step": ("person_id",),
    "processing_restriction": ("person_id",),
    "rental": ("landlord_id",),
    "rental_tenant": ("person_id",),
    "service_given": ("person_id",),
}
"""Parents before what hangs on them: a check before its consents and steps."""
BY_FEATURE: dict[str, str] = {
    "card": "renkou_registry.cards.joining",
    "card_fact": "renkou_registry.cards.joining",
    "visit": "renkou_registry.cards.joining",
    "benefit_enrolment": "renkou_registry.benefits.service",
    "household_member": "renkou_registry.households.joining",
    "kin_link": "renkou_registry.kin.joining",
    "supply_user": "renkou_registry.supplies.users.joining",
    "supply_recipient": "renkou_registry.supplies.users.joining",
}
"""Table and the module that joins and separates it; supplies name a person sealed, by no foreign key."""
STAYING: dict[str, str] = {
    "life_event": "append-only: each record keeps its own history, closed by the merge",
    "person_detail": "append-only: what was noted in a record is part of it",
    "person_address": "projection of the history; written anew with it",
    "person_key": "search keys of the record; dropped while it is out of the register",
    "person_account": "each person signs in to the own record; a merge opens nobody another one",
    "correction_request": "asks for a change of an event in the history of its record",
    "duplicate_candidate": "compares the two records themselves",
    "duplicate_merge": "is about the two records themselves",
    "duplicate_todo": "a record waits to be compared",
    "external_list_row": "which record a row of a list was matched with when it was settled",
    "visit_batch_item": "what a device sent, as it sent it",
    "record_change": "append-only: which fields of a record changed",
    "audit_entry": "append-only log: who read or changed which record",
    "consent_change": "append-only: what was told for its record; shown with that of the record that is kept",
    "retention_hold": "keeps the record that it was placed on",
    "privacy_request": "was asked for the record; shown with those of the record that stands for the person",
    "erasure": "was ordered for the record; goes on for the one that stands for the person, with all that joined it",
}


async def move(tx: Transaction, merge_id: UUID, gone_id: UUID, kept_id: UUID) -> int:
    """Make every row of ``MOVED`` that names ``gone_id`` name ``kept_id``, and remember each; returns how
    many.

    A row that cannot stand beside one of the kept record's (a consent to the same purpose, the same job)
    stays with the record that leaves.
    """
    moved = 0
    for table, columns in MOVED.items():
        for column in columns:
            moved += await _move_rows(tx, merge_id, table, column, gone_id, kept_id)
    return moved


def _key_of(table: str) -> str:
    return ", ".join(column.name for column in metadata.tables[table].primary_key.columns)


def _packed(table: str, column: str) -> str:
    """Return the expression of a row's key; the column that is moved is no part of it."""
    names = [name for name in _key_of(table).split(", ") if name != column]
    return f"(jsonb_build_array({', '.join(names)}))::text"


async def _move_rows(
    tx: Transaction, merge_id: UUID, table: str, column: str, gone_id: UUID, kept_id: UUID
) -> int:
    packed = _packed(table, column)
    rows = await tx.fetch(f'SELECT {packed} AS key FROM "{table}" WHERE "{column}" = $1', gone_id)
    moved = 0
    for row in rows:
        if await _try_move(tx, table, packed, column, row["key"], gone_id, kept_id):
            moved += 1
            await tx.execute(
                "INSERT INTO duplicate_moved (merge_id, table_name, column_name, row_key)"
                " VALUES ($1, $2, $3, $4)",
                merge_id,
                table,
                column,
                row["key"],
            )
    return moved


async def _try_move(
    tx: Transaction, table: str, packed: str, column: str, key: str, gone_id: UUID, kept_id: UUID
) -> bool:
    await tx.execute("SAVEPOINT moving")
    try:
        await tx.execute(
            f'UPDATE "{table}" SET "{column}" = $1 WHERE {packed} = $2 AND "{column}" = $3',
            kept_id,
            key,
            gone_id,
        )
    except asyncpg.IntegrityConstraintViolationError:
        await tx.execute("ROLLBACK TO SAVEPOINT moving")
        return False
    await tx.execute("RELEASE SAVEPOINT moving")
    return True


async def move_back(tx: Transaction, merge_id: UUID, gone_id: UUID, kept_id: UUID) -> int:
    """Make the rows that a merge moved name ``gone_id`` again, the last first; returns how many."""
    rows = await tx.fetch(
        "SELECT table_name, column_name, row_key FROM duplicate_moved WHERE merge_id = $1"
        " ORDER BY position DESC",
        merge_id,
    )
    for row in rows:
        table, column = row["table_name"], row["column_name"]
        await tx.execute(
            f'UPDATE "{table}" SET "{column}" = $1 WHERE {_packed(table, column)} = $2 AND "{column}" = $3',
            gone_id,
            row["row_key"],
            kept_id,
        )
    return len(rows)
