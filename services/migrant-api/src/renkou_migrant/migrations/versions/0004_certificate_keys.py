"""Several status lists, the key of each entry, and compromised keys

Revision: 0004, after 0003
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("compromised_certificate_key",)
APPEND_ONLY = ("compromised_certificate_key",)


def upgrade() -> None:
    op.add_column("status_list", sa.Column("size", sa.Integer(), server_default="1048576", nullable=False))
    op.alter_column("status_list", "size", server_default=None)
    op.add_column("status_entry", sa.Column("kid", sa.Text(), server_default="", nullable=False))
    op.execute("SET LOCAL renkou.areas = '{[0,999999999999]}'")  # the owner is under the floor as well
    op.execute(
        "UPDATE status_entry e SET kid = c.kid FROM certificate c"
        " WHERE c.list_number = e.list_number AND c.status_index = e.index"
    )
    op.alter_column("status_entry", "kid", server_default=None)
    op.create_index(
        "status_entry_key", "status_entry", ["kid"], unique=False, postgresql_where=sa.text("NOT ended")
    )
    op.create_table(
        "compromised_certificate_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is append-only', tg_table_name; END $$"
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
