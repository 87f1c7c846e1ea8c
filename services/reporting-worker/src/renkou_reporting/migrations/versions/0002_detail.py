"""Counts of one measure are told apart by a code: facts, cells and differences get a detail.

What was counted before has none (''), so no sum changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CELL_KEY = ("area", "month", "population", "measure", "sex", "parity", "birth_month", "detail")


def upgrade() -> None:
    for table in ("fact", "fact_shadow", "cell", "cell_shadow", "rebuild_difference"):
        op.add_column(table, sa.Column("detail", sa.Text(), nullable=False, server_default=""))
    for table in ("cell", "cell_shadow"):
        op.drop_constraint(f"{table}_pkey", table)
        op.create_primary_key(f"{table}_pkey", table, list(CELL_KEY))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
