"""Protected values are sealed anew while the service runs, in tables whose rows never change as well

Revision: 0022, after 0021
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.field_keys.resealing import FUNCTION, but_for_updates, let_reseal

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

RESEALED = {
    "person_detail": ("sealed",),
    "petition_reply": ("content_sealed",),
    "supply_recipient": ("person_sealed", "person_index"),
}
"""Tables without UPDATE so far: which columns may now go from one key version to another."""


def upgrade() -> None:
    op.create_table(
        "key_rotation",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("position", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("conflicts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('data', 'index')", name="key_rotation_kind"),
        sa.PrimaryKeyConstraint("kind", "version", "table_name", "column_name"),
    )
    role = os.environ["RENKOU_APP_ROLE"]
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON TABLE key_rotation TO "{role}"')
    op.execute(FUNCTION)
    for table, columns in RESEALED.items():
        for statement in (*but_for_updates(table), *let_reseal(table, role, *columns)):
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
