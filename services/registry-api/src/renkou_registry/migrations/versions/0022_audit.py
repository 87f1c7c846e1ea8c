"""One append-only audit log of every reading and change, sealed in a chain; the two logs of readings become part of it

What was read until now is taken over in the order of time. Who changed what before this is not known to the log.
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.audit.triggers import FIELDS_FUNCTION, NOTE_FUNCTION, capture
from renkou_common.migration import guard
from renkou_registry.audit.captured import CAPTURED

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("audit_entry", "audit_seal", "audit_root")
INDEXES = {
    "audit_entry_tx": ("tx", None),
    "audit_entry_at": ("at", None),
    "audit_entry_actor": ("actor_id", None),
    "audit_entry_what": ("what", None),
    "audit_entry_address": ("address", "address IS NOT NULL"),
    "audit_entry_purpose": ("purpose", "purpose IS NOT NULL"),
    "audit_entry_action": ("action", "action <> 'read'"),
    "audit_entry_record": ("record_id", "record_id IS NOT NULL"),
}
CAPTURED_HERE = (
    "benefit_due",
    "benefit_enrolment",
    "benefit_line",
    "benefit_notice_entry",
    "benefit_objection",
    "benefit_overpayment",
    "benefit_step",
    "card",
    "card_fact",
    "childbirth_birth",
    "childbirth_registration",
    "consent",
    "correction_request",
    "duplicate_candidate",
    "duplicate_merge",
    "employer",
    "employer_employee",
    "employer_statement",
    "export_job",
    "external_list",
    "external_list_row",
    "honour_certificate",
    "household",
    "household_detail",
    "household_member",
    "import_job",
    "kin_link",
    "life_event",
    "person",
    "person_account",
    "person_detail",
    "petition",
    "petition_reply",
    "prepregnancy_check",
    "prepregnancy_consent",
    "prepregnancy_step",
    "rental",
    "rental_agreement",
    "rental_tenant",
    "service_change",
    "service_given",
    "staff_account",
    "supply_recipient",
    "supply_user",
    "visit",
    "visit_batch_item",
)
TAKEN_OVER = """
INSERT INTO audit_entry (at, actor_id, actor_kind, actor_name, purpose, reason, action, what, person_ids, fields)
SELECT * FROM (
    SELECT r.read_at, r.read_by, r.reader_kind, coalesce(s.username, ''), r.purpose, NULL::text,
        CASE r.purpose WHEN 'export' THEN 'export' ELSE 'read' END, r.what, r.person_ids, '{}'::text[]
    FROM reading r LEFT JOIN staff_account s ON s.id = r.read_by
    UNION ALL
    SELECT u.read_at, u.read_by, CASE WHEN s.id IS NULL THEN 'service' ELSE 'staff' END,
        coalesce(s.username, ''), u.purpose, u.reason, 'unmask', u.kind, ARRAY[u.person_id], u.fields
    FROM unmask_log u LEFT JOIN staff_account s ON s.id = u.read_by
) AS earlier ORDER BY 1
"""


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "tx",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
        ),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("acting_for", sa.Uuid(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("session", "address", "agent", "trace_id", "purpose", "reason")
        ),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("person_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("records", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(TAKEN_OVER)
    op.create_index("audit_entry_persons", "audit_entry", ["person_ids"], postgresql_using="gin")
    for name, (column, where) in INDEXES.items():
        columns = {"tx": ["tx", "id"], "at": ["at", "id"]}.get(column, [column, "at", "id"])
        op.create_index(name, "audit_entry", columns, postgresql_where=sa.text(where) if where else None)
    op.create_table(
        "audit_seal",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("entry_id"),
    )
    op.create_table(
        "audit_root",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("last"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}, TABLES):
        op.execute(statement)
    op.drop_table("reading")
    op.drop_table("unmask_log")
    op.execute(NOTE_FUNCTION)
    op.execute(FIELDS_FUNCTION)
    for table in CAPTURED_HERE:
        for statement in capture(table, CAPTURED[table]):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
