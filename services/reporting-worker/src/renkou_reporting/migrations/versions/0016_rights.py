"""Rights come with their scopes and their limits in time, and say in whose stead they are exercised."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBER = """
UPDATE staff_assignment s SET position = n.number FROM (
    SELECT ctid, row_number() OVER (PARTITION BY staff_id ORDER BY area, area_high, role) - 1 AS number
    FROM staff_assignment) n
WHERE s.ctid = n.ctid
"""


def upgrade() -> None:
    op.add_column("staff_assignment", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    op.execute(NUMBER)
    op.alter_column("staff_assignment", "position", server_default=None)
    op.drop_constraint("staff_assignment_pkey", "staff_assignment", type_="primary")
    op.create_primary_key("staff_assignment_pkey", "staff_assignment", ["staff_id", "position"])
    op.add_column("staff_assignment", sa.Column("scopes", ARRAY(sa.Text()), nullable=True))
    op.add_column("staff_assignment", sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_assignment", sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_assignment", sa.Column("acting_for", sa.Uuid(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
