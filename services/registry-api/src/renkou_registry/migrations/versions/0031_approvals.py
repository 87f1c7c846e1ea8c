"""What a second person decides on before it is done"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.audit.triggers import Captured, capture
from renkou_common.migration import guard

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = ("approval",)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", postgresql.JSONB(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        _moment("asked_at"),
        _moment("expires_at"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        _moment("decided_at", nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="approval_decided"),
        sa.CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name="approval_pending"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("approval_subject", "approval", ["subject_id"])
    op.execute(
        "CREATE TRIGGER note_change AFTER UPDATE ON approval FOR EACH ROW"
        " WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION renkou_note_change('content')"
    )
    for statement in capture("approval", Captured(version=True)):
        op.execute(statement)
    app_role = os.environ["RENKOU_APP_ROLE"]
    for statement in guard(app_role, TABLES, {}):
        op.execute(statement)
    op.execute(f'REVOKE DELETE ON TABLE approval FROM "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
