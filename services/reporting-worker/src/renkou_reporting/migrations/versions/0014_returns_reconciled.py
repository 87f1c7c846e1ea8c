"""A reconciliation tells how the facts of aggregate returns compare with the returns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reconciliation", sa.Column("returns", JSONB(), nullable=False, server_default="{}"))
    op.alter_column("reconciliation", "returns", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
