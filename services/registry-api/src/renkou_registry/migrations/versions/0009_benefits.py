"""Benefit schemes"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    "benefit_scheme",
    "benefit_batch",
    "benefit_enrolment",
    "benefit_notice",
    "benefit_scheme_version",
    "benefit_due",
    "benefit_export",
    "benefit_notice_entry",
    "benefit_objection",
    "benefit_step",
    "benefit_line",
    "benefit_overpayment",
)
FLOOR = {
    "benefit_enrolment": "renkou_in_scope(area)",
    "benefit_step": "EXISTS (SELECT FROM benefit_enrolment e WHERE e.id = benefit_step.enrolment_id)",
    "benefit_notice_entry": "renkou_in_scope(area)",
    "benefit_objection": "renkou_in_scope(area)",
    "benefit_due": "renkou_in_scope(area)",
    "benefit_line": "renkou_in_scope(area)",
    "benefit_overpayment": "renkou_in_scope(area)",
}
APPEND_ONLY = ("benefit_step", "benefit_export")


def upgrade() -> None:
    op.create_table(
        "benefit_scheme",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "benefit_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result_checksum", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'exported', 'settled', 'closed', 'cancelled')",
            name="benefit_batch_state",
        ),
        sa.CheckConstraint("approved_by <> drafted_by", name="benefit_batch_four_eyes"),
        sa.ForeignKeyConstraint(
            ["scheme_id"],
            ["benefit_scheme.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("benefit_batch_area", "benefit_batch", ["scheme_id", "area", "id"], unique=False)
    op.create_table(
        "benefit_enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("merged_person_id", sa.Uuid(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("declared_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("active_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_cause", sa.Text(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="benefit_enrolment_end"),
        sa.CheckConstraint("origin IN ('person', 'worker')", name="benefit_enrolment_origin"),
        sa.CheckConstraint(
            "state IN ('applied', 'community_checked', 'subdistrict_checked', 'approved', 'noticed',"
            " 'active', 'ended', 'returned', 'rejected', 'withdrawn')",
            name="benefit_enrolment_state",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["scheme_id"],
            ["benefit_scheme.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "benefit_enrolment_active",
        "benefit_enrolment",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index("benefit_enrolment_area", "benefit_enrolment", ["scheme_id", "area", "id"], unique=False)
    op.create_index(
        "benefit_enrolment_notice",
        "benefit_enrolment",
        ["notice_id"],
        unique=False,
        postgresql_where=sa.text("notice_id IS NOT NULL"),
    )
    op.create_index(
        "benefit_enrolment_one_open",
        "benefit_enrolment",
        ["scheme_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('ended', 'rejected', 'withdrawn')"),
    )
    op.create_index("benefit_enrolment_person", "benefit_enrolment", ["person_id"], unique=False)
    op.create_table(
        "benefit_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_on <= to_on", name="benefit_notice_days"),
        sa.ForeignKeyConstraint(
            ["scheme_id"],
            ["benefit_scheme.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("benefit_notice_area", "benefit_notice", ["area", "id"], unique=False)
    op.create_table(
        "benefit_scheme_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_by", sa.Uuid(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'active') = (activated_at IS NOT NULL)", name="benefit_scheme_version_active"
        ),
        sa.CheckConstraint("state IN ('draft', 'active')", name="benefit_scheme_version_state"),
        sa.CheckConstraint("activated_by <> proposed_by", name="benefit_scheme_version_four_eyes"),
        sa.CheckConstraint("valid_from <= valid_to", name="benefit_scheme_version_validity"),
        sa.ForeignKeyConstraint(
            ["scheme_id"],
            ["benefit_scheme.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scheme_id", "number", name="benefit_scheme_version_number"),
    )
    op.create_table(
        "benefit_due",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("merged_subject_id", sa.Uuid(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name="benefit_due_amount"),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["benefit_enrolment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["scheme_id"],
            ["benefit_scheme.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scheme_id", "subject_id", "period", name="benefit_due_once"),
    )
    op.create_index("benefit_due_area", "benefit_due", ["scheme_id", "area", "due_on", "id"], unique=False)
    op.create_index("benefit_due_enrolment", "benefit_due", ["enrolment_id"], unique=False)
    op.create_index("benefit_due_subject", "benefit_due", ["subject_id"], unique=False)
    op.create_table(
        "benefit_export",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("total", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("exported_by", sa.Uuid(), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["benefit_batch.id"],
        ),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_table(
        "benefit_notice_entry",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("masked_name", sa.Text(), nullable=False),
        sa.Column("masked_number", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["benefit_enrolment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["benefit_notice.id"],
        ),
        sa.PrimaryKeyConstraint("notice_id", "place"),
    )
    op.create_table(
        "benefit_objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name="benefit_objection_state"),
        sa.CheckConstraint("resolved_by <> recorded_by", name="benefit_objection_four_eyes"),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["benefit_enrolment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["benefit_notice.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("benefit_objection_notice", "benefit_objection", ["notice_id", "id"], unique=False)
    op.create_table(
        "benefit_step",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["benefit_enrolment.id"],
        ),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("benefit_step_enrolment", "benefit_step", ["enrolment_id", "position"], unique=False)
    op.create_table(
        "benefit_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("due_id", sa.Uuid(), nullable=False),
        sa.Column("merged_due_id", sa.Uuid(), nullable=True),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("scheme_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("holds = (state IN ('open', 'sent', 'paid'))", name="benefit_line_holds"),
        sa.CheckConstraint(
            "state IN ('open', 'sent', 'paid', 'failed', 'dropped')", name="benefit_line_state"
        ),
        sa.CheckConstraint("amount > 0", name="benefit_line_amount"),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["benefit_batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["due_id"],
            ["benefit_due.id"],
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["benefit_enrolment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("benefit_line_batch", "benefit_line", ["batch_id", "id"], unique=False)
    op.create_index("benefit_line_due", "benefit_line", ["due_id"], unique=False)
    op.create_index(
        "benefit_line_once",
        "benefit_line",
        ["scheme_id", "subject_id", "period", "part"],
        unique=True,
        postgresql_where=sa.text("holds"),
    )
    op.create_index("benefit_line_subject", "benefit_line", ["subject_id"], unique=False)
    op.create_table(
        "benefit_overpayment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'kept', 'returned', 'lapsed')", name="benefit_overpayment_state"
        ),
        sa.CheckConstraint("amount > 0", name="benefit_overpayment_amount"),
        sa.ForeignKeyConstraint(
            ["due_id"],
            ["benefit_due.id"],
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["benefit_enrolment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("benefit_overpayment_area", "benefit_overpayment", ["state", "area", "id"], unique=False)
    op.create_index("benefit_overpayment_due", "benefit_overpayment", ["due_id"], unique=False)
    op.create_index(
        "benefit_overpayment_open",
        "benefit_overpayment",
        ["due_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
