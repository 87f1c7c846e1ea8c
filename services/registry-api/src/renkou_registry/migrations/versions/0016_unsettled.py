"""Rows that stay behind when a division changes, because what they are called is taken in the successor"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FLOOR = {"area_unsettled": "renkou_in_scope(area)"}


def upgrade() -> None:
    op.create_table(
        "area_unsettled",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("to_area", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["change_id"], ["area_change.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("change_id", "row_id", name="area_unsettled_once"),
    )
    op.create_index(
        "area_unsettled_open",
        "area_unsettled",
        ["change_id", "id"],
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], ("area_unsettled",), FLOOR):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
