"""Accounts of persons, readings, consents"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("consent", "person_account", "reading")
FLOOR = {
    "consent": "EXISTS (SELECT FROM person p WHERE p.id = consent.person_id)",
    "person_account": "EXISTS (SELECT FROM person p WHERE p.id = person_account.person_id)",
}
APPEND_ONLY = ("reading",)


def upgrade() -> None:
    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_by", sa.Uuid(), nullable=False),
        sa.Column("reader_kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("person_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.CheckConstraint("cardinality(person_ids) > 0", name="reading_persons"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reading_person_ids", "reading", ["person_ids"], unique=False, postgresql_using="gin")
    op.create_index("reading_read_by", "reading", ["read_by", "id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="consent_withdrawn"),
        sa.CheckConstraint("withdrawn_at >= given_at", name="consent_order"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "consent_in_force",
        "consent",
        ["person_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("consent_person", "consent", ["person_id", "given_at"], unique=False)
    op.create_table(
        "person_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.Text(), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(code_hash IS NULL) = (code_expires_at IS NULL)", name="person_account_code"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account"),
        sa.UniqueConstraint("person_id"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
