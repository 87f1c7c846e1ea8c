"""A second factor for staff: the authenticator's secret, sealed, and recovery codes"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = ("recovery_code", "second_factor")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "second_factor",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", moment, nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["second_factor.staff_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "hash"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
