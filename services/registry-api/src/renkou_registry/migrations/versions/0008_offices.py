"""Employers, rented houses, activities, petitions, surveys, budget"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    "employer",
    "employer_statement",
    "employer_employee",
    "rental",
    "rental_agreement",
    "rental_tenant",
    "activity",
    "petition",
    "petition_reply",
    "petition_reading",
    "survey",
    "survey_questions",
    "survey_answer",
    "budget_line",
    "budget_plan",
    "budget_spending",
)
FLOOR = {
    "employer": "renkou_in_scope(area)",
    "employer_statement": "renkou_in_scope(area)",
    "employer_employee": "EXISTS (SELECT FROM person p WHERE p.id = employer_employee.person_id)",
    "rental": "renkou_in_scope(area)",
    "rental_agreement": "renkou_in_scope(area)",
    "rental_tenant": "EXISTS (SELECT FROM person p WHERE p.id = rental_tenant.person_id)",
    "petition": "renkou_in_scope(area)",
    "petition_reply": "renkou_in_scope(area)",
    "petition_reading": "renkou_in_scope(area)",
}
APPEND_ONLY = (
    "petition_reply",
    "petition_reading",
    "survey_questions",
    "survey_answer",
    "budget_plan",
    "budget_spending",
)


def upgrade() -> None:
    """Make the tables, then guard them."""
    op.create_table(
        "activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("people_reached", sa.BigInteger(), nullable=False),
        sa.Column("materials", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("people_reached >= 0", name="activity_people"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("activity_area", "activity", ["area", "id"], unique=False)
    op.create_table(
        "budget_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("planned", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("spent", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("planned >= 0 AND spent >= 0", name="budget_line_amounts"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area", "year", "kind", name="budget_line_key"),
    )
    op.create_index("budget_line_area", "budget_line", ["area", "id"], unique=False)
    op.create_table(
        "employer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=True),
        sa.Column("representative", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("employer_area", "employer", ["area", "id"], unique=False)
    op.create_index(
        "employer_credit_code",
        "employer",
        ["credit_code"],
        unique=True,
        postgresql_where=sa.text("credit_code IS NOT NULL AND ended_on IS NULL"),
    )
    op.create_table(
        "petition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_replied_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("extended_on", sa.Date(), nullable=True),
        sa.Column("extension_reason", sa.Text(), nullable=True),
        sa.Column("first_due", sa.Date(), nullable=False),
        sa.Column("close_due", sa.Date(), nullable=False),
        sa.Column("next_due", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('received', 'replied', 'closed', 'withdrawn')", name="petition_state"),
        sa.CheckConstraint("NOT anonymous OR name_sealed IS NULL", name="petition_anonymous"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("petition_area", "petition", ["area", "id"], unique=False)
    op.create_index(
        "petition_due",
        "petition",
        ["next_due", "id"],
        unique=False,
        postgresql_where=sa.text("next_due IS NOT NULL"),
    )
    op.create_table(
        "survey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("area_high", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'open', 'ended')", name="survey_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("survey_area", "survey", ["area", "id"], unique=False)
    op.create_table(
        "budget_plan",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("planned", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["budget_line.id"],
        ),
        sa.PrimaryKeyConstraint("line_id", "version"),
    )
    op.create_table(
        "budget_spending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(amount < 0) = (reverses IS NOT NULL) AND amount <> 0", name="budget_spending_amount"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["budget_line.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reverses"],
            ["budget_spending.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("budget_spending_line", "budget_spending", ["line_id", "id"], unique=False)
    op.create_index(
        "budget_spending_reverses",
        "budget_spending",
        ["reverses"],
        unique=True,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )
    op.create_table(
        "employer_employee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name="employer_employee_until"),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "employer_employee_current",
        "employer_employee",
        ["employer_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("employer_employee_list", "employer_employee", ["employer_id", "id"], unique=False)
    op.create_index("employer_employee_person", "employer_employee", ["person_id"], unique=False)
    op.create_table(
        "employer_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("scan_number", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name="employer_statement_signed"),
        sa.CheckConstraint(
            "state IN ('due', 'signed', 'declined', 'cancelled')", name="employer_statement_state"
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"],
            ["employer.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("employer_id", "year", name="employer_statement_year"),
    )
    op.create_index("employer_statement_area", "employer_statement", ["area", "id"], unique=False)
    op.create_table(
        "petition_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("read_by", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("petition_reading_petition", "petition_reading", ["petition_id", "id"], unique=False)
    op.create_table(
        "petition_reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("replied_on", sa.Date(), nullable=False),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("petition_reply_petition", "petition_reply", ["petition_id", "id"], unique=False)
    op.create_table(
        "rental",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("rooms", sa.SmallInteger(), nullable=False),
        sa.Column("landlord_id", sa.Uuid(), nullable=True),
        sa.Column("landlord_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(landlord_id IS NULL) <> (landlord_sealed IS NULL)", name="rental_landlord"),
        sa.CheckConstraint("rooms BETWEEN 1 AND 1000", name="rental_rooms"),
        sa.ForeignKeyConstraint(
            ["landlord_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rental_area", "rental", ["area", "id"], unique=False)
    op.create_index(
        "rental_landlord_person",
        "rental",
        ["landlord_id"],
        unique=False,
        postgresql_where=sa.text("landlord_id IS NOT NULL"),
    )
    op.create_index(
        "rental_street",
        "rental",
        ["area", "street"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"],
            ["survey.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("survey_answer_survey", "survey_answer", ["survey_id", "id"], unique=False)
    op.create_table(
        "survey_questions",
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("questions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"],
            ["survey.id"],
        ),
        sa.PrimaryKeyConstraint("survey_id", "edition"),
    )
    op.create_table(
        "rental_agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("scan_number", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'signed') = (signed_on IS NOT NULL)", name="rental_agreement_signed"),
        sa.CheckConstraint(
            "state IN ('due', 'signed', 'declined', 'cancelled')", name="rental_agreement_state"
        ),
        sa.ForeignKeyConstraint(
            ["rental_id"],
            ["rental.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("rental_id", "year", name="rental_agreement_year"),
    )
    op.create_index("rental_agreement_area", "rental_agreement", ["area", "id"], unique=False)
    op.create_table(
        "rental_tenant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rental_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("room", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name="rental_tenant_until"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["rental_id"],
            ["rental.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "rental_tenant_current",
        "rental_tenant",
        ["rental_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("rental_tenant_list", "rental_tenant", ["rental_id", "id"], unique=False)
    op.create_index("rental_tenant_person", "rental_tenant", ["person_id"], unique=False)
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
