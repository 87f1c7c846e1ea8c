"""What persons have decided about their data, as the register tells it

Revision: 0020, after 0019
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_decision",
        sa.Column("person_ref", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("forbids", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_ref", "topic"),
    )
    floor = {"person_decision": "renkou_in_whole_node()"}
    for statement in guard(os.environ["RENKOU_APP_ROLE"], ("person_decision",), floor):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
