"""The worker in copies: a position for each partition, who is there, and what is held for some partitions only."""

import os

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("feed_partition", "held_partition", "worker_copy")


def upgrade() -> None:
    op.create_table(
        "feed_partition",
        sa.Column("feed", sa.Text(), primary_key=True),
        sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("high_water", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "held_partition",
        sa.Column("feed", sa.Text(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("partition", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.ForeignKeyConstraint(["feed", "seq"], ["held_event.feed", "held_event.seq"]),
    )
    op.create_table(
        "worker_copy",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON {", ".join(TABLES)} TO "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
