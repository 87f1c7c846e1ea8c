"""Readings in the clear are counted for each caller over an hour, in all processes together

Revision: 0027, after 0026
"""

import os

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unmask_use",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("read_by", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("unmask_use_reader", "unmask_use", ["read_by", "read_at"], unique=False)
    op.execute(f'GRANT SELECT, INSERT, DELETE ON TABLE unmask_use TO "{os.environ["RENKOU_APP_ROLE"]}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
