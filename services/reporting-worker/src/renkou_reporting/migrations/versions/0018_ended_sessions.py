"""Sessions that registry-api has ended are refused here as well."""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ended_session",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], ("ended_session",), {}):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
