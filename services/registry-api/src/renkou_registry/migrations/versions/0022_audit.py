"""One append-only audit log of every reading and change, sealed in a chain; the two logs of readings become part of it

What was read until now is taken over in the order of time. Who changed what before this is not known to the log.
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.audit.triggers import FIELDS_FUNCTION, NOTE_FUNCTION, Captured, capture
from renkou_common.migration import guard

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
CAPTURED = {
    "benefit_due": Captured(
        ("r.subject_id", "(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)")
    ),
    "benefit_enrolment": Captured(("r.person_id",), version=True),
    "benefit_line": Captured(("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",)),
    "benefit_notice_entry": Captured(
        ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",),
        key=("notice_id", "place"),
    ),
    "benefit_objection": Captured(
        ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",), version=True
    ),
    "benefit_overpayment": Captured(
        ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",), version=True
    ),
    "benefit_step": Captured(
        ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",), key=("position",)
    ),
    "card": Captured(("r.person_id",), version=True),
    "card_fact": Captured(("r.person_id",)),
    "childbirth_birth": Captured(
        ("r.child_id", "(SELECT g.person_id FROM childbirth_registration g WHERE g.id = r.registration_id)"),
        key=("child_id",),
    ),
    "childbirth_registration": Captured(("r.person_id", "r.partner_id"), version=True),
    "consent": Captured(("r.person_id",)),
    "correction_request": Captured(("r.person_id",), version=True),
    "duplicate_candidate": Captured(("r.first_id", "r.second_id"), version=True),
    "duplicate_merge": Captured(("r.kept_id", "r.gone_id"), version=True),
    "employer": Captured(version=True),
    "employer_employee": Captured(("r.person_id",)),
    "employer_statement": Captured(version=True),
    "export_job": Captured(),
    "external_list": Captured(),
    "external_list_row": Captured(("r.person_id",), key=("list_id", "row")),
    "honour_certificate": Captured(("r.first_holder_id", "r.second_holder_id", "r.child_id"), version=True),
    "household": Captured(version=True),
    "household_detail": Captured(key=("position",)),
    "household_member": Captured(("r.person_id",)),
    "import_job": Captured(),
    "kin_link": Captured(("r.person_id", "r.kin_id")),
    "life_event": Captured(("r.person_id",)),
    "person": Captured(("r.id",), version=True),
    "person_account": Captured(("r.person_id",)),
    "person_detail": Captured(("r.person_id",), key=("position",)),
    "petition": Captured(version=True),
    "petition_reply": Captured(),
    "prepregnancy_check": Captured(("r.first_person_id", "r.second_person_id"), version=True),
    "prepregnancy_consent": Captured(("r.person_id",)),
    "prepregnancy_step": Captured(("r.person_id",)),
    "rental": Captured(("r.landlord_id",), version=True),
    "rental_agreement": Captured(version=True),
    "rental_tenant": Captured(("r.person_id",)),
    "service_change": Captured(("(SELECT s.person_id FROM service_given s WHERE s.id = r.service_id)",)),
    "service_given": Captured(("r.person_id",), version=True),
    "staff_account": Captured(version=True),
    "supply_recipient": Captured(key=("document_id",)),
    "supply_user": Captured(version=True),
    "visit": Captured(("r.person_id",), version=True),
    "visit_batch_item": Captured(("r.person_id",)),
}
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
    for table, captured in CAPTURED.items():
        for statement in capture(table, captured):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
