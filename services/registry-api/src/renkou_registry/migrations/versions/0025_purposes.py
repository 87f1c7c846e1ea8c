"""Purposes of processing with their legal bases; how consents were given and withdrawn

The first purposes are added by `migrate` after the tables. Consents that stand already become the beginning of
the history: those of persons' own accounts as given there, the others as given in person.
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = ("legal_basis", "purpose", "purpose_version", "consent_change")
FLOOR = {"consent_change": "EXISTS (SELECT FROM person p WHERE p.id = consent_change.person_id OFFSET 0)"}
APPEND_ONLY = ("purpose_version", "consent_change")
GIVEN = """
INSERT INTO consent_change (id, person_id, purpose, given, how, changed_at, changed_by)
SELECT c.id, c.person_id, c.purpose, true, CASE WHEN a.id IS NULL THEN 'in_person' ELSE 'own_account' END,
       c.given_at, c.given_by
FROM consent c LEFT JOIN person_account a ON a.id = c.given_by
"""
WITHDRAWN = """
INSERT INTO consent_change (id, person_id, purpose, given, how, changed_at, changed_by)
SELECT uuidv7(), c.person_id, c.purpose, false, CASE WHEN a.id IS NULL THEN 'in_person' ELSE 'own_account' END,
       c.withdrawn_at, c.withdrawn_by
FROM consent c LEFT JOIN person_account a ON a.id = c.withdrawn_by WHERE c.withdrawn_at IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "legal_basis",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("articles", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("is_consent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "purpose",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("needs_separate_consent", sa.Boolean(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("covers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=False),
        sa.Column("active_to", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("active_to >= active_from", name="purpose_order"),
        sa.CheckConstraint("NOT needs_separate_consent OR consent IS NOT NULL", name="purpose_consent"),
        sa.ForeignKeyConstraint(["basis"], ["legal_basis.code"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "purpose_version",
        sa.Column("purpose_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["purpose_id"], ["purpose.id"]),
        sa.PrimaryKeyConstraint("purpose_id", "version"),
    )
    op.create_table(
        "consent_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("how IN ('own_account', 'in_person', 'paper')", name="consent_change_how"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_change_person", "consent_change", ["person_id", "changed_at"])
    op.execute("SELECT set_config('renkou.areas', '{[0,999999999999]}', true)")
    op.execute(GIVEN)
    op.execute(WITHDRAWN)
    op.execute("SELECT set_config('renkou.areas', '', true)")
    for table in ("export_job", "export_log"):
        op.add_column(table, sa.Column("purpose_code", sa.Text(), nullable=True))
    op.execute(
        "CREATE TRIGGER note_change AFTER UPDATE ON purpose FOR EACH ROW"
        " WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION renkou_note_change('covers')"
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
